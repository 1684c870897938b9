"""Reads five years of daily history with dividends and splits by yfinance, through a session that connects elsewhere."""

import json
import sys

import yfinance
from session_elsewhere import session_at

base, cache, symbol = sys.argv[1:4]

yfinance.set_tz_cache_location(cache)
ticker = yfinance.Ticker(symbol, session=session_at(base))
history = ticker.history(period="5y", interval="1d", auto_adjust=False)
print(
    json.dumps(
        {
            "lastPrice": float(ticker.fast_info["lastPrice"]),
            "currency": ticker.fast_info["currency"],
            "history": [
                {
                    "date": str(index.date()),
                    "close": float(row["Close"]),
                    "adjusted": float(row["Adj Close"]),
                    "dividend": float(row["Dividends"]),
                    "split": float(row["Stock Splits"]),
                }
                for index, row in history.iterrows()
            ],
        }
    )
)
