"""What is built and installed is what users need, and no more."""

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
# Parts of them that only those need who work on the collection.
NOT_SHIPPED = (
    "changelogs/.", "changelogs/config.yaml", "changelogs/fragments/", "docs/_static/", "docs/build", "docs/conf.py",
    "docs/examples/", "docs/releasing.md", "docs/role_readmes", "files/backend/tests/",
)  # fmt: skip


def test_tarball_holds_what_users_need(artifact: Path) -> None:
    """Every tracked file of the shipped parts is in it; nothing else is."""
    with tarfile.open(artifact) as tarball:
        inside = {member.name for member in tarball if not member.isdir()}
    wanted = {name for name in tracked_files() if name.split("/")[0] in SHIPPED}
    assert inside == {name for name in wanted if not name.startswith(NOT_SHIPPED)} | GENERATED
    assert inside.isdisjoint(LEFT_BEHIND)


def test_tarball_is_small(artifact: Path) -> None:
    assert artifact.stat().st_size < 5_000_000


def test_installs_into_an_empty_place(installed: Path) -> None:
    """The version that was built is the version that Ansible finds there."""
    listed = run("ansible-galaxy", "collection", "list", NAME, ANSIBLE_COLLECTIONS_PATH=installed)
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    assert re.search(rf"^{re.escape(NAME)} +{re.escape(galaxy['version'])}\s*$", listed, re.MULTILINE), listed
