"""Everyone to everyone: as one by one, as by a second implementation, and what must hold of any policies."""

from __future__ import annotations

import time
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.kubernetes import random_policies, second_opinion

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.endpoints import (
    Cluster,
    Endpoint,
    NamedPort,
    read_addresses,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.evaluation import Evaluator
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.matrix import Cell, Matrix
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.policies import Policy, read_policies

SEEDS = st.integers(0, 10**9)


def matrix(policies: list[Policy], cluster: Cluster) -> Matrix:
    return Matrix(Evaluator(policies, cluster))


def cells(policies: list[Policy], cluster: Cluster) -> list[Cell]:
    found = matrix(policies, cluster)
    return [cell for port, protocol in random_policies.PORTS for cell in found.cells(port, protocol)]


def allowed(policies: list[Policy], cluster: Cluster) -> set[tuple[str, str, int, str, object]]:
    return {(str(c.source), str(c.destination), *c.probe) for c in cells(policies, cluster) if c.allowed}


@pytest.mark.parametrize("seed", range(12))
def test_matrix_verdicts_and_a_second_implementation_agree(seed: int) -> None:
    random = Random(seed)
    cluster = random_policies.cluster(random)
    manifests = random_policies.policies(random, random.choice([2, 5, 9]))
    found = matrix(read_policies(manifests), cluster)
    tried = 0
    for port, protocol in random_policies.PORTS:
        for cell in found.cells(port, protocol):
            said = found.verdict(cell)
            expected = second_opinion.allowed(
                manifests, cluster.namespaces, cell.source, cell.destination, port, protocol, cell.probe.family
            )
            assert (cell.allowed, said.allowed) == (expected, expected), (cell, said.reason, manifests)
            tried += 1
    assert tried > 1000


def test_random_policies_both_allow_and_deny() -> None:
    """Else the comparison would say nothing."""
    shares = []
    for seed in range(12):
        random = Random(seed)
        cluster = random_policies.cluster(random)
        found = cells(read_policies(random_policies.policies(random, 6)), cluster)
        shares.append(sum(cell.allowed for cell in found) / len(found))
    assert 0.2 < sum(shares) / len(shares) < 0.8


@given(SEEDS)
def test_a_policy_more_never_takes_from_pods_that_are_isolated(seed: int) -> None:
    random = Random(seed)
    cluster = random_policies.cluster(random, 6)
    closed = [
        random_policies.manifest({"policyTypes": ["Ingress", "Egress"]}, "closed", namespace)
        for namespace in random_policies.NAMESPACES
    ]
    manifests = closed + random_policies.policies(random, 3)
    more = random_policies.policy(random, "more", random.choice([*random_policies.NAMESPACES]))
    assert allowed(read_policies(manifests), cluster) <= allowed(read_policies([*manifests, more]), cluster)


@given(SEEDS)
def test_the_order_of_policies_does_not_matter(seed: int) -> None:
    random = Random(seed)
    cluster = random_policies.cluster(random, 6)
    policies = read_policies(random_policies.policies(random, 5))
    turned = random.sample(policies, len(policies))
    assert allowed(policies, cluster) == allowed(turned, cluster)
    flow = (*random.choices(cluster.endpoints, k=2), 80)
    assert Evaluator(policies, cluster).verdict(*flow) == Evaluator(turned, cluster).verdict(*flow)


@given(SEEDS)
def test_a_flow_is_allowed_when_both_halves_are(seed: int) -> None:
    """Those of one direction alone are what policies of that direction alone allow."""
    random = Random(seed)
    cluster = random_policies.cluster(random, 6)
    both = read_policies(random_policies.policies(random, 5))
    halves = []
    for direction in ("ingress", "egress"):
        own = [
            Policy(**{**vars(policy), "directions": (direction,)}) for policy in both if direction in policy.directions
        ]
        halves.append(allowed(own, cluster))
    assert allowed(both, cluster) == halves[0] & halves[1]


def large() -> tuple[list[Policy], Cluster]:
    """500 pods in ten namespaces, each with ten applications, and 200 policies that let each get from the next."""
    pods = [
        Endpoint(
            name=f"app-{number % 10}-{number}",
            namespace=f"team-{number // 50}",
            # The hash that a Deployment gives, and its own name, as a StatefulSet gives: no two pods are alike.
            labels={"app": f"app-{number % 10}", "pod-template-hash": f"{number:x}"},
            addresses=read_addresses("pod", [f"10.0.{number // 50}.{number % 50}"]),
            ports=(NamedPort("http", 8000),),
        )
        for number in range(500)
    ]
    manifests = []
    for team in {pod.namespace: None for pod in pods}:
        closed = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
        manifests.append(random_policies.manifest(closed, "closed", team))
        for number in range(19):
            app, following = ({"matchLabels": {"app": f"app-{(number + step) % 10}"}} for step in (0, 1))
            peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": team}}, "podSelector": app}
            if number < 10:
                rules = {"egress": [{"to": [{"podSelector": following}], "ports": [{"port": "http"}]}]}
                spec = {"podSelector": app, "policyTypes": ["Egress"], **rules}
            else:
                spec = {"podSelector": following, "ingress": [{"from": [peer], "ports": [{"port": 8000}]}]}
            manifests.append(random_policies.manifest(spec, f"rule-{number}", team))
    return read_policies(manifests), Cluster(tuple(pods))


def test_the_matrix_of_a_large_cluster_is_quick_and_right() -> None:
    """A million and a quarter cells."""
    policies, cluster = large()
    assert (len(policies), len(cluster.endpoints)) == (200, 500)
    started = time.process_time()
    found = matrix(policies, cluster)
    counts = [sum(cell.allowed for cell in found.cells(port)) for port in (80, 443, 6379, 8000, 9090)]
    spent = time.process_time() - started
    # In a team, nine of the ten applications are let in by the next one, and each has five pods.
    assert counts == [0, 0, 0, 10 * 9 * 5 * 5, 0]
    assert spent < 15, "on a machine that does nothing else it is a second or two"
