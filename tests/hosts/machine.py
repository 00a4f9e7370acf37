"""What the tests need of the machine they run on: commands run, Debian's packages installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "hosts"


class HostsError(Exception):
    """The machine cannot run test hosts; the message says why."""


def run(*command: str, environment: dict[str, str] | None = None) -> str:
    """Run a command, with `environment` over the current one, and return what it printed.

    Raise HostsError with the command's own words when it fails.
    """
    everything = {**os.environ, **(environment or {})}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=everything)
    if done.returncode:
        raise HostsError(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr[-4000:]}")
    return done.stdout


def require(**packages: str) -> None:
    """Make sure that each command is there, given as command="Debian package".

    Raise HostsError when a package must be installed and cannot be.
    """
    missing = sorted(package for command, package in packages.items() if not shutil.which(command))
    if not missing:
        return
    run(str(ROOT / ".ci" / "need"), *missing)
