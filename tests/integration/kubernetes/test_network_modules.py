"""The modules about network policies, over a cluster and without any."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils import basic
from integration.ansible_run import ROOT
from integration.ansible_run import run_module as run_with_ansible
from integration.kubernetes.cluster import Cluster, Object
from integration.kubernetes.manifests import container, policy, workload
from integration.waiting import eventually
from kubernetes_double import KubernetesDouble

REACHABILITY, ASSERT, DRIFT = "k8s_network_reachability_info", "k8s_network_flows_assert", "k8s_network_drift_info"
TO_API = {"ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": 8000}]}]}


def labelled(name: str, **spec: Any) -> Object:
    return policy(name, podSelector={"matchLabels": {"app": "api"}}, **spec)


def here(manifest: Object, namespace: str) -> Object:
    return {**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}}


def run_module(tmp_path: Path, name: str, arguments: Object) -> dict[str, Any]:
    """The answer of a module in check mode, in this process: libraries are imported once."""
    command = _command(tmp_path, name, arguments)
    said, argv = StringIO(), sys.argv
    basic._ANSIBLE_ARGS = None  # else it takes those of the module that was run before
    surroundings = dict(os.environ)
    try:
        for key in [key for key in os.environ if key.startswith(("K8S_", "KUBE"))]:
            del os.environ[key]
        sys.argv = command[1:]
        with redirect_stdout(said), pytest.raises(SystemExit):
            runpy.run_path(command[1], run_name="__main__")
    finally:
        sys.argv = argv
        os.environ.update(surroundings)
    return {"failed": False, **json.loads(said.getvalue())}


def run_without(tmp_path: Path, name: str, arguments: Object) -> dict[str, Any]:
    """The same where the library `kubernetes` is not installed."""
    library = tmp_path / "without" / "kubernetes"
    library.mkdir(parents=True, exist_ok=True)
    (library / "__init__.py").write_text("raise ImportError('not here')\n")
    path = os.pathsep.join([str(library.parent), str(ROOT / ".cache" / "collections")])
    command = _command(tmp_path, name, arguments)
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return {"failed": False, **json.loads(done.stdout)}


def _command(tmp_path: Path, name: str, arguments: Object) -> list[str]:
    given = tmp_path / "arguments.json"
    given.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": {"_ansible_check_mode": True, **arguments}}))
    return [sys.executable, str(ROOT / "plugins" / "modules" / f"{name}.py"), str(given)]


@pytest.fixture
def shop(cluster: Cluster, namespace: str) -> dict[str, Any]:
    """Options that lead to a namespace with policies, and with what makes pods."""
    for manifest in (policy("closed"), labelled("open", **TO_API)):
        assert cluster.create(manifest, namespace).status == 201
    for name, ports in (("web", []), ("api", [{"name": "http", "containerPort": 8000}, {"containerPort": 9000}])):
        made = workload("Deployment", name, 2, {"containers": [container(ports=ports)]})
        assert cluster.create(made, namespace).status == 201
    if cluster.double:
        cluster.double.add_nodes("one", "two")
        cluster.double.settle()
        cluster.double.forget_log()
    else:
        assert eventually(lambda: len(cluster.names("Pod", namespace)) == 4)
    return {"kubeconfig": str(cluster.kubeconfig), "namespaces": [namespace], "default_namespace": namespace}


def test_the_matrix_of_what_runs(cluster: Cluster, namespace: str, shop: Object, tmp_path: Path) -> None:
    found = run_module(tmp_path, REACHABILITY, {**shop, "destinations": [{"labels": {"app": "api"}}]})
    assert (found["failed"], found["changed"], found["allowed"]) == (False, False, 4), "both web to both api at 8000"
    assert found["denied"] == 4 + 2 * 2, "at 9000, and from one api to the other at both"
    assert found["policies"] == [f"{namespace}/closed", f"{namespace}/open"]
    allowed = [one for one in found["cells"] if one["allowed"]]
    assert {(one["port"], one["protocol"]) for one in allowed} == {(8000, "TCP")}
    assert all(one["policies"] == [f"{namespace}/open"] for one in allowed)
    assert all(one["source"].startswith(f"{namespace}/web-") for one in allowed)
    assert {one["code"] for one in found["findings"]} == {"open_egress"} and "supposed" not in found
    if cluster.double:
        assert cluster.double.changes() == [] and not [one for one in cluster.double.log if one.method != "GET"]


def test_the_matrix_of_what_would_run(namespace: str, shop: Object, tmp_path: Path) -> None:
    """Of templates, with a policy that is not there yet, from a file; and without one that is."""
    directory = tmp_path / "policies"
    directory.mkdir()
    more = labelled("more", ingress=[{"ports": [{"port": 9000}]}])
    (directory / "more.yml").write_text(yaml.safe_dump_all([more, None, here(labelled("closed"), "elsewhere")]))
    options = {**shop, "live": ["namespaces", "policies", "templates"], "src": [str(directory)], "absent": ["open"]}
    found = run_module(tmp_path, REACHABILITY, {**options, "show": "allowed", "sources": [f"{namespace}/web"]})
    assert [(one["source"], one["destination"], one["port"]) for one in found["cells"]] == [
        (f"{namespace}/web", f"{namespace}/api", 9000)
    ]
    supposed = found["supposed"]
    assert (supposed["extra"], supposed["missing"]) == (
        ["elsewhere/closed", f"{namespace}/more"],
        [f"{namespace}/open"],
    )
    assert {one["ports"] for one in supposed["closed"]} == {"8000"}
    assert {one["ports"] for one in supposed["opened"]} == {"9000"}


def test_expectations(namespace: str, shop: Object, tmp_path: Path) -> None:
    components = {name: {"labels": {"app": name}} for name in ("web", "api")}
    good = [
        {"from": "web", "to": "api", "ports": ["http"]},
        {"from": "api", "to": "web", "allowed": False},
        {"from": {"cidrs": ["0.0.0.0/0", "::/0"]}, "to": ["web", "api"], "allowed": False},
    ]
    found = run_module(tmp_path, ASSERT, {**shop, "components": components, "flows": good})
    assert (found["failed"], found["changed"], found["wrong"]) == (False, False, []) and found["checked"] > 10
    bad = [{"from": "web", "to": "api", "port": 9000}, {"from": "web", "to": "api", "port": 8000, "allowed": False}]
    found = run_module(tmp_path, ASSERT, {**shop, "components": components, "flows": bad})
    assert found["failed"] and len(found["wrong"]) == 8
    lines = found["msg"].splitlines()
    assert len(lines) == 9 and lines[1].startswith(f"flows[0]: {namespace}/web-")
    assert f"{namespace}/open spec.ingress[0] would allow it, but it is about TCP 8000, not TCP 9000" in lines[1]
    # What would be applied is judged before it is.
    open_all = {"definitions": [labelled("open", ingress=[{}])], "live": ["pods", "policies", "namespaces"]}
    found = run_module(tmp_path, ASSERT, {**shop, **open_all, "components": components, "flows": bad[:1]})
    assert not found["failed"]
    found = run_module(tmp_path, ASSERT, {**shop, "flows": [{"from": {"labels": {"app": "x"}}, "to": {"labels": {}}}]})
    assert found["failed"] and "proves nothing" in found["msg"]


def test_drift(cluster: Cluster, namespace: str, shop: Object, tmp_path: Path) -> None:
    wanted = {"definitions": [policy("closed"), labelled("open", **TO_API)]}
    found = run_module(tmp_path, DRIFT, {**shop, **wanted, "fail_on": ["edited", "extra", "missing"]})
    assert (found["failed"], found["drifted"], found["policies"], found["summary"]) == (False, False, [], [])
    cluster.create(labelled("hole", ingress=[{"ports": [{"port": 9000}]}]), namespace)
    cluster.patch("NetworkPolicy", namespace, "open", {"spec": {"ingress": []}})
    found = run_module(tmp_path, DRIFT, {**shop, **wanted, "fail_on": ["missing"]})
    assert not found["failed"] and (found["edited"], found["extra"]) == ([f"{namespace}/open"], [f"{namespace}/hole"])
    assert [(one["name"], one["change"]) for one in found["policies"]] == [
        (f"{namespace}/hole", "extra"),
        (f"{namespace}/open", "edited"),
    ]
    assert {one["ports"] for one in found["policies"][0]["opens"]} == {"9000"}
    assert {one["ports"] for one in found["policies"][1]["closes"]} == {"8000"}
    failed = run_module(tmp_path, DRIFT, {**shop, **wanted, "fail_on": ["opened"]})
    assert failed["failed"] and f"({namespace}/hole spec.ingress[0] allows the ingress)" in failed["msg"]
    assert "TCP 9000" in failed["msg"] and f"{namespace}/hole is extra" not in failed["msg"]
    assert failed["opened"] == found["opened"]
    elsewhere = {"definitions": [here(policy("closed"), "elsewhere")]}
    found = run_module(tmp_path, DRIFT, {**shop, **elsewhere})
    assert found["msg"] == "namespaces: NetworkPolicy elsewhere/closed is wanted, and elsewhere is not among them"


def test_what_an_account_may_not(double: KubernetesDouble, shop: Object, tmp_path: Path) -> None:
    double.deny("list", "namespaces")
    found = run_module(tmp_path, REACHABILITY, shop)
    assert found["failed"] and found["msg"].startswith("namespaces cannot be listed: ") and found["status"] == 403
    assert not run_module(tmp_path, REACHABILITY, {**shop, "live": ["policies", "pods"]})["failed"]
    double.deny("list", "networkpolicies")
    found = run_module(tmp_path, DRIFT, {**shop, "live": ["pods"], "definitions": [policy("closed")]})
    assert found["failed"] and found["msg"].startswith("networkpolicies cannot be listed: ")


def test_without_a_cluster_and_its_library(tmp_path: Path) -> None:
    # Nothing listens there, and nobody asks.
    nowhere = {"host": "http://127.0.0.1:1"}
    policies = {"definitions": [policy("closed"), labelled("open", **TO_API)]}
    endpoints = [
        {"name": name, "namespace": "default", "labels": {"app": name}, "ports": {"http": 8000}}
        for name in ("web", "api")
    ]
    inline = {**nowhere, **policies, "endpoints": endpoints}
    flows = [{"from": "default/web", "to": "default/api", "port": "http"}]
    asked = {REACHABILITY: {}, ASSERT: {"flows": flows}, DRIFT: {"found": [policy("closed")]}}
    answers = {name: run_without(tmp_path, name, {**inline, **more}) for name, more in asked.items()}
    assert not any(one["failed"] for one in answers.values()), answers
    assert (answers[REACHABILITY]["allowed"], answers[REACHABILITY]["denied"]) == (1, 1)
    assert answers[ASSERT]["checked"] == 1 and answers[DRIFT]["missing"] == ["default/open"]


@pytest.mark.parametrize(
    ("name", "options", "complaint"),
    [
        (REACHABILITY, {}, "one of the following is required: namespaces, definitions, src, endpoints"),
        (REACHABILITY, {"ports": [70000]}, "ports[0].port: it is a number from 1 to 65535, not 70000"),
        (REACHABILITY, {"sources": ["x"]}, "sources: there is no component, peer or endpoint 'x'"),
        (REACHABILITY, {"namespaces": ["x"]}, "the cluster at http://127.0.0.1:1 cannot be reached: "),
        (REACHABILITY, {"absent": ["x"]}, "absent: there is no live policy 'default/x'"),
        (REACHABILITY, {"src": ["/nowhere.yml"]}, "src: /nowhere.yml cannot be read: "),
        (ASSERT, {"flows": [{"from": "x", "to": "y"}]}, "flows[0].from: there is no component, peer or endpoint 'x'"),
        (ASSERT, {"flows": [], "others": "denied"}, "components: others are denied to components"),
        (ASSERT, {"flows": [], "components": {"x": {"label": {}}}}, "components.x.label: there is no such field"),
        (DRIFT, {"found": [{"kind": "Pod"}]}, "found[0]: it is no NetworkPolicy"),
        (DRIFT, {"found": [], "fail_on": ["wrong"]}, "value of fail_on must be one or more of: edited, extra"),
    ],
)
def test_what_is_refused(tmp_path: Path, name: str, options: Object, complaint: str) -> None:
    pods = [{"name": "pod", "namespace": "default"}]
    inline = {"definitions": [policy("closed")], "endpoints": pods} if options else {}
    found = run_module(tmp_path, name, {"host": "http://127.0.0.1:1", **inline, **options})
    assert found["failed"] and found["msg"].startswith(complaint), found["msg"]


def test_a_namespace_that_is_not_there(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    options = {"kubeconfig": str(cluster.kubeconfig), "namespaces": [f"{namespace}x"]}
    found = run_module(tmp_path, REACHABILITY, options)
    assert found["msg"] == f"namespaces: there is no namespace '{namespace}x'; is it {namespace}?"


def test_as_a_user_calls_it(shop: Object) -> None:
    found = run_with_ansible(REACHABILITY, {**shop, "ports": [80]}, "--check")
    assert not found["failed"] and found["denied"] == 12 and found["changed"] is False
