"""Asks for everything that yfinance offers, and prints what it got, by feature, as JSON. A failure is printed as such."""

import json
import logging
import sys
import warnings
from datetime import datetime, timezone

import pandas
import yfinance
from print_answers import print_answers
from session_elsewhere import session_at

base, cache, clock, symbol = sys.argv[1:5]
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
yfinance.set_tz_cache_location(cache)

session = session_at(base)
ticker = yfinance.Ticker(symbol, session=session)
now = datetime.fromisoformat(clock.replace("Z", "+00:00")).astimezone(timezone.utc)
start = (now - pandas.Timedelta(days=20)).strftime("%Y-%m-%d")
end = (now - pandas.Timedelta(days=2)).strftime("%Y-%m-%d")


def query():
    is_us = yfinance.EquityQuery("eq", ["region", "us"])
    return yfinance.EquityQuery("and", [is_us, yfinance.EquityQuery("gt", ["intradayprice", 100])])


def market():
    found = yfinance.Market("US", session=session)
    # Coins trade on closed days too.
    return {"status": found.status, "summary": {k: v for k, v in found.summary.items() if k != "CCC"}}


def calendars():
    return yfinance.Calendars(start=start, end=now.strftime("%Y-%m-%d"), session=session)


features = {
    "info": lambda: {k: v for k, v in ticker.info.items() if k != "maxAge"},
    "fast_info": lambda: dict(ticker.fast_info.items()),
    "shares": lambda: ticker.get_shares_full(start=start),
    "history 1mo": lambda: ticker.history(period="1mo"),
    "history ytd": lambda: ticker.history(period="ytd"),
    "history 1d": lambda: ticker.history(period="1d"),
    "history of weeks": lambda: ticker.history(period="6mo", interval="1wk"),
    "history from start to end": lambda: ticker.history(start=start, end=end),
    "history repaired": lambda: ticker.history(period="1mo", repair=False, auto_adjust=False, actions=True),
    "history 5m": lambda: ticker.history(period="1d", interval="5m"),
    "history 1h": lambda: ticker.history(period="5d", interval="1h"),
    "history 1m with the trading outside": lambda: ticker.history(period="1d", interval="1m", prepost=True),
    "metadata": lambda: sorted(ticker.get_history_metadata()),
    "actions": lambda: ticker.get_actions(period="1y"),
    "download 1h": lambda: yfinance.download(
        [symbol, "MSFT"], period="5d", interval="1h", session=session, progress=False, threads=False
    ),
    "income": lambda: ticker.income_stmt,
    "income of quarters": lambda: ticker.quarterly_income_stmt,
    "income of a year": lambda: ticker.ttm_income_stmt,
    "balance": lambda: ticker.balance_sheet,
    "balance of quarters": lambda: ticker.quarterly_balance_sheet,
    "cash flow": lambda: ticker.cashflow,
    "cash flow of a year": lambda: ticker.ttm_cashflow,
    "options": lambda: list(ticker.options),
    "calls": lambda: ticker.option_chain(ticker.options[1]).calls,
    "puts": lambda: ticker.option_chain().puts,
    "news": lambda: ticker.news,
    "recommendations": lambda: ticker.recommendations,
    "upgrades": lambda: ticker.upgrades_downgrades,
    "targets": lambda: ticker.analyst_price_targets,
    "earnings estimate": lambda: ticker.earnings_estimate,
    "revenue estimate": lambda: ticker.revenue_estimate,
    "eps trend": lambda: ticker.eps_trend,
    "eps revisions": lambda: ticker.eps_revisions,
    "growth": lambda: ticker.growth_estimates,
    "earnings history": lambda: ticker.earnings_history,
    "earnings dates": lambda: ticker.get_earnings_dates(limit=12),
    "major holders": lambda: ticker.major_holders,
    "institutions": lambda: ticker.institutional_holders,
    "funds": lambda: ticker.mutualfund_holders,
    "insiders": lambda: ticker.insider_transactions,
    "insider roster": lambda: ticker.insider_roster_holders,
    "insider purchases": lambda: ticker.insider_purchases,
    "calendar": lambda: ticker.calendar,
    "filings": lambda: ticker.sec_filings,
    "search": lambda: yfinance.Search("apple", session=session).quotes,
    "search news": lambda: yfinance.Search("apple", session=session).news,
    "lookup": lambda: yfinance.Lookup("apple", session=session).stock,
    "screen made by Yahoo": lambda: yfinance.screen("most_actives", count=5, session=session)["quotes"],
    "screen by query": lambda: yfinance.screen(query(), size=5, session=session)["quotes"],
    "calendar of earnings": lambda: calendars().get_earnings_calendar(limit=20),
    "calendar of splits": lambda: calendars().get_splits_calendar(start="2024-01-01", end="2025-12-31"),
    "calendar of listings": lambda: calendars().get_ipo_info_calendar(),
    "calendar of the economy": lambda: calendars().get_economic_events_calendar(),
    "sector": lambda: yfinance.Sector("technology", session=session).overview,
    "companies of a sector": lambda: yfinance.Sector("technology", session=session).top_companies,
    "industry": lambda: yfinance.Industry("consumer-electronics", session=session).top_performing_companies,
    "market": market,
}


def plain(value):
    if isinstance(value, (pandas.DataFrame, pandas.Series)):
        return json.loads(value.to_json(orient="split", date_format="iso")) if len(value) else None
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


print_answers(features, plain)
