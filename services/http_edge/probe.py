"""`python -m http_edge.probe URL…`: whether each answers with success (探活), for health checks.

Nothing but the standard library: it is started every few seconds.
"""

import sys
from http.client import HTTPException
from urllib.request import urlopen

_SECONDS = 6.0


def is_well(url: str) -> bool:
    """Whether a GET of an address of ours answers with 2xx within seconds."""
    try:
        with urlopen(url, timeout=_SECONDS):  # noqa: S310 -- the address is in a file of ours
            return True
    except (OSError, HTTPException):
        return False


if __name__ == "__main__":
    sys.exit(0 if all(is_well(url) for url in sys.argv[1:]) else 1)
