# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which ports are taken on this host."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

LISTEN = "0A"  # the state of a listening socket in /proc/net/tcp


def listening_ports() -> Iterator[int]:
    """TCP ports that somebody listens on, one that several listen on several times."""
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            fields = line.split()
            if fields[3] == LISTEN:
                yield int(fields[1].rpartition(":")[2], 16)
