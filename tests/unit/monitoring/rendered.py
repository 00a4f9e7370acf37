"""The role's rules as Prometheus gets them, with the built-in numbers."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import yaml

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring import anomaly, slo, thresholds

ROOT = Path(__file__).resolve().parents[3]
FILES = ROOT / "roles" / "monitoring" / "files"
TEMPLATES = ROOT / "roles" / "monitoring" / "templates" / "rules"
RUNBOOKS = "https://runbooks.example/"
GRAFANA = "https://grafana.example"


def load(name: str) -> Any:
    """A YAML file of the role's files."""
    return yaml.safe_load((FILES / name).read_text())


@cache
def numbers() -> dict[str, float]:
    """The built-in thresholds by name."""
    return thresholds.merged(load("thresholds.yml"), {})


@cache
def texts() -> dict[str, str]:
    """Each rule file by its stem."""
    return {path.name.partition(".")[0]: rendered(path) for path in sorted(TEMPLATES.glob("*.yml.j2"))} | {
        "slo": yaml.safe_dump(slo.slo_rules(load("slos.yml"), numbers(), RUNBOOKS, GRAFANA)),
        "anomaly": yaml.safe_dump(anomaly.anomaly_rules(load("anomaly_signals.yml"), numbers(), RUNBOOKS, GRAFANA)),
    }


def rendered(path: Path, dashboards: str = GRAFANA) -> str:
    environment = jinja2.Environment(
        variable_start_string="[[", variable_end_string="]]", block_start_string="[%", block_end_string="%]",
        comment_start_string="[#", comment_end_string="#]", trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True, undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    template = environment.from_string(path.read_text())
    return template.render(thresholds=numbers(), runbooks=RUNBOOKS, dashboards=dashboards, scrape_interval=15)


@cache
def files() -> dict[str, dict[str, Any]]:
    """The content of each rule file by its stem."""
    return {name: yaml.safe_load(text) for name, text in texts().items()}


def rules(*names: str) -> list[dict[str, Any]]:
    """The rules of some files, of all when none is named."""
    chosen = [files()[name] for name in names or files()]
    return [rule for content in chosen for group in content["groups"] for rule in group["rules"]]


def alerts(*names: str) -> list[dict[str, Any]]:
    """Those of them that alert."""
    return [rule for rule in rules(*names) if "alert" in rule]


def write(directory: Path) -> list[Path]:
    """Each file as NAME.yml in a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in texts().items():
        (directory / f"{name}.yml").write_text(text)
    return [directory / f"{name}.yml" for name in texts()]
