# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What may be wrong with policies that the API takes: one small rule for each kind of mistake."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..selectors import Selector
from . import halves
from .endpoints import NAME_LABEL, Cluster
from .findings import ERROR, WARNING, Case, Finding, listing
from .policies import DIRECTIONS, EGRESS, INGRESS, Policy
from .rules import Ports

_DNS = 53


def find_warnings(policies: Iterable[Policy], cluster: Cluster) -> list[Finding]:
    """All of them, errors first.

    Args:
        cluster: its pods as far as they are known, and all of its namespaces or none. What depends on what is not
            known is not judged.
    """
    case = Case(policies, cluster)
    found = [finding for rule in RULES for finding in rule(case)]
    return sorted(found, key=lambda finding: (finding.severity, finding.policy, finding.where, finding.code))


# --- selectors -----------------------------------------------------------------------------------


def absent_labels(case: Case) -> Iterator[Finding]:
    """Without an error from anybody, such a peer is nobody."""
    known = case.selection.namespaces
    for policy, where, _rule, peer in case.peers():
        for needed in peer.namespaces.requirements if peer.namespaces else ():
            # Who does not know the namespaces still knows which label they do not have by themselves.
            judged = case.cluster.namespaces or needed.key == "name"
            if needed.operator not in ("In", "Exists") or not judged or any(map(needed.matches, known.values())):
                continue
            if needed.key == NAME_LABEL:
                message = f"there is no namespace {' or '.join(needed.values)} yet, so that {where} is about nobody"
                yield Finding("absent_namespace", WARNING, message, str(policy), where)
            else:
                message = f"no namespace has the label {needed}, so that {where} is about nobody"
                yield Finding("absent_label", ERROR, message + _by_name(needed.values), str(policy), where)


def _by_name(values: tuple[str, ...]) -> str:
    return f"; the one that every namespace has is {NAME_LABEL}={values[0]}" if values else ""


def dangling_selectors(case: Case) -> Iterator[Finding]:
    inhabited = {pod.namespace for pod in case.pods}
    for policy in case.policies:
        if policy.namespace in inhabited and not case.selected(policy, case.pods):
            message = f"it selects no pod: none of {policy.namespace} has {policy.pods}"
            yield Finding("dangling_selector", WARNING, message, str(policy), "spec.podSelector")
    for policy, where, _rule, peer in case.peers():
        if peer.namespaces:
            names = {name for name, labels in case.selection.namespaces.items() if peer.namespaces.matches(labels)}
        else:
            names = {policy.namespace}
        lonely = not any(case.selection.selects(policy, peer, pod, None) for pod in case.pods)
        if not peer.block and names & inhabited and lonely:
            message = f"{where} is about nobody: no pod of {listing(sorted(names))} has {peer.pods}"
            yield Finding("dangling_peer", WARNING, message, str(policy), where)


def alternatives_meant_as_one(case: Case) -> Iterator[Finding]:
    """One dash too many makes `these pods of that namespace` into `all pods of that namespace, or these of ours`."""
    for policy, _direction, rule in case.rules():
        namespaces = [peer for peer in rule.peers if peer.namespaces and not peer.pods]
        pods = [peer for peer in rule.peers if peer.pods and not peer.namespaces]
        if not namespaces or not pods:
            continue
        ours = any(case.selection.selects(policy, peer, pod, None) for pod in case.pods for peer in pods)
        # Where no pod is known, those are ours that a policy is about.
        subjects = [one.pods for one in case.policies if one.namespace == policy.namespace]
        ours = ours or (not case.pods and any(peer.pods in subjects for peer in pods))
        message = (
            f"{rule.where} is about every pod of namespaces with {namespaces[0].namespaces}, or pods of"
            f" {policy.namespace} with {pods[0].pods}; if it shall be pods with both, they are one entry of the list"
        )
        # When there are such pods here, somebody may well mean them.
        yield Finding("or_peer", WARNING if ours else ERROR, message, str(policy), rule.where)


# --- ports ---------------------------------------------------------------------------------------


def dns_without_tcp(case: Case) -> Iterator[Finding]:
    """An answer that is too long for a datagram is asked for again by TCP."""
    for policy, direction, rule in case.rules():
        by_udp = any(one.protocol == "UDP" and one.first == one.last == _DNS for one in rule.ports)
        if direction != EGRESS or not by_udp:
            continue
        same = [one for one in case.policies if one.namespace == policy.namespace]
        others = [one for one in same if one.pods in (policy.pods, Selector())]
        rules = [found for one in others for found in one.rules(EGRESS)]
        by_tcp = any(not found.ports or any(_is_dns_by_tcp(one) for one in found.ports) for found in rules)
        if not by_tcp:
            message = f"{rule.where} lets DNS out by UDP 53 alone: long answers come by TCP 53"
            yield Finding("dns_without_tcp", ERROR, message, str(policy), rule.where)


def _is_dns_by_tcp(ports: Ports) -> bool:
    return ports.protocol == "TCP" and not ports.name and ports.first <= _DNS <= ports.last


def unnamed_ports(case: Case) -> Iterator[Finding]:
    for policy, direction, rule in case.rules():
        if direction == INGRESS:
            pods = case.selected(policy, case.pods)
        else:
            peers = rule.peers
            pods = [p for p in case.pods if not peers or any(case.selection.selects(policy, e, p, None) for e in peers)]
        called = {(port.name, port.protocol) for pod in pods for port in pod.ports}
        for ports in rule.ports:
            if ports.name and pods and (ports.name, ports.protocol) not in called:
                message = f"{rule.where} is about {ports}, and no pod that it is about calls a port so"
                yield Finding("unnamed_port", WARNING, message, str(policy), rule.where)


# --- directions ----------------------------------------------------------------------------------


def rules_without_effect(case: Case) -> Iterator[Finding]:
    for policy in case.policies:
        for direction in policy.given:
            if direction not in policy.directions:
                message = f"spec.{direction} has no effect, as policyTypes does not have {direction.capitalize()}"
                yield Finding("ignored_rules", WARNING, message, str(policy), f"spec.{direction}")
        if not policy.stated and policy.given == (EGRESS,):
            message = "it has no policyTypes, and therefore denies all ingress, too"
            yield Finding("implied_ingress_deny", WARNING, message, str(policy), "spec.policyTypes")


def open_directions(case: Case) -> Iterator[Finding]:
    """A namespace with policies, but with pods that none isolates."""
    for namespace in case.namespaces:
        for direction in DIRECTIONS:
            pods = [pod for pod in case.evaluator.cluster.endpoints if pod.policed and pod.namespace == namespace]
            loose = [pod for pod in pods if not case.evaluator.selection.isolating(pod, direction)]
            if loose:
                message = f"no policy isolates the {direction} of {listing(loose)}"
                yield Finding(f"open_{direction}", WARNING, message)


def host_network(case: Case) -> Iterator[Finding]:
    hosts = [endpoint for endpoint in case.cluster.endpoints if endpoint.host_network]
    for policy in case.policies:
        selected = case.selected(policy, hosts)
        if selected and policy.pods.requirements:
            message = f"{listing(selected)}: in the network of the node, where no policy is about a pod"
            yield Finding("host_network", WARNING, message, str(policy), "spec.podSelector")


RULES: tuple[Callable[[Case], Iterable[Finding]], ...] = (
    absent_labels,
    dangling_selectors,
    alternatives_meant_as_one,
    dns_without_tcp,
    unnamed_ports,
    rules_without_effect,
    open_directions,
    host_network,
    halves.hidden_denies,
)
