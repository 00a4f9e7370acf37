"""Every playbook is valid against every inventory that the project brings."""

from __future__ import annotations

from pathlib import Path

import pytest

from quality.tools import NAME, ROOT, run

INVENTORIES = sorted(path.name for path in (ROOT / "inventories").glob("*") if path.is_dir())
PLAYBOOKS = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "playbooks").glob("*.yml"))


@pytest.mark.parametrize("inventory", INVENTORIES)
def test_syntax(inventory: str) -> None:
    run("ansible-playbook", "--syntax-check", "-i", f"inventories/{inventory}", *PLAYBOOKS)


def test_playbooks_are_found_by_their_full_names(installed: Path) -> None:
    """As a user of the installed collection calls them."""
    names = [f"{NAME}.{Path(playbook).stem}" for playbook in PLAYBOOKS]
    run("ansible-playbook", "--syntax-check", "-i", "localhost,", *names, ANSIBLE_COLLECTIONS_PATH=installed)
