# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a connection is allowed, and by what: both halves must be, egress at the source and ingress at the other."""
from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Optional

from .endpoints import Cluster, Endpoint, same_node, same_pod, shared_families
from .explanation import why_not
from .policies import EGRESS, INGRESS, Policy
from .selection import Probe, Selection


@dataclass(frozen=True)
class Half:
    """One end of a connection. `policies` are that which allows it, or all that isolate the pod; `rule` is a path."""

    allowed: bool
    reason: str
    policies: tuple[str, ...] = ()
    rule: str = ""

    def plain(self) -> dict[str, Any]:
        return {"allowed": self.allowed, "reason": self.reason, "policies": list(self.policies), "rule": self.rule}


@dataclass(frozen=True)
class Verdict:
    """Both ends of a connection."""

    egress: Half
    ingress: Half

    @property
    def allowed(self) -> bool:
        return self.egress.allowed and self.ingress.allowed

    @property
    def reason(self) -> str:
        """Why it is denied; or why it is allowed, at either end."""
        halves = [half for half in (self.egress, self.ingress) if half.allowed == self.allowed]
        return "; ".join(dict.fromkeys(half.reason for half in halves))

    def plain(self) -> dict[str, Any]:
        return {
            "allowed": self.allowed,
            "reason": self.reason,
            "egress": self.egress.plain(),
            "ingress": self.ingress.plain(),
        }


class Evaluator:
    """Policies over a cluster. Their order does not matter.

    Args:
        explain: whether denials have reasons, which take most of the time.
    """

    def __init__(self, policies: Iterable[Policy], cluster: Cluster, explain: bool = True) -> None:
        self._explain = explain
        self.policies = tuple(sorted(policies, key=str))
        self.cluster = cluster
        self.selection = Selection(self.policies, cluster)
        self._halves: dict[Hashable, Half] = {}

    def verdict(
        self, source: Endpoint, destination: Endpoint, port: int, protocol: str = "TCP", family: Optional[int] = None
    ) -> Verdict:
        """Whether the source reaches this port of the destination.

        Args:
            family: 4 or 6 for addresses of IP's version; else the destination's preferred one that both have.
        """
        families = shared_families(source, destination)
        if not families or family not in (None, *families):
            nothing = Half(False, f"they have no address of {f'IPv{family}' if family else 'one family'} in common")
            return Verdict(nothing, nothing)
        probe = Probe(port, protocol, family or families[0])
        return Verdict(self._half(EGRESS, source, destination, probe), self._half(INGRESS, destination, source, probe))

    def _half(self, direction: str, own: Endpoint, other: Endpoint, probe: Probe) -> Half:
        if same_pod(own, other):
            return Half(True, "a pod always reaches itself")
        if same_node(own, other):
            return Half(True, "a pod and the node that it runs on always reach each other")
        # Of many pods that are alike, one is looked at.
        key = (direction, self.selection.kind(own), self.selection.kind(other), probe)
        if key not in self._halves:
            self._halves[key] = self._judge(direction, own, other, probe)
        return self._halves[key]

    def _judge(self, direction: str, own: Endpoint, other: Endpoint, probe: Probe) -> Half:
        end = "source" if direction == EGRESS else "destination"
        if not own.policed:
            return Half(True, f"no policy is about the {direction} of the {end}, as it is not in the network of pods")
        isolating = self.selection.isolating(own, direction)
        if not isolating:
            return Half(True, f"no policy isolates the {direction} of the {end}")
        answering = other if direction == EGRESS else own
        for policy in isolating:
            for rule in policy.rules(direction):
                if self.selection.allows(policy, rule, other, answering, probe):
                    return Half(True, f"{policy} {rule.where} allows the {direction}", (str(policy),), rule.where)
        reason = why_not(self.selection, direction, own, other, probe) if self._explain else ""
        return Half(False, reason, tuple(map(str, isolating)))
