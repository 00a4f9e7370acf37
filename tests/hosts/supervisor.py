"""Supervisor on this machine, where systemd does not run: the one that answers, or one that goes with the last user."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .machine import CACHE, HostsError, require, run
from .sharing import shared

_OURS = CACHE / "supervisor.ours"


@contextmanager
def supervisor() -> Iterator[None]:
    """It is installed and answers, so no role under test installs, starts or purges it beside another test."""
    with shared("supervisor", _find_or_start, _stop):
        yield


def _find_or_start() -> None:
    if Path("/run/systemd/system").exists():
        return
    require(supervisorctl="supervisor")
    try:
        run("supervisorctl", "pid")
    except HostsError:
        _OURS.touch()
        subprocess.run(["service", "supervisor", "start"], stdout=subprocess.DEVNULL, check=True)


def _stop() -> None:
    if _OURS.exists():
        subprocess.run(["service", "supervisor", "stop"], stdout=subprocess.DEVNULL, check=False)
        _OURS.unlink()
