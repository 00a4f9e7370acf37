# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who is asked about: components and peers by their names, pods by theirs, or whoever meets some conditions."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ManifestError
from ..fields import read_mapping
from .declarations import read_names, read_peers, read_strict_labels
from .endpoints import Cluster, Endpoint
from .rules import Block, Peer, read_peer


@dataclass(frozen=True)
class Party:
    """`peers` are the conditions, one of which its pods or addresses meet; without any it is the endpoint `name`."""

    name: str
    peers: tuple[Peer, ...] = ()

    @property
    def blocks(self) -> list[Block]:
        return [peer.block for peer in self.peers if peer.block]

    def members(self, cluster: Cluster, regions: Iterable[Endpoint]) -> list[Endpoint]:
        """The pods, and of networks who is known there and an address of each region that anything tells apart."""
        if not self.peers:
            return [one for one in cluster.endpoints if str(one) == self.name]
        pods = [one for one in cluster.endpoints if one.namespace and any(_is(p, one, cluster) for p in self.peers)]
        return pods + [one for one in (*cluster.endpoints, *regions) if self._includes(one)]

    def _includes(self, other: Endpoint) -> bool:
        """Whether one that is no pod has no address but in the networks."""
        found = [any(block.includes(address) for block in self.blocks) for address in other.addresses]
        return not other.namespace and bool(found) and all(found)


def _is(peer: Peer, pod: Endpoint, cluster: Cluster) -> bool:
    if peer.namespaces is None or not peer.namespaces.matches(cluster.namespace_labels(pod.namespace)):
        return False
    return peer.pods is None or peer.pods.matches(pod.labels)


class Parties:
    """Everybody who has a name.

    Args:
        components: as the filter network_policies has them; each may have a `namespace`, too.
        peers: likewise.
        namespace: where components are that have none of their own.
    """

    def __init__(self, components: Any, peers: Any, cluster: Cluster, namespace: str) -> None:
        self._namespace = namespace
        self.components = {
            name: self._component(f"components.{name}", name, entry)
            for name, entry in read_mapping("components", components or {}).items()
        }
        others = {}
        for name, entry in read_mapping("peers", peers or {}).items():
            if name in self.components:
                raise ManifestError(f"peers.{name}", "a component has this name, too")
            others[name] = self._party(f"peers.{name}", name, entry)
        self._named = {str(one): Party(str(one)) for one in cluster.endpoints}
        self._named.update({**self.components, **others})

    def read(self, where: str, value: Any) -> list[Party]:
        """Those whom an option is about; ManifestError when somebody is not known."""
        if isinstance(value, Mapping):
            return [self._party(where, _words(value), value)]
        if not isinstance(value, str) and not value:
            raise ManifestError(where, "it is nobody")
        found = []
        for index, entry in enumerate([value] if isinstance(value, str) else value):
            if isinstance(entry, Mapping):
                found.append(self._party(f"{where}[{index}]", _words(entry), entry))
            else:
                (name,) = read_names(where, [entry], list(self._named), "component, peer or endpoint")
                found.append(self._named[name])
        return found

    def _component(self, where: str, name: str, value: Any) -> Party:
        fields = read_mapping(where, value, ("labels", "namespace"), required=("labels",))
        if not read_strict_labels(f"{where}.labels", fields["labels"]):
            raise ManifestError(f"{where}.labels", "without labels it is every pod of the namespace")
        return self._party(where, name, {"namespace": self._namespace, **fields})

    def _party(self, where: str, name: str, value: Any) -> Party:
        if isinstance(value, Mapping) and not {"namespace", "namespace_labels", "cidrs"} & set(value):
            value = {"namespace": self._namespace, **value}
        return Party(name, tuple(read_peer(where, peer) for peer in read_peers(where, value)))


def _words(value: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {content}" for key, content in value.items())
