# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads from the host what the preflight judges."""
from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from .preflight import HostState

LISTEN = "0A"  # the state of a listening socket in /proc/net/tcp


def read_host_state(data_directory: str, ports: Iterable[int]) -> HostState:
    """The state of this host. A port with a directory below `data_directory` is one of our nodes."""
    directory = Path(data_directory)
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    return HostState(
        listening=frozenset(_listening()),
        own_ports=frozenset(port for port in ports if (directory / str(port)).is_dir()),
        free_mb=shutil.disk_usage(existing).free // 2**20,
        is_root=os.geteuid() == 0,
    )


def _listening() -> Iterable[int]:
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            fields = line.split()
            if fields[3] == LISTEN:
                yield int(fields[1].rpartition(":")[2], 16)
