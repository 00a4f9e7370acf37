# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Everything that the monitoring of a namespace reads, by the object that has it and the file's name.

Rules, dashboards and delivery are those of hosts. What is other here is where targets come from: from names in DNS,
with the labels that rules and dashboards expect of every series, and no more. `job` is that of hosts, `host` is the
pod, and `instance` is the pod with its port.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import grafana
from .files import global_settings, rule_files

PORTS = {"prometheus": 9090, "alertmanager": 9093, "exporter": 9121, "grafana": 3000}
SECRETS_DIRECTORY = "/etc/alertmanager-secrets"  # where Alertmanager has its files with secrets
GRAFANA_DIRECTORY, DATA_DIRECTORY = "/etc/grafana", "/var/lib/omnimind"
LARGEST = 1_000_000  # bytes in a ConfigMap or a Secret: 1 MiB, less what describes it
RULES = "rules-"  # what the names of files with rules begin with: a ConfigMap has no directories
# What a complaint of promtool or amtool about a file is blamed on.
SOURCES: dict[str, str | list[str]] = {
    f"{RULES}user_*.yml": "rules",
    f"{RULES}slo.yml": "slos",
    f"{RULES}anomaly.yml": "anomaly_signals",
    "alertmanager.yml": ["receivers", "routes", "time_intervals"],
    "prometheus.yml": ["scrape_configs", "remote_write"],
}


def configuration(variables: Mapping[str, Any], made: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Files of `prometheus`, `alertmanager`, `grafana` and `dashboards`: mappings where a file is YAML, else texts.

    Args:
        variables: those of the role, by their names without its prefix.
        made: what came from elsewhere. `rules` as mappings, `alertmanager` as mappings or texts, and `dashboards` as
            texts, all by file name.
    """
    rules = {**rule_files(variables, made), "kubernetes.yml": presence_rules(variables)}
    rules = kept_rules(rules, variables["left_out_groups"], variables["dashboards"])
    return {
        "prometheus": {
            "prometheus.yml": prometheus_config(variables),
            **{RULES + name: content for name, content in rules.items()},
        },
        "alertmanager": dict(made["alertmanager"]) if variables["alertmanager"] else {},
        "grafana": grafana_files(variables) if variables["grafana"] else {},
        "dashboards": dict(made["dashboards"]) if variables["grafana"] else {},
    }


def complaints(files: Mapping[str, Mapping[str, str]], groups: Sequence[str], left_out: Sequence[str]) -> Iterator[str]:
    """What is wrong with it, as sentences that begin with a variable.

    Args:
        files: texts by object and name.
        groups: names of all groups of rules.
        left_out: of those that are not wanted.
    """
    for name in left_out:
        if name not in groups:
            yield f"left_out_groups: there is no group {name!r}; right would be any of {', '.join(groups)}"
    for name, variable in (("prometheus", "rules"), ("alertmanager", "secrets"), ("dashboards", "dashboards")):
        size = sum(len(text.encode()) for text in files[name].values())
        if size > LARGEST:
            yield f"{variable}: {size} bytes are too many for one object; right would be {LARGEST} at most"


def judging(names: Sequence[str]) -> list[list[str]]:
    """Commands by which tools judge a directory with all files, as the module config_check takes them.

    Of what the configuration names, such as a file with a password, nothing is where it is judged: hence the syntax
    only.
    """
    rules = [f"%s/{name}" for name in names if name.startswith(RULES)]
    checks = [["promtool", "check", "config", "--syntax-only", "%s/prometheus.yml"]]
    checks += [["promtool", "check", "rules", *rules]] if rules else []
    return checks + ([["amtool", "check-config", "%s/alertmanager.yml"]] if "alertmanager.yml" in names else [])


def kept_rules(
    rules: Mapping[str, Mapping[str, Any]], left_out: Sequence[str], dashboards: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Rules without the groups that have no data here, and without the links to dashboards that are not there."""
    found = {}
    for name, content in rules.items():
        groups = [group for group in content["groups"] if group["name"] not in left_out]
        if groups:
            found[name] = {"groups": [_linked(group, dashboards) for group in groups]}
    return found


def _linked(group: Mapping[str, Any], dashboards: Sequence[str]) -> dict[str, Any]:
    return {**group, "rules": [_rule(rule, dashboards) for rule in group["rules"]]}


def _rule(rule: Mapping[str, Any], dashboards: Sequence[str]) -> dict[str, Any]:
    link = str(rule.get("annotations", {}).get("dashboard_url", ""))
    if "/d/omnimind-" not in link or link.rpartition("/d/omnimind-")[2] in dashboards:
        return dict(rule)
    return {**rule, "annotations": {**rule["annotations"], "dashboard_url": ""}}


def prometheus_config(variables: Mapping[str, Any]) -> dict[str, Any]:
    """prometheus.yml as a mapping."""
    found: dict[str, Any] = {
        "global": global_settings(variables),
        "rule_files": [f"{RULES}*.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": alertmanagers(variables)}]}]},
        "scrape_configs": [*_jobs(variables), *variables["scrape_configs"]],
    }
    if variables["remote_write"]:
        found["remote_write"] = list(variables["remote_write"])
    return found


def alertmanagers(variables: Mapping[str, Any]) -> list[str]:
    """Addresses of those that are told: each pod by a name of its own, and any of elsewhere."""
    name, count = f"{variables['name']}-alertmanager", variables["alertmanager_replicas"]
    own = pods(variables, name, count, PORTS["alertmanager"]) if variables["alertmanager"] else []
    return [target for one in own for target in one["targets"]] + list(variables["other_alertmanagers"])


def _jobs(variables: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Jobs by the names that they have on hosts."""
    name = variables["name"]
    yield {"job_name": "prometheus", "static_configs": pods(variables, f"{name}-prometheus", 1, PORTS["prometheus"])}
    if variables["alertmanager"]:
        members = pods(variables, f"{name}-alertmanager", variables["alertmanager_replicas"], PORTS["alertmanager"])
        yield {"job_name": "alertmanager", "static_configs": members}
    if variables["exporter"]:
        yield _redis_job(variables)
    yield _backend_job(variables)


def pods(variables: Mapping[str, Any], name: str, count: Any, port: Any) -> list[dict[str, Any]]:
    """The pods of a StatefulSet as targets. They are known before they are there, so one that is missing is told of."""
    names = [f"{name}-{number}" for number in range(int(count))]
    return [
        {
            "targets": [f"{pod}.{name}.{variables['namespace']}.svc:{port}"],
            "labels": {"host": pod, "instance": f"{pod}:{port}"},
        }
        for pod in names
    ]


def _redis_job(variables: Mapping[str, Any]) -> dict[str, Any]:
    """One exporter asks every node; what is watched, and so the instance, is the node."""
    nodes = [
        target
        for one in variables["redis_sets"]
        for target in pods(variables, str(one["name"]), one["pods"], one["port"])
    ]
    exporter = f"{variables['name']}-exporter.{variables['namespace']}.svc:{PORTS['exporter']}"
    return {
        "job_name": "redis",
        "metrics_path": "/scrape",
        "static_configs": nodes,
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target", "replacement": "redis://$1"},
            {"target_label": "__address__", "replacement": exporter},
        ],
    }


def _backend_job(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Pods of a Deployment come and go: a Service without an address of its own names all that are there, ready or not.

    DNS calls such a pod by its address, with hyphens.
    """
    service = f"{variables['name']}-backend-targets.{variables['namespace']}.svc"
    return {
        "job_name": "omnimind_backend",
        "dns_sd_configs": [{"names": [f"_metrics._tcp.{service}"], "type": "SRV", "refresh_interval": "15s"}],
        "relabel_configs": [
            {
                "source_labels": ["__address__"],
                "regex": r"([^.]+)[.].+:(\d+)",
                "target_label": "instance",
                "replacement": "$1:$2",
            },
            {"source_labels": ["__address__"], "regex": r"([^.]+)[.].+", "target_label": "host"},
        ],
    }


def presence_rules(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Of a Deployment without any pod there is no target, and so nothing that is down."""
    alert = {
        "alert": "BackendDown",
        "expr": 'absent(up{job="omnimind_backend"})',
        "for": "1m",
        "labels": {"severity": "critical"},
        "annotations": {
            "summary": "There is no backend at all",
            "description": f"For a minute {variables['namespace']} has had no pod of the backend that could answer.",
            "runbook_url": f"{variables['runbooks']}BackendDown.md",
            "dashboard_url": "",
        },
    }
    return {"groups": [{"name": "kubernetes_alerts", "rules": [alert]}]}


def grafana_files(variables: Mapping[str, Any]) -> dict[str, Any]:
    """What Grafana reads when it starts. It asks Prometheus without a login, as policies decide who may."""
    where = {
        **variables,
        "grafana_config_directory": GRAFANA_DIRECTORY,
        "data_directory": DATA_DIRECTORY,
        "components": ["prometheus"],
        "address": f"{variables['name']}-prometheus.{variables['namespace']}.svc",
        "prometheus_port": PORTS["prometheus"],
        "listen_address": "",
        "grafana_port": PORTS["grafana"],
        "tls": False,
        # What its users log in to may be behind a gateway that speaks TLS.
        "grafana_ini": {
            **variables["grafana_ini"],
            "security": {
                "cookie_secure": str(variables["grafana_url"]).startswith("https:"),
                **variables["grafana_ini"].get("security", {}),
            },
        },
    }
    return {
        "grafana.ini": grafana.ini_text(grafana.settings(where)),
        "datasources.yml": grafana.datasource(where, "", ""),
        "dashboards.yml": grafana.provider(f"{GRAFANA_DIRECTORY}/dashboards"),
    }
