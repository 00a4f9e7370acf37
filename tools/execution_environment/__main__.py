"""`make ee`: build the execution environment, unless the engine has just that, and say what it is."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from .build import provide
from .commands import BuildFailure
from .described import describe


def main() -> int:
    """Exit status 1 with the reason when it cannot be built."""
    parser = argparse.ArgumentParser(prog="make ee", description=__doc__)
    parser.add_argument("--base", default="", help="image with Python 3.11 or newer, pip and dnf or apt-get")
    parser.add_argument("--name", default="", help="the image's name, instead of omnimind-platform-ee:VERSION")
    parser.add_argument("--archives", type=Path, help="directory of images built before, which are loaded")
    options = parser.parse_args()
    began = time.monotonic()
    try:
        name, how = provide(options.name, options.base, options.archives)
        print(f"{name}: {how}, {time.monotonic() - began:.0f} s\n{describe(name)}")
    except BuildFailure as failure:
        print(f"make ee: {failure}", file=sys.stderr)
        return 1
    return 0


sys.exit(main())
