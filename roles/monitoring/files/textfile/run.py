"""Runs commands every so many seconds, each when its time has come: run.py JOBS

JOBS is a JSON list of {"name": ..., "every": seconds, "command": [...]}. A command is a Python program; the first of its
other words is the file that it writes. One that fails has that file removed, so that nobody takes old figures for new ones,
and is tried again when its time has come again. When this program is told to end, all files go.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

LONGEST = 60  # seconds that a command may take


def main() -> None:
    jobs = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    due = dict.fromkeys(range(len(jobs)), 0.0)
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit())
    try:
        while True:
            index = min(due, key=lambda one: due[one])
            time.sleep(max(0.0, due[index] - time.monotonic()))
            run(jobs[index])
            due[index] = time.monotonic() + jobs[index]["every"]
    finally:
        for job in jobs:
            output(job).unlink(missing_ok=True)


def output(job: dict) -> Path:
    return Path(job["command"][1])


def run(job: dict) -> None:
    """Run a command and say what went wrong."""
    try:
        subprocess.run([sys.executable, "-I", *job["command"]], check=True, timeout=LONGEST)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"{job['name']}: {error}", file=sys.stderr, flush=True)
        output(job).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
