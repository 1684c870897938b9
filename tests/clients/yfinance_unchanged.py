"""Reads a quote and daily history with yfinance as it is: it calls Yahoo's hosts, wherever they are for this process."""

import json
import sys

import yfinance

cache, symbol = sys.argv[1:3]

yfinance.set_tz_cache_location(cache)
ticker = yfinance.Ticker(symbol)
info = ticker.info
history = ticker.history(period="1mo", interval="1d", auto_adjust=False)
print(
    json.dumps(
        {
            "price": info["regularMarketPrice"],
            "currency": info["currency"],
            "name": info["longName"],
            "sector": info.get("sector"),
            "lastPrice": ticker.fast_info["lastPrice"],
            "history": [
                {"date": str(index.date()), "close": float(row["Close"]), "volume": int(row["Volume"])}
                for index, row in history.iterrows()
            ],
        }
    )
)
