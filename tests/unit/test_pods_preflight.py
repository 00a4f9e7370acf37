"""What is refused of roll-outs to pods, and settings that hosts and pods share."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.omnimind.platform.plugins.module_utils.backend import pods_preflight as backend
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.pod_checks import pod_complaints
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.stateful_checks import stateful_complaints
from ansible_collections.omnimind.platform.plugins.module_utils.redis import pods_preflight as redis
from ansible_collections.omnimind.platform.plugins.module_utils.redis.cluster_settings import default_user, secret_text

POD: dict[str, Any] = {
    "namespace": "omnimind", "name": "omnimind-redis", "part_of": "omnimind", "image": "redis:7.2",
    "resources": {"requests": {"memory": "1Gi", "cpu": "100m"}, "limits": {"memory": "1Gi"}},
}  # fmt: skip
REDIS: dict[str, Any] = {
    "password": "new", "further_passwords": [], "users": [], "extra_settings": [], "shards": 3, "replicas": 1,
}  # fmt: skip
SELECTOR = {"app": "redis"}


def running(password: str, *others: str) -> str:
    return secret_text({"masterauth": password}, [default_user(password, others)])


def test_what_is_right_is_not_complained_of() -> None:
    assert pod_complaints(POD) == [] and redis.complaints(REDIS, "") == []


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"name": "Redis"}, "name: 'Redis'"),
        ({"name": "a" * 46}, "name: "),
        ({"namespace": "a_b"}, "namespace: 'a_b'"),
        ({"part_of": "a b"}, "part_of: 'a b'"),
        ({"image": "a b"}, "image: 'a b'"),
        ({"resources": {"limits": {"memory": "1Gi"}}}, "resources.requests.memory: it is missing"),
        ({"resources": {"request": {}}}, "resources.request: there is no such field"),
        ({"resources": {"requests": {"memory": "2Gi"}, "limits": {"memory": "1Gi"}}}, "resources.requests.memory: 2Gi"),
    ],
)
def test_what_no_pod_can_be(changed: dict[str, Any], complaint: str) -> None:
    assert any(text.startswith(complaint) for text in pod_complaints({**POD, **changed}))


def test_a_password_is_replaced_in_steps_that_shut_nobody_out() -> None:
    """Pods before and after a step log in at each other."""
    steps = [("old", []), ("old", ["new"]), ("new", ["old"]), ("new", [])]
    for (before, also), (after, more) in zip(steps, steps[1:]):
        assert redis.complaints({**REDIS, "password": after, "further_passwords": more}, running(before, *also)) == []
    (at_once,) = redis.complaints(REDIS, running("old"))
    assert at_once.startswith("password: ") and "old" not in at_once
    (too_soon,) = redis.complaints(REDIS, running("old", "new"))
    assert too_soon.startswith("further_passwords: ")


@pytest.mark.parametrize("password", ["plain", 'quo"ted', "back\\slash", "two words"])
def test_any_password_is_known_again(password: str) -> None:
    assert redis.complaints({**REDIS, "password": password}, running(password)) == []


def test_a_stateful_set_keeps_its_pods_and_volumes() -> None:
    claim = {"spec": {"resources": {"requests": {"storage": "4096Mi"}}, "storageClassName": "fast"}}
    live = {"spec": {"replicas": 6, "selector": {"matchLabels": SELECTOR}, "volumeClaimTemplates": [claim]}}
    assert stateful_complaints(live, 6, SELECTOR, "4Gi", "") == [] == stateful_complaints(None, 1, {}, "", "")
    assert stateful_complaints(live, 8, SELECTOR, "4Gi", "fast") == []
    found = stateful_complaints(live, 3, {"app": "other"}, "5Gi", "slow")
    assert [text.partition(":")[0] for text in found] == ["shards", "part_of", "storage_size", "storage_class"]


def test_bounds_of_an_autoscaler() -> None:
    variables = {
        "compression": {},
        "images": {},
        "tasks": {},
        "shutdown_seconds": 20,
        "keep_revisions": 3,
        "cache_url": "",
    }
    right = {"min": 1, "max": 2, "cpu_percent": 70}
    assert (
        backend.complaints({**variables, "autoscaling": {}})
        == []
        == backend.complaints({**variables, "autoscaling": right})
    )
    for wrong in ({**right, "max": 0}, {**right, "min": 3}, {**right, "most": 3}, {"min": 1}):
        assert all(text.startswith("autoscaling.") for text in backend.complaints({**variables, "autoscaling": wrong}))
        assert backend.complaints({**variables, "autoscaling": wrong})
