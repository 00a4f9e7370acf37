"""What a cluster refuses, and in which words: modules hand these on to users."""

from __future__ import annotations

from typing import Any

import pytest
from integration.kubernetes.cluster import Cluster
from integration.kubernetes.manifests import budget, config_map, container, pod, policy, service, workload

MISSPELT = {"podSelectorr": {"matchLabels": {"app": "web"}}}
PREFIX = 'NetworkPolicy in version "v1" cannot be handled as a NetworkPolicy: '


def test_a_misspelt_field_is_refused_where_it_is_strict(cluster: Cluster, namespace: str) -> None:
    answer = cluster.create(policy("a", **MISSPELT), namespace, fieldValidation="Strict")
    assert (answer.status, answer.body["reason"]) == (400, "BadRequest")
    assert answer.message == PREFIX + 'strict decoding error: unknown field "spec.podSelectorr"'
    deep = policy("a", ingress=[{"from": [{"podSelectr": {}}]}, {"port": []}])
    message = cluster.create(deep, namespace, fieldValidation="Strict").message
    assert 'unknown field "spec.ingress[0].from[0].podSelectr"' in message
    assert 'unknown field "spec.ingress[1].port"' in message
    assert cluster.names("NetworkPolicy", namespace) == []


def test_a_misspelt_field_is_only_warned_about_by_default(cluster: Cluster, namespace: str) -> None:
    """This is how a policy for some becomes one for all."""
    answer = cluster.create(policy("a", **MISSPELT), namespace)
    assert answer.status == 201
    assert answer.warnings == '299 - "unknown field \\"spec.podSelectorr\\""'
    assert answer.body["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
    ignored = cluster.create(policy("b", **MISSPELT), namespace, fieldValidation="Ignore")
    assert (ignored.status, ignored.warnings) == (201, "")
    assert cluster.create(policy("c"), namespace, fieldValidation="Sometimes").status in (400, 422)


def test_a_replacement_is_as_strict(cluster: Cluster, namespace: str) -> None:
    cluster.create(policy("a"), namespace)
    answer = cluster.replace(policy("a", **MISSPELT), namespace, fieldValidation="Strict")
    assert answer.status == 400 and 'unknown field "spec.podSelectorr"' in answer.message
    patched = cluster.patch("NetworkPolicy", namespace, "a", {"spec": MISSPELT}, fieldValidation="Strict")
    assert patched.status == 422 and 'strict decoding error: unknown field "spec.podSelectorr"' in patched.message


def test_a_field_that_is_there_twice(cluster: Cluster, namespace: str) -> None:
    body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"a":"1","a":"2"}}'
    path = cluster.path("ConfigMap", namespace)
    refused = send_text(cluster, path, body, "Strict")
    assert refused[0] == 400 and 'strict decoding error: duplicate field "data.a"' in refused[1]
    assert send_text(cluster, path, body, "Warn")[0] == 201


def send_text(cluster: Cluster, path: str, body: str, validation: str) -> tuple[int, str]:
    """A body that no client would write."""
    api = cluster.api
    headers = {"Content-Type": "application/json"}
    api.update_params_for_auth(headers, [], ["BearerToken"], path, "POST", body)
    url = f"{api.configuration.host}{path}?fieldValidation={validation}"
    response = api.rest_client.pool_manager.request("POST", url, body=body.encode(), headers=headers)
    return response.status, response.data.decode().replace('\\"', '"')


def test_wrong_types(cluster: Cluster, namespace: str) -> None:
    for manifest in (
        policy("a", ingress="none"),
        policy("a", podSelector=["app"]),
        config_map("a", {"number": 1}),  # type: ignore[dict-item]
        workload("Deployment", "a", "three"),  # type: ignore[arg-type]
    ):
        answer = cluster.create(manifest, namespace)
        assert answer.status == 400 and "cannot unmarshal" in answer.message, answer.body
    wrong = pod("a", containers=[container(resources={"limits": {"cpu": "much"}})])
    answer = cluster.create(wrong, namespace)
    assert answer.status == 400 and "quantities must match the regular expression" in answer.message
    another = {**config_map("a"), "kind": "Secret"}
    assert cluster.ask("post", cluster.path("ConfigMap", namespace), another).status == 400
    elsewhere = config_map("a")
    elsewhere["metadata"]["namespace"] = "default"
    answer = cluster.create(elsewhere, namespace)
    assert answer.status == 400
    assert answer.message == ("the namespace of the provided object does not match the namespace sent on the request")


def peer(**block: Any) -> dict[str, Any]:
    return {"egress": [{"to": [{"ipBlock": block}]}]}


def port(**fields: Any) -> dict[str, Any]:
    return {"ingress": [{"ports": [fields]}]}


@pytest.mark.parametrize(
    ("spec", "field", "words"),
    [
        (port(port=70000), "spec.ingress[0].ports[0].port", "must be between 1 and 65535, inclusive"),
        (port(port=0), "spec.ingress[0].ports[0].port", "must be between 1 and 65535, inclusive"),
        (port(port="HTTP_8080"), "spec.ingress[0].ports[0].port", ""),
        (port(port="longer-than-fifteen"), "spec.ingress[0].ports[0].port", ""),
        (port(port=80, protocol="ICMP"), "spec.ingress[0].ports[0].protocol", 'Unsupported value: "ICMP"'),
        (port(port=80, endPort=79), "spec.ingress[0].ports[0].endPort", "must be greater than or equal to `port`"),
        (port(endPort=90), "spec.ingress[0].ports[0].endPort", "may not be specified when `port` is not specified"),
        (port(port="http", endPort=90), "spec.ingress[0].ports[0].endPort", "when `port` is non-numeric"),
        (peer(cidr="10.0.0.0/33"), "spec.egress[0].to[0].ipBlock.cidr", "must be a valid CIDR value"),
        (peer(cidr="10.0.0.1"), "spec.egress[0].to[0].ipBlock.cidr", "must be a valid CIDR value"),
        (peer(cidr="10.0.0.0/24", **{"except": ["10.0.0.0/24"]}), "spec.egress[0].to[0].ipBlock.except[0]",
         "must be a strict subset of `cidr`"),
        (peer(cidr="10.0.0.0/24", **{"except": ["10.0.1.0/28"]}), "spec.egress[0].to[0].ipBlock.except[0]",
         "must be a strict subset of `cidr`"),
        ({"egress": [{"to": [{}]}]}, "spec.egress[0].to[0]", "must specify a peer"),
        ({"egress": [{"to": [{"podSelector": {}, "ipBlock": {"cidr": "10.0.0.0/8"}}]}]}, "spec.egress[0].to[0]",
         "may not specify both ipBlock and another peer"),
        ({"policyTypes": ["Inbound"]}, "spec.policyTypes[0]", 'Unsupported value: "Inbound"'),
        ({"podSelector": {"matchExpressions": [{"key": "a", "operator": "Is", "values": ["b"]}]}},
         "spec.podSelector.matchExpressions[0].operator", "not a valid selector operator"),
        ({"podSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}},
         "spec.podSelector.matchExpressions[0].values", "must be specified when `operator` is 'In' or 'NotIn'"),
        ({"podSelector": {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}},
         "spec.podSelector.matchExpressions[0].values", "when `operator` is 'Exists' or 'DoesNotExist'"),
    ],
)  # fmt: skip
def test_policies_that_cannot_be(
    cluster: Cluster, namespace: str, spec: dict[str, Any], field: str, words: str
) -> None:
    answer = cluster.create(policy("bad", **spec), namespace)
    assert (answer.status, answer.body["reason"]) == (422, "Invalid"), answer.body
    assert answer.message.startswith('NetworkPolicy.networking.k8s.io "bad" is invalid: ')
    causes = {cause["field"]: cause["message"] for cause in answer.body["details"]["causes"]}
    assert field in causes and words in causes[field]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"minAvailable": 1, "maxUnavailable": 1}, "minAvailable and maxUnavailable cannot be both set"),
        ({"minAvailable": -1}, "must be greater than or equal to 0"),
        ({"minAvailable": "101%"}, "must not be greater than 100%"),
        ({"maxUnavailable": "half"}, "a valid percent string must be"),
        ({"unhealthyPodEvictionPolicy": "Never"}, 'supported values: "AlwaysAllow", "IfHealthyBudget"'),
    ],
)
def test_budgets_that_cannot_be(cluster: Cluster, namespace: str, spec: dict[str, Any], words: str) -> None:
    answer = cluster.create(budget("bad", **spec), namespace)
    assert answer.status == 422 and words in answer.message, answer.body


def test_a_budget_is_replaced_only_by_who_knows_it(cluster: Cluster, namespace: str) -> None:
    made = cluster.create(budget("some", minAvailable=1), namespace).body
    answer = cluster.replace(budget("some", minAvailable=2), namespace)
    assert answer.status == 422 and "metadata.resourceVersion" in answer.message
    assert "must be specified for an update" in answer.message
    made["spec"]["minAvailable"] = 2
    made["metadata"]["resourceVersion"] = cluster.read("PodDisruptionBudget", namespace, "some").body["metadata"][
        "resourceVersion"
    ]
    assert cluster.replace(made, namespace).status == 200


def test_names_and_labels(cluster: Cluster, namespace: str) -> None:
    for name in ("Upper", "under_score", "-dash", "a" * 254):
        answer = cluster.create(config_map(name), namespace)
        assert answer.status == 422 and "metadata.name: Invalid value" in answer.message
    answer = cluster.create(config_map("a", labels={"app": "a b"}), namespace)
    assert answer.status == 422 and "metadata.labels: Invalid value" in answer.message
    assert cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}, namespace).status == 422


def test_workloads_that_cannot_be(cluster: Cluster, namespace: str) -> None:
    stranger = workload("Deployment", "web", 0)
    stranger["spec"]["selector"] = {"matchLabels": {"app": "other"}}
    answer = cluster.create(stranger, namespace)
    assert answer.status == 422 and "`selector` does not match template `labels`" in answer.message
    still = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 0}}
    answer = cluster.create(workload("Deployment", "web", 0, strategy=still), namespace)
    assert answer.status == 422 and "may not be 0 when `maxSurge` is 0" in answer.message
    assert cluster.create(workload("StatefulSet", "redis", 0, {"containers": []}), namespace).status == 422
    greedy = container(resources={"requests": {"cpu": 2}, "limits": {"cpu": 1}})
    answer = cluster.create(workload("Deployment", "web", 0, {"containers": [greedy]}), namespace)
    assert answer.status == 422 and "must be less than or equal to cpu limit of 1" in answer.message
    two = [{"port": 80}, {"port": 81}]
    assert cluster.create(service("web", ports=two), namespace).status == 422
    assert cluster.create(service("web", ports=[]), namespace).status == 422
