"""What the tests need of the machine they run on: commands run, Debian's packages installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "hosts"

# A start denied: what a package would run is not ours to leave behind. Debian's own way to say so.
_POLICY = Path("/usr/sbin/policy-rc.d")


class HostsError(Exception):
    """The machine cannot run test hosts; the message says why."""


def run(*command: str, environment: dict[str, str] | None = None) -> str:
    """Run a command, with `environment` over the current one, and return what it printed.

    Raise HostsError with the command's own words when it fails.
    """
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **(environment or {})}
    )
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
    with _nothing_starts():
        run(str(ROOT / ".ci" / "need"), *missing)


@contextmanager
def _nothing_starts() -> Iterator[None]:
    """Keep packages from starting their services, unless the machine has its own rule for that."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()
