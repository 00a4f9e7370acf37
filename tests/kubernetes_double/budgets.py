"""What the controller of PodDisruptionBudgets computes, and what an eviction then asks."""

from __future__ import annotations

from typing import Any

from .errors import ApiError, bad_request
from .kinds import BY_KIND
from .pods import is_finished, is_going, is_ready, owner_of
from .selectors import selects
from .store import Store

Object = dict[str, Any]
_POD, _BUDGET = BY_KIND["Pod"], BY_KIND["PodDisruptionBudget"]
_REFUSAL = "Cannot evict pod as it would violate the pod's disruption budget."
_TWO = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."


def status(store: Store, budget: Object, now: str) -> Object:
    """The status that the controller writes for the pods that there are."""
    namespace, spec = budget["metadata"]["namespace"], budget.get("spec", {})
    pods = [
        pod for pod in store.view(_POD, namespace)
        if selects(spec.get("selector"), pod["metadata"].get("labels", {})) and not is_finished(pod)
    ]  # fmt: skip
    # Evictions that were granted are counted until their pods are seen to go.
    granted = {
        name: when for name, when in budget.get("status", {}).get("disruptedPods", {}).items()
        if any(pod["metadata"]["name"] == name and not is_going(pod) for pod in pods)
    }  # fmt: skip
    healthy = sum(
        1 for pod in pods
        if is_ready(pod) and not is_going(pod) and pod["metadata"]["name"] not in granted
    )  # fmt: skip
    expected, desired = _expectation(store, spec, pods)
    allowed = max(0, healthy - desired) if expected > 0 else 0
    found: Object = {
        "observedGeneration": budget["metadata"]["generation"],
        "expectedPods": expected,
        "desiredHealthy": desired,
        "currentHealthy": healthy,
        "disruptionsAllowed": allowed,
        "conditions": [_condition(budget, allowed > 0, now)],
    }
    return {**found, "disruptedPods": granted} if granted else found


def _expectation(store: Store, spec: Object, pods: list[Object]) -> tuple[int, int]:
    """Pods expected and pods that must be healthy."""
    least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
    if isinstance(least, int):
        return len(pods), least
    expected = _scale(store, pods)
    if most is not None:
        return expected, max(0, expected - share_of(most, expected))
    return expected, share_of(least, expected) if least is not None else 0


def share_of(value: int | str, whole: int) -> int:
    """A number, or a percentage rounded up."""
    return -(-int(value.rstrip("%")) * whole // 100) if isinstance(value, str) else value


def _scale(store: Store, pods: list[Object]) -> int:
    """Replicas that the controllers of these pods want; a pod that has none counts for nothing."""
    owners = {}
    for pod in pods:
        owner = owner_of(store, pod)
        if owner:
            owner = owner_of(store, owner) or owner  # a ReplicaSet's Deployment
            owners[owner["metadata"]["uid"]] = owner.get("spec", {}).get("replicas", 1)
    return sum(owners.values())


def _condition(budget: Object, allowed: bool, now: str) -> Object:
    found = {
        "type": "DisruptionAllowed",
        "status": "True" if allowed else "False",
        "reason": "SufficientPods" if allowed else "InsufficientPods",
        "message": "",
        "observedGeneration": budget["metadata"]["generation"],
        "lastTransitionTime": now,
    }
    for former in budget.get("status", {}).get("conditions", []):
        if former["type"] == found["type"] and former["status"] == found["status"]:
            found["lastTransitionTime"] = former["lastTransitionTime"]
    return found


def grant(store: Store, pod: Object, now: str) -> Object | None:
    """Let a pod be evicted: 429 or 500 when not. Return the budget as it is afterwards, None when none is charged."""
    if is_finished(pod) or is_going(pod) or pod.get("status", {}).get("phase") == "Pending":
        return None
    labels = pod["metadata"].get("labels", {})
    budgets = [
        one for one in store.view(_BUDGET, pod["metadata"]["namespace"])
        if selects(one.get("spec", {}).get("selector"), labels)
    ]  # fmt: skip
    if len(budgets) > 1:
        raise ApiError(500, "", _TWO)
    if not budgets:
        return None
    budget = budgets[0]
    found = budget.get("status", {})
    healthy, desired = found.get("currentHealthy", 0), found.get("desiredHealthy", 0)
    if not is_ready(pod):
        always = budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow"
        if always or healthy >= desired > 0:
            return None
    return _charged(budget, pod["metadata"]["name"], now)


def _charged(budget: Object, pod: str, now: str) -> Object:
    name, found = budget["metadata"]["name"], dict(budget.get("status", {}))
    if found.get("observedGeneration", 0) < budget["metadata"]["generation"]:
        raise _refusal(f"The disruption budget {name} is still being processed by the server.", 10)
    if not found["disruptionsAllowed"]:
        healthy, desired = found["currentHealthy"], found["desiredHealthy"]
        raise _refusal(f"The disruption budget {name} needs {desired} healthy pods and has {healthy} currently", 0)
    found["disruptionsAllowed"] -= 1
    found["disruptedPods"] = {**found.get("disruptedPods", {}), pod: now}
    if not found["disruptionsAllowed"]:
        found["conditions"] = [_condition(budget, False, now)]
    return {**budget, "status": found}


def _refusal(cause: str, seconds: int) -> ApiError:
    details: Object = {"causes": [{"reason": "DisruptionBudget", "message": cause}]}
    if seconds:
        details["retryAfterSeconds"] = seconds
    return ApiError(429, "TooManyRequests", _REFUSAL, details)


def check_eviction(name: str, body: Any) -> None:
    """400 when a body is no eviction of this pod."""
    if not isinstance(body, dict) or body.get("kind", "Eviction") != "Eviction":
        raise bad_request("not an Eviction object")
    if body.get("metadata", {}).get("name") != name:
        raise bad_request("name in URL does not match name in Eviction object")
