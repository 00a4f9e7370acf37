"""The oldest ansible-core that meta/runtime.yml promises reads all playbooks and pages, and makes monitoring's plan."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from matrix.environments import PYTHONS_OF_OLD, bare, python_or_skip

from quality.tools import NAME, ROOT, inventories, playbooks, plugin_files, run

# The part of the role that works out what a host runs; what comes before it would look at the host.
PLAN = [
    {"ansible.builtin.group_by": {"key": "monitoring"}},
    {
        "ansible.builtin.include_role": {"name": f"{NAME}.monitoring", "tasks_from": "plan"},
        "vars": {"monitoring_password": "secret", "__monitoring_host": {"nvidia_smi": False, "grafana_command": ""}},
    },
    {"ansible.builtin.assert": {"that": "'alertmanager/alertmanager.yml' in __monitoring_plan.configuration.files"}},
]


@pytest.fixture
def oldest(record_property: Callable[[str, str], None]) -> Path:
    """Directory of that version's commands."""
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    version = runtime["requires_ansible"].removeprefix(">=")
    return bare(version, python_or_skip(record_property, f"ansible-core {version}", *PYTHONS_OF_OLD))


def collections(installed: Path) -> str:
    """A collections path of ours, as installed, and the community's, from the `ansible` package."""
    (community,) = [path for path in map(Path, sys.path) if (path / "ansible_collections" / "community").is_dir()]
    return f"{installed}:{community}"


def test_playbooks(oldest: Path, installed: Path) -> None:
    for inventory in inventories():
        run(
            oldest / "ansible-playbook", "--syntax-check", "-i", f"inventories/{inventory}", *playbooks(),
            ANSIBLE_COLLECTIONS_PATH=collections(installed),
        )  # fmt: skip


def test_modules(oldest: Path, installed: Path) -> None:
    for module in plugin_files("modules"):
        run(oldest / "ansible-doc", f"{NAME}.{module}", ANSIBLE_COLLECTIONS_PATH=collections(installed))


def test_plan_of_monitoring(oldest: Path, installed: Path, tmp_path: Path) -> None:
    """What variables and lookups hold has other types there, which filters must cope with."""
    playbook = tmp_path / "plan.yml"
    playbook.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": PLAN}]))
    run(
        oldest / "ansible-playbook", "--check", "-i", "localhost,", "-c", "local", playbook,
        ANSIBLE_COLLECTIONS_PATH=collections(installed),
    )  # fmt: skip
