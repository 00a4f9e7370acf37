"""Every alert has a runbook, which is about that alert and names only what there is."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import promql_parser
import pytest
import yaml
from tools.rules.expressions import metrics
from unit.monitoring import rendered

ROOT = rendered.ROOT
RUNBOOKS = ROOT / "docs" / "runbooks"
ALERTS = sorted({alert["alert"] for alert in rendered.alerts()})
PAGES = sorted(path for path in RUNBOOKS.glob("*.md") if path.stem != "README")
DASHBOARDS = {
    "omnimind-system": "System",
    "omnimind-application": "Application",
    "omnimind-business": "Business",
    "omnimind-multimodal": "Multi-modal",
    "omnimind-redis": "Redis Cluster",
}
HEADINGS = ["## How to see it", "## What to do", "## When to call for help"]
WITHIN_FENCES = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+)\)")
VARIABLE = re.compile(r"`((?:redis_cluster|backend|monitoring)_[a-z_]+)")
PLAYBOOK = re.compile(r"omnimind\.platform\.(\w+)")


def test_one_page_an_alert() -> None:
    assert [path.stem for path in PAGES] == ALERTS


def test_the_index_has_all() -> None:
    index = (RUNBOOKS / "README.md").read_text()
    severities: dict[str, set[str]] = {}
    for alert in rendered.alerts():
        severities.setdefault(alert["alert"], set()).add(alert["labels"]["severity"])
    for name, found in severities.items():
        told = ", ".join(severity for severity in ("critical", "warning", "info") if severity in found)
        assert f"| [{name}]({name}.md) | {told} |" in index
    assert index.count("](") == len(severities)


@pytest.mark.parametrize("name", ALERTS)
def test_a_page(name: str) -> None:
    text = (RUNBOOKS / f"{name}.md").read_text()
    rules = [alert for alert in rendered.alerts() if alert["alert"] == name]
    assert text.startswith(f"# {name}\n\nSeverity: ")
    said = text.splitlines()[2]
    for rule in rules:
        assert rule["labels"]["severity"] in said
    boards = {DASHBOARDS[rule["annotations"]["dashboard_url"].rpartition("/")[2]] for rule in rules}
    assert f"Dashboard: {boards.pop() if len(boards) == 1 else 'that of its signal'}." in said
    assert [line for line in text.splitlines() if line.startswith("## ")] == HEADINGS
    assert len(text.split()) < 320, "a page is read at night"


@pytest.mark.parametrize("path", [*PAGES, RUNBOOKS / "README.md"], ids=lambda path: path.stem)
def test_what_a_page_names_is_there(path: Path) -> None:
    text = path.read_text()
    for target in LINK.findall(text):
        assert (path.parent / target).exists(), target
    for playbook in PLAYBOOK.findall(text):
        assert (ROOT / "playbooks" / f"{playbook}.yml").exists(), playbook
    for variable in VARIABLE.findall(text):
        assert variable in defaults(), variable
    for kind, block in WITHIN_FENCES.findall(text):
        assert kind in ("promql", "console"), kind
        if kind == "promql":
            for line in block.splitlines():
                assert metrics(promql_parser.parse(line.partition("#")[0])), line


@cache
def defaults() -> set[str]:
    """Every variable of every role."""
    found: set[str] = set()
    for path in ROOT.glob("roles/*/defaults/main.yml"):
        found |= set(yaml.safe_load(path.read_text()))
    return found
