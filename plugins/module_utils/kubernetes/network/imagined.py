# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pods as policies speak of them, for namespaces of which none is known: policies are judged before there is any."""
from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..selectors import Selector
from .endpoints import Cluster, Endpoint, NamedPort
from .policies import Policy


def with_imagined_pods(cluster: Cluster, policies: Sequence[Policy]) -> Cluster:
    """The cluster, with a pod for every selector that is about a namespace without pods."""
    inhabited = {endpoint.namespace for endpoint in cluster.endpoints if endpoint.namespace}
    empty = {policy.namespace for policy in policies} - inhabited
    pods = {}
    for policy in policies:
        if policy.namespace in empty:
            for selector in _selectors(policy):
                pods[policy.namespace, selector] = _pod(policy.namespace, selector, _ports(policies))
    return Cluster((*cluster.endpoints, *pods.values()), cluster.namespaces)


def _selectors(policy: Policy) -> Iterator[Selector]:
    """Those that say something about pods of the policy's namespace."""
    peers = [peer for rule in policy.ingress + policy.egress for peer in rule.peers if peer.namespaces is None]
    for selector in [policy.pods, *(peer.pods for peer in peers if peer.pods)]:
        if selector.requirements:
            yield selector


def _ports(policies: Sequence[Policy]) -> tuple[NamedPort, ...]:
    """Every port that some rule names, each with a number of its own."""
    rules = [rule for policy in policies for rule in policy.ingress + policy.egress]
    named = dict.fromkeys((ports.name, ports.protocol) for rule in rules for ports in rule.ports if ports.name)
    return tuple(NamedPort(name, 1 + index, protocol) for index, (name, protocol) in enumerate(named))


def _pod(namespace: str, selector: Selector, ports: tuple[NamedPort, ...]) -> Endpoint:
    """One that a selector selects."""
    labels = {
        requirement.key: requirement.values[0] if requirement.values else ""
        for requirement in selector.requirements
        if requirement.operator in ("In", "Exists")
    }
    return Endpoint(f"pod with {selector}", namespace, labels, ports=ports, several=True)
