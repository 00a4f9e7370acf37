# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Why a connection is denied: which rule would come nearest to allowing it, and what that one lacks."""
from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..selectors import Requirement
from .endpoints import Endpoint
from .policies import EGRESS, PEERS, Policy
from .rules import Peer, Rule
from .selection import Probe, Selection


def why_not(selection: Selection, direction: str, own: Endpoint, other: Endpoint, probe: Probe) -> str:
    """A sentence. It names no pod, as it is as true of others with the same labels."""
    end, far = ("source", "destination") if direction == EGRESS else ("destination", "source")
    isolating = ", ".join(map(str, selection.isolating(own, direction)))
    sentence = f"the {direction} of the {end} is isolated by {isolating}"
    nearest = None
    for policy in selection.about(own, direction):
        for rule in policy.rules(direction):
            lacks = list(_lacks(selection, policy, rule, (direction, end, far), own, other, probe))
            # Fewer are nearer; of as many, a rule of a policy that selects the pod, and one about the port.
            rank = (len(lacks), *(kind for kind, _text in lacks))
            if nearest is None or rank < nearest[0]:
                texts = ", and ".join(text for _kind, text in lacks)
                nearest = rank, f"{policy} {rule.where} would allow it, but {texts}"
    return f"{sentence}; {nearest[1]}" if nearest else f"{sentence}, and no rule allows any"


def _lacks(
    selection: Selection,
    policy: Policy,
    rule: Rule,
    words: tuple[str, str, str],
    own: Endpoint,
    other: Endpoint,
    probe: Probe,
) -> Iterator[tuple[int, str]]:
    """What keeps a rule from allowing a connection, each with how far away that is."""
    direction, end, far = words
    answering, name = (other, far) if direction == EGRESS else (own, end)
    if rule.peers and not any(selection.selects(policy, peer, other, probe.family) for peer in rule.peers):
        misses = (
            f"{PEERS[direction]}[{index}]: {_peer_lack(selection, policy, peer, far, other)}"
            for index, peer in enumerate(rule.peers)
        )
        yield 0, "; ".join(misses)
    if rule.ports and not any(answering.answers(ports, probe.port, probe.protocol) for ports in rule.ports):
        unnamed = [ports.name for ports in rule.ports if ports.name and ports.protocol == probe.protocol]
        calls = f" (the {name} calls no such port {' or '.join(unnamed)})" if unnamed else ""
        yield 1, f"it is about {', '.join(map(str, rule.ports))}, not {probe.protocol} {probe.port}{calls}"
    unmet = policy.pods.unmet(own.labels)
    if unmet:
        yield 2, f"it does not select the {end}, which {label_lack(unmet, own.labels)}"


def _peer_lack(selection: Selection, policy: Policy, peer: Peer, far: str, other: Endpoint) -> str:
    if peer.block:
        known = "is not in" if other.addresses else "is not known, only that it shall be in"
        return f"the address of the {far} {known} {peer.block}"
    if not other.policed:
        return f"the {far} is not in the network of pods, where only an ipBlock finds it"
    if peer.namespaces is None:
        if other.namespace != policy.namespace:
            return f"it is about pods of {policy.namespace} alone, and the {far} is in {other.namespace}"
    else:
        labels = selection.namespaces[other.namespace]
        unmet = peer.namespaces.unmet(labels)
        if unmet:
            if not any(unmet.matches(found) for found in selection.namespaces.values()):
                return f"no namespace has {unmet}"
            return f"the namespace of the {far}, {other.namespace}, {label_lack(unmet, labels)}"
    unmet = peer.pods.unmet(other.labels) if peer.pods else None
    return f"the {far} {label_lack(unmet, other.labels)}" if unmet else f"it is about another {far}"


def label_lack(unmet: Requirement, labels: Mapping[str, str]) -> str:
    """What labels have instead of what is asked for: `has no label app`, `has app=web, not app=api`."""
    if unmet.key not in labels:
        return f"has no label {unmet.key}"
    found = f"has {unmet.key}={labels[unmet.key]}"
    return f"{found}, not {unmet}" if unmet.operator == "In" else f"{found}, where it is asked for: {unmet}"
