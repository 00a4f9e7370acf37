"""An ansible-core from before those that are promised is refused before any change, with what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from integration.ansible_run import run_playbook
from matrix.environments import PYTHONS_OF_OLD, TOO_OLD, bare, python_or_skip

from quality.tools import ROOT

VARIABLES = {
    "ansible_connection": "local",
    "ansible_python_interpreter": "/usr/bin/python3",
    "redis_cluster_password": "swordfish",
    "redis_sentinel_password": "swordfish",
    "monitoring_password": "swordfish",
}


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This host, in every group there is."""
    file = tmp_path_factory.mktemp("inventory") / "hosts.json"
    groups = ("redis", "redis_sentinel", "backend", "monitoring")
    file.write_text(json.dumps({group: {"hosts": {"localhost": VARIABLES}} for group in groups}))
    return file


@pytest.mark.parametrize("playbook", ["redis", "redis_sentinel", "backend", "monitoring", "teardown"])
def test_refused(playbook: str, inventory: Path, record_property: Callable[[str, str], None]) -> None:
    commands = bare(TOO_OLD, python_or_skip(record_property, f"ansible-core {TOO_OLD}", *PYTHONS_OF_OLD))
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    needed = runtime["requires_ansible"].removesuffix(".0")
    done = run_playbook(f"{playbook}.yml", inventory, "--check", command=commands / "ansible-playbook")
    told = " ".join(done.stdout.split())
    assert done.returncode and "changed=0" in told, told
    assert f"ansible-core {TOO_OLD} is too old for omnimind.platform" in told
    assert re.search(rf"pip install --upgrade ''ansible-core{re.escape(needed)}''", told), told
