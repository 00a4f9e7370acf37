"""What another set of policies opens and closes."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.kubernetes import random_policies
from unit.kubernetes.talking import CLUSTER, manifest

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.difference import (
    Change,
    Difference,
    compare,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.endpoints import (
    Cluster,
    read_endpoint,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.evaluation import Evaluator
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.matrix import Matrix
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.policies import Policy, read_policy
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.selection import Probe
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.spans import outside_regions

WANTED = {
    "closed": "{podSelector: {}, policyTypes: [Ingress, Egress]}",
    "api": "{podSelector: {matchLabels: {app: api}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}],"
    " ports: [{port: 8000}]}]}",
    "web": "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels:"
    " {app: api}}}], ports: [{port: 8000}]}]}",
}


def read(specs: dict[str, str]) -> list[Policy]:
    return [read_policy(manifest(spec, name)) for name, spec in specs.items()]


def changed(**specs: Any) -> Difference:
    found = {name: spec for name, spec in {**WANTED, **specs}.items() if spec}
    return compare(read(WANTED), read(found), CLUSTER)


def flows(changes: tuple[Change, ...]) -> set[str]:
    return {
        f"{'+'.join(one.sources)} > {'+'.join(one.destinations)} {one.span.protocol} {one.span} {one.family}"
        for one in changes
    }


def test_the_same_policies_differ_in_nothing() -> None:
    assert compare(read(WANTED), read(WANTED)[::-1], CLUSTER) == Difference()


def test_what_the_server_fills_in_is_no_difference() -> None:
    filled = "{podSelector: {matchLabels: {app: api}}, policyTypes: [Ingress], ingress: [{from: [{podSelector:"
    filled += " {matchLabels: {app: web}}}], ports: [{port: 8000, protocol: TCP}]}]}"
    assert changed(api=filled) == Difference()


def test_the_order_of_labels_is_no_difference() -> None:
    one, other = "podSelector: {matchLabels: {b: '1', a: '2'}}", "podSelector: {matchLabels: {a: '2', b: '1'}}"
    assert (
        compare(
            read({"x": f"{{{one}, ingress: [{{from: [{{{one}}}]}}]}}"}),
            read({"x": f"{{{other}, ingress: [{{from: [{{{other}}}]}}]}}"}),
            CLUSTER,
        )
        == Difference()
    )


def test_a_hole_is_named_by_the_flows_that_it_opens() -> None:
    found = changed(web=WANTED["web"].replace("ports: [{port: 8000}]", "ports: [{port: 8000, endPort: 8002}]"))
    assert (found.edited, found.extra, found.missing, found.closed) == (("shop/web",), (), (), ())
    assert found.opened == (), "the other half is closed still"
    found = changed(web="{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{}]}")
    assert "shop/web > outside by IPv4 TCP 1-65535 4" in flows(found.opened)
    assert "shop/web > store/far UDP 1-65535 6" in flows(found.opened)
    assert not any("shop/api" in flow for flow in flows(found.opened))
    first = next(one for one in found.opened if one.destinations == ("store/far",))
    assert (first.policies, first.reason) == (("shop/web",), "shop/web spec.egress[0] allows the egress")


def test_an_extra_policy() -> None:
    block = "{ipBlock: {cidr: 203.0.113.0/24}}"
    found = changed(extra=f"{{podSelector: {{matchLabels: {{app: api}}}}, ingress: [{{from: [{block}]}}]}}")
    assert (found.extra, found.closed) == (("shop/extra",), ())
    assert flows(found.opened) == {
        f"{source} > {pod} {protocol} 1-65535 4"
        for source in ("out", "outside in 203.0.113.0/24")
        for pod in ("shop/api", "shop/old")
        for protocol in ("TCP", "UDP", "SCTP")
    }
    assert {one.policies for one in found.opened} == {("shop/extra",)}


def test_a_missing_policy_closes_what_it_alone_allowed() -> None:
    found = changed(api=None)
    assert (found.missing, found.opened) == (("shop/api",), ())
    assert flows(found.closed) == {
        "shop/web > shop/api TCP 8000 4",
        "shop/web > shop/api TCP 8000 6",
        "shop/web > shop/old TCP 8000 4",
    }
    assert {one.causes for one in found.closed} == {("shop/api",)}
    assert found.closed[0].reason == "the ingress of the destination is isolated by shop/closed, and no rule allows any"


def test_a_missing_deny_opens_all_that_it_denied() -> None:
    found = changed(closed=None)
    assert found.missing == ("shop/closed",)
    assert {one.reason for one in found.opened} >= {"no policy isolates the ingress of the destination"}
    assert "store/far > shop/web TCP 1-65535 4" in flows(found.opened)
    assert {one.causes for one in found.opened} == {("shop/closed",)}
    plain = found.plain()["opened"][0]
    assert set(plain) == {"sources", "destinations", "protocol", "ports", "family", "reason", "policies", "causes"}


def test_pods_that_are_alike_are_one_line() -> None:
    pods = [
        {"name": f"db-{number}", "namespace": "shop", "labels": {"app": "db", "index": str(number)}}
        for number in range(3)
    ]
    cluster = Cluster(tuple(read_endpoint("pod", pod) for pod in pods))
    closed = read({"closed": WANTED["closed"]})
    both = "{podSelector: {}, ingress: [{from: [{podSelector: {}}]}], egress: [{to: [{podSelector: {}}], ports: [{}]}]}"
    found = compare(closed, closed + read({"both": both}), cluster)
    everyone = "shop/db-0+shop/db-1+shop/db-2"
    assert f"{everyone} > {everyone} TCP 1-65535 None" in flows(found.opened)
    assert len([one for one in found.opened if one.destinations[0] == "shop/db-0"]) == 1


def test_where_one_of_several_pods_runs_says_nothing_of_the_others() -> None:
    pods = [
        {"name": f"db-{node}", "namespace": "shop", "labels": {"app": "db"}, "node": node} for node in ("one", "two")
    ]
    nodes = [{"name": "node", "node": "one", "addresses": ["10.9.0.1"]}]
    cluster = Cluster(tuple(read_endpoint("pod", pod) for pod in pods + nodes))
    found = compare(read({"closed": WANTED["closed"]}), [], cluster)
    assert "node > shop/db-one+shop/db-two TCP 1-65535 4" in flows(found.opened)


def test_a_port_that_has_a_name_is_told_by_its_number() -> None:
    found = changed(
        web=WANTED["web"].replace("port: 8000", "port: http"), api=WANTED["api"].replace("port: 8000", "port: http")
    )
    assert flows(found.opened) == {"shop/web > shop/old TCP 8001 4"}
    assert flows(found.closed) == {"shop/web > shop/old TCP 8000 4"}


@pytest.mark.parametrize(
    ("cidrs", "names"),
    [
        ([], {"outside by IPv4", "outside by IPv6"}),
        (["10.0.0.0/8"], {"outside by IPv4", "outside by IPv6", "outside in 10.0.0.0/8"}),
        # Its halves leave nothing of a network.
        (
            ["10.0.0.0/8", "10.0.0.0/9", "10.128.0.0/9"],
            {"outside by IPv4", "outside by IPv6", "outside in 10.0.0.0/9", "outside in 10.128.0.0/9"},
        ),
    ],
)
def test_regions_of_addresses(cidrs: list[str], names: set[str]) -> None:
    peers = [{"ipBlock": {"cidr": cidr}} for cidr in cidrs]
    regions = outside_regions([read_policy(manifest({"ingress": [{"from": peers}]}))])
    assert {region.name for region in regions} == names


@given(st.integers(0, 10**9))
@settings(max_examples=25)
def test_what_is_opened_and_closed_is_what_the_matrices_say(seed: int) -> None:
    """At random ports, among all pods and addresses."""
    random = Random(seed)
    cluster = random_policies.cluster(random, 6)
    manifests = random_policies.policies(random, 4)
    other = [one for one in manifests if random.random() < 0.7]
    other.append(random_policies.policy(random, "new", "one"))
    wanted, found = ([read_policy(one) for one in some] for some in (manifests, other))
    difference = compare(wanted, found, cluster)
    matrices = [Matrix(Evaluator(policies, cluster)) for policies in (wanted, found)]
    for port, protocol in [*random.sample(random_policies.PORTS, 3), (random.randint(1, 65535), "TCP")]:
        for family in matrices[0].families:
            before, after = (matrix.rows(Probe(port, protocol, family)) for matrix in matrices)
            for row, source in enumerate(cluster.endpoints):
                for column, destination in enumerate(cluster.endpoints):
                    was, now = (bool(rows[row] >> column & 1) for rows in (before, after))
                    said = [
                        any(
                            str(source) in one.sources
                            and str(destination) in one.destinations
                            and (one.span.protocol, one.family) == (protocol, family)
                            and one.span.first <= port <= one.span.last
                            for one in changes
                        )
                        for changes in (difference.opened, difference.closed)
                    ]
                    if row != column and not _on_one_node(source, destination):
                        flow = (str(source), str(destination), port, protocol)
                        assert said == [now and not was, was and not now], flow


def _on_one_node(one: Any, other: Any) -> bool:
    """Who is alike is looked at as if it were on no node, so that more may be said of these."""
    return bool(one.node) and one.node == other.node and not (one.policed and other.policed)
