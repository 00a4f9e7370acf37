"""Runs commands every so many seconds, each when its time has come: run.py JOBS

JOBS is a JSON list of {"name": ..., "every": seconds, "command": [...]}. A command is a Python program beside this file; the
first of its other words is the file that it writes. One that fails has that file removed, so that nobody takes old figures
for new ones, and is tried again when its time has come again.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

LONGEST = 60  # seconds that a command may take


def main() -> None:
    jobs = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    due = dict.fromkeys(range(len(jobs)), 0.0)
    remove_others({Path(job["command"][1]) for job in jobs})
    while True:
        index = min(due, key=lambda one: due[one])
        time.sleep(max(0.0, due[index] - time.monotonic()))
        run(jobs[index])
        due[index] = time.monotonic() + jobs[index]["every"]


def remove_others(wanted: set[Path]) -> None:
    """Figures of a job that is no longer here."""
    for directory in {path.parent for path in wanted}:
        for name in ("gpu.prom", "certificates.prom"):
            if directory / name not in wanted:
                (directory / name).unlink(missing_ok=True)


def run(job: dict) -> None:
    """Run a command and say what went wrong."""
    try:
        subprocess.run([sys.executable, "-I", *job["command"]], check=True, timeout=LONGEST)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"{job['name']}: {error}", file=sys.stderr, flush=True)
        Path(job["command"][1]).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
