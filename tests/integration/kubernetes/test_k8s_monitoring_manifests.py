"""The manifests of the role k8s_monitoring, by the schemas of the versions of Kubernetes that it is for."""

from __future__ import annotations

import base64
import json
from functools import cache
from typing import Any

import jinja2
import kubernetes_validate
import pytest
import yaml
from integration.kubernetes import monitoring_made

VERSIONS = [f"1.{minor}" for minor in range(31, 37)]
TEMPLATES = monitoring_made.ROLE / "templates"
OWN_WORKLOADS = ("StatefulSet", "Deployment")


@cache
def environment() -> jinja2.Environment:
    """Jinja with what the templates use of Ansible."""
    made = jinja2.Environment(trim_blocks=True, undefined=jinja2.ChainableUndefined)
    made.filters.update(
        b64encode=lambda text: base64.b64encode(text.encode()).decode(),
        basename=lambda path: path.rpartition("/")[2],
        combine=lambda one, other: {**one, **other},
        to_json=json.dumps,
        zip=zip,
    )
    return made


def manifests(**variables: Any) -> dict[str, dict[str, Any]]:
    """Every object, by the name of its template."""
    given = {f"k8s_monitoring_{name}": value for name, value in {**monitoring_made.defaults(), **variables}.items()}
    part = {"app.kubernetes.io/part-of": "omnimind"}
    components = ("prometheus", "alertmanager", "exporter", "grafana", "backend")
    resources = {"requests": {"cpu": "1m", "memory": "1Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}}
    given |= {
        "__k8s_monitoring_selector": {name: {**part, "app.kubernetes.io/component": name} for name in components},
        "__k8s_monitoring_managed": {"app.kubernetes.io/managed-by": "omnimind.platform"},
        "__k8s_monitoring_resources": dict.fromkeys(components, resources),
        "__k8s_monitoring_secret_version": dict.fromkeys(components, "7"),
        "__k8s_monitoring_image_prefix": "mirror.example.com/",
        "__k8s_monitoring_plan": monitoring_made.plan(),
        "__k8s_monitoring_prometheus": {"config_map": "omnimind-prometheus-0123456789"},
    }
    return {
        path.name.partition(".")[0]: yaml.safe_load(environment().from_string(path.read_text()).render(given))
        for path in sorted(TEMPLATES.glob("*.yaml.j2"))
    }


USUAL = {"grafana_admin_password": "planted", "secrets": {"slack_url": "planted"}}
ALL = USUAL | {
    "pull_secrets": ["a", "b"],
    "prometheus_secret": "own",
    "alertmanager_secret": "own",
    "grafana_secret": "own",
    "storage_class": "fast",
    "redis_user": "monitor",
    "retention_size": "",
    "alertmanager_replicas": 1,
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("variables", [USUAL, ALL], ids=["usual", "all"])
def test_manifests_are_valid(variables: dict[str, Any], version: str) -> None:
    for manifest in manifests(**variables).values():
        kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("variables", [USUAL, ALL], ids=["usual", "all"])
def test_pods_are_restricted(variables: dict[str, Any]) -> None:
    for manifest in manifests(**variables).values():
        if manifest["kind"] not in OWN_WORKLOADS:
            continue
        pod = manifest["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False and "serviceAccountName" not in pod
        assert pod["securityContext"]["runAsNonRoot"] is True and pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["image"].startswith("mirror.example.com/") and ":" in container["image"]
        assert {"readinessProbe", "livenessProbe", "resources"} <= set(container)
        # A list of ports that has one number twice is merged into one by kubernetes.core.
        ports = [port["containerPort"] for port in container["ports"]]
        assert len(ports) == len(set(ports))
        mounted = {mount["name"] for mount in container.get("volumeMounts", [])}
        claims = {claim["metadata"]["name"] for claim in manifest["spec"].get("volumeClaimTemplates", [])}
        assert mounted == {volume["name"] for volume in pod.get("volumes", [])} | claims


def test_configuration_is_where_it_is_looked_for() -> None:
    found = manifests(**USUAL)
    alertmanager = found["alertmanager"]["spec"]["template"]["spec"]["volumes"][0]["secret"]["items"]
    assert alertmanager == [
        {"key": "alertmanager.yml", "path": "alertmanager.yml"},
        {"key": "omnimind.tmpl", "path": "templates/omnimind.tmpl"},
    ]
    assert set(found["alertmanager_secret"]["data"]) == {"alertmanager.yml", "omnimind.tmpl"}
    sources = found["grafana"]["spec"]["template"]["spec"]["volumes"][0]["projected"]["sources"]
    paths = [item["path"] for source in sources for item in next(iter(source.values()))["items"]]
    assert "secrets/admin_password" in paths and "dashboards/redis.json" in paths
    text = json.dumps({name: one for name, one in found.items() if one["kind"] != "Secret"})
    assert "planted" not in text


def test_nothing_of_a_template_is_left_over() -> None:
    for name, manifest in manifests(**USUAL).items():
        assert "{{" not in json.dumps({key: value for key, value in manifest.items() if key != "data"}), name
