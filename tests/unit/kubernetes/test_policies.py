"""NetworkPolicies that the API would refuse are refused by the path of the field."""

from __future__ import annotations

from typing import Any

import pytest
from unit.kubernetes.talking import manifest

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.errors import ManifestError
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.policies import (
    read_policies,
    read_policy,
)

HERE = "NetworkPolicy shop/rule: spec"


def ingress(**rule: Any) -> dict[str, Any]:
    return {"podSelector": {}, "ingress": [rule]}


def block(cidr: Any, *excepted: Any) -> dict[str, Any]:
    return ingress(**{"from": [{"ipBlock": {"cidr": cidr, "except": list(excepted)}}]})


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ({"podSelectorr": {}}, ".podSelectorr: there is no such field; is it podSelector?"),
        ({"podSelector": {}, "ingres": []}, ".ingres: there is no such field; is it ingress?"),
        ({"podSelector": {"app": "x"}}, ".podSelector.app: there is no such field"),
        ([], ": it is a mapping, not []"),
        ({"policyTypes": "Ingress"}, ".policyTypes: it is a list, not 'Ingress'"),
        ({"policyTypes": ["ingress"]}, ".policyTypes: a type is Ingress or Egress, not 'ingress'"),
        ({"policyTypes": ["Ingress"] * 3}, ".policyTypes: there are two types at most, not 3"),
        ({"ingress": {}}, ".ingress: it is a list, not {}"),
        ({"ingress": [{"to": []}]}, ".ingress[0].to: there is no such field; there are from, ports"),
        ({"egress": [{}, {"from": []}]}, ".egress[1].from: there is no such field; there are to, ports"),
        (ingress(**{"from": [{}]}), ".ingress[0].from[0]: it selects nobody"),
        (ingress(**{"from": [{"podSelector": None}]}), ".ingress[0].from[0]: it selects nobody"),
        (ingress(**{"from": {"podSelector": {}}}), ".ingress[0].from: it is a list"),
        (
            ingress(**{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}]}),
            ".ingress[0].from[0]: an ipBlock stands alone",
        ),
        (ingress(**{"from": [{"ipBlock": {}}]}), ".ingress[0].from[0].ipBlock.cidr: it is missing"),
        (block("10.0.0.1"), ".ingress[0].from[0].ipBlock.cidr: it is a network such as 192.0.2.0/24"),
        (block("10.0.0.0/33"), ".ingress[0].from[0].ipBlock.cidr: it is a network"),
        (block(10), ".ingress[0].from[0].ipBlock.cidr: it is a network"),
        (block("10.0.0.0/8", "11.0.0.0/16"), ".ingress[0].from[0].ipBlock.except[0]: 11.0.0.0/16 is not a part of"),
        (block("10.0.0.0/8", "10.0.0.0/8"), ".ingress[0].from[0].ipBlock.except[0]: 10.0.0.0/8 is not a part of"),
        (block("10.0.0.0/8", "10.1.0.0/16", "::/0"), ".ingress[0].from[0].ipBlock.except[1]: ::/0 is not a part of"),
        (ingress(ports=[{"port": 0}]), ".ingress[0].ports[0].port: it is a number from 1 to 65535, not 0"),
        (ingress(ports=[{"port": 65536}]), ".ingress[0].ports[0].port: it is a number"),
        (ingress(ports=[{"port": True}]), ".ingress[0].ports[0].port: it is a number"),
        (ingress(ports=[{"port": "8000"}]), ".ingress[0].ports[0].port: '8000' is no name of a port"),
        (ingress(ports=[{"port": "HTTP"}]), ".ingress[0].ports[0].port: 'HTTP' is no name of a port"),
        (ingress(ports=[{"port": "a-name-of-16-let"}]), ".ingress[0].ports[0].port: 'a-name-of-16-let' is no name"),
        (ingress(ports=[{"port": "a--b"}]), ".ingress[0].ports[0].port: 'a--b' is no name"),
        (ingress(ports=[{"protocol": "tcp", "port": 1}]), ".ingress[0].ports[0].protocol: it is one of TCP, UDP, SCTP"),
        (ingress(ports=[{"endPort": 5}]), ".ingress[0].ports[0].endPort: it goes with a port"),
        (ingress(ports=[{"port": "http", "endPort": 5}]), ".ingress[0].ports[0].endPort: it goes with a port that"),
        (ingress(ports=[{"port": 6, "endPort": 5}]), ".ingress[0].ports[0].endPort: it is 6 or above, not 5"),
        (ingress(ports=[8000]), ".ingress[0].ports[0]: it is a mapping, not 8000"),
    ],
)
def test_refused(spec: Any, complaint: str) -> None:
    with pytest.raises(ManifestError) as refused:
        read_policy(manifest(spec))
    assert refused.value.message.startswith(HERE + complaint)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"apiVersion": "extensions/v1beta1"}, "NetworkPolicy.apiVersion: it is networking.k8s.io/v1"),
        ({"kind": "Ingress"}, "NetworkPolicy.kind: it is NetworkPolicy, not 'Ingress'"),
        ({"metadata": {}}, "NetworkPolicy.metadata.name: it is missing"),
        ({"metadata": {"name": "a"}}, "NetworkPolicy a: metadata.namespace: it is a name, not ''"),
        ({"metadata": {"name": "a", "labels": {"b": 1}}}, "NetworkPolicy.metadata.labels.b: a label is a text"),
        ({"specs": {}}, "NetworkPolicy.specs: there is no such field; is it spec?"),
        ({"kind": None}, "NetworkPolicy.kind: it is missing"),
    ],
)
def test_no_network_policy(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ManifestError) as refused:
        read_policy({**manifest({}), **changes})
    assert refused.value.message.startswith(complaint)


def test_the_namespace_may_be_given() -> None:
    bare = {**manifest({}), "metadata": {"name": "a"}}
    assert str(read_policy(bare, "store")) == "store/a"
    assert str(read_policy(manifest({}), "store")) == "shop/rule"


def test_two_of_one_name_are_refused() -> None:
    assert len(read_policies([manifest({}), manifest({}, namespace="store")])) == 2
    with pytest.raises(ManifestError, match="NetworkPolicy shop/rule: it is there twice"):
        read_policies([manifest({}), manifest({})])


def test_a_policy_without_a_spec_isolates_the_ingress_of_all() -> None:
    empty = {key: value for key, value in manifest({}).items() if key != "spec"}
    policy = read_policy(empty)
    assert (policy.directions, policy.ingress, str(policy.pods)) == (("ingress",), (), "everything")
