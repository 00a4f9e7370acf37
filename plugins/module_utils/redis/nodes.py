# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Nodes as a user lists them: "host:port", or a mapping with host, port and zone."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from .errors import RedisFailure


class Address(NamedTuple):
    """Where a server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class ListedNode(NamedTuple):
    """A node that the user named, with the failure domain it stands in (empty for none)."""

    address: Address
    zone: str = ""


def parse_nodes(nodes: Iterable[str | Mapping[str, Any]], option: str = "nodes") -> list[ListedNode]:
    """The nodes of a module option.

    Raises RedisFailure naming the option, and the entry that is no node or that is listed twice.
    """
    try:
        return _parse_all(nodes)
    except RedisFailure as failure:
        raise RedisFailure(failure.message.replace("nodes:", f"{option}:", 1)) from failure


def _parse_all(nodes: Iterable[str | Mapping[str, Any]]) -> list[ListedNode]:
    found: list[ListedNode] = []
    for entry in nodes:
        node = _parse_mapping(entry) if isinstance(entry, Mapping) else _parse_text(entry)
        if any(node.address == other.address for other in found):
            raise RedisFailure(f"nodes: {node.address} is listed twice")
        found.append(node)
    if not found:
        raise RedisFailure("nodes: the list is empty, at least one node is needed")
    return found


def _parse_text(entry: Any) -> ListedNode:
    host, colon, port = str(entry).rpartition(":")
    if not colon or not host:
        raise RedisFailure(f"nodes: {entry!r} is not host:port")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    return ListedNode(Address(host, _parse_port(entry, port)))


def _parse_mapping(entry: Mapping[str, Any]) -> ListedNode:
    unknown = sorted(set(entry) - {"host", "port", "zone"})
    if unknown:
        raise RedisFailure(f"nodes: {dict(entry)!r} has the unknown key {unknown[0]!r}; host, port and zone are known")
    if not entry.get("host"):
        raise RedisFailure(f"nodes: {dict(entry)!r} has no host")
    address = Address(str(entry["host"]), _parse_port(entry, entry.get("port")))
    return ListedNode(address, str(entry.get("zone") or ""))


def _parse_port(entry: Any, port: Any) -> int:
    if isinstance(port, bool) or not str(port).isdecimal() or not 1 <= int(port) <= 65535:
        raise RedisFailure(f"nodes: {entry!r} has the port {port!r}, which is not within 1 and 65535")
    return int(port)
