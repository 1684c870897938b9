"""Asks for what yahooquery offers of two symbols, and prints what it got, by feature, as JSON. A failure is printed as such."""

import json
import sys
import warnings

from print_answers import print_answers
from session_elsewhere import session_at
from yahooquery import Ticker

warnings.simplefilter("ignore")
session = session_at(sys.argv[1])
session.get("https://fc.yahoo.com/")
ticker = Ticker("AAPL MSFT", session=session)
ticker.crumb = session.get("https://query2.finance.yahoo.com/v1/test/getcrumb").text

features = {
    name: lambda name=name: getattr(ticker, name)
    for name in (
        "all_modules asset_profile calendar_events corporate_events earnings earnings_trend financial_data fund_ownership "
        "grading_history index_trend insider_holders institution_ownership key_stats major_holders option_chain price "
        "quote_type quotes recommendation_trend recommendations sec_filings share_purchase_activity summary_detail "
        "summary_profile technical_insights valuation_measures"
    ).split()
}
features |= {
    "news": lambda: ticker.news(),
    "income": lambda: ticker.income_statement(),
    "balance": lambda: ticker.balance_sheet(),
    "cash flow": lambda: ticker.cash_flow(),
    "all financial data": lambda: ticker.all_financial_data(),
    "history of five days": lambda: ticker.history(period="5d"),
    "history of five minutes": lambda: ticker.history(period="1d", interval="5m"),
    "history of the year": lambda: ticker.history(period="ytd"),
}


def plain(value):
    return json.loads(value.to_json(date_format="iso", orient="split")) if hasattr(value, "to_json") else value


print_answers(features, plain)
