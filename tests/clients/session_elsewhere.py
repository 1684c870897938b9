"""A session, as yfinance and yahooquery take one, that changes nothing but where it connects."""

from urllib.parse import urlsplit

from curl_cffi import requests


def session_at(base):
    """Sends each request's path and query to `base`, whatever host it was for."""

    class Elsewhere(requests.Session):
        def request(self, method, url, *args, **kwargs):
            parts = urlsplit(url)
            query = f"?{parts.query}" if parts.query else ""
            return super().request(method, f"{base}{parts.path}{query}", *args, **kwargs)

    return Elsewhere()
