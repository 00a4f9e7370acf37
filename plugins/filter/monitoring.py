# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters of the role monitoring. Each is documented in the YAML file of its name."""
from __future__ import annotations

import json

import yaml
from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring import (
    files,
    grafana,
    kubernetes_files,
)
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.alertmanager import alertmanager_config
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.anomaly import anomaly_rules
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.dashboards import dashboard_thresholds
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.durations import milliseconds
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.page import page
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.slo import slo_rules
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.targets import components
from ansible_collections.omnimind.platform.plugins.module_utils.plain import plain


def monitoring_plan(variables, made):
    """Everything that the daemons of a host read and run."""
    variables, made = plain(variables), plain(made)
    made = {**made, "rules": _rules(variables, made), "alertmanager": _delivery(variables, made)}
    jobs = made["targets"]["jobs"]
    plan = {
        "configuration": _as_texts(files.configuration(variables, made)),
        "grafana": _as_texts(_grafana(variables, made)) if "grafana" in variables["components"] else {},
        "running": {
            "instances": files.instances(variables, made),
            "read_at_start": files.read_at_start(variables),
            "targets": monitoring_counted(jobs),
            "peers": len(made["targets"]["peers"]),
        },
    }
    # Braces in it are Prometheus' own: it must not be taken for a template again.
    return wrap_var(plan)


def k8s_monitoring_plan(variables, made):
    """Everything that the monitoring of a namespace reads, and how it is judged."""
    variables, made = plain(variables), plain(made)
    variables["secrets_directory"] = kubernetes_files.SECRETS_DIRECTORY
    rules = {name: yaml.safe_load(text) for name, text in made["rules"].items()}
    rules = _rules(variables, {**made, "rules": rules})
    dashboards = {name: json.dumps(content) + "\n" for name, content in _dashboards(variables, made).items()}
    wanted = {**made, "rules": rules, "alertmanager": _delivery(variables, made), "dashboards": dashboards}
    plan = {
        part: {name: _text(content) for name, content in contents.items()}
        for part, contents in kubernetes_files.configuration(variables, wanted).items()
    }
    groups = [group["name"] for content in rules.values() for group in content["groups"]]
    complaints = list(kubernetes_files.complaints(plan, groups, variables["left_out_groups"]))
    if complaints:
        raise AnsibleFilterError("; ".join(f"k8s_monitoring_{text}" for text in complaints))
    judged = {**plan["prometheus"], **plan["alertmanager"]}
    check = {"files": judged, "validate": kubernetes_files.judging(list(judged)), "sources": kubernetes_files.SOURCES}
    return wrap_var({**plan, "check": check})


def _rules(variables, made):
    """Those from templates, and those that are made of service levels and signals."""
    leads = (made["thresholds"], variables["runbooks"], made["dashboards_url"])
    return {
        **made["rules"],
        "slo.yml": slo_rules(variables["slos"], *leads),
        "anomaly.yml": anomaly_rules(variables["anomaly_signals"], *leads),
    }


def _delivery(variables, made):
    messages = {f"templates/{name}": text for name, text in made["messages"].items()}
    return {"alertmanager.yml": alertmanager_config(variables), **messages}


def _grafana(variables, made):
    """With the dashboards that are wanted, and the numbers of the user in them."""
    texts = {name: json.dumps(content, indent=2) + "\n" for name, content in _dashboards(variables, made).items()}
    return grafana.configuration(variables, texts, made["certificate"])


def _dashboards(variables, made):
    return {
        name: _own_numbers(json.loads(text), name, variables, made)
        for name, text in made["dashboards"].items()
        if name.removesuffix(".json") in variables["dashboards"]
    }


def _own_numbers(dashboard, name, variables, made):
    places = made["places"].get(name.removesuffix(".json"), [])
    return dashboard_thresholds(dashboard, places, variables["thresholds"], variables["runbooks"])


def monitoring_counted(jobs):
    """How many targets each job has."""
    return {job: sum(len(entry["targets"]) for entry in entries) for job, entries in jobs.items()}


def monitoring_chosen(values, components):
    """Values of the components that are chosen."""
    return {component: value for component, value in values.items() if component in components}


def monitoring_seconds(duration):
    """A length of time in whole seconds, one at least."""
    return max(1, milliseconds(duration) // 1000)


def monitoring_packages(packages, chosen, versions, own):
    """Names for apt of the packages of the chosen components, and files in place of some."""
    wanted = {component: name for component, name in packages.items() if component in chosen}
    pinned = [
        name + (f"={versions[component]}" if versions.get(component) else "")
        for component, name in wanted.items()
        if not own.get(component)
    ]
    return {"names": pinned, "files": [own[component] for component in wanted if own.get(component)]}


def _as_texts(arguments):
    kinds = ("files", "secret_files")
    return {**arguments, **{kind: {path: _text(content) for path, content in arguments[kind].items()} for kind in kinds}}


def _text(content):
    """A mapping or a list as YAML, in the order that it has."""
    if isinstance(content, str):
        return str(content)
    return "# Ansible managed\n" + yaml.dump(plain(content), Dumper=_Dumper, sort_keys=False, width=160)


class _Dumper(yaml.SafeDumper):
    """Writes everything out: an alias would be YAML that not every reader knows."""

    def ignore_aliases(self, data):
        return True


class FilterModule:
    def filters(self):
        return {
            "k8s_monitoring_plan": k8s_monitoring_plan,
            "monitoring_chosen": monitoring_chosen,
            "monitoring_counted": monitoring_counted,
            "monitoring_components": components,
            "monitoring_packages": monitoring_packages,
            "monitoring_page": page,
            "monitoring_plan": monitoring_plan,
            "monitoring_seconds": monitoring_seconds,
        }
