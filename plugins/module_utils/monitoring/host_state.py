# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads from the host what the preflight judges, and what there is to run."""
from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..host.ports import listening_ports
from .preflight import HostState

# Where a Grafana has its program, below its home, and what to say first: of all versions the newest way.
GRAFANA_PROGRAMS = (("bin/grafana", "server"), ("bin/grafana-server", ""))
# Where packages have it. Those before version 8 have nothing to start below it.
GRAFANA_HOME, GRAFANA_PROGRAM = "/usr/share/grafana", "/usr/sbin/grafana-server"
_LISTENS = re.compile(r"--(?:web|cluster)\.listen-address=\S*:(\d+)")


def read_host_state(names: Iterable[str], files: Sequence[str], ours: Iterable[int], grafana: bool) -> HostState:
    """The state of this host.

    Args:
        names: of our services; the ports in their descriptions are our own.
        files: paths to look at.
        ours: more ports that are our own, where a service of ours is described.
        grafana: whether one is there that may be run.
    """
    found = [path for name in names for path in descriptions(name)]
    own = [int(port) for path in found for port in _LISTENS.findall(path.read_text())]
    return HostState(
        listening=frozenset(listening_ports()),
        own_ports=frozenset([*own, *(ours if found else ())]),
        is_root=os.geteuid() == 0,
        missing_files=frozenset(path for path in files if not _is_filled(Path(path))),
        grafana=grafana,
    )


def descriptions(name: str) -> list[Path]:
    """Files in which a service of ours is described to a manager."""
    systemd, supervisor = Path("/etc/systemd/system"), Path("/etc/supervisor/conf.d")
    places = (systemd / f"{name}@.service", systemd / f"{name}.service", supervisor / f"{name}.conf")
    return [place for place in places if place.is_file() and not place.is_symlink()]


def _is_filled(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size > 0
    except OSError:
        return False


def grafana_command(own: str, home: str = GRAFANA_HOME, program: str = GRAFANA_PROGRAM) -> tuple[str, str]:
    """Home and command of the Grafana that is there; two empty texts when none is.

    Args:
        own: where it is looked for first.
        home: where packages have it.
        program: where old packages have what starts it.
    """
    places = [(there, Path(there, name), word) for there in (own, home) for name, word in GRAFANA_PROGRAMS]
    for there, path, word in [*places, (home, Path(program), "")]:
        # Without what it shows in a browser it is a part only, and does not start.
        if path.is_file() and Path(there, "public").is_dir():
            return there, " ".join(filter(None, [str(path), word]))
    return "", ""


def nvidia_smi() -> str:
    """The program that tells about GPUs; empty where there is none, which is normal."""
    return shutil.which("nvidia-smi", path="/usr/bin:/usr/local/bin:/opt/bin") or ""
