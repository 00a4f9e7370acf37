"""What AWX does when it reads the project, by the commands of its own playbook, and what a job finds then."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml
from quality.tools import NAME, ROOT, copy_tree, run


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone."""
    return copy_tree(tmp_path_factory.mktemp("clone"))


def test_the_collection_comes_from_the_project_itself(project: Path, tmp_path: Path) -> None:
    """First collections/requirements.yml, then requirements.yml, both from the project's directory."""
    stage = tmp_path / "requirements_collections"
    environment = {
        "ANSIBLE_COLLECTIONS_PATH": stage,
        "ANSIBLE_LOCAL_TEMP": tmp_path,
        "ANSIBLE_CONFIG": project / "ansible.cfg",
    }
    asked = project / "collections" / "requirements.yml"
    run("ansible-galaxy", "collection", "install", "-r", asked, cwd=project, **environment)
    run("ansible-galaxy", "install", "-r", project / "requirements.yml", cwd=project, **environment)
    manifest = stage / "ansible_collections" / NAME.replace(".", "/") / "MANIFEST.json"
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    assert json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"] == version
    # A job runs in the project, with what was installed for it first.
    found = os.pathsep.join([str(stage), str(project / ".cache")])
    job = environment | {"ANSIBLE_COLLECTIONS_PATH": found}
    inventory = project / "inventories" / "vms"
    run("ansible-playbook", "--syntax-check", "-i", inventory, "playbooks/site.yml", cwd=project, **job)


def test_inventories_of_the_project_are_read(project: Path) -> None:
    """As an inventory source does it."""
    for name, group in (("vms", "redis"), ("kubernetes", "kubernetes")):
        listed = run("ansible-inventory", "-i", project / "inventories" / name, "--list", cwd=project)
        assert json.loads(listed[listed.index("{") :])[group]["hosts"]
