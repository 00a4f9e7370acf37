"""Drains in random layouts of the double: what the rehearsal says is what the drain then does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from integration.kubernetes.drains import layout, places
from kubernetes_double import KubernetesDouble

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.drain import rehearse_drain
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.eligibility import Permissions
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.client import Client
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.connection import Connection
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.draining.draining import drain_nodes
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.draining.orders import Order
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.errors import KubernetesFailure
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.observing import observe

PATIENCE = 600.0  # seconds


class Pausing:
    """Time that passes only while the drain waits, in which all controllers come to rest; it flies when they are."""

    def __init__(self, double: KubernetesDouble) -> None:
        self.double, self.seconds = double, 0.0

    def now(self) -> float:
        return self.seconds

    def pause(self, seconds: float) -> None:
        self.seconds += seconds if self.double.settle() else PATIENCE


@pytest.fixture
def double() -> Iterator[KubernetesDouble]:
    """Nothing but a double: no cluster that belongs to others is filled and drained."""
    with KubernetesDouble() as double:
        yield double


@pytest.mark.parametrize("seed", range(20, 40))
def test_a_drain_is_as_it_was_rehearsed(double: KubernetesDouble, tmp_path: Path, seed: int) -> None:
    permissions = Permissions(lose_local_data=seed % 10 != 0)
    order = Order(tuple(layout(double, seed)), permissions, try_anyway=True, keep_cordoned=True, timeout=PATIENCE)
    connection = Connection(kubeconfig=str(double.kubeconfig(tmp_path / "kubeconfig")))
    told = rehearse_drain(observe(Client(connection)).cluster, order.nodes, permissions)
    before = double.store.version
    double.forget_log()
    foretold = attempt(Client(connection, read_only=True), order, double, check_mode=True)
    assert double.changes() == [] and double.store.version == before
    done = attempt(Client(connection), order, double)
    assert done["evictions"] == foretold["evictions"]
    assert figures(done["blockers"]) == figures(foretold["blockers"]) == figures(told.as_dict()["blockers"])
    assert done["failed"] == bool(told.blockers)
    after = observe(Client(connection)).cluster
    assert places(after.pods) == places(told.pods)
    if not told.blockers:
        again = attempt(Client(connection), order, double)
        assert (again["changed"], again["evictions"], again["failed"]) == (False, [], False)


def attempt(client: Client, order: Order, double: KubernetesDouble, check_mode: bool = False) -> dict[str, Any]:
    """The answer, whether it is one of a failure or not."""
    pausing = Pausing(double)
    try:
        return {"failed": False, **drain_nodes(client, order, check_mode, pausing.pause, pausing.now)}
    except KubernetesFailure as failure:
        return {"failed": True, "msg": failure.message, **failure.details}


def figures(blockers: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(one["code"], one["pod"], one["node"]) for one in blockers]
