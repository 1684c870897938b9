"""What the clients of yfinance read of a symbol, and print."""

import json


def print_reading(ticker):
    """Prints a quote and a month of daily history as JSON."""
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
