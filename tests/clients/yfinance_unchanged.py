"""Reads a quote and daily history with yfinance as it is: it calls Yahoo's hosts, wherever they are for this process."""

import sys

import yfinance
from yfinance_reading import print_reading

cache, symbol = sys.argv[1:3]

yfinance.set_tz_cache_location(cache)
print_reading(yfinance.Ticker(symbol))
