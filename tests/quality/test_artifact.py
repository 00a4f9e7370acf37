"""What is built, installed and imported by Galaxy is what users need, and no more."""

from __future__ import annotations

import re
import tarfile
from pathlib import Path

import yaml

from quality.conftest import LEFT_BEHIND
from quality.tools import NAME, ROOT, run, tracked_files

GENERATED = {"FILES.json", "MANIFEST.json"}
SHIPPED = {
    "CHANGELOG.rst", "LICENSE", "README.md", "changelogs", "docs", "execution-environment.yml", "files", "inventories",
    "meta", "playbooks", "plugins", "requirements.yml", "roles",
}  # fmt: skip


def test_tarball_holds_what_users_need(artifact: Path) -> None:
    """Every tracked file of the shipped parts is in it; nothing else is."""
    with tarfile.open(artifact) as tarball:
        inside = {member.name for member in tarball if not member.isdir()}
    wanted = {name for name in tracked_files() if name.split("/")[0] in SHIPPED}
    hidden = {name for name in wanted if name.startswith(("changelogs/.", "files/backend/tests/"))}
    assert inside == (wanted - hidden) | GENERATED
    assert inside.isdisjoint(LEFT_BEHIND)


def test_installs_into_an_empty_place(installed: Path) -> None:
    """The version that was built is the version that Ansible finds there."""
    listed = run("ansible-galaxy", "collection", "list", NAME, ANSIBLE_COLLECTIONS_PATH=installed)
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    assert re.search(rf"^{re.escape(NAME)} +{re.escape(galaxy['version'])}\s*$", listed, re.MULTILINE), listed


def test_galaxy_importer(artifact: Path, tmp_path: Path) -> None:
    """Galaxy's own check of an upload, with the switch that certification uses, has nothing to say.

    But for ansible-lint, which it runs by a profile that is a part of ours (test_lint).
    """
    output = run(
        "python", "-m", "galaxy_importer.main", artifact,
        cwd=tmp_path, GALAXY_IMPORTER_CHECK_REQUIRED_TAGS="true", GALAXY_IMPORTER_RUN_ANSIBLE_LINT="false",
    )  # fmt: skip
    assert "Importer processing completed successfully" in output
    assert "WARNING" not in output, output
