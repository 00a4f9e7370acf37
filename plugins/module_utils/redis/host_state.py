# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads from the host what the preflight judges."""
from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..host.ports import listening_ports
from ..host.programs import run
from ..tls.trust import distrusts
from .connection import REDIS_IMPORT_ERROR, Answer, Login, Session, first_error, is_login_refused
from .nodes import Address
from .preflight import HostState
from .reports import parse_info
from .rolling.versions import Version, parse_version


@dataclass(frozen=True)
class Package:
    """What the role installs: `version` is pinned, empty for any; `file` takes the distribution's place."""

    engine: str
    version: str = ""
    file: str = ""
    latest: bool = False


@dataclass(frozen=True)
class Encryption:
    """How our nodes are asked whose plain port is closed: how far above it the TLS port is, and what a client needs,
    as a directory with ca.crt, node.crt and node.key. `ca` are authorities (PEM) that shall take the place of those."""

    offset: int = 0
    directory: str = ""
    ca: str = ""


def read_host_state(
    data_directory: str,
    ports: Iterable[int],
    host: str,
    passwords: Sequence[str],
    package: Package,
    tls: Encryption = Encryption(),
) -> HostState:
    """The state of this host. A port with a directory below `data_directory` is one of our nodes; those
    that run are asked at `host` for their version, and whether they take one of the passwords."""
    directory = Path(data_directory)
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    listening = frozenset(listening_ports())
    own = frozenset(port for port in ports if (directory / str(port)).is_dir())
    closed = {port for port in own - listening if port + tls.offset in listening}
    answers = {
        **_ask([Login(password=password) for password in passwords], host, own & listening),
        **_ask_by_tls(passwords, host, closed, tls),
    }
    running = {port: _version(answer) for port, answer in answers.items() if not first_error(answer)}
    return HostState(
        listening=listening,
        own_ports=own,
        free_mb=shutil.disk_usage(existing).free // 2**20,
        is_root=os.geteuid() == 0,
        refusing_ports=frozenset(port for port, answer in answers.items() if _is_refused(answer)),
        distrusted_ports=frozenset(
            port
            for port in own
            if tls.ca and port + tls.offset in listening and distrusts(tls.ca, host, port + tls.offset)
        ),
        running=running,
        target=_target(package) if running else None,
    )


def _ask(logins: Sequence[Login], host: str, ports: Iterable[int]) -> dict[int, Answer]:
    """INFO of our nodes, with the first login that each takes. Without redis-py none can be there yet."""
    answers: dict[int, Answer] = {}
    refusing = sorted(ports)
    for login in () if REDIS_IMPORT_ERROR or not logins[0].password else logins:
        with Session(login) as session:
            found = session.ask_all([Address(host, port) for port in refusing], ("INFO", "server"))
        answers.update((address.port, answer) for address, answer in found.items())
        refusing = [port for port in refusing if _is_refused(answers[port])]
    return answers


def _is_refused(answer: Answer) -> bool:
    error = first_error(answer)
    return error is not None and is_login_refused(error)


def _ask_by_tls(passwords: Sequence[str], host: str, ports: Iterable[int], tls: Encryption) -> dict[int, Answer]:
    """As `_ask`, by the plain ports. A certificate is rarely for loopback, so its names are not looked at."""
    ca, certificate, key = (os.path.join(tls.directory, name) for name in ("ca.crt", "node.crt", "node.key"))
    if not os.path.exists(ca):
        return {}
    login = Login(tls=True, ca_certs=ca, client_cert_file=certificate, client_key_file=key, check_hostname=False)
    logins = [replace(login, password=password) for password in passwords]
    answers = _ask(logins, host, [port + tls.offset for port in ports])
    return {port - tls.offset: answer for port, answer in answers.items()}


def _version(answer: Answer) -> Version:
    info = parse_info(answer[0])
    engine = "valkey" if "valkey_version" in info else "redis"
    return parse_version(engine, info[f"{engine}_version"])


def _target(package: Package) -> Version | None:
    """The version that the host has when the role has installed the package."""
    if package.file:
        text = _output("dpkg-deb", "--field", package.file, "Version")
    elif package.version:
        text = package.version
    else:
        policy = parse_info(_output("apt-cache", "policy", f"{package.engine}-server"))
        installed, candidate = (policy.get(f"  {name}", "").strip() for name in ("Installed", "Candidate"))
        text = candidate if package.latest or installed in ("", "(none)") else installed
    try:
        return parse_version(package.engine, text.strip())
    except ValueError:
        return None


def _output(*command: str) -> str:
    """What a program prints; nothing when it fails, or is not there."""
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        return run(command, env=environment, capture_output=True).stdout
    except OSError:
        return ""
