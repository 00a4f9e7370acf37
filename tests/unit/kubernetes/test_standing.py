"""Which pods of a set are there, and what the others are said to wait for."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.standing import missing, read_standing

Object = dict[str, Any]
RUNNING = {"phase": "Running", "podIP": "fd00::7"}
CRASHING = {"name": "redis", "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}}


def pod(name: str = "redis-0", node: str = "a", status: Object | None = None, **metadata: Any) -> Object:
    spec = {"nodeName": node} if node else {}
    return {"metadata": {"name": name, **metadata}, "spec": spec, "status": RUNNING if status is None else status}


def test_a_pod_that_runs_stands_ready_or_not() -> None:
    found = read_standing(pod(status={**RUNNING, "conditions": [{"type": "Ready", "status": "False"}]}))
    assert (found.stands, found.name, found.address, found.node) == (True, "redis-0", "fd00::7", "a")


def test_a_container_that_waits_hinders_no_other() -> None:
    """An exporter may be broken where Redis answers."""
    found = read_standing(pod(status={**RUNNING, "containerStatuses": [CRASHING]}))
    assert found.stands and found.waits == "container redis waits: CrashLoopBackOff: back-off 10s"


UNSCHEDULABLE = {
    "type": "PodScheduled",
    "status": "False",
    "reason": "Unschedulable",
    "message": "0/3 nodes are available: 3 Insufficient memory.",
}


@pytest.mark.parametrize(
    "manifest, words",
    [
        (pod(node="", status={}), "has no node"),
        (
            pod(node="", status={"phase": "Pending", "conditions": [UNSCHEDULABLE]}),
            "has no node: Unschedulable: 0/3 nodes are available: 3 Insufficient memory.",
        ),
        (
            pod(status={"phase": "Pending", "initContainerStatuses": [{**CRASHING, "name": "init"}]}),
            "container init waits: CrashLoopBackOff: back-off 10s",
        ),
        (pod(status={"phase": "Pending"}), "does not run yet (Pending)"),
        (pod(status={"phase": "Running"}), "has no address yet"),
    ],
)
def test_why_a_pod_does_not_run_yet(manifest: Object, words: str) -> None:
    found = read_standing(manifest)
    assert (found.stands, found.obstacle) == (False, words)
    assert missing([found], 1) == [{"node": "redis-0", "reason": words}]


def test_who_leaves_does_not_count() -> None:
    leaving = read_standing(pod(deletionTimestamp="2026-01-01T00:00:00Z"))
    evicted = read_standing(pod("redis-1", status={"phase": "Failed", "reason": "Evicted", "message": "low on memory"}))
    assert missing([leaving, evicted], 1) == [
        {"node": "", "reason": "0 of 1 pods are there"},
        {"node": "redis-0", "reason": "is on its way out"},
        {"node": "redis-1", "reason": "has ended (Failed): Evicted: low on memory"},
    ]
    assert missing([leaving, read_standing(pod("redis-2"))], 1) == []


def test_too_many_are_not_right_either() -> None:
    found = [read_standing(pod(f"redis-{index}")) for index in range(3)]
    reason = "3 pods are there, and 2 are expected: redis-0, redis-1, redis-2"
    assert missing(found, 2) == [{"node": "", "reason": reason}]
