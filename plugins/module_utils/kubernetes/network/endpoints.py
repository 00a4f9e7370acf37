# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What can talk: pods, nodes, and addresses outside of the cluster."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from dataclasses import fields as dataclass_fields
from ipaddress import ip_address
from typing import Any, Optional

from ..errors import ManifestError
from ..fields import is_number, read_labels, read_list, read_mapping
from .rules import LAST_PORT, PROTOCOLS, Address, Ports

# The API server sets it on every namespace, to the namespace's name.
NAME_LABEL = "kubernetes.io/metadata.name"


@dataclass(frozen=True)
class NamedPort:
    """A port of a container that has a name."""

    name: str
    number: int
    protocol: str = "TCP"


@dataclass(frozen=True)
class Endpoint:
    """A pod, when it has a `namespace`; a node, when it only has a `node`; else an address outside.

    Without `addresses` it is one whose addresses are not known, such as a pod that does not run yet. One that
    stands for `several` pods which are alike is not only itself at the other end. `unnamed_ports` are those that it
    listens on, too: no rule can be about them by a name.
    """

    name: str
    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    addresses: tuple[Address, ...] = ()
    ports: tuple[NamedPort, ...] = ()
    node: str = ""
    host_network: bool = False
    several: bool = False
    unnamed_ports: tuple[NamedPort, ...] = ()

    @property
    def listening(self) -> list[tuple[int, str]]:
        """Numbers and protocols of all ports that it says it listens on."""
        return sorted({(port.number, port.protocol) for port in self.ports + self.unnamed_ports})

    @property
    def policed(self) -> bool:
        """Whether policies are about it: a pod in the network of its node is the node, to them."""
        return bool(self.namespace) and not self.host_network

    @property
    def families(self) -> tuple[int, ...]:
        """The versions of IP that it has an address of, the preferred one first."""
        return tuple(dict.fromkeys(address.version for address in self.addresses))

    def answers(self, ports: Ports, port: int, protocol: str) -> bool:
        """Whether a port of this endpoint is among those of a rule. A name is what its own containers call so."""
        if ports.protocol != protocol:
            return False
        if ports.name:
            return NamedPort(ports.name, port, protocol) in self.ports
        return ports.first <= port <= ports.last

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True)
class Cluster:
    """Everything that can talk, and the labels of namespaces by their names."""

    endpoints: tuple[Endpoint, ...] = ()
    namespaces: Mapping[str, Mapping[str, str]] = field(default_factory=dict, hash=False)

    def namespace_labels(self, namespace: str) -> Mapping[str, str]:
        """With the one that every namespace has."""
        return {**self.namespaces.get(namespace, {}), NAME_LABEL: namespace}

    @property
    def known_namespaces(self) -> list[str]:
        return sorted({*self.namespaces, *(pod.namespace for pod in self.endpoints if pod.namespace)})


def shared_families(source: Endpoint, destination: Endpoint) -> tuple[Optional[int], ...]:
    """The versions of IP by which they can talk; (None,) when neither has an address that is known."""
    if not source.families or not destination.families:
        return source.families or destination.families or (None,)
    return tuple(family for family in destination.families if family in source.families)


def same_pod(one: Endpoint, other: Endpoint) -> bool:
    """Whether both are one and the same pod."""
    return one.name == other.name and one == other and not one.several


def same_node(one: Endpoint, other: Endpoint) -> bool:
    """Whether one is the node on which the other runs, or stands in that node's network."""
    return bool(one.node) and one.node == other.node and not (one.policed and other.policed)


def outside(name: str, *addresses: str) -> Endpoint:
    """An address, or one of each version, that is not the cluster's."""
    return Endpoint(name, addresses=read_addresses(name, addresses or (name,)))


def read_addresses(where: str, values: Iterable[Any]) -> tuple[Address, ...]:
    found = []
    for value in values:
        try:
            found.append(ip_address(value))
        except ValueError:
            raise ManifestError(where, f"{value!r} is no address") from None
    return tuple(found)


def read_endpoint(where: str, value: Any) -> Endpoint:
    """An endpoint that a user declared, by the names of the fields of Endpoint; `ports` are numbers by name.

    A port that is not TCP is a mapping with `number` and `protocol`, and `unnamed_ports` are a list of such.
    """
    known = tuple(entry.name for entry in dataclass_fields(Endpoint))
    fields = read_mapping(where, value, known, required=("name",))
    ports = read_mapping(f"{where}.ports", fields.get("ports", {}))
    unnamed = read_list(f"{where}.unnamed_ports", fields.get("unnamed_ports", []))
    return Endpoint(
        name=str(fields["name"]),
        namespace=str(fields.get("namespace", "")),
        labels=read_labels(f"{where}.labels", fields.get("labels")),
        addresses=read_addresses(f"{where}.addresses", read_list(f"{where}.addresses", fields.get("addresses", []))),
        ports=tuple(_declared_port(f"{where}.ports.{name}", name, content) for name, content in ports.items()),
        node=str(fields.get("node", "")),
        host_network=fields.get("host_network", False) is True,
        several=fields.get("several", False) is True,
        unnamed_ports=tuple(
            _declared_port(f"{where}.unnamed_ports[{index}]", "", content) for index, content in enumerate(unnamed)
        ),
    )


def _declared_port(where: str, name: str, value: Any) -> NamedPort:
    fields = read_mapping(where, value if isinstance(value, Mapping) else {"number": value}, ("number", "protocol"))
    if not is_number(fields.get("number")):
        raise ManifestError(where, f"it is the number of a port, not {fields.get('number')!r}")
    number, protocol = int(fields["number"]), fields.get("protocol", "TCP")
    if not 1 <= number <= LAST_PORT:
        raise ManifestError(where, f"it is a number from 1 to {LAST_PORT}, not {number}")
    if protocol not in PROTOCOLS:
        raise ManifestError(where, f"its protocol is one of {', '.join(PROTOCOLS)}, not {protocol!r}")
    return NamedPort(name, number, protocol)
