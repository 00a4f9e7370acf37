"""The role k8s_security: its defaults allow what is written here by hand, and what is wrong is refused by name."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes import namespaces
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.errors import KubernetesFailure
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.endpoints import (
    Cluster,
    read_endpoint,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.evaluation import Evaluator
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.matrix import Matrix
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.policies import read_policies
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.warnings import find_warnings
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.security.declaration import read_declared
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.security.guard_set import (
    wanted_objects,
    work_to_do,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.security.prospects import looked_at
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.security.report import (
    budget_complaints,
    report,
)

ROLE = Path(__file__).resolve().parents[3] / "roles" / "k8s_security"
DEFAULTS = {
    name[len("k8s_security_") :]: value
    for name, value in yaml.safe_load((ROLE / "defaults" / "main.yml").read_text(encoding="utf-8")).items()
}
OWN = ("frontend", "backend", "redis", "sentinel", "exporter", "prometheus", "alertmanager", "grafana")

# Written by hand, not made of the flows.
ALLOWED = {
    "gateway > frontend": {"TCP 8080"},
    "gateway > backend": {"TCP 8000"},
    "gateway > grafana": {"TCP 3000"},
    "frontend > backend": {"TCP 8000"},
    "backend > redis": {"TCP 6379"},
    "backend > sentinel": {"TCP 26379"},
    "redis > redis": {"TCP 6379", "TCP 16379"},
    "sentinel > redis": {"TCP 6379"},
    "sentinel > sentinel": {"TCP 26379"},
    "exporter > redis": {"TCP 6379"},
    "exporter > sentinel": {"TCP 26379"},
    "prometheus > backend": {"TCP 8000"},
    "prometheus > exporter": {"TCP 9121"},
    "prometheus > prometheus": {"TCP 9090"},
    "prometheus > alertmanager": {"TCP 9093"},
    "prometheus > grafana": {"TCP 3000"},
    "alertmanager > alertmanager": {"TCP 9093", "TCP 9094", "UDP 9094"},
    "grafana > prometheus": {"TCP 9090"},
    "grafana > alertmanager": {"TCP 9093"},
    **{f"{name} > dns": {"TCP 53", "UDP 53"} for name in OWN},
}
PORTS = [
    *((port, "TCP") for port in (22, 53, 80, 443, 3000, 6378, 6379, 8000, 8080, 9090, 9093, 9094, 9121, 9122)),
    *((port, "TCP") for port in (16379, 26379, 65535)),
    *((port, "UDP") for port in (53, 8000, 9094)),
]


def common(component: str) -> dict[str, str]:
    return {"app.kubernetes.io/part-of": "omnimind", "app.kubernetes.io/component": component}


def platform() -> Cluster:
    """Two pods of every component, peers, those who look like them elsewhere, and strangers."""
    pods = [(f"{name}-{number}", "omnimind", common(name)) for name in OWN for number in (0, 1)]
    pods += [
        ("gateway-0", "gateway-system", {"app": "gateway"}),
        ("dns-0", "kube-system", {"k8s-app": "kube-dns"}),
        ("stranger-0", "omnimind", {"app.kubernetes.io/component": "frontend"}),
        ("stranger-1", "omnimind", {"app": "gateway", "k8s-app": "kube-dns"}),
        ("other-0", "gateway-system", {"app": "certificates"}),
        ("other-1", "kube-system", {"k8s-app": "metrics"}),
        ("copy-0", "default", common("backend")),
        ("copy-1", "default", {"app": "gateway", "k8s-app": "kube-dns"}),
    ]
    entries = [{"name": name, "namespace": where, "labels": labels} for name, where, labels in pods]
    entries += [
        {"name": "internet-0", "addresses": ["203.0.113.7"]},
        {"name": "internet-1", "addresses": ["2001:db8::7"]},
    ]
    for index, one in enumerate(entries):
        one.setdefault("addresses", [f"10.0.0.{index + 1}", f"fd00::{index + 1}"])
    where = {str(entry["namespace"]): {} for entry in entries if "namespace" in entry}
    return Cluster(tuple(read_endpoint(str(one["name"]), one) for one in entries), where)


def declared(**changes: Any) -> Any:
    return read_declared({**deepcopy(DEFAULTS), **changes})


def test_the_matrix_of_the_defaults_has_no_wrong_cell() -> None:
    policies, cells, seen = read_policies(declared().policies), Counter(), set()
    matrix = Matrix(Evaluator(policies, platform()))
    for port, protocol in PORTS:
        for cell in matrix.cells(port, protocol):
            end = " > ".join(one.name.rpartition("-")[0] for one in (cell.source, cell.destination))
            ours = "omnimind" in (cell.source.namespace, cell.destination.namespace)
            expected = f"{protocol} {port}" in ALLOWED.get(end, ()) if ours else True
            assert cell.allowed == expected, (cell, matrix.verdict(cell).reason)
            cells[ours, expected] += 1
            seen |= {end} if ours and expected else set()
    assert seen == set(ALLOWED), "every flow was tried"
    assert cells[True, True] > 100 and cells[True, False] > 10000


def test_nothing_is_wrong_with_the_policies_of_the_defaults() -> None:
    assert declared().complaints == []
    assert find_warnings(read_policies(declared().policies), platform()) == []


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"namespace": "Omni"}, "namespace: 'Omni' is no name"),
        ({"policy_set": "a b"}, "policy_set: 'a b' is no name"),
        ({"part_of": ""}, "part_of: '' is no name"),
        ({"flows": [{"from": "bakend", "to": "redis", "ports": [1]}]}, "flows[0].from: there is no component or peer"),
        (
            {"more_flows": [{"from": "backend", "to": "redis", "ports": [65536]}]},
            "more_flows[0].ports[0].port: it is a",
        ),
        ({"gateway_namespace": ""}, "flows[0].from: there is no component or peer 'gateway'"),
        ({"gateway_labels": {"app": 1}}, "gateway_labels.app: a label is a text"),
        ({"gateway_namespace": "A"}, "gateway_namespace: 'A' is no name"),
        ({"components": {"web": {"label": {}}}}, "components.web.label: there is no such field"),
        ({"peers": {"redis": {"namespace": "a"}}}, "peers.redis: a component has this name"),
        ({"dns": ["names"]}, "dns: there is no component or peer 'names'"),
        (
            {"budgets": {"frontent": {"max_unavailable": 1}}},
            "budgets.frontent: there is no component 'frontent'; is it",
        ),
        ({"budgets": {"redis": {}}}, "budgets.redis: it has one of min_available and max_unavailable"),
        ({"budgets": {"redis": {"max_unavailable": 0}}}, "budgets.redis.max_unavailable: 0 lets no pod go, ever"),
        ({"budgets": {"redis": {"min_available": "100%"}}}, "budgets.redis.min_available: 100% lets no pod go, ever"),
        ({"budgets": {"redis": {"min_available": "most"}}}, "budgets.redis.min_available: it is a number or a percent"),
        ({"budgets": {"redis": {"min_available": 1, "unhealthy": "No"}}}, "budgets.redis.unhealthy: it is AlwaysAllow"),
        ({"quota": {"requests.cpu": "two"}}, "quota.requests.cpu: it is a quantity such as"),
        ({"limit_range": [{"type": "Contaner"}]}, "limit_range[0].type: it is one of"),
        (
            {"limit_range": [{"type": "Container", "default": {"cpu": "1"}, "defaultRequest": {"cpu": "2"}}]},
            "limit_range[0].defaultRequest.cpu: 2 is more than default, which is 1",
        ),
        ({"config_maps": {"a": {"b/c": ""}}}, "config_maps.a: 'b/c' is no name of a file"),
        ({"config_maps": {"a": {"b": 1}}}, "config_maps.a.b: it is a text, not 1"),
        ({"pod_security_version": "1.31"}, "pod_security_version: '1.31' is none"),
        ({"manifests": [{"kind": "Pod"}]}, "manifests[0].metadata: it is missing"),
    ],
)
def test_what_is_refused_names_the_variable(changes: dict[str, Any], complaint: str) -> None:
    complaints = declared(**changes).complaints
    assert [text for text in complaints if text.startswith(complaint)], complaints


def test_all_that_is_wrong_is_told_at_once() -> None:
    wrong = declared(quota={"pods": "x"}, budgets={"redis": {}}, config_maps=[], pod_security_version="new")
    assert [text.partition(":")[0] for text in wrong.complaints] == [
        "config_maps", "pod_security_version", "quota.pods", "budgets.redis",
    ]  # fmt: skip


def test_what_is_removed_needs_no_more_than_its_name() -> None:
    assert declared(state="absent", flows=[{"from": "nobody"}], quota={"pods": "x"}).complaints == []


def test_namespaces_of_peers_are_looked_at() -> None:
    peers = {"team": {"namespace_labels": {"team": "a"}}, "all": {"namespace_labels": {}}}
    live = {"omnimind": {}, "kube-system": {}, "a": {"team": "a"}, "b": {"team": "b"}}
    assert looked_at(declared(peers=peers), live) == ["a", "kube-system", "omnimind"]


def quota(name: str, cpu: str, set_name: str = "platform") -> dict[str, Any]:
    labels = {"omnimind.platform/quota-set": set_name, "theirs": "x"}
    metadata = {"name": name, "namespace": "shop", "labels": labels, "resourceVersion": "7"}
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": {"hard": {"cpu": cpu}}}


def wanted(name: str, cpu: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name}, "spec": {"hard": {"cpu": cpu}}}


def test_guards_are_made_replaced_and_removed_by_what_they_mean() -> None:
    live = [quota("same", "1"), quota("edited", "2"), quota("former", "1"), quota("foreign", "1", "others")]
    given = [wanted("same", "1000m"), wanted("edited", "3"), wanted("new", "1")]
    work = work_to_do(wanted_objects(given, "shop", "platform", ["ResourceQuota"]), live, "platform", adopt=False)
    assert [one["metadata"]["name"] for one in work.create] == ["new"]
    assert [one["metadata"]["name"] for one in work.remove] == ["former"]
    ((new, _former),) = work.replace
    assert new["spec"] == {"hard": {"cpu": "3"}}
    assert new["metadata"]["labels"]["theirs"] == "x" and new["metadata"]["resourceVersion"] == "7"


def test_what_others_made_is_not_taken_over_unasked() -> None:
    given = wanted_objects([wanted("all", "1")], "shop", "platform", ["ResourceQuota"])
    with pytest.raises(KubernetesFailure, match="adopt: ResourceQuota shop/all is there"):
        work_to_do(given, [quota("all", "1", "others")], "platform", adopt=False)
    assert len(work_to_do(given, [quota("all", "1", "others")], "platform", adopt=True).replace) == 1


def test_labels_of_a_namespace_go_when_they_are_ours() -> None:
    labels = {"a": "1", "b": "2", "theirs": "x"}
    live = {"metadata": {"labels": labels, "annotations": {namespaces.OWN_LABELS: '["a", "b"]'}}}
    assert namespaces.changes(live, {"b": "3"}) == {"a": None, "b": "3"}
    assert namespaces.changes(live, {"a": "1", "b": "2"}) == {}
    assert not namespaces.is_ours(live) and namespaces.is_ours(namespaces.manifest("shop", {}))


def test_a_report_says_what_is_not_as_declared() -> None:
    found = {
        "namespace_name": "shop",
        "exists": True,
        "policies": [],
        "drift": {"summary": ["shop/debug is extra", "opened: shop/a to shop/b, TCP 1 (why)"]},
        "namespace": {"labels": {"level": "restricted", "old": None}},
        "guards": {"created": ["ResourceQuota shop"], "replaced": [], "removed": []},
        "budgets": {"problems": [{"severity": "error", "code": "budget_matches_nothing", "message": "no pod"}]},
    }
    told = report(found, ["opened", "labels"])
    assert told["counts"] == {"extra": 1, "opened": 1, "guards": 1, "labels": 2, "warnings": 1}
    assert told["failures"] == [
        "opened: shop/a to shop/b, TCP 1 (why)",
        "Namespace shop: label level is not restricted",
        "Namespace shop: label old is not ours any more, and still there",
    ]
    assert "ResourceQuota shop/shop is missing" in told["lines"]
    assert report({"namespace_name": "shop", "exists": True, "policies": []}, [])["lines"] == [
        "everything is as declared"
    ]


def test_only_errors_about_budgets_of_ours_are_complaints() -> None:
    ours = "PodDisruptionBudget omnimind/omnimind-frontend"
    problems = [
        {"severity": severity, "code": code, "message": "m", "objects": [about]}
        for severity, code, about in (
            ("error", "budget_zero", ours), ("warning", "unhealthy_policy", ours),
            ("error", "budget_matches_nothing", ours), ("error", "budget_zero", "PodDisruptionBudget a/b"),
        )
    ]  # fmt: skip
    assert budget_complaints(problems, declared().guards) == ["k8s_security_budgets.frontend: m"]
