"""Flows in, policies out, and these allow exactly the flows."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.kubernetes.platform import ALLOWED, CLUSTER, DECLARED, PORTS, may

from ansible_collections.omnimind.platform.plugins.filter import kubernetes as filter_kubernetes
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.errors import ManifestError
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.endpoints import (
    Cluster,
    Endpoint,
    NamedPort,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.evaluation import Evaluator
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.flows import network_policies
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.matrix import Matrix
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.policies import read_policies
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.warnings import find_warnings


def made(**changes: Any) -> list[dict[str, Any]]:
    return network_policies(**{"namespace": "omnimind", **deepcopy(DECLARED), **changes})


def test_the_matrix_of_the_platform_has_no_wrong_cell() -> None:
    matrix = Matrix(Evaluator(read_policies(made()), CLUSTER))
    cells = Counter()
    seen = set()
    for port, protocol in PORTS:
        for cell in matrix.cells(port, protocol):
            names = cell.source.name, cell.destination.name
            ours = "omnimind" in (cell.source.namespace, cell.destination.namespace)
            expected = may(*names, port, protocol) if ours else True
            assert cell.allowed == expected, (cell, matrix.verdict(cell).reason)
            cells[ours, expected] += 1
            seen |= {end for end in ALLOWED if ours and expected and end.startswith(names[0].rpartition("-")[0])}
    assert seen == set(ALLOWED), "every flow was tried"
    assert cells[True, True] > 50 and cells[True, False] > 4000


def test_nothing_is_wrong_with_these_policies() -> None:
    assert find_warnings(read_policies(made()), CLUSTER) == []


@pytest.mark.parametrize("count", range(len(DECLARED["components"]) + 2))
def test_no_flow_is_cut_however_many_of_them_are_there_already(count: int) -> None:
    """Applied in their order, or removed in the opposite one."""
    matrix = Matrix(Evaluator(read_policies(made()[:count]), CLUSTER))
    for port, protocol in PORTS:
        for cell in matrix.cells(port, protocol):
            assert cell.allowed or not may(cell.source.name, cell.destination.name, port, protocol)


def test_one_policy_as_it_is_written() -> None:
    policies = {policy["metadata"]["name"]: policy for policy in made()}
    assert list(policies) == [
        *(f"allow-{name}" for name in ("backend", "exporter", "frontend", "redis", "sentinel")),
        "default-deny",
    ]
    assert policies["default-deny"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert yaml.safe_dump(policies["allow-frontend"], sort_keys=False) == (
        """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: allow-frontend
  namespace: omnimind
  labels:
    omnimind.platform/policy-set: platform
spec:
  podSelector:
    matchLabels:
      component: frontend
  policyTypes:
  - Ingress
  - Egress
  ingress:
  - from:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: gateway-system
      podSelector:
        matchLabels:
          app: gateway
    ports:
    - protocol: TCP
      port: http
  egress:
  - to:
    - podSelector:
        matchLabels:
          component: backend
    ports:
    - protocol: TCP
      port: 8000
  - to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: kube-system
      podSelector:
        matchLabels:
          k8s-app: kube-dns
    ports:
    - protocol: TCP
      port: 53
    - protocol: UDP
      port: 53
"""
    )


def test_an_exception_goes_with_the_network_that_it_is_a_part_of() -> None:
    (rule,) = [rule for rule in made()[0]["spec"]["egress"] if "ipBlock" in rule["to"][0]]
    assert rule["to"] == [
        {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "192.168.0.0/16"]}},
        {"ipBlock": {"cidr": "::/0", "except": ["fc00::/7"]}},
    ]


def test_the_order_of_what_is_declared_does_not_matter() -> None:
    turned = {
        key: dict(reversed(value.items())) if isinstance(value, dict) else value[::-1] + value[:1]
        for key, value in deepcopy(DECLARED).items()
    }
    assert yaml.safe_dump(made(**turned), sort_keys=False) == yaml.safe_dump(made(), sort_keys=False)


def test_who_is_asked_for_names() -> None:
    def asked(**changes: Any) -> list[Any]:
        (first, _deny) = network_policies([], "shop", {"web": {"labels": {"app": "web"}}}, **changes)
        return [peer for rule in first["spec"].get("egress", []) for peer in rule["to"]]

    near = [{"namespace": "dns", "labels": {"app": "names"}}, {"cidrs": ["169.254.20.10/32"]}]
    assert asked(dns=[]) == asked(dns="") == []
    assert len(asked()) == 1
    assert asked(peers={"dns": near}) == asked(peers={"near": near}, dns="near")
    assert asked(peers={"dns": near})[1] == {"ipBlock": {"cidr": "169.254.20.10/32"}}
    both = asked(peers={"near": near[1]}, dns=["dns", "near"])
    assert [sorted(peer) for peer in both] == [["namespaceSelector", "podSelector"], ["ipBlock"]]


def test_forms_of_ports_and_peers() -> None:
    flows = [
        {"from": "web", "to": "all", "ports": [80, "81", "http", {"port": "82", "endPort": 90}, 80]},
        {"from": "web", "to": "all", "ports": [{"protocol": "UDP"}]},
        {"from": "team", "to": "web", "ports": [{"port": "names", "protocol": "SCTP"}]},
    ]
    peers = {"all": {"namespace_labels": {}}, "team": {"namespace_labels": {"team": "a"}}}
    web = {"web": {"labels": {"app": "web"}}}
    (first, _deny) = network_policies(flows, "shop", web, peers, policy_set="own", dns=None)
    assert first["metadata"]["labels"] == {"omnimind.platform/policy-set": "own"}
    assert first["spec"]["ingress"] == [
        {
            "from": [{"namespaceSelector": {"matchLabels": {"team": "a"}}}],
            "ports": [{"protocol": "SCTP", "port": "names"}],
        }
    ]
    assert first["spec"]["egress"] == [
        {
            "to": [{"namespaceSelector": {}}],
            "ports": [
                {"protocol": "TCP", "port": 80},
                {"protocol": "TCP", "port": 81},
                {"protocol": "TCP", "port": 82, "endPort": 90},
                {"protocol": "TCP", "port": "http"},
                {"protocol": "UDP"},
            ],
        }
    ]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"namespace": "Omni"}, "namespace: 'Omni' is no name"),
        ({"policy_set": ""}, "policy_set: '' is no name"),
        ({"flows": {}}, "flows: it is a list, not {}"),
        ({"flows": [{"from": "backend", "to": "redis"}]}, "flows[0].ports: it is missing"),
        ({"flows": [{"from": "backend", "to": "redis", "port": 1}]}, "flows[0].port: there is no such field"),
        ({"flows": [{"from": "backend", "to": "redis", "ports": []}]}, "flows[0].ports: it is empty"),
        ({"flows": [{"from": [], "to": "redis", "ports": [1]}]}, "flows[0].from: it is empty"),
        (
            {"flows": [{"from": "bakend", "to": "redis", "ports": [1]}]},
            "flows[0].from: there is no component or peer 'bakend'; is it backend?",
        ),
        (
            {"flows": [{"from": "backend", "to": ["redis", "zzz"], "ports": [1]}]},
            "flows[0].to: there is no component or peer 'zzz'; there are backend, dns, exporter",
        ),
        (
            {"flows": [{"from": "gateway", "to": ["backend", "internet"], "ports": [1]}]},
            "flows[0]: neither gateway nor internet is a component",
        ),
        (
            {"flows": [{"from": "backend", "to": "internet", "ports": ["https"]}]},
            "flows[0].ports: TCP https: internet is addresses, whose ports have no names",
        ),
        ({"flows": [{"from": "backend", "to": "redis", "ports": [65536]}]}, "flows[0].ports[0].port: it is a number"),
        ({"flows": [{"from": "backend", "to": "redis", "ports": ["A"]}]}, "flows[0].ports[0].port: 'A' is no name"),
        ({"dns": "redis-dns"}, "dns: there is no component or peer 'redis-dns'"),
        ({"components": {"Web": {"labels": {"a": "b"}}}}, "components.Web: 'Web' is no name"),
        ({"components": {"web": {}}}, "components.web.labels: it is missing"),
        ({"components": {"web": {"labels": {}}}}, "components.web.labels: without labels it is every pod"),
        ({"components": {"web": {"labels": {"a": 1}}}}, "components.web.labels.a: a label is a text, not 1"),
        ({"components": {"web": {"labels": {"a": "b c"}}}}, "components.web.labels.a: 'b c' is no value"),
        ({"components": {"web": {"labels": {"a b": "c"}}}}, "components.web.labels.a b: a label's name is letters"),
        (
            {"components": {"web": {"labels": {"a": "b"}}, "api": {"labels": {"a": "b", "c": "d"}}}, "flows": []},
            "components.api.labels: with these every flow of web is allowed to api, too",
        ),
        (
            {"components": {"web": {"labels": {"a": "b", "c": "d"}}, "api": {"labels": {"a": "b"}}}, "flows": []},
            "components.api.labels: with these every flow of api is allowed to web, too",
        ),
        ({"peers": []}, "peers: it is a mapping, not []"),
        ({"peers": {"backend": {"namespace": "a"}}}, "peers.backend: a component has this name, too"),
        ({"peers": {"a": {}}}, "peers.a: it has one of namespace, namespace_labels and cidrs"),
        ({"peers": {"a": []}}, "peers.a: it is nobody"),
        ({"peers": {"a": {"labels": {"a": "b"}}}}, "peers.a: it has one of namespace"),
        ({"peers": {"a": [{"namespace": "a", "cidrs": []}]}}, "peers.a[0]: it has one of namespace"),
        ({"peers": {"a": {"namespace": "a", "except": []}}}, "peers.a.except: it goes with cidrs"),
        ({"peers": {"a": {"cidrs": ["10.0.0.0/8"], "labels": {}}}}, "peers.a.labels: addresses have none"),
        ({"peers": {"a": {"cidrs": ["10.0.0.0"]}}}, "peers.a.cidrs[0]: it is a network"),
        (
            {"peers": {"a": {"cidrs": ["10.0.0.0/8"], "except": ["10.0.0.0/9", "::/0"]}}},
            "peers.a.except[1]: ::/0 is not a part of 10.0.0.0/8",
        ),
        ({"peers": {"a": {"namespase": "b"}}}, "peers.a.namespase: there is no such field; is it namespace?"),
    ],
)
def test_refused(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ManifestError) as refused:
        made(**changes)
    assert refused.value.message.startswith(complaint)


NAMES = ["a", "b", "c", "d"]
FLOWS = st.lists(
    st.fixed_dictionaries(
        {
            "from": st.lists(st.sampled_from(NAMES), min_size=1, max_size=2),
            "to": st.sampled_from(NAMES),
            "ports": st.lists(st.sampled_from([1, 2, "http"]), min_size=1, max_size=2),
        }
    ),
    max_size=6,
)


@given(FLOWS)
@settings(max_examples=60)
def test_policies_of_any_flows_allow_exactly_these(flows: list[dict[str, Any]]) -> None:
    components = {name: {"labels": {"app": name}} for name in NAMES}
    manifests = network_policies(flows, "shop", components, dns=[])
    http = {name: 10 + index for index, name in enumerate(NAMES)}
    pods = [
        Endpoint(name, "shop", {"app": name}, ports=(NamedPort("http", port),), several=True)
        for name, port in http.items()
    ]
    matrix = Matrix(Evaluator(read_policies(manifests), Cluster(tuple(pods))))
    expected = {
        (source, flow["to"], http[flow["to"]] if port == "http" else port)
        for flow in flows
        for source in flow["from"]
        for port in flow["ports"]
    }
    found = {
        (cell.source.name, cell.destination.name, port)
        for port in (1, 2, 3, *http.values())
        for cell in matrix.cells(port)
        if cell.allowed
    }
    assert found == expected


@pytest.mark.parametrize("version", ["1.31", "1.32", "1.33", "1.34", "1.35", "1.36"])
def test_every_version_of_the_api_takes_them(version: str) -> None:
    reason = "SKIPPED: there are no schemas of Kubernetes here to compare with"
    validator = pytest.importorskip("kubernetes_validate", reason=reason)
    for manifest in made():
        validator.validate(manifest, version, strict=True)


class Tagged(int):
    """A number as Ansible has it, when it comes out of a variable."""


def test_numbers_out_of_variables_are_numbers() -> None:
    ports = [Tagged(80), {"port": Tagged(81), "endPort": Tagged(82)}]
    (first, _deny) = network_policies(
        [{"from": "web", "to": "web", "ports": ports}], "shop", {"web": {"labels": {"app": "web"}}}
    )
    assert [entry.get("endPort", entry["port"]) for entry in first["spec"]["ingress"][0]["ports"]] == [80, 82]
    assert yaml.safe_dump(first), "they are plain, too"


def test_the_filter_takes_what_the_core_takes() -> None:
    declared = {key: value for key, value in DECLARED.items() if key != "flows"}
    found = filter_kubernetes.FilterModule().filters()["network_policies"](DECLARED["flows"], "omnimind", **declared)
    assert found == made()
    with pytest.raises(AnsibleFilterError, match=r"^network_policies: flows\[0\].to: there is no component or peer"):
        filter_kubernetes.network_policies([{"from": "a", "to": "x", "ports": [1]}], "n", {"a": {"labels": {"a": "b"}}})
