# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What policies tell apart: spans of ports, and regions of addresses outside. One of each is enough to look at."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Optional

from .endpoints import Endpoint
from .policies import Policy
from .rules import LAST_PORT, PROTOCOLS, Address, Block, Network, Ports


@dataclass(frozen=True)
class Span:
    """Ports of one protocol to which the same happens."""

    protocol: str
    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}-{self.last}" if self.last > self.first else str(self.first)


def port_spans(policies: Iterable[Policy], endpoints: Iterable[Endpoint], asked: Iterable[Ports] = ()) -> list[Span]:
    """All ports of all protocols, cut where a rule or what is asked begins or ends, or a port of a pod has a name."""
    cuts: dict[str, set[int]] = {protocol: {1, LAST_PORT + 1} for protocol in PROTOCOLS}
    for policy in policies:
        for rule in policy.ingress + policy.egress:
            for ports in rule.ports:
                cuts[ports.protocol] |= {ports.first, ports.last + 1}
    for ports in asked:
        cuts[ports.protocol] |= {ports.first, ports.last + 1}
    for endpoint in endpoints:
        for port in endpoint.ports:
            cuts.get(port.protocol, set()).update((port.number, port.number + 1))
    return [
        Span(protocol, first, following - 1)
        for protocol, places in cuts.items()
        for first, following in zip(sorted(places), sorted(places)[1:])
    ]


def outside_regions(policies: Iterable[Policy], asked: Iterable[Block] = ()) -> list[Endpoint]:
    """An address of each region that blocks, of the policies and such as are asked about, cut the world into.

    They are called by the network that the address is in and by those in it which it is not in.
    """
    blocks = [
        peer.block
        for policy in policies
        for rule in policy.ingress + policy.egress
        for peer in rule.peers
        if peer.block
    ]
    blocks += asked
    networks = {network for block in blocks for network in (block.network, *block.excepted)}
    # Where no block is about a version of IP, nothing tells its addresses from each other.
    networks |= {ip_network("0.0.0.0/0"), ip_network("::/0")}
    found = []
    for network in sorted(networks, key=lambda one: (one.version, one.network_address, one.prefixlen)):
        inner = [other for other in networks if other != network and _within(other, network)]
        address = _free_address(network, inner)
        if address is not None:
            name = f"outside in {network}" if network.prefixlen else f"outside by IPv{network.version}"
            found.append(Endpoint(name, addresses=(address,)))
    return found


def _within(inner: Network, outer: Network) -> bool:
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]


def _free_address(network: Network, inner: Sequence[Network]) -> Optional[Address]:
    """An address of a network that is in none of those in it. If there is any, one begins it or follows one of them."""
    candidates = [network.network_address]
    candidates += [one.broadcast_address + 1 for one in inner if one.broadcast_address != network.broadcast_address]
    return next((address for address in candidates if not any(address in one for one in inner)), None)
