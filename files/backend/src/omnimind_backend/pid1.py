"""`python -m omnimind_backend.pid1 ...`: as `python -m omnimind_backend ...`, for the first process of a container.

The kernel gives the first process no signal that it has not asked for, so SIGTERM would do nothing until the server is
there, nor when the server has ended and passes it on.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType


def _end(_number: int, _frame: FrameType | None) -> None:
    """Ended as asked is no failure."""
    raise SystemExit(0)


def main() -> int:
    """Heed SIGTERM and SIGINT, then load the rest and serve."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    from .__main__ import main as serve

    return serve()


if __name__ == "__main__":
    sys.exit(main())
