# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Kernel settings: what runs now, below /proc/sys, and what a boot brings back, in /etc/sysctl.d."""
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

PROC = Path("/proc/sys")
SYSCTL_DIRECTORY = Path("/etc/sysctl.d")
FORMER = "# before: "


def sysctl_file(name: str) -> Path:
    return SYSCTL_DIRECTORY / f"{name}.conf"


def sysctl_text(settings: Mapping[str, str], former: Mapping[str, str]) -> str:
    """The content of a file in /etc/sysctl.d; comments keep the values from before it."""
    lines = ["# Ansible managed", *(f"{FORMER}{name} = {value}" for name, value in former.items())]
    return "".join(f"{line}\n" for line in (*lines, *(f"{name} = {value}" for name, value in settings.items())))


def former_values(text: str) -> dict[str, str]:
    """The values from before, out of such a file."""
    lines = [line[len(FORMER) :] for line in text.splitlines() if line.startswith(FORMER)]
    return dict(line.split(" = ", 1) for line in lines)


def read_running(name: str) -> str | None:
    """The running value with single blanks between its words; None where the kernel has no such setting."""
    path = PROC / name.replace(".", "/")
    return " ".join(path.read_text().split()) if path.is_file() else None


def set_running(name: str, value: str) -> bool:
    """Whether the kernel took the value: a container may read what only its host may set."""
    try:
        (PROC / name.replace(".", "/")).write_text(value)
    except OSError:
        return False
    return True


def is_writable(name: str) -> bool:
    """Whether the kernel would let us set it, found out by opening it for writing only."""
    try:
        with open(PROC / name.replace(".", "/"), "r+b"):
            return True
    except OSError:
        return False
