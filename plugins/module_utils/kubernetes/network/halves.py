# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules that allow one half of a flow of which nothing allows the other: a policy is forgotten, or denies too much."""
from __future__ import annotations

from collections.abc import Iterable, Iterator

from .endpoints import Endpoint
from .evaluation import Verdict
from .findings import ERROR, WARNING, Case, Finding, listing
from .policies import EGRESS, INGRESS, Policy
from .rules import Rule

# What is tried of a rule about all ports when the pods have none that has a name.
_ANY = (80, "TCP")


def hidden_denies(case: Case) -> Iterator[Finding]:
    """That some of those whom a rule is about do not get through may be meant; that none does is not."""
    for policy, direction, rule in case.rules():
        verdicts = list(_verdicts(case, policy, direction, rule))
        other = EGRESS if direction == INGRESS else INGRESS
        dead = [one for one in verdicts if getattr(one, direction).allowed and not one.allowed]
        if not dead or any(verdict.allowed for verdict in verdicts):
            continue
        closing = sorted({name for verdict in dead for name in getattr(verdict, other).policies})
        lets = {INGRESS: "lets in, nothing lets out of where it comes from", EGRESS: "lets out, nothing lets in"}
        message = f"what {rule.where} {lets[direction]}: the {other} there is isolated by {listing(closing)}"
        code, severity = ("hidden_egress_deny", ERROR) if other == EGRESS else ("hidden_ingress_deny", WARNING)
        yield Finding(code, severity, message, str(policy), rule.where)


def _verdicts(case: Case, policy: Policy, direction: str, rule: Rule) -> Iterator[Verdict]:
    """On what a rule allows between pods; none for one that is about everybody, or about addresses."""
    selection, pods = case.evaluator.selection, [one for one in case.evaluator.cluster.endpoints if one.policed]
    own = case.kinds(case.selected(policy, pods))
    far = case.kinds(pod for pod in pods if any(selection.selects(policy, peer, pod, None) for peer in rule.peers))
    for one in own:
        for other in far:
            source, destination = (one, other) if direction == EGRESS else (other, one)
            for port, protocol in _ports(rule, destination):
                yield case.evaluator.verdict(source, destination, port, protocol)


def _ports(rule: Rule, destination: Endpoint) -> Iterable[tuple[int, str]]:
    named = [(port.number, port.protocol) for port in destination.ports]
    if not rule.ports:
        return named or [_ANY]
    numbers = [(ports.first, ports.protocol) for ports in rule.ports if not ports.name]
    return numbers + [
        (port.number, port.protocol)
        for ports in rule.ports
        for port in destination.ports
        if ports.name == port.name and ports.protocol == port.protocol
    ]
