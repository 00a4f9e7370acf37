"""`python -m tests.hosts COMMAND...`: run a command while an engine with the host images is there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from .engine import engine_with_images
from .machine import HostsError


def main() -> int:
    """Run the command of the command line; return its exit status, 2 without one, 1 without hosts."""
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))  # Clean up then too.
    try:
        with engine_with_images() as environment:
            return subprocess.run(sys.argv[1:], check=False, env={**os.environ, **environment}).returncode
    except HostsError as error:
        print(error, file=sys.stderr)
        return 1


sys.exit(main())
