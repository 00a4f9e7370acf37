# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whom the selectors of policies select."""
from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple, Optional

from .endpoints import Cluster, Endpoint
from .policies import Policy
from .rules import Peer, Rule


class Probe(NamedTuple):
    """What is asked of two endpoints. `family` is the version of IP; None when no address is known."""

    port: int
    protocol: str = "TCP"
    family: Optional[int] = None


class Selection:
    """Remembers what it found, as the same few selectors are asked about again and again."""

    def __init__(self, policies: Sequence[Policy], cluster: Cluster) -> None:
        self.policies = policies
        self.cluster = cluster
        peers = [peer for policy in policies for rule in policy.ingress + policy.egress for peer in rule.peers]
        self._blocks = list(dict.fromkeys(peer.block for peer in peers if peer.block))
        selectors = [policy.pods for policy in policies] + [peer.pods for peer in peers if peer.pods]
        self._labels = {requirement.key for selector in selectors for requirement in selector.requirements}
        self.namespaces = {name: cluster.namespace_labels(name) for name in cluster.known_namespaces}
        self._isolating: dict[tuple[Hashable, str], tuple[Policy, ...]] = {}
        # By identity, which is quick to look up; the endpoint is kept, so that no other gets its place.
        self._kinds: dict[int, tuple[int, Endpoint]] = {}
        self._known: dict[Hashable, int] = {}

    def isolating(self, pod: Endpoint, direction: str) -> tuple[Policy, ...]:
        """The policies that isolate a pod in this direction."""
        key = (self.kind(pod), direction)
        if key not in self._isolating:
            self._isolating[key] = tuple(
                policy for policy in self.about(pod, direction) if policy.pods.matches(pod.labels)
            )
        return self._isolating[key]

    def about(self, pod: Endpoint, direction: str) -> list[Policy]:
        """The policies of a pod's namespace that are about this direction, whomever they select."""
        if not pod.policed:
            return []
        return [one for one in self.policies if one.namespace == pod.namespace and direction in one.directions]

    def selects(self, policy: Policy, peer: Peer, endpoint: Endpoint, family: Optional[int]) -> bool:
        """Whether a peer in a rule of a policy is about this endpoint, when it talks by this version of IP."""
        if peer.block:
            return any(address.version == family and peer.block.includes(address) for address in endpoint.addresses)
        if not endpoint.policed:
            return False
        if peer.namespaces is None:
            if endpoint.namespace != policy.namespace:
                return False
        elif not peer.namespaces.matches(self.namespaces[endpoint.namespace]):
            return False
        return peer.pods is None or peer.pods.matches(endpoint.labels)

    def allows(self, policy: Policy, rule: Rule, other: Endpoint, answering: Endpoint, probe: Probe) -> bool:
        """Whether a rule of a policy allows what its pods send to the other end, or get from there.

        Args:
            answering: the end that the port belongs to.
        """
        if rule.ports and not any(answering.answers(ports, probe.port, probe.protocol) for ports in rule.ports):
            return False
        return not rule.peers or any(self.selects(policy, peer, other, probe.family) for peer in rule.peers)

    def kind(self, endpoint: Endpoint) -> int:
        """A number that endpoints share when no policy tells them apart."""
        if id(endpoint) not in self._kinds:
            kind = (
                endpoint.policed,
                endpoint.namespace,
                frozenset(label for label in endpoint.labels.items() if label[0] in self._labels),
                endpoint.ports,
                endpoint.families,
                tuple(
                    (block.includes(address), address.version)
                    for address in endpoint.addresses
                    for block in self._blocks
                ),
            )
            self._kinds[id(endpoint)] = self._known.setdefault(kind, len(self._known)), endpoint
        return self._kinds[id(endpoint)][0]
