# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads from the host what the preflight judges."""
from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from .connection import REDIS_IMPORT_ERROR, Login, Session, first_error, is_login_refused
from .nodes import Address
from .preflight import HostState

LISTEN = "0A"  # the state of a listening socket in /proc/net/tcp


def read_host_state(data_directory: str, ports: Iterable[int], host: str, password: str) -> HostState:
    """The state of this host. A port with a directory below `data_directory` is one of our nodes; those
    that run are asked at `host` whether they take the password."""
    directory = Path(data_directory)
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    listening = frozenset(_listening())
    own = frozenset(port for port in ports if (directory / str(port)).is_dir())
    return HostState(
        listening=listening,
        own_ports=own,
        free_mb=shutil.disk_usage(existing).free // 2**20,
        is_root=os.geteuid() == 0,
        refusing_ports=frozenset(_refusing(host, own & listening, password)),
    )


def _refusing(host: str, ports: Iterable[int], password: str) -> Iterable[int]:
    """Ports of the nodes that reject the password. Without redis-py no node of ours can be there yet."""
    if REDIS_IMPORT_ERROR or not password:
        return
    with Session(Login(password=password)) as session:
        for address, answer in session.ask_all([Address(host, port) for port in sorted(ports)], ("PING",)).items():
            error = first_error(answer)
            if error and is_login_refused(error):
                yield address.port


def _listening() -> Iterable[int]:
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            fields = line.split()
            if fields[3] == LISTEN:
                yield int(fields[1].rpartition(":")[2], 16)
