"""Where Redis is and how much is kept, checked before anything connects."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

TOPOLOGIES = ("cluster", "sentinel", "single", "none")
PORTS = {"cluster": 6379, "sentinel": 26379, "single": 6379}


class SettingsError(ValueError):
    """A setting that cannot be right. The message names it, its value and what would be right."""


@dataclass(frozen=True)
class CacheSettings:
    """What a cache is made of.

    Args:
        topology: of Redis; "none" keeps a cache in this process only.
        nodes: "host:port" of some nodes of the cluster, of the Sentinels, or of the one server.
        service: the name by which the Sentinels know the master.
        username, password: of Redis; neither is ever shown.
        sentinel_password: of the Sentinels, where they ask for one.
        tls, ca_file: encrypt, and trust the authorities in this PEM file (the system's when empty).
        pool_size: connections that commands may use at a time, over all nodes.
        connect_timeout, command_timeout: seconds.
        local_entries, local_bytes: the most that is kept in this process; 0 entries keep nothing.
        local_ttl: seconds after which an entry in this process is read from Redis again, whatever happens.
        ttl: seconds that a value lives when nothing else is said.
        refresh: the part of a value's life before its end in which it is loaded anew; 0 never does.
        prefix: of every key in Redis.
    """

    topology: str = "none"
    nodes: tuple[str, ...] = ()
    service: str = ""
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    sentinel_password: str = field(default="", repr=False)
    tls: bool = False
    ca_file: str = ""
    pool_size: int = 32
    connect_timeout: float = 0.5
    command_timeout: float = 0.5
    local_entries: int = 10_000
    local_bytes: int = 64 * 2**20
    local_ttl: float = 60.0
    ttl: float = 300.0
    refresh: float = 0.05
    prefix: str = "omnimind:"

    def __post_init__(self) -> None:
        if self.topology not in TOPOLOGIES:
            raise _refused("topology", self.topology, f"one of {', '.join(TOPOLOGIES)}")
        if self.topology != "none" and not self.nodes:
            raise _refused("nodes", self.nodes, "at least one host:port")
        if self.topology == "single" and len(self.nodes) != 1:
            raise _refused("nodes", self.nodes, "exactly one host:port for a single server")
        if (self.topology == "sentinel") != bool(self.service):
            right = "the master's name, such as 'mymaster'" if not self.service else "empty without Sentinel"
            raise _refused("service", self.service, right)
        if self.username and not self.password:
            raise SettingsError("password: is empty, but a username is given; give both or neither")
        if self.ca_file and not self.tls:
            raise _refused("ca_file", self.ca_file, "empty without tls")
        if self.ca_file and not Path(self.ca_file).is_file():
            raise _refused("ca_file", self.ca_file, "a PEM file that can be read")
        if not self.prefix or not self.prefix.isprintable() or set("{}") & set(self.prefix):
            raise _refused("prefix", self.prefix, "printable, not empty and without braces, which choose the slot")
        self._check_numbers()
        for node in self.nodes:
            address(node)

    def _check_numbers(self) -> None:
        for name, least, most in BOUNDS:
            value = getattr(self, name)
            kinds: tuple[type, ...] = (int,) if name in WHOLE else (int, float)
            right = f"a {'whole ' if name in WHOLE else ''}number from {least:g} to {most:g}"
            if isinstance(value, bool) or not isinstance(value, kinds) or not math.isfinite(value):
                raise _refused(name, value, right)
            if not least <= value <= most:
                raise _refused(name, value, right)

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """The nodes as pairs of host and port."""
        return tuple(address(node) for node in self.nodes)

    @property
    def answer_timeout(self) -> float:
        """Seconds that connecting and one answer may take together."""
        return self.connect_timeout + self.command_timeout

    @classmethod
    def from_url(cls, url: str) -> CacheSettings:
        """Read `redis[s][+cluster|+sentinel]://[user:password@]host:port[,host:port...][/service][?field=value]`,
        or `none:`; user and password are percent-encoded.

        SettingsError, which never holds the URL itself, as there may be a password in it.
        """
        scheme, _colon, rest = url.partition(":")
        if scheme not in SCHEMES:
            raise _refused("url", f"{scheme[:20]}:...", f"to begin with one of {', '.join(s + ':' for s in SCHEMES)}")
        topology, tls = SCHEMES[scheme]
        place, _mark, query = rest.removeprefix("//").partition("?")
        if "@" in query:
            raise SettingsError("url: has an @ behind a ?; right would be %40 and, where it is in a password, %3F")
        login, _at, authority = place.rpartition("@")
        hosts, _slash, service = authority.partition("/")
        username, colon, password = login.partition(":")
        if login and not colon:
            raise SettingsError("url: has a user without a password; right would be user:password@host")
        given: dict[str, Any] = {
            "topology": topology, "tls": tls, "service": unquote(service),
            "username": unquote(username), "password": unquote(password),
            "nodes": tuple(_with_port(host, topology) for host in hosts.split(",") if host),
        }  # fmt: skip
        return cls(**given, **_from_query(query))


# Field, least, most.
BOUNDS = (
    ("pool_size", 1, 10_000), ("connect_timeout", 0.01, 60), ("command_timeout", 0.01, 60),
    ("local_entries", 0, 10_000_000), ("local_bytes", 0, 2**40), ("local_ttl", 0.001, 86_400),
    ("ttl", 0.001, 365 * 86_400), ("refresh", 0, 0.5),
)  # fmt: skip
WHOLE = {"pool_size", "local_entries", "local_bytes"}
SCHEMES = {
    "redis": ("single", False), "rediss": ("single", True),
    "redis+cluster": ("cluster", False), "rediss+cluster": ("cluster", True),
    "redis+sentinel": ("sentinel", False), "rediss+sentinel": ("sentinel", True), "none": ("none", False),
}  # fmt: skip


def address(node: str) -> tuple[str, int]:
    """Host and port of "host:port" or "[address]:port"; SettingsError."""
    host, _colon, port = node.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536 or "@" in host:
        # What stands before an @ may be a password.
        raise _refused("nodes", node.rpartition("@")[2], "host:port with a port from 1 to 65535")
    return host.strip("[]"), int(port)


def _with_port(host: str, topology: str) -> str:
    return host if ":" in host.rpartition("]")[2] else f"{host}:{PORTS.get(topology, 0)}"


def _from_query(query: str) -> dict[str, Any]:
    kinds = {f.name: f.type for f in fields(CacheSettings)}
    allowed = sorted({name for name, *_limits in BOUNDS} | {"ca_file", "prefix", "sentinel_password"})
    found: dict[str, Any] = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        if name not in allowed:
            raise _refused("url", f"?{name}=", f"a parameter of {', '.join(allowed)}")
        try:
            found[name] = {"int": int, "float": float}.get(str(kinds[name]), str)(text)
        except ValueError:
            raise _refused(name, text, f"a {'whole ' if name in WHOLE else ''}number") from None
    return found


def _refused(name: str, value: object, right: str) -> SettingsError:
    return SettingsError(f"{name}: {value!r} is not possible; right would be {right}")
