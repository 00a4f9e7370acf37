# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node's own picture of its cluster, read from the text of CLUSTER NODES."""
from __future__ import annotations

from typing import NamedTuple

from .nodes import Address
from .slots import parse_slots


class Seen(NamedTuple):
    """One node as another node (or itself) sees it."""

    id: str
    address: Address
    bus_port: int
    hostname: str
    flags: frozenset[str]
    master_id: str
    epoch: int
    linked: bool
    slots_text: str
    migrating: tuple[tuple[int, str], ...]
    importing: tuple[tuple[int, str], ...]

    @property
    def is_replica(self) -> bool:
        return "slave" in self.flags or "replica" in self.flags

    @property
    def slots(self) -> frozenset[int]:
        return parse_slots(self.slots_text)


class View(NamedTuple):
    """All nodes that one node knows, by node id, itself among them."""

    my_id: str
    nodes: dict[str, Seen]

    @property
    def myself(self) -> Seen:
        return self.nodes[self.my_id]

    @property
    def settled(self) -> dict[str, Seen]:
        """The nodes it knows for good: a handshake has a made-up id until it ends."""
        return {id: seen for id, seen in self.nodes.items() if "handshake" not in seen.flags}

    def layout(self) -> frozenset[tuple[str, str, str]]:
        """Who serves what and who follows whom: equal in all nodes that agree."""
        return frozenset((id, seen.master_id, seen.slots_text) for id, seen in self.settled.items())


def parse_view(text: str) -> View:
    """Read the answer to CLUSTER NODES; ValueError when it is something else."""
    nodes: dict[str, Seen] = {}
    my_id = ""
    for line in text.splitlines():
        if not line:
            continue
        fields = line.split(" ", 8)
        if len(fields) < 8:
            raise ValueError(f"not a line of CLUSTER NODES: {line!r}")
        flags = frozenset(fields[2].split(","))
        slots_text, migrating, importing = _split_slots(fields[8] if len(fields) > 8 else "")
        address, bus_port, hostname = _parse_address(fields[1])
        master_id = "" if fields[3] == "-" else fields[3]
        nodes[fields[0]] = Seen(
            fields[0], address, bus_port, hostname, flags, master_id, int(fields[6]),
            fields[7] == "connected", slots_text, migrating, importing,
        )
        if "myself" in flags:
            my_id = fields[0]
    if not my_id:
        raise ValueError("CLUSTER NODES names no node as myself")
    return View(my_id, nodes)


def _parse_address(text: str) -> tuple[Address, int, str]:
    """ "ip:port@bus_port,hostname,name=value...": only the first two are always there."""
    address, *extras = text.split(",")
    endpoint, at, bus_port = address.partition("@")
    host, port = endpoint.rsplit(":", 1)
    hostname = extras[0] if extras and "=" not in extras[0] else ""
    return Address(host, int(port)), int(bus_port or 0), hostname


def _split_slots(text: str) -> tuple[str, tuple[tuple[int, str], ...], tuple[tuple[int, str], ...]]:
    """Served slots, and the open ones: "[93->-id]" leaves for id, "[77-<-id]" comes from it."""
    if "[" not in text:
        return text, (), ()
    served, migrating, importing = [], [], []
    for part in text.split():
        if not part.startswith("["):
            served.append(part)
        elif "->-" in part:
            slot, other = part[1:-1].split("->-")
            migrating.append((int(slot), other))
        else:
            slot, other = part[1:-1].split("-<-")
            importing.append((int(slot), other))
    return " ".join(served), tuple(migrating), tuple(importing)
