"""`python -m tests.hosts COMMAND...` runs a command while an engine with the images is there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from .engine import engine_with_images
from .machine import HostsError


def main() -> int:
    """Run what the command line says; return its exit status, 2 without one, 1 without hosts."""
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    # Clean up then too.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        with engine_with_images() as environment:
            everything = {**os.environ, **environment}
            return subprocess.run(sys.argv[1:], check=False, env=everything).returncode
    except HostsError as error:
        print(error, file=sys.stderr)
        return 1


sys.exit(main())
