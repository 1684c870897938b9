"""Reads a quote and daily history with yfinance, through a session that changes nothing but where it connects."""

import json
import sys
from urllib.parse import urlsplit

import yfinance
from curl_cffi import requests

base, cache, symbol = sys.argv[1:4]


class ThroughQuotron(requests.Session):
    def request(self, method, url, *args, **kwargs):
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        return super().request(method, f"{base}{parts.path}{query}", *args, **kwargs)


yfinance.set_tz_cache_location(cache)
ticker = yfinance.Ticker(symbol, session=ThroughQuotron())
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
