"""Becomes one instance of the release that is in force: launch.py CONFIGURATION PORT

The revision is called by its own path, not by a link: what an instance imports later comes from the same revision.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main(configuration: str, port: str) -> None:
    """Replace this process."""
    release = Path(configuration, "current").resolve(strict=True)
    launch = json.loads((release / "launch.json").read_text())
    lines = (release / "backend.env").read_text().splitlines()
    usual = {name: value for name, value in os.environ.items() if not name.startswith("OMNIMIND_")}
    own = {"OMNIMIND_VERSION": launch["version"], **dict(line.split("=", 1) for line in lines)}
    program = f"{launch['directory']}/revisions/{launch['revision']}/venv/bin/python"
    place = ["--host", launch["address"], "--port", port, "--server", launch["server"]]
    os.execve(program, [program, "-I", "-m", "omnimind_backend", *place], {**usual, **own})


if __name__ == "__main__":
    main(*sys.argv[1:])
