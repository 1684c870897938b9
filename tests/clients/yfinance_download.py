"""Downloads five days of many names at once by yfinance, with an empty cache, and prints which came and which did not."""

import json
import logging
import sys

import yfinance
from session_elsewhere import session_at

base, cache, names = sys.argv[1:4]


class Failures(logging.Handler):
    """What yfinance says of the names that it has not."""

    texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


logging.getLogger("yfinance").addHandler(Failures())
logging.getLogger("yfinance").propagate = False
yfinance.set_tz_cache_location(cache)
frame = yfinance.download(names.split(","), period="5d", session=session_at(base), progress=False)
closes = frame["Close"]
print(
    json.dumps(
        {
            "closes": {name: [float(each) for each in closes[name].dropna()] for name in closes},
            "failures": [text for text in Failures.texts if "[" in text],
        }
    )
)
