"""What the role k8s_security refuses before the first change, by the variable at fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from integration.ansible_run import ROOT
from integration.kubernetes.cluster import Cluster
from integration.kubernetes.manifests import container, workload
from integration.kubernetes.modules import run_module
from integration.kubernetes.role_plays import play_role
from kubernetes_double import READER_TOKEN, KubernetesDouble

DEFAULTS = {
    name[len("k8s_security_") :]: value
    for name, value in yaml.safe_load((ROOT / "roles/k8s_security/defaults/main.yml").read_text()).items()
}
REDIS = {"app.kubernetes.io/part-of": "omnimind", "app.kubernetes.io/component": "redis"}


def preflight(cluster: Cluster, unknown: list[str] | None = None, **changes: Any) -> dict[str, Any]:
    return run_module(
        "k8s_security_preflight",
        cluster,
        variable_prefix="k8s_security_",
        unknown_variables=unknown or [],
        variables={**DEFAULTS, **changes},
    )


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"flows": [{"from": "bakend", "to": "redis", "ports": [1]}]}, "k8s_security_flows[0].from: there is no compo"),
        ({"more_flows": [{"from": "redis", "to": "redis", "ports": [0]}]}, "k8s_security_more_flows[0].ports[0].port:"),
        ({"budgets": {"redis": {"max_unavailable": 0}}}, "k8s_security_budgets.redis.max_unavailable: 0 lets no pod"),
        ({"quota": {"requests.cpu": "many"}}, "k8s_security_quota.requests.cpu: it is a quantity"),
        (
            {"limit_range": [{"type": "Pod", "default": {"cpu": "1"}}]},
            "k8s_security_limit_range[0].type: only a Contai",
        ),
        ({"namespace": "Not a name"}, "k8s_security_namespace: 'Not a name' is no name"),
        (
            {"probes": [{"from": "bakend", "to": "redis", "port": 6379}]},
            "k8s_security_probes[0].from: there is no compo",
        ),
        ({"probes": [{"from": "backend", "to": "redis", "port": 6379}]}, "k8s_security_probe_image: it is empty"),
        ({"config_maps": {"a": "text"}}, "k8s_security_config_maps.a: it is a mapping"),
    ],
)
def test_declarations_that_are_wrong(
    cluster: Cluster, double: KubernetesDouble, changes: dict[str, Any], complaint: str
) -> None:
    double.forget_log()
    answer = preflight(cluster, **changes)
    assert answer["failed"] and answer["msg"].startswith(complaint), answer["msg"]
    assert double.log == [], "nobody is asked before what is declared is right"


def test_misspelt_variables(cluster: Cluster) -> None:
    assert "k8s_security_flow is no variable" in preflight(cluster, ["k8s_security_flow is no variable"])["msg"]


@pytest.mark.parametrize(
    ("verb", "resource", "state", "complaint"),
    [
        ("create", "networkpolicies", "present", "may create networkpolicies in omnimind"),
        ("list", "namespaces", "audit", "may list namespaces"),
        ("delete", "poddisruptionbudgets", "absent", "may delete poddisruptionbudgets in omnimind"),
        ("patch", "configmaps", "present", "may patch configmaps in omnimind"),
    ],
)
def test_accounts_that_may_not(
    cluster: Cluster, double: KubernetesDouble, verb: str, resource: str, state: str, complaint: str
) -> None:
    double.deny(verb, resource)
    answer = preflight(cluster, state=state, config_maps={"a": {"b": "c"}})
    assert answer["failed"] and complaint in answer["msg"], answer["msg"]
    assert answer["msg"].startswith(f"k8s_security_state: {state} needs an account")
    assert double.changes() == []


def test_an_audit_needs_to_read_only(cluster: Cluster, double: KubernetesDouble, tmp_path: Path) -> None:
    reader = Cluster(double.kubeconfig(tmp_path / "reader", READER_TOKEN), double, tmp_path / "cache")
    assert not preflight(reader, state="audit")["failed"]
    assert "may create namespaces, " in preflight(reader)["msg"]


def test_nobody_answers(cluster: Cluster) -> None:
    answer = run_module("k8s_security_preflight", host="http://127.0.0.1:9", variables=DEFAULTS)
    assert answer["failed"] and "cannot be reached" in answer["msg"]


def test_roll_outs_that_do_not_fit(cluster: Cluster, double: KubernetesDouble, tmp_path: Path) -> None:
    """A quota that is too small, and a budget that keeps every replica, in one answer."""
    asks = [container(resources={"requests": {"cpu": "3", "memory": "1Gi"}, "limits": {"memory": "1Gi"}})]
    store = workload("StatefulSet", "redis", 2, {"containers": asks})
    store["spec"]["selector"] = {"matchLabels": REDIS}
    store["spec"]["template"]["metadata"] = {"labels": REDIS}
    played = play_role(
        cluster,
        tmp_path,
        "k8s_security",
        manifests=[store],
        quota={"requests.cpu": "4"},
        budgets={"redis": {"min_available": 2}},
    )
    assert "k8s_security_quota: ResourceQuota omnimind/omnimind: requests.cpu 6 of 4" in played.failure
    assert "k8s_security_budgets.redis: omnimind/omnimind-redis wants 2 healthy pods of 2" in played.failure
    assert double.changes() == []


def test_flows_against_what_is_expected(cluster: Cluster, double: KubernetesDouble, tmp_path: Path) -> None:
    hole = [{"from": "frontend", "to": "redis", "ports": [6379]}]
    played = play_role(cluster, tmp_path, "k8s_security", more_flows=hole)
    assert "k8s_security_expected[0]: omnimind/any frontend to omnimind/any redis, TCP 6379" in played.failure
    assert "is allowed and shall be denied" in played.failure
    assert double.changes() == []
