# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads from the host what the preflight judges."""

from __future__ import annotations

import ipaddress
import os
import socket
import subprocess
from pathlib import Path

from ..host.ports import listening_ports
from ..host.programs import run
from .cache_url import Place
from .docker import image_id
from .preflight import HostState
from .redis_ping import unreachable
from .releases import CURRENT, Shelf

PATIENCE = 5.0  # seconds for servers that run anew at the moment


def read_host_state(
    config_directory: str,
    address: str,
    place: Place,
    authorities: str,
    python: str = "",
    wheelhouse: str = "",
    image: str = "",
) -> HostState:
    """The state of this host. `python` is asked for its version, `image` of the Docker engine, where they are given."""
    shelf = Shelf(Path(config_directory))
    current = shelf.linked(CURRENT)
    identity, problem = _image(image) if image else (None, "")
    return HostState(
        listening=frozenset(listening_ports()),
        own_ports=frozenset(shelf.ports()),
        runtime=str(current.launch["runtime"]) if current else "",
        is_root=os.geteuid() == 0,
        has_address=_has(address),
        first_port=_first_port(),
        python=_version(python) if python else (),
        image=identity,
        engine_problem=problem,
        redis_problems=unreachable(place, authorities, PATIENCE),
        wheelhouse_found=not wheelhouse or any(Path(wheelhouse).glob("*.whl")),
    )


def _has(address: str) -> bool:
    """Whether somebody can listen on it; for one that is none the answer is yes, as that is told by itself."""
    try:
        family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
        with socket.socket(family) as probe:
            probe.bind((address, 0))
    except ValueError:
        return True
    except OSError:
        return False
    return True


def _first_port() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    except (OSError, ValueError):
        return 1024


def _version(python: str) -> tuple[int, ...]:
    """Major and minor version; () when there is no such program."""
    try:
        command = [python, "-I", "-c", "import sys; print(*sys.version_info[:2])"]
        done = run(command, capture_output=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return () if done.returncode else tuple(map(int, done.stdout.split()))


def can_make_venv(python: str) -> bool:
    """Whether a Python has what virtual environments with pip need: Debian has it in a package of its own."""
    done = run([python, "-I", "-c", "import ensurepip, venv"], capture_output=True, timeout=30)
    return done.returncode == 0


def _image(name: str) -> tuple[str, str]:
    try:
        return image_id(name), ""
    except OSError as error:
        return "", str(error)
