"""The README of a role is what docs/role_readmes writes from the role."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from quality.tools import ROOT, roles, run


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Directory of roles whose READMEs were just written."""
    copy = tmp_path_factory.mktemp("readmes")
    run("cp", "-r", "docs", "roles", copy)
    for readme in copy.glob("roles/*/README.md"):
        readme.unlink()
    run(copy / "docs" / "role_readmes", cwd=copy)
    return copy / "roles"


@pytest.mark.parametrize("role", roles())
def test_readme_is_up_to_date(role: str, written: Path) -> None:
    kept = (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8")
    assert kept == (written / role / "README.md").read_text(encoding="utf-8"), "run `make readmes`"


@pytest.mark.parametrize("role", roles())
def test_readme_has_every_variable_in_order(role: str) -> None:
    """And no markup of Ansible's documentation, which Markdown would show as it is."""
    readme = (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8")
    defaults = yaml.safe_load((ROOT / "roles" / role / "defaults" / "main.yml").read_text(encoding="utf-8"))
    assert re.findall(r"^\| `(\w+)` \|", readme, re.MULTILINE) == list(defaults)
    assert not re.findall(r"\b[A-Z]{1,2}\([^)]*\)", readme.partition("## Variables")[2])


@pytest.mark.parametrize("role", roles())
def test_galaxy_shows_the_roles_own_words(role: str) -> None:
    meta = ROOT / "roles" / role / "meta"
    info = yaml.safe_load((meta / "main.yml").read_text(encoding="utf-8"))["galaxy_info"]
    specification = yaml.safe_load((meta / "argument_specs.yml").read_text(encoding="utf-8"))
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    assert info["description"] == specification["argument_specs"]["main"]["short_description"]
    assert runtime["requires_ansible"] == f">={info['min_ansible_version']}.0"


@pytest.mark.parametrize("role", roles())
def test_example_is_a_playbook(role: str) -> None:
    run("ansible-playbook", "--syntax-check", "-i", "localhost,", f"docs/examples/{role}.yml")
