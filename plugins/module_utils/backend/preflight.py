# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bad input and unfit hosts, told before anything changes. Each complaint names the variable at fault."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

CODINGS = ("zstd", "br", "gzip")
# The backend's own bounds (its compression.yaml).
LEVELS = {"zstd": range(1, 20), "br": range(0, 12), "gzip": range(1, 10)}
STREAM_LEVELS = {"zstd": range(1, 13), "br": range(2, 4), "gzip": range(1, 10)}
LEAST_PYTHON = (3, 11)
SETTINGS = {
    "images.body_mib": range(1, 1025),
    "images.megapixels": range(1, 171),
    "images.side": range(16, 16384),
    "images.seconds": range(1, 301),
    "tasks.workers": range(1, 257),
    "tasks.queue": range(0, 10_001),
    "shutdown_seconds": range(1, 3601),
    "keep_revisions": range(2, 1001),  # one to go back to
}
_SERVICE = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True)
class HostState:
    """What is so on the host.

    Args:
        listening: ports that somebody listens on (TCP).
        own_ports: ports that instances of ours have.
        runtime: by which instances of ours run; empty when none was rolled out.
        is_root: whether modules run as root.
        has_address: whether instances can listen on their address.
        first_port: the least that a user who is not root may listen on.
        python: version of the Python that revisions are made of; () where it cannot be asked.
        image: identity of the image, "" when it is not there, None when it was not asked for.
        engine_problem: why no container engine answers; empty when one does, or none is needed.
        redis_problems: what stands between this host and Redis, by the variable at fault.
        wheelhouse_found: whether the directory of wheels, where one is given, has any.
    """

    listening: frozenset[int] = frozenset()
    own_ports: frozenset[int] = frozenset()
    runtime: str = ""
    is_root: bool = True
    has_address: bool = True
    first_port: int = 1024
    python: tuple[int, ...] = LEAST_PYTHON
    image: str | None = None
    engine_problem: str = ""
    redis_problems: Mapping[str, str] = field(default_factory=dict)
    wheelhouse_found: bool = True


def complaints(variables: Mapping[str, Any], host: HostState, check_mode: bool = False) -> tuple[list[str], list[str]]:
    """Everything that is wrong, as sentences, and what may be wrong: in check mode, a Redis that is yet to come.

    Variables by their names without the role's prefix.
    """
    variables = as_numbers(variables)
    found = [] if host.is_root else ["ansible_become: tasks of this role need root, and run without it"]
    found += name_complaints(variables["name"])
    found += port_complaints(variables["ports"], host, variables["runtime"] == "venv")
    found += address_complaints(variables["address"], host)
    found += compression_complaints(variables["compression"])
    found += setting_complaints(variables)
    found += _runtime_complaints(variables, host)
    of_redis = [f"{name}: {reason}" for name, reason in host.redis_problems.items()]
    return (found, of_redis) if check_mode else (found + of_redis, [])


def as_numbers(value: Any) -> Any:
    """A value with every text of digits in it, however deep, as the number that it is."""
    if isinstance(value, Mapping):
        return {key: as_numbers(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_numbers(item) for item in value]
    return int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() else value


def given(compression: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of compression without those that are not given, numbers as numbers."""
    present = dict(_present(as_numbers(compression)))
    found = {key: dict(_present(value)) if isinstance(value, Mapping) else value for key, value in present.items()}
    return {key: value for key, value in found.items() if value != {}}


def name_complaints(name: str) -> list[str]:
    """A service of which files, links and a user are named."""
    if _SERVICE.fullmatch(name):
        return []
    return [
        f"name: {name!r} is no name of a service; right would be letters, digits and hyphens, such as omnimind-backend"
    ]


def port_complaints(ports: Sequence[int], host: HostState, as_user: bool) -> list[str]:
    """Ports that are none, that are there twice, that somebody else has, or that a user may not listen on."""
    if not ports:
        return ["ports: the list is empty; right would be a port for each instance, such as [8000]"]
    found = [
        f"ports: {port!r} is no port; right would be a number from 1 to 65535" for port in ports if not _is_port(port)
    ]
    valid = [port for port in ports if _is_port(port)]
    found += [f"ports: {port} is given twice" for port in sorted({port for port in valid if valid.count(port) > 1})]
    kept = [port for port in valid if as_user and port < host.first_port]
    found += [f"ports: {port} is for root only; right would be {host.first_port} or more, and a proxy" for port in kept]
    taken = sorted(set(valid) & (host.listening - host.own_ports))
    return found + [f"ports: {port} is taken by another program on this host" for port in taken]


def _is_port(port: Any) -> bool:
    return isinstance(port, int) and not isinstance(port, bool) and 1 <= port <= 65535


def address_complaints(address: str, host: HostState) -> list[str]:
    """An instance listens on one numeric address of the host, which may stand for all of a family."""
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return [
            f"address: {address!r} is no address; right would be a numeric one, such as 127.0.0.1, or 0.0.0.0 for all"
        ]
    if not host.has_address:
        return [f"address: {address} is no address of this host; right would be one of its own, or 0.0.0.0 for all"]
    return []


def compression_complaints(compression: Mapping[str, Any]) -> list[str]:
    """What is wrong with the settings of compression."""
    found = []
    for key, value in _present(compression):
        where = f"compression.{key}"
        if key in CHECKS:
            kind, words, check = CHECKS[key]
            fits = isinstance(value, kind)
            found += check(where, value) if fits else [f"{where}: {value!r} is not possible; right would be {words}"]
        else:
            found.append(f"{where}: there is no such setting; right would be one of {', '.join(CHECKS)}")
    return found


def _present(mapping: Mapping[str, Any] | None) -> Iterable[tuple[str, Any]]:
    return ((key, value) for key, value in (mapping or {}).items() if value is not None)


def _unknown(where: str, coding: str) -> list[str]:
    return [] if coding in CODINGS else [f"{where}: {coding!r} is no coding; right would be {', '.join(CODINGS)}"]


def _coding_complaints(where: str, codings: Sequence[str]) -> list[str]:
    if not codings:
        return [f"{where}: the list is empty; right would be one or more of {', '.join(CODINGS)}"]
    found = [text for coding in codings for text in _unknown(where, coding)]
    return found + [
        f"{where}: {coding} is given twice" for coding in sorted({c for c in codings if codings.count(c) > 1})
    ]


def _level_complaints(bounds: Mapping[str, range]) -> Callable[[str, Mapping[str, Any]], list[str]]:
    def check(where: str, levels: Mapping[str, Any]) -> list[str]:
        found = []
        for coding, level in _present(levels):
            allowed = bounds.get(coding, range(0))
            found += _unknown(where, coding) or number_complaints(f"{where}.{coding}", level, allowed)
        return found

    return check


def _size_complaints(where: str, sizes: Mapping[str, Any]) -> list[str]:
    return [
        text for coding, size in _present(sizes) for text in _unknown(where, coding) or _size(f"{where}.{coding}", size)
    ]


def _type_complaints(where: str, types: Sequence[str]) -> list[str]:
    found = [] if types else [f"{where}: the list is empty; right would be types such as text/*, or no list at all"]
    return found + [
        f"{where}: {name!r} is no type; right would be one such as text/*" for name in types if "/" not in str(name)
    ]


def _path_complaints(where: str, paths: Sequence[str]) -> list[str]:
    strange = [path for path in paths if not str(path).startswith("/")]
    return [f"{where}: {path!r} is no path; right would be one that begins with /" for path in strange]


def number_complaints(where: str, value: Any, allowed: range) -> list[str]:
    """A whole number within bounds; a bool, which is one to Python, is none."""
    if isinstance(value, int) and not isinstance(value, bool) and value in allowed:
        return []
    return [f"{where}: {value!r} is not possible; right would be a whole number from {allowed[0]} to {allowed[-1]}"]


def _size(where: str, value: Any) -> list[str]:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return []
    return [f"{where}: {value!r} is not possible; right would be a whole number of bytes, 0 or more"]


_BY_CODING = "a number for any of " + ", ".join(CODINGS)
# Setting: what its value must be, in words, and what is wrong with one that is.
CHECKS: dict[str, tuple[type, str, Callable[[str, Any], list[str]]]] = {
    "codings": (list, "a list of codings", _coding_complaints),
    "stream_codings": (list, "a list of codings", _coding_complaints),
    "levels": (dict, _BY_CODING, _level_complaints(LEVELS)),
    "stream_levels": (dict, _BY_CODING, _level_complaints(STREAM_LEVELS)),
    "minimum_size": (object, "", _size),
    "content_types": (list, "a list of types", _type_complaints),
    "excluded_paths": (list, "a list of paths", _path_complaints),
    "offload_from": (dict, _BY_CODING, _size_complaints),
}


def setting_complaints(variables: Mapping[str, Any]) -> list[str]:
    """Numbers that the backend has bounds for."""
    found = []
    for name in ("images", "tasks"):
        known = [path.partition(".")[2] for path in SETTINGS if path.startswith(f"{name}.")]
        strange = [key for key in variables[name] if key not in known]
        found += [
            f"{name}.{key}: there is no such setting; right would be one of {', '.join(known)}" for key in strange
        ]
    for path, allowed in SETTINGS.items():
        name, key = path.partition(".")[::2]
        value = variables[name].get(key) if key else variables[name]
        if value is not None:
            found += number_complaints(path, value, allowed)
    return found


def _runtime_complaints(variables: Mapping[str, Any], host: HostState) -> list[str]:
    if host.runtime not in ("", variables["runtime"]):
        return [
            f"runtime: this host runs {host.runtime}; right would be that, or the playbook teardown before a change"
        ]
    if variables["runtime"] == "container":
        return _container_complaints(variables["container_image"], host)
    found = []
    if not host.python:
        found.append(f"python: {variables['python']} is no Python that runs on this host")
    elif tuple(host.python) < LEAST_PYTHON:
        have, need = ".".join(map(str, host.python)), ".".join(map(str, LEAST_PYTHON))
        found.append(f"python: {variables['python']} is Python {have}; right would be {need} or newer")
    if not host.wheelhouse_found:
        found.append(
            f"wheelhouse: {variables['wheelhouse']} has no wheels on this host; right would be a directory of them"
        )
    return found


def _container_complaints(image: str, host: HostState) -> list[str]:
    if not image:
        return ["container_image: it is empty; right would be the name of an image on the host"]
    if host.engine_problem:
        return [f"runtime: container needs a Docker engine on this host, and none answers ({host.engine_problem})"]
    if not host.image:
        return [
            f"container_image: there is no image {image!r} on this host; right would be to build, load or pull it first"
        ]
    return []
