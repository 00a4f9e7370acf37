"""`python -m omnimind_backend.healthcheck [URL]`: exit status 0 when the backend answers 200, else 1. Needs nothing else."""

from __future__ import annotations

import sys
from http.client import HTTPException
from urllib.request import ProxyHandler, build_opener

URL = "http://127.0.0.1:8000/health"
SECONDS = 2.0


def main(arguments: list[str]) -> int:
    """Ask once, without a proxy."""
    url = arguments[0] if arguments else URL
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=SECONDS) as answer:
            return 0 if answer.status == 200 else 1
    except (OSError, HTTPException, ValueError) as error:
        print(f"{url}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
