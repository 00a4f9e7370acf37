"""Quantities, LimitRanges and ResourceQuotas, by the words of the API's reference."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.errors import ManifestError
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.limit_ranges import read_limit_range
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.pod_resources import (
    LIMITS,
    REQUESTS,
    read_pod_resources,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.quantities import (
    format_quantity,
    read_quantity,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.quota_scopes import read_quota
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.quotas import check_quotas

NAMESPACE = "shop"


# --- quantities --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0), ("2", 2), (2, 2), (0.5, Fraction(1, 2)), ("0.1", Fraction(1, 10)), (".5", Fraction(1, 2)), ("5.", 5),
        ("100m", Fraction(1, 10)), ("1500m", Fraction(3, 2)), ("1n", Fraction(1, 10**9)), ("3u", Fraction(3, 10**6)),
        ("1k", 1000), ("1M", 10**6), ("1G", 10**9), ("1T", 10**12), ("1P", 10**15), ("1E", 10**18),
        ("1Ki", 2**10), ("1Mi", 2**20), ("1Gi", 2**30), ("1Ti", 2**40), ("1Pi", 2**50), ("1Ei", 2**60),
        ("0.5Gi", 2**29), ("1.5Ki", 1536), ("1e3", 1000), ("1E3", 1000), ("12e-1", Fraction(6, 5)), ("1e+2", 100),
        ("+3", 3), ("010", 10), ("-0", 0),
        # Finer than a billionth counts as a whole one; nothing is more than 2**63 - 1.
        ("0.0000000001", Fraction(1, 10**9)), ("1e-30", Fraction(1, 10**9)), ("1.0000000001", 1 + Fraction(1, 10**9)),
        ("8Ei", 2**63 - 1), ("1e30", 2**63 - 1),
    ],
)  # fmt: skip
def test_quantity(text: Any, value: Any) -> None:
    assert read_quantity("here", text) == value


@pytest.mark.parametrize(
    "text", ["", "Gi", ".", "1 Gi", "1gi", "1K", "1mi", "1KiB", "1e", "e3", "1e1.5", "0x1", "1,5", "1..2", " 1", "1\n",
             True, None, [], float("inf"), float("nan")],
)  # fmt: skip
def test_what_is_no_quantity(text: Any) -> None:
    with pytest.raises(ManifestError) as refused:
        read_quantity("here", text)
    assert refused.value.message == f"here: it is a quantity such as 100m, 2 or 1Gi, not {text!r}"


def test_a_quantity_is_not_negative() -> None:
    with pytest.raises(ManifestError) as refused:
        read_quantity("here", "-1m")
    assert refused.value.message == "here: it is not below 0, as -1m is"


@given(st.decimals(0, 10**9, places=9), st.sampled_from(["", "k", "M", "Ki", "Mi", "Gi"]))
def test_quantities_are_exact(number: Decimal, suffix: str) -> None:
    factor = {"": 1, "k": 1000, "M": 10**6, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}[suffix]
    assert read_quantity("here", f"{number:f}{suffix}") == min(Fraction(number) * factor, 2**63 - 1)


@given(st.integers(0, 2**62), st.sampled_from(["n", "u", "m", "", "k", "Mi"]), st.sampled_from(["cpu", "memory"]))
def test_what_is_written_can_be_read(number: int, suffix: str, resource: str) -> None:
    value = read_quantity("here", f"{number}{suffix}")
    assert read_quantity("here", format_quantity(resource, value)) == value


@pytest.mark.parametrize(
    ("resource", "text", "written"),
    [
        ("requests.memory", "1024Mi", "1Gi"), ("memory", "1.5Gi", "1536Mi"), ("memory", "1000", "1000"),
        ("memory", "0", "0"), ("requests.cpu", "1500m", "1500m"), ("cpu", "2.0", "2"), ("cpu", "2048", "2048"),
        ("cpu", "1u", "1u"), ("cpu", "1n", "1n"), ("requests.ephemeral-storage", "2Gi", "2Gi"),
    ],
)  # fmt: skip
def test_how_quantities_are_written(resource: str, text: str, written: str) -> None:
    assert format_quantity(resource, read_quantity("here", text)) == written


# --- what one pod takes --------------------------------------------------------------------------


def container(name: str = "main", requests: Any = None, limits: Any = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "resources": {"requests": requests, "limits": limits}, **more}


def totals(**spec: Any) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
    pod = read_pod_resources("spec", spec)
    return pod.total(REQUESTS), pod.total(LIMITS)


def test_containers_are_summed() -> None:
    main = container(requests={"cpu": "100m", "memory": "1Gi"}, limits={"memory": "2Gi"})
    other = container("other", requests={"cpu": 1}, limits={"cpu": 2})
    assert totals(containers=[main, other]) == (
        {"cpu": Fraction(11, 10), "memory": 2**30}, {"cpu": 2, "memory": 2**31}
    )  # fmt: skip


def test_a_limit_is_the_request_where_there_is_none() -> None:
    assert totals(containers=[container(limits={"cpu": 1})]) == ({"cpu": 1}, {"cpu": 1})


def test_init_containers_count_by_their_worst_moment() -> None:
    spec = {
        "initContainers": [
            container("first", {"cpu": 5}),
            container("sidecar", {"cpu": 2}, restartPolicy="Always"),
            container("last", {"cpu": 4}),
        ],
        "containers": [container(requests={"cpu": 1})],
    }
    assert totals(**spec)[0] == {"cpu": 6}
    spec["containers"] = [container(requests={"cpu": 7})]
    assert totals(**spec)[0] == {"cpu": 9}
    spec["initContainers"] = [container("first", {"cpu": 8})]
    assert totals(**spec)[0] == {"cpu": 8}


def test_overhead_is_added_to_requests_and_to_limits_that_there_are() -> None:
    main = container(requests={"cpu": 1}, limits={"memory": 10})
    assert totals(containers=[main], overhead={"cpu": "100m", "memory": 5}) == (
        {"cpu": Fraction(11, 10), "memory": 15}, {"memory": 15}
    )  # fmt: skip


def test_what_the_whole_pod_sets_counts() -> None:
    main = container(requests={"cpu": 1})
    assert totals(containers=[main], resources={"requests": {"cpu": 3}})[0] == {"cpu": 3}
    assert totals(containers=[main], resources={"limits": {"cpu": 3, "memory": 9}}) == (
        {"cpu": 1, "memory": 9}, {"cpu": 3, "memory": 9}
    )  # fmt: skip


def test_misspelt_resources() -> None:
    with pytest.raises(ManifestError) as refused:
        totals(containers=[{"name": "main", "resources": {"request": {}}}])
    assert refused.value.message == "spec.containers[0].resources.request: there is no such field; is it requests?"


# --- quotas --------------------------------------------------------------------------------------


def manifest(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec}


def deployment(replicas: int, *containers: Any, name: str = "web", rolling: Any = None, **pod: Any) -> dict[str, Any]:
    template = {"spec": {"containers": list(containers), **pod}}
    spec = {"replicas": replicas, "template": template, "strategy": {"rollingUpdate": rolling}}
    return manifest("Deployment", name, spec)


def quota(hard: dict[str, Any], **more: Any) -> dict[str, Any]:
    return manifest("ResourceQuota", "q", {"hard": hard, **more})


def limits(*entries: dict[str, Any]) -> dict[str, Any]:
    return manifest("LimitRange", "l", {"limits": list(entries)})


SMALL = container(requests={"cpu": "250m", "memory": "256Mi"}, limits={"cpu": "500m", "memory": "512Mi"})


@pytest.mark.parametrize(
    ("resource", "hard", "message"),
    [
        ("pods", 5, ""),
        ("pods", 4, "pods 5 of 4 (Deployment shop/web 5), 1 too much"),
        ("count/pods", 4, "count/pods 5 of 4 (Deployment shop/web 5), 1 too much"),
        ("cpu", "1250m", ""),
        ("requests.cpu", "1.25", ""),
        ("requests.cpu", "1.2", "requests.cpu 1250m of 1200m (Deployment shop/web 1250m), 50m too much"),
        ("limits.cpu", 2, "limits.cpu 2500m of 2 (Deployment shop/web 2500m), 500m too much"),
        ("memory", "1Gi", "memory 1280Mi of 1Gi (Deployment shop/web 1280Mi), 256Mi too much"),
        ("limits.memory", "2.5Gi", ""),
        # Another resource, of which nobody wants any.
        ("requests.example.com/gpu", 0, ""),
        ("requests.ephemeral-storage", 0, ""),
    ],
)
def test_four_replicas_and_one_of_surge(resource: str, hard: Any, message: str) -> None:
    found = check_quotas([deployment(4, SMALL)], [quota({resource: hard})])
    assert found.problems == ([f"ResourceQuota shop/q: {message}"] if message else [])
    assert found.fits == (not message)


@pytest.mark.parametrize(
    ("work", "pods"),
    [
        (deployment(3, SMALL, rolling={"maxSurge": "50%"}), 5),
        (deployment(3, SMALL, rolling={"maxSurge": 0, "maxUnavailable": 1}), 3),
        (deployment(0, SMALL), 0),
        (manifest("Deployment", "a", {"replicas": 3, "strategy": {"type": "Recreate"}}), 3),
        (manifest("StatefulSet", "a", {"replicas": 3}), 3),
        (manifest("StatefulSet", "a", {}), 1),
        (manifest("DaemonSet", "a", {}), 7),
        (manifest("DaemonSet", "a", {"updateStrategy": {"rollingUpdate": {"maxSurge": "10%"}}}), 8),
        (manifest("Job", "a", {}), 1),
        (manifest("Job", "a", {"parallelism": 4, "completions": 2}), 2),
        (manifest("CronJob", "a", {"jobTemplate": {"spec": {"parallelism": 3}}}), 3),
        (manifest("Pod", "a", {"containers": [SMALL]}), 1),
        ({**manifest("Pod", "a", {}), "status": {"phase": "Succeeded"}}, 0),
    ],
)
def test_how_many_pods_there_are_at_once(work: dict[str, Any], pods: int) -> None:
    (account,) = check_quotas([work], [quota({"pods": 1})], nodes=7).accounts
    assert account.wanted == pods


def test_workloads_of_the_namespace_share_its_quotas() -> None:
    elsewhere = deployment(9, SMALL)
    elsewhere["metadata"] = {"name": "web", "namespace": "elsewhere"}
    found = check_quotas([deployment(1, SMALL), deployment(2, SMALL, name="api"), elsewhere], [quota({"cpu": 1})])
    assert found.problems == [
        "ResourceQuota shop/q: cpu 1250m of 1 (Deployment shop/web 500m, Deployment shop/api 750m), 250m too much"
    ]
    assert found.accounts[0].as_dict() == {
        "quota": "shop/q", "resource": "cpu", "hard": "1", "wanted": "1250m", "fits": False,
        "message": found.problems[0],
    }  # fmt: skip


def test_extended_resources_are_counted_by_their_requests() -> None:
    gpu = container(requests={"example.com/gpu": 1}, limits={"example.com/gpu": 1})
    found = check_quotas([deployment(2, gpu)], [quota({"requests.example.com/gpu": 2, "services": 1})])
    assert found.problems == [
        "ResourceQuota shop/q: requests.example.com/gpu 3 of 2 (Deployment shop/web 3), 1 too much"
    ]
    assert found.unchecked == ("ResourceQuota shop/q: services",)


# --- pods that ask for nothing -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hard", "missing"),
    [
        ({"cpu": 9}, ["cpu"]),
        ({"requests.memory": "9Gi", "limits.cpu": 9}, ["limits.cpu", "requests.memory"]),
        # Only these are asked for by name.
        ({"pods": 9}, []),
        ({"requests.ephemeral-storage": 9}, []),
    ],
)
def test_a_quota_refuses_pods_that_do_not_ask(hard: dict[str, Any], missing: list[str]) -> None:
    work = deployment(1, container(), SMALL | {"name": "other"}, initContainers=[container("init")])
    assert check_quotas([work], [quota(hard)]).problems == [
        f"Deployment shop/web: init, main must set {resource}, which ResourceQuota shop/q counts: "
        "set it, or give a default by a LimitRange"
        for resource in missing
    ]


def test_a_limit_range_gives_what_is_missing() -> None:
    ranges = [limits({"type": "Container", "default": {"cpu": "500m"}, "defaultRequest": {"cpu": "100m"}})]
    hard = {"requests.cpu": "250m", "limits.cpu": "1"}
    found = check_quotas([deployment(1, container())], [quota(hard)], ranges)
    assert (found.problems, [account.wanted for account in found.accounts]) == ([], [Fraction(1, 5), 1])


def test_a_pod_that_sets_its_own_need_not_say_it_for_each_container() -> None:
    work = deployment(1, container(), resources={"requests": {"cpu": 1}})
    (account,) = check_quotas([work], [quota({"cpu": 9})]).accounts
    assert account.wanted == 2
    assert check_quotas([work], [quota({"cpu": 9})]).fits


@pytest.mark.parametrize(
    ("entry", "asked", "requests", "most"),
    [
        # The highest limit is the usual one; a usual limit is the usual request; else the least is.
        ({"max": {"cpu": 2}}, container(), 2, 2),
        ({"default": {"cpu": 1}, "max": {"cpu": 2}}, container(), 1, 1),
        ({"default": {"cpu": 1}, "defaultRequest": {"cpu": "500m"}}, container(), Fraction(1, 2), 1),
        ({"min": {"cpu": "250m"}}, container(), Fraction(1, 4), None),
        ({"default": {"cpu": 1}}, container(requests={"cpu": "200m"}), Fraction(1, 5), 1),
        ({"default": {"cpu": 1}}, container(limits={"cpu": 3}), 3, 3),
    ],
)
def test_defaults(entry: dict[str, Any], asked: dict[str, Any], requests: Any, most: Any) -> None:
    ranges = [limits({"type": "Container", **entry})]
    hard = quota({"requests.cpu": 99, **({} if most is None else {"limits.cpu": 99})})
    found = check_quotas([manifest("Pod", "a", {"containers": [asked]})], [hard], ranges)
    assert not found.problems
    assert [account.wanted for account in found.accounts] == [requests, *([] if most is None else [most])]


@pytest.mark.parametrize(
    ("entry", "asked", "message"),
    [
        ({"type": "Container", "min": {"cpu": 1}}, container(requests={"cpu": "1"}), ""),
        ({"type": "Container", "min": {"cpu": 1}}, container(requests={"cpu": "999m"}), "cpu must be 1 at least"),
        (
            {"type": "Container", "max": {"memory": "1Gi"}},
            container(requests={"memory": "1Gi"}, limits={"memory": "2Gi"}),
            "memory must be 1Gi at most",
        ),
        (
            {"type": "Container", "maxLimitRequestRatio": {"cpu": 2}},
            container(requests={"cpu": 1}, limits={"cpu": "2001m"}),
            "the limit of cpu must be at most 2 times what is requested",
        ),
        (
            {"type": "Container", "maxLimitRequestRatio": {"cpu": 2}},
            container(requests={"cpu": 1}),
            "cpu must have a request and a limit, which must be at most 2 times as much",
        ),
        ({"type": "Pod", "max": {"cpu": 2}}, container(limits={"cpu": 2}), ""),
        ({"type": "Pod", "max": {"cpu": 1}}, container(limits={"cpu": 2}), "cpu must be 1 at most"),
        ({"type": "Pod", "max": {"cpu": 1}}, container(), "cpu must have a limit, 1 at most"),
        ({"type": "Pod", "min": {"cpu": 1}}, container(), "cpu must be requested, 1 at least"),
        ({"type": "PersistentVolumeClaim", "max": {"storage": 1}}, container(), ""),
    ],
)
def test_pods_that_a_limit_range_refuses(entry: dict[str, Any], asked: dict[str, Any], message: str) -> None:
    what = "the pod" if entry["type"] == "Pod" else "container main"
    problems = check_quotas([deployment(1, asked)], [], [limits(entry)]).problems
    assert problems == ([f"Deployment shop/web: {what}: {message} by LimitRange shop/l"] if message else [])


def test_a_default_limit_below_what_is_requested() -> None:
    work = deployment(1, container(requests={"cpu": 2}))
    assert check_quotas([work], [], [limits({"type": "Container", "default": {"cpu": 1}})]).problems == [
        "Deployment shop/web: container main: cpu 2 is requested, above the limit 1"
    ]


# --- which pods a quota is about -----------------------------------------------------------------


def by_class(operator: str, *values: str) -> dict[str, Any]:
    condition = {"scopeName": "PriorityClass", "operator": operator, "values": list(values)}
    return {"scopeSelector": {"matchExpressions": [condition]}}


@pytest.mark.parametrize(
    ("scope", "pod", "is_about"),
    [
        ({"scopes": ["BestEffort"]}, {}, True),
        ({"scopes": ["NotBestEffort"]}, {}, False),
        ({"scopes": ["NotBestEffort"]}, {"resources": {"limits": {"cpu": 1}}}, True),
        ({"scopes": ["Terminating"]}, {}, False),
        ({"scopes": ["Terminating"]}, {"activeDeadlineSeconds": 0}, True),
        ({"scopes": ["NotTerminating", "BestEffort"]}, {}, True),
        ({"scopes": ["NotTerminating", "NotBestEffort"]}, {}, False),
        ({"scopes": ["PriorityClass"]}, {"priorityClassName": "high"}, True),
        ({"scopes": ["PriorityClass"]}, {}, False),
        (by_class("In", "high"), {"priorityClassName": "high"}, True),
        (by_class("In", "high"), {"priorityClassName": "low"}, False),
        (by_class("NotIn", "high"), {}, True),
        (by_class("DoesNotExist"), {}, True),
        (by_class("Exists"), {}, False),
    ],
)
def test_scopes(scope: dict[str, Any], pod: dict[str, Any], is_about: bool) -> None:
    work = deployment(1, container(), **pod)
    (account,) = check_quotas([work], [quota({"pods": 9}, **scope)]).accounts
    assert account.wanted == (2 if is_about else 0)


def test_a_scope_that_cannot_be_told_is_said() -> None:
    found = check_quotas([deployment(1, SMALL)], [quota({"pods": 0}, scopes=["CrossNamespacePodAffinity"])])
    assert (found.fits, found.unchecked) == (True, ("ResourceQuota shop/q: CrossNamespacePodAffinity",))


@pytest.mark.parametrize(
    ("read", "kind", "spec", "complaint"),
    [
        (read_quota, "ResourceQuota", {"hrad": {}}, "spec.hrad: there is no such field; is it hard?"),
        (read_quota, "ResourceQuota", {"hard": {"cpu": "one"}}, "spec.hard.cpu: it is a quantity such as 100m, 2"),
        (read_quota, "ResourceQuota", {"scopes": ["Besteffort"]}, "spec.scopes[0]: it is one of Terminating, NotT"),
        (read_limit_range, "LimitRange", {}, "spec.limits: it is missing"),
        (read_limit_range, "LimitRange", {"limits": [{"type": "Node"}]}, "spec.limits[0].type: it is one of Container"),
        (read_limit_range, "LimitRange", {"limits": [{"type": "Pod", "default": {"cpu": 1}}]}, "spec.limits[0].type"),
    ],
)  # fmt: skip
def test_refused_by_the_path_of_the_field(read: Any, kind: str, spec: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ManifestError) as refused:
        read(manifest(kind, "x", spec))
    assert refused.value.message.startswith(f"{kind} shop/x: {complaint}")


@given(
    replicas=st.integers(1, 20),
    millis=st.integers(1, 4000),
    surge=st.integers(0, 100),
    spare=st.integers(-1, 1),
)
def test_what_fits_fits_to_the_thousandth(replicas: int, millis: int, surge: int, spare: int) -> None:
    pods = replicas + -(-replicas * surge // 100)
    work = deployment(
        replicas, container(requests={"cpu": f"{millis}m"}), rolling={"maxSurge": f"{surge}%", "maxUnavailable": 1}
    )
    assert check_quotas([work], [quota({"requests.cpu": f"{pods * millis + spare}m"})]).fits == (spare >= 0)
