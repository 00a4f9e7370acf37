# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Everything that the daemons of one host read, by relative path: mappings where a file is YAML, else texts.

Paths in it are relative, so that a copy of the directory can be judged before it takes the place of the old one.
"""
from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .durations import milliseconds
from .targets import is_numeric, joined

# What a complaint of promtool or amtool about a file is blamed on: the variable that it is made from.
SOURCES: dict[str, str | list[str]] = {
    "rules/user_*.yml": "rules",
    "rules/slo.yml": "slos",
    "rules/anomaly.yml": "anomaly_signals",
    "targets/*.yml": "address",
    "alertmanager/alertmanager.yml": ["receivers", "routes", "time_intervals"],
    "web.yml": ["user", "tls_certificate"],
    "prometheus/prometheus.yml": ["scrape_configs", "remote_write"],
}
VALIDATE = {
    "prometheus": [
        ["/usr/bin/promtool", "check", "config", "%s/prometheus/prometheus.yml"],
        ["/usr/bin/promtool", "check", "web-config", "%s/web.yml"],
    ],
    "alertmanager": [["/usr/bin/amtool", "check-config", "%s/alertmanager/alertmanager.yml"]],
}
PROGRAMS = {
    "prometheus": "/usr/bin/prometheus",
    "alertmanager": "/usr/bin/prometheus-alertmanager",
    "node_exporter": "/usr/bin/prometheus-node-exporter",
    "redis_exporter": "/usr/bin/prometheus-redis-exporter",
}
CERTIFICATE = {"cert_file": "tls/node.crt", "key_file": "tls/node.key"}


def configuration(variables: Mapping[str, Any], made: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments `files`, `secret_files`, `validate` and `sources` of the module config_directory.

    Args:
        variables: those of the role, by their names without its prefix.
        made: what came from elsewhere. `targets` by the lookup monitoring_targets, `hashes` of passwords by user, `rules` and
            `alertmanager` as texts or mappings by file name, `scripts` as texts by file name, `certificate` as texts by
            file name (empty without TLS), `redis_ca` as text.
    """
    parts = {
        "prometheus": prometheus_files,
        "alertmanager": alertmanager_files,
        "redis_exporter": redis_exporter_files,
        "node_exporter": node_exporter_files,
    }
    chosen = variables["components"]
    files: dict[str, Any] = {}
    secret: dict[str, Any] = {"web.yml": web_config(made["hashes"], bool(made["certificate"]))}
    for name, text in made["certificate"].items():
        (secret if name.endswith(".key") else files)[f"tls/{name}"] = text
    for name, text in variables["secrets"].items():
        secret[f"secrets/{name}"] = text
    for component, part in parts.items():
        if component in chosen:
            public, own = part(variables, made)
            files.update(public)
            secret.update(own)
    validate = [command for component, commands in VALIDATE.items() if component in chosen for command in commands]
    return {"files": files, "secret_files": secret, "validate": validate, "sources": SOURCES}


def web_config(hashes: Mapping[str, str], tls: bool) -> dict[str, Any]:
    """Who may ask Prometheus, Alertmanager and the node exporter, and by what certificate they are known."""
    return {"basic_auth_users": dict(hashes), **({"tls_server_config": CERTIFICATE} if tls else {})}


def prometheus_files(variables: Mapping[str, Any], made: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Public and secret files of Prometheus."""
    found = {f"prometheus/rules/{name}": content for name, content in rule_files(variables, made).items()}
    found |= {f"prometheus/targets/{job}.yml": entries for job, entries in made["targets"]["jobs"].items()}
    addresses = list(made["targets"]["alertmanagers"].values())
    found["prometheus/targets/alertmanagers.yml"] = [{"targets": addresses}] if addresses else []
    found["prometheus/prometheus.yml"] = prometheus_config(variables, bool(made["certificate"]))
    return found, {"prometheus/secrets/password": variables["password"]}


def prometheus_config(variables: Mapping[str, Any], tls: bool) -> dict[str, Any]:
    """prometheus.yml as a mapping."""
    login = {"username": variables["user"], "password_file": "secrets/password"}
    way: dict[str, Any] = {"basic_auth": login}
    if tls:
        way |= {"scheme": "https", "tls_config": {"ca_file": "../tls/ca.crt"}}
    own = [{"job_name": job, **way, **_discovered(job)} for job in ("prometheus", "alertmanager", "node")]
    backend = {"job_name": "omnimind_backend", **_discovered("omnimind_backend")}
    found: dict[str, Any] = {
        "global": global_settings(variables),
        "rule_files": ["rules/*.yml"],
        "alerting": {"alertmanagers": [{**way, **_discovered("alertmanagers")}]},
        "scrape_configs": [*own, _redis_job(variables, tls), backend, *variables["scrape_configs"]],
    }
    if variables["remote_write"]:
        found["remote_write"] = list(variables["remote_write"])
    return found


def global_settings(variables: Mapping[str, Any]) -> dict[str, Any]:
    """How often Prometheus looks, and what it calls itself to others."""
    interval = variables["scrape_interval"]
    return {
        "scrape_interval": interval,
        "scrape_timeout": interval if milliseconds(interval) < 10_000 else "10s",
        "evaluation_interval": variables["evaluation_interval"],
        "external_labels": dict(variables["external_labels"]),
    }


def rule_files(variables: Mapping[str, Any], made: Mapping[str, Any]) -> dict[str, Any]:
    """Rules by file name, with the user's own."""
    own = {f"user_{name}.yml": {"groups": groups} for name, groups in variables["rules"].items()}
    return {**made["rules"], **own}


def _discovered(name: str) -> dict[str, Any]:
    return {"file_sd_configs": [{"files": [f"targets/{name}.yml"]}]}


def _redis_job(variables: Mapping[str, Any], tls: bool) -> dict[str, Any]:
    """One exporter asks every node; what is watched, and so the instance, is the node."""
    exporter = f"127.0.0.1:{variables['redis_exporter_port']}"
    certificate = {"ca_file": "../tls/ca.crt", "cert_file": "../tls/node.crt", "key_file": "../tls/node.key"}
    return {
        "job_name": "redis",
        "metrics_path": "/scrape",
        **({"scheme": "https", "tls_config": {**certificate, "server_name": variables["address"]}} if tls else {}),
        **_discovered("redis"),
        "relabel_configs": [
            {"source_labels": ["__redis_scheme", "__address__"], "separator": "://", "target_label": "__param_target"},
            {"source_labels": ["__address__"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": exporter},
        ],
    }


def alertmanager_files(variables: Mapping[str, Any], made: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Public and secret files of Alertmanager."""
    return {f"alertmanager/{name}": content for name, content in made["alertmanager"].items()}, {}


def redis_exporter_files(variables: Mapping[str, Any], made: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Public and secret files of the exporter of Redis."""
    passwords = json.dumps(made["targets"]["redis_passwords"], indent=2, sort_keys=True) + "\n"
    ca = {"redis_exporter/ca.crt": made["redis_ca"]} if made["redis_ca"] else {}
    return ca, {"redis_exporter/passwords.json": passwords}


def node_exporter_files(variables: Mapping[str, Any], made: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Scripts whose metrics the node exporter exports besides its own, and when each runs."""
    table = textfile_jobs(variables)
    if not table:
        return {}, {}
    found: dict[str, Any] = {f"textfile/{name}": text for name, text in made["scripts"].items()}
    found["textfile/jobs.json"] = json.dumps(table, indent=2) + "\n"
    return found, {}


def textfile_jobs(variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What runs every so many seconds. The command's last words are the file that it writes and what it looks at."""
    scripts, out = f"{variables['config_directory']}/textfile", f"{variables['data_directory']}/node_exporter"
    found: list[dict[str, Any]] = []
    if "gpu" in variables["components"] and variables["nvidia_smi"]:
        command = [f"{scripts}/gpu.py", f"{out}/gpu.prom", variables["nvidia_smi"]]
        found.append({"name": "gpu", "every": 15, "command": command})
    certificates = [*([f"{variables['config_directory']}/tls/node.crt"] if variables["tls"] else [])]
    certificates += variables["certificates"]
    if certificates:
        command = [f"{scripts}/certificates.py", f"{out}/certificates.prom", *certificates]
        found.append({"name": "certificates", "every": 3600, "command": command})
    return found


def instances(variables: Mapping[str, Any], made: Mapping[str, Any]) -> dict[str, str]:
    """The command line of every daemon of a host, by the name of its instance."""
    ways = {
        "prometheus": prometheus_arguments,
        "alertmanager": alertmanager_arguments,
        "node_exporter": node_exporter_arguments,
        "redis_exporter": redis_exporter_arguments,
    }
    found = {name: ways[name](variables, made) for name in ways if name in variables["components"]}
    if "node_exporter" in found and textfile_jobs(variables):
        scripts = f"{variables['config_directory']}/textfile"
        found["textfile"] = ["/usr/bin/python3", "-IS", f"{scripts}/run.py", f"{scripts}/jobs.json"]
    return {name: " ".join(words) for name, words in found.items()}


def read_at_start(variables: Mapping[str, Any]) -> dict[str, list[str]]:
    """Files that a daemon reads when it starts and never again, by the name of its instance."""
    directory = variables["config_directory"]
    return {
        "redis_exporter": [f"{directory}/redis_exporter/passwords.json"],
        "textfile": [f"{directory}/textfile/{name}" for name in ("jobs.json", "run.py")],
    }


def _listening(variables: Mapping[str, Any], component: str) -> list[str]:
    address = joined(variables["listen_address"], variables[f"{component}_port"])
    return [f"--web.listen-address={address}", f"--web.config.file={variables['config_directory']}/web.yml"]


def prometheus_arguments(variables: Mapping[str, Any], made: Mapping[str, Any]) -> list[str]:
    size = variables["retention_size"]
    return [
        PROGRAMS["prometheus"],
        f"--config.file={variables['config_directory']}/prometheus/prometheus.yml",
        f"--storage.tsdb.path={variables['data_directory']}/prometheus",
        f"--storage.tsdb.retention.time={variables['retention_time']}",
        *([f"--storage.tsdb.retention.size={size}"] if size else []),
        *_listening(variables, "prometheus"),
        f"--web.external-url={variables['prometheus_url']}",
        *variables["prometheus_flags"],
    ]


def alertmanager_arguments(variables: Mapping[str, Any], made: Mapping[str, Any]) -> list[str]:
    return [
        PROGRAMS["alertmanager"],
        f"--config.file={variables['config_directory']}/alertmanager/alertmanager.yml",
        f"--storage.path={variables['data_directory']}/alertmanager",
        "--data.retention=120h",
        *_listening(variables, "alertmanager"),
        f"--web.external-url={variables['alertmanager_url']}",
        *cluster_arguments(variables, made["targets"]["peers"]),
        *variables["alertmanager_flags"],
    ]


def cluster_arguments(variables: Mapping[str, Any], peers: Mapping[str, str]) -> list[str]:
    """How an Alertmanager finds the others, when there are any."""
    others = [address for host, address in sorted(peers.items()) if host != variables["host"]]
    if not others:
        return ["--cluster.listen-address="]
    port = variables["alertmanager_cluster_port"]
    return [
        f"--cluster.listen-address={joined(variables['listen_address'], port)}",
        *([f"--cluster.advertise-address={joined(variables['address'], port)}"] if is_numeric(variables["address"]) else []),
        # A peer that waits less than a delivery takes sends a second copy.
        "--cluster.peer-timeout=15s",
        *(f"--cluster.peer={address}" for address in others),
    ]


def node_exporter_arguments(variables: Mapping[str, Any], made: Mapping[str, Any]) -> list[str]:
    return [
        PROGRAMS["node_exporter"],
        *_listening(variables, "node_exporter"),
        f"--collector.textfile.directory={variables['data_directory']}/node_exporter",
        *variables["node_exporter_flags"],
    ]


def redis_exporter_arguments(variables: Mapping[str, Any], made: Mapping[str, Any]) -> list[str]:
    """It knows no login in Debian's version, so it is on loopback, and with TLS it wants a client's certificate."""
    directory, tls = variables["config_directory"], f"{variables['config_directory']}/tls"
    return [
        PROGRAMS["redis_exporter"],
        "--redis.addr=",
        f"--redis.password-file={directory}/redis_exporter/passwords.json",
        *([f"--redis.user={variables['redis_user']}"] if variables["redis_user"] else []),
        *([f"--tls-ca-cert-file={directory}/redis_exporter/ca.crt"] if made["redis_ca"] else []),
        f"--web.listen-address=127.0.0.1:{variables['redis_exporter_port']}",
        *(_mutual(tls) if made["certificate"] else []),
        *variables["redis_exporter_flags"],
    ]


def _mutual(directory: str) -> Sequence[str]:
    return [
        f"--tls-server-cert-file={directory}/node.crt",
        f"--tls-server-key-file={directory}/node.key",
        f"--tls-server-ca-cert-file={directory}/ca.crt",
    ]
