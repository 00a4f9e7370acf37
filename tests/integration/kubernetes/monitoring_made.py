"""What the role k8s_monitoring makes of its variables, without a play."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import jinja2
import yaml

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring import thresholds

ROOT = Path(__file__).resolve().parents[3]
HOSTS = ROOT / "roles" / "monitoring"
ROLE = ROOT / "roles" / "k8s_monitoring"
GRAFANA = "https://grafana.example.com"
RUNBOOKS = "https://runbooks.example.com/"
_FILTERS = import_module("ansible_collections.omnimind.platform.plugins.filter.monitoring").FilterModule().filters()
_LOOKUP = import_module("ansible_collections.omnimind.platform.plugins.lookup.rule_templates")


@cache
def defaults() -> dict[str, Any]:
    """Variables by names without the role's; what Ansible would work out stands here."""
    texts = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
    found = {name.removeprefix("k8s_monitoring_"): value for name, value in texts.items()}
    signals = yaml.safe_load((HOSTS / "files" / "anomaly_signals.yml").read_text())
    return found | {
        "slos": yaml.safe_load((HOSTS / "files" / "slos.yml").read_text()),
        "anomaly_signals": [signal for signal in signals if signal["name"] not in ("cpu", "memory")],
        "prometheus_url": "http://prometheus.example.com",
        "alertmanager_url": "http://alertmanager.example.com",
        "grafana_url": GRAFANA,
        "runbooks": RUNBOOKS,
        "resources": {},
        "redis_sets": [{"name": "omnimind-redis", "pods": 6, "port": 6379}],
    }


def known_thresholds() -> dict[str, Any]:
    return yaml.safe_load((HOSTS / "files" / "thresholds.yml").read_text())


def plan(**variables: Any) -> dict[str, Any]:
    """What the filter k8s_monitoring_plan makes of the defaults and these."""
    numbers = thresholds.merged(known_thresholds(), variables.get("thresholds", {}))
    arguments = {"thresholds": numbers, "runbooks": RUNBOOKS, "dashboards": GRAFANA, "scrape_interval": 15}
    environment = jinja2.Environment(
        **_LOOKUP.MARKS, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    rules = {
        path.stem: environment.from_string(path.read_text()).render(arguments)
        for path in sorted((HOSTS / "templates" / "rules").glob("*.yml.j2"))
    }
    made = {
        "thresholds": numbers,
        "rules": rules,
        "messages": {path.name: path.read_text() for path in (HOSTS / "files" / "alertmanager").glob("*.tmpl")},
        "dashboards": {path.name: path.read_text() for path in (HOSTS / "files" / "dashboards").glob("*.json")},
        "dashboards_url": GRAFANA,
        "places": yaml.safe_load((HOSTS / "files" / "dashboard_thresholds.json").read_text()),
    }
    return _FILTERS["k8s_monitoring_plan"]({**defaults(), **variables}, made)


def write(files: dict[str, str], directory: Path) -> Path:
    """The files in a directory, which is returned."""
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    return directory
