"""Policies that the API takes, and that do not do what they say."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from unit.kubernetes.talking import CLUSTER, policies

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.endpoints import (
    Cluster,
    read_endpoint,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.evaluation import Evaluator
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.findings import Finding
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.imagined import with_imagined_pods
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.policies import Policy, read_policies
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.warnings import find_warnings

# A set as it is often written: each policy looks right, and together they cut every flow.
OFTEN_WRITTEN = """
- metadata: {name: default-deny-ingress}
  spec: {podSelector: {}, policyTypes: [Ingress]}
- metadata: {name: allow-frontend-to-backend}
  spec:
    podSelector: {matchLabels: {component: backend}}
    policyTypes: [Ingress]
    ingress: [{from: [{podSelector: {matchLabels: {component: frontend}}}], ports: [{protocol: TCP, port: 8000}]}]
- metadata: {name: allow-ingress-to-backend}
  spec:
    podSelector: {matchLabels: {component: backend}}
    policyTypes: [Ingress]
    ingress: [{from: [{namespaceSelector: {matchLabels: {name: ingress-nginx}}}], ports: [{protocol: TCP, port: 8000}]}]
- metadata: {name: allow-ingress-to-frontend}
  spec:
    podSelector: {matchLabels: {component: frontend}}
    policyTypes: [Ingress]
    ingress: [{from: [{namespaceSelector: {matchLabels: {name: ingress-nginx}}}], ports: [{protocol: TCP, port: 4173}]}]
- metadata: {name: allow-dns}
  spec:
    podSelector: {}
    policyTypes: [Egress]
    egress:
      - to:
          - namespaceSelector: {matchLabels: {name: kube-system}}
          - podSelector: {matchLabels: {k8s-app: kube-dns}}
        ports: [{protocol: UDP, port: 53}]
"""
PODS = """
- {name: frontend-0, namespace: omnimind, labels: {component: frontend}}
- {name: backend-0, namespace: omnimind, labels: {component: backend}}
- {name: backend-1, namespace: omnimind, labels: {component: backend}}
- {name: coredns, namespace: kube-system, labels: {k8s-app: kube-dns}}
- {name: controller, namespace: ingress-nginx, labels: {app: controller}}
"""
PLATFORM = Cluster(
    tuple(read_endpoint("pod", pod) for pod in yaml.safe_load(PODS)),
    {"omnimind": {}, "kube-system": {}, "ingress-nginx": {}, "default": {}},
)


def often_written() -> list[Policy]:
    kind = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
    return read_policies([{**kind, **entry} for entry in yaml.safe_load(OFTEN_WRITTEN)], "omnimind")


def codes(found: list[Finding], severity: str = "") -> set[tuple[str, str]]:
    return {(one.code, one.policy.rpartition("/")[2]) for one in found if severity in ("", one.severity)}


def test_what_is_often_written_is_wrong_for_four_reasons() -> None:
    found = find_warnings(often_written(), PLATFORM)
    assert codes(found, "error") == {
        ("hidden_egress_deny", "allow-frontend-to-backend"),
        ("absent_label", "allow-dns"),
        ("absent_label", "allow-ingress-to-backend"),
        ("absent_label", "allow-ingress-to-frontend"),
        ("or_peer", "allow-dns"),
        ("dns_without_tcp", "allow-dns"),
    }
    said = {one.code: one.message for one in found if one.policy != "omnimind/allow-ingress-to-frontend"}
    assert "the egress there is isolated by omnimind/allow-dns" in said["hidden_egress_deny"]
    assert "no namespace has the label name=" in said["absent_label"]
    assert "kubernetes.io/metadata.name=" in said["absent_label"]
    assert "every pod of namespaces with name=kube-system, or pods of omnimind with k8s-app=kube-dns" in said["or_peer"]
    assert found[0].plain()["severity"] == "error", "errors come first"


def test_it_is_wrong_for_the_same_reasons_before_there_is_any_pod() -> None:
    found = find_warnings(often_written(), Cluster())
    assert {one.code for one in found if one.severity == "error"} == {
        "hidden_egress_deny",
        "absent_label",
        "or_peer",
        "dns_without_tcp",
    }


def test_no_flow_of_it_is_left() -> None:
    evaluator = Evaluator(often_written(), PLATFORM)
    ours = [pod for pod in PLATFORM.endpoints if pod.namespace == "omnimind"]
    for source in PLATFORM.endpoints:
        for destination in PLATFORM.endpoints:
            if source is not destination and (source in ours or destination in ours):
                for port, protocol in ((8000, "TCP"), (4173, "TCP"), (53, "UDP"), (53, "TCP"), (6379, "TCP")):
                    assert not evaluator.verdict(source, destination, port, protocol).allowed
    dns = evaluator.verdict(ours[0], PLATFORM.endpoints[3], 53, "UDP")
    assert dns.reason.endswith(
        "omnimind/allow-dns spec.egress[0] would allow it, but to[0]: no namespace has name=kube-system;"
        " to[1]: it is about pods of omnimind alone, and the destination is in kube-system"
    )


def test_an_imagined_pod_is_one_that_the_policy_speaks_of() -> None:
    conditions = [("a", "In", ["1", "2"]), ("b", "NotIn", ["1"]), ("c", "Exists", []), ("d", "DoesNotExist", [])]
    expressions = [{"key": key, "operator": operator, "values": values} for key, operator, values in conditions]
    (policy,) = policies({"podSelector": {"matchLabels": {"e": "3"}, "matchExpressions": expressions}})
    (pod,) = with_imagined_pods(Cluster(), [policy]).endpoints
    assert policy.pods.matches(pod.labels)
    assert (pod.namespace, pod.labels) == ("shop", {"e": "3", "a": "1", "c": ""})
    assert with_imagined_pods(CLUSTER, [policy]) == CLUSTER, "where pods are known none is imagined"


GOOD = (
    "{podSelector: {}, policyTypes: [Ingress, Egress]}",
    "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels:"
    " {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {k8s-app: dns}}}],"
    " ports: [{port: 53, protocol: UDP}, {port: 53}]}]}",
    "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress],"
    " egress: [{to: [{podSelector: {matchLabels: {app: api}}}], ports: [{port: http}]}]}",
    "{podSelector: {matchLabels: {app: api}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}],"
    " ports: [{port: http}]}]}",
)
QUIET = Cluster(tuple(one for one in CLUSTER.endpoints if not one.host_network), CLUSTER.namespaces)


def test_nothing_is_said_of_policies_that_are_right() -> None:
    assert find_warnings(policies(*GOOD), QUIET) == []
    assert find_warnings(policies(*GOOD), Cluster()) == []


def namespace(**labels: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": labels}}


def pods(**labels: str) -> dict[str, Any]:
    return {"podSelector": {"matchLabels": labels}}


def ingress(*peers: Any, ports: Any = ()) -> dict[str, Any]:
    return {"podSelector": {"matchLabels": {"app": "bee"}}, "ingress": [{"from": list(peers), "ports": list(ports)}]}


HIVE = Cluster(
    (
        *QUIET.endpoints,
        read_endpoint("bee", {"name": "bee", "namespace": "shop", "labels": {"app": "bee"}, "ports": {"hum": 1}}),
    ),
    QUIET.namespaces,
)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (ingress(namespace(team="b")), set()),
        (ingress(namespace(team="c")), {("absent_label", "error", "spec.ingress[0].from[0]")}),
        (ingress(namespace(colour="red")), {("absent_label", "error", "spec.ingress[0].from[0]")}),
        (
            ingress({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "later"}}}),
            {("absent_namespace", "warning", "spec.ingress[0].from[0]")},
        ),
        (
            ingress({"namespaceSelector": {"matchExpressions": [{"key": "colour", "operator": "DoesNotExist"}]}}),
            set(),
        ),
        (
            ingress(pods(app="ape")),
            {("dangling_peer", "warning", "spec.ingress[0].from[0]")},
        ),
        (
            ingress({**namespace(team="b"), **pods(app="api")}),
            {("dangling_peer", "warning", "spec.ingress[0].from[0]")},
        ),
        ({"podSelector": {"matchLabels": {"app": "ape"}}}, {("dangling_selector", "warning", "spec.podSelector")}),
        (ingress(namespace(team="b"), pods(app="web")), {("or_peer", "warning", "spec.ingress[0]")}),
        (
            ingress(namespace(team="b"), pods(app="ape")),
            {("or_peer", "error", "spec.ingress[0]"), ("dangling_peer", "warning", "spec.ingress[0].from[1]")},
        ),
        (ingress({**namespace(team="b"), **pods(app="web")}), set()),
        (ingress(namespace(team="b"), ports=[{"port": "hum"}]), set()),
        (ingress(namespace(team="b"), ports=[{"port": "hmm"}]), {("unnamed_port", "warning", "spec.ingress[0]")}),
        (
            ingress(namespace(team="b"), ports=[{"port": "hum", "protocol": "UDP"}]),
            {("unnamed_port", "warning", "spec.ingress[0]")},
        ),
        (
            {**ingress(namespace(team="b")), "policyTypes": ["Egress"]},
            {("ignored_rules", "warning", "spec.ingress")},
        ),
        ({**ingress(namespace(team="b")), "egress": []}, {("ignored_rules", "warning", "spec.egress")}),
        (
            {"podSelector": {"matchLabels": {"app": "bee"}}, "egress": [{"to": [namespace(team="b")]}]},
            {("implied_ingress_deny", "warning", "spec.policyTypes")},
        ),
        (
            {**ingress(), "policyTypes": ["Egress"], "egress": [{"ports": [{"port": 53, "protocol": "UDP"}]}]},
            {("dns_without_tcp", "error", "spec.egress[0]"), ("ignored_rules", "warning", "spec.ingress")},
        ),
        (
            {"policyTypes": ["Egress"], "egress": [{"ports": [{"port": 53, "protocol": "UDP"}, {}]}]},
            set(),
        ),
        (ingress(pods(app="api")), {("hidden_egress_deny", "error", "spec.ingress[0]")}),
        (
            {
                "podSelector": {"matchLabels": {"app": "bee"}},
                "policyTypes": ["Egress"],
                "egress": [{"to": [pods(app="web")]}],
            },
            {("hidden_ingress_deny", "warning", "spec.egress[0]")},
        ),
    ],
)
def test_found(spec: dict[str, Any], expected: set[tuple[str, ...]]) -> None:
    """One policy, beside a closed namespace out of which `web` is let."""
    closed = "{podSelector: {}, policyTypes: [Ingress, Egress]}"
    web = "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{}]}"
    found = find_warnings(policies(spec, closed, web), HIVE)
    assert {(one.code, one.severity, one.where) for one in found} == expected, found
    assert all(one.policy == "shop/rule-0" for one in found)


def test_alternatives_may_be_meant() -> None:
    """Of pods that are ours: there are such, or where none is known, another policy is about them."""
    either = ingress(namespace(team="b"), pods(app="web"))
    web = "{podSelector: {matchLabels: {app: web}}}"
    severities = {
        one.severity
        for specs, cluster in (((either,), HIVE), ((either, web), Cluster()))
        for one in find_warnings(policies(*specs), cluster)
        if one.code == "or_peer"
    }
    assert severities == {"warning"}
    assert ("or_peer", "rule-0") in codes(find_warnings(policies(either), Cluster()), "error")


def test_pods_that_no_policy_isolates_are_named() -> None:
    found = find_warnings(policies("{podSelector: {matchLabels: {app: api}}}"), QUIET)
    assert {one.code: one.message for one in found} == {
        "open_ingress": "no policy isolates the ingress of shop/web, shop/bare",
        "open_egress": "no policy isolates the egress of shop/web, shop/api, shop/old and 1 more",
    }


def test_pods_in_the_network_of_their_node_are_named() -> None:
    found = find_warnings(policies("{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress, Egress]}"), CLUSTER)
    assert ("host_network", "rule-0") in codes(found)
    assert ("host_network", "rule-0") not in codes(find_warnings(policies("{podSelector: {}}"), CLUSTER))
