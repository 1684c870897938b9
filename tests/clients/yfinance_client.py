"""Reads a quote and daily history with yfinance, through a session that changes nothing but where it connects."""

import sys

import yfinance
from session_elsewhere import session_at
from yfinance_reading import print_reading

base, cache, symbol = sys.argv[1:4]

yfinance.set_tz_cache_location(cache)
print_reading(yfinance.Ticker(symbol, session=session_at(base)))
