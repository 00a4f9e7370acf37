"""What talks, read from objects of the API and from declarations."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.errors import ManifestError
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.endpoints import (
    NamedPort,
    outside,
    read_endpoint,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.objects import read_cluster

POD = {
    "kind": "Pod",
    "metadata": {"name": "web-0", "namespace": "shop", "labels": {"app": "web"}},
    "spec": {
        "nodeName": "one",
        "containers": [
            {"name": "web", "ports": [{"name": "http", "containerPort": 80}, {"containerPort": 81}]},
            {"name": "names", "ports": [{"name": "dns", "containerPort": 53, "protocol": "UDP"}]},
        ],
        "initContainers": [
            {"name": "beside", "restartPolicy": "Always", "ports": [{"name": "proxy", "containerPort": 9}]},
            {"name": "before", "ports": [{"name": "gone", "containerPort": 10}]},
        ],
    },
    "status": {"phase": "Running", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}]},
}


def changed(**sections: dict[str, Any]) -> dict[str, Any]:
    return {**POD, **{name: {**POD[name], **fields} for name, fields in sections.items()}}


def test_a_pod() -> None:
    (pod,) = read_cluster([POD]).endpoints
    assert (str(pod), pod.labels, pod.node, pod.families) == ("shop/web-0", {"app": "web"}, "one", (4, 6))
    assert pod.ports == (NamedPort("http", 80), NamedPort("dns", 53, "UDP"), NamedPort("proxy", 9))
    assert pod.policed and not pod.several


def test_a_pod_that_is_over_does_not_talk() -> None:
    assert read_cluster([changed(status={"phase": phase}) for phase in ("Succeeded", "Failed")]).endpoints == ()
    (waiting,) = read_cluster([changed(status={"phase": "Pending", "podIPs": None, "podIP": None})]).endpoints
    assert waiting.addresses == ()


def test_a_pod_in_the_network_of_its_node() -> None:
    (pod,) = read_cluster([changed(spec={"hostNetwork": True})]).endpoints
    assert pod.host_network and not pod.policed


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"])
def test_what_makes_pods_stands_for_several(kind: str) -> None:
    template = {"template": {"metadata": {"labels": {"app": "web"}}, "spec": POD["spec"]}}
    spec = {"jobTemplate": {"spec": template}} if kind == "CronJob" else template
    (pod,) = read_cluster([{"kind": kind, "metadata": {"name": "web"}, "spec": spec}], namespace="shop").endpoints
    assert (str(pod), pod.labels, pod.several, pod.addresses) == ("shop/web", {"app": "web"}, True, ())


def test_namespaces_and_nodes_and_what_does_not_talk() -> None:
    address = {"type": "InternalIP", "address": "10.9.0.1"}
    cluster = read_cluster(
        [
            {"kind": "Namespace", "metadata": {"name": "shop", "labels": {"team": "a"}}},
            {"kind": "Node", "metadata": {"name": "one"}, "status": {"addresses": [address, {"type": "Hostname"}]}},
            {"kind": "ConfigMap", "metadata": {"name": "x"}, "data": {}},
            POD,
        ],
        others=[outside("203.0.113.7")],
    )
    assert [str(one) for one in cluster.endpoints] == ["node one", "shop/web-0", "203.0.113.7"]
    assert cluster.namespace_labels("shop") == {"team": "a", "kubernetes.io/metadata.name": "shop"}
    assert cluster.namespace_labels("other") == {"kubernetes.io/metadata.name": "other"}
    assert [one.policed for one in cluster.endpoints] == [False, True, False]


@pytest.mark.parametrize(
    ("declared", "complaint"),
    [
        ({}, "pods[0].name: it is missing"),
        ({"name": "a", "label": {}}, "pods[0].label: there is no such field; is it labels?"),
        ({"name": "a", "addresses": ["10.0.0"]}, "pods[0].addresses: '10.0.0' is no address"),
        ({"name": "a", "ports": {"http": "80"}}, "pods[0].ports.http: it is the number of a port, not '80'"),
        ({"name": "a", "ports": [80]}, "pods[0].ports: it is a mapping"),
        ({"name": "a", "labels": {"b": 1}}, "pods[0].labels.b: a label is a text"),
    ],
)
def test_a_declaration_that_is_wrong(declared: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ManifestError) as refused:
        read_endpoint("pods[0]", declared)
    assert refused.value.message.startswith(complaint)
