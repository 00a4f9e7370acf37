# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules of a NetworkPolicy: who may be at the other end, and at which ports."""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Any, Optional, Union

from ..errors import ManifestError
from ..fields import is_number, read_list, read_mapping
from ..selectors import Selector, read_selector

PROTOCOLS = ("TCP", "UDP", "SCTP")
LAST_PORT = 65535

Address = Union[IPv4Address, IPv6Address]
Network = Union[IPv4Network, IPv6Network]
_PORT_NAME = re.compile(r"(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Ports:
    """Ports of one protocol: those from `first` to `last`, or with a `name` the one that a pod calls so."""

    protocol: str = "TCP"
    first: int = 1
    last: int = LAST_PORT
    name: str = ""

    def __str__(self) -> str:
        if self.name:
            return f"{self.protocol} {self.name}"
        if (self.first, self.last) == (1, LAST_PORT):
            return f"{self.protocol} of every port"
        return f"{self.protocol} {self.first}" + (f"-{self.last}" if self.last > self.first else "")


@dataclass(frozen=True)
class Block:
    """Addresses of a network, but for those of `excepted` networks in it."""

    network: Network
    excepted: tuple[Network, ...] = ()

    def includes(self, address: Address) -> bool:
        return address in self.network and not any(address in network for network in self.excepted)

    def __str__(self) -> str:
        return str(self.network) + (f" except {', '.join(map(str, self.excepted))}" if self.excepted else "")


@dataclass(frozen=True)
class Peer:
    """Who may be at the other end: pods, in namespaces or (without a selector of those) the policy's; or a block."""

    pods: Optional[Selector] = None
    namespaces: Optional[Selector] = None
    block: Optional[Block] = None

    @property
    def normal(self) -> Peer:
        return Peer(self.pods and self.pods.normal, self.namespaces and self.namespaces.normal, self.block)


@dataclass(frozen=True)
class Rule:
    """Allows what one of its peers and one of its ports meets; without peers all of them, and likewise with ports.

    `where` is its path in the manifest, such as `spec.ingress[0]`.
    """

    where: str
    peers: tuple[Peer, ...] = ()
    ports: tuple[Ports, ...] = ()

    @property
    def normal(self) -> Rule:
        """With the conditions of its selectors in an order that does not depend on how they are written."""
        return Rule(self.where, tuple(peer.normal for peer in self.peers), self.ports)


def read_rules(where: str, value: Any, peers: str) -> tuple[Rule, ...]:
    """The rules of one direction; `peers` is the field of a rule that has them, `from` or `to`."""
    return tuple(_rule(f"{where}[{index}]", entry, peers) for index, entry in enumerate(read_list(where, value)))


def _rule(where: str, value: Any, peers: str) -> Rule:
    fields = read_mapping(where, value, (peers, "ports"))
    entries = read_list(f"{where}.{peers}", fields.get(peers, []))
    ports = read_list(f"{where}.ports", fields.get("ports", []))
    return Rule(
        where.rpartition(": ")[2],
        tuple(read_peer(f"{where}.{peers}[{index}]", entry) for index, entry in enumerate(entries)),
        tuple(read_ports(f"{where}.ports[{index}]", entry) for index, entry in enumerate(ports)),
    )


def read_peer(where: str, value: Any) -> Peer:
    """A peer from an entry of a rule; ManifestError when it is none."""
    fields = read_mapping(where, value, ("podSelector", "namespaceSelector", "ipBlock"))
    if not fields:
        raise ManifestError(where, "it selects nobody: it has a podSelector, a namespaceSelector, both, or an ipBlock")
    if "ipBlock" in fields:
        if len(fields) > 1:
            raise ManifestError(where, "an ipBlock stands alone, without selectors")
        return Peer(block=read_block(f"{where}.ipBlock", fields["ipBlock"]))
    pods, namespaces = (
        read_selector(f"{where}.{name}", fields[name]) if name in fields else None
        for name in ("podSelector", "namespaceSelector")
    )
    return Peer(pods, namespaces)


def read_block(where: str, value: Any) -> Block:
    """A block from a mapping with `cidr` and `except`; ManifestError when it is none."""
    fields = read_mapping(where, value, ("cidr", "except"), required=("cidr",))
    network = read_network(f"{where}.cidr", fields["cidr"])
    excepted = []
    for index, entry in enumerate(read_list(f"{where}.except", fields.get("except", []))):
        inner = read_network(f"{where}.except[{index}]", entry)
        if inner.version != network.version or inner == network or not inner.subnet_of(network):  # type: ignore
            raise ManifestError(f"{where}.except[{index}]", f"{inner} is not a part of {network}")
        excepted.append(inner)
    return Block(network, tuple(excepted))


def read_network(where: str, value: Any) -> Network:
    """A network that is written with its prefix; ManifestError when it is none. Bits after the prefix do not count."""
    try:
        if "/" in value:
            return ip_network(value, strict=False)
    except (TypeError, ValueError):
        pass
    raise ManifestError(where, f"it is a network such as 192.0.2.0/24 or 2001:db8::/32, not {value!r}")


def read_ports(where: str, value: Any) -> Ports:
    """Ports from an entry of a rule; ManifestError when it is none."""
    fields: Mapping[str, Any] = read_mapping(where, value, ("protocol", "port", "endPort"))
    protocol, port, last = fields.get("protocol", "TCP"), fields.get("port"), fields.get("endPort")
    if protocol not in PROTOCOLS:
        raise ManifestError(f"{where}.protocol", f"it is one of {', '.join(PROTOCOLS)}, not {protocol!r}")
    if isinstance(port, str):
        if not _PORT_NAME.fullmatch(port):
            raise ManifestError(f"{where}.port", f"{port!r} is no name of a port (a number stands without quotes)")
        if last is not None:
            raise ManifestError(f"{where}.endPort", "it goes with a port that is a number")
        return Ports(protocol, name=str(port))
    for name, number in (("port", port), ("endPort", last)):
        if number is not None and (not is_number(number) or not 1 <= number <= LAST_PORT):
            raise ManifestError(f"{where}.{name}", f"it is a number from 1 to {LAST_PORT}, not {number!r}")
    if port is None:
        if last is not None:
            raise ManifestError(f"{where}.endPort", "it goes with a port")
        return Ports(protocol)
    if last is not None and last < port:
        raise ManifestError(f"{where}.endPort", f"it is {port} or above, not {last}")
    return Ports(protocol, int(port), int(port if last is None else last))
