"""Every playbook is valid against every inventory that the project brings."""

from __future__ import annotations

from pathlib import Path

import pytest

from quality.tools import NAME, inventories, playbooks, run


@pytest.mark.parametrize("inventory", inventories())
def test_syntax(inventory: str) -> None:
    run("ansible-playbook", "--syntax-check", "-i", f"inventories/{inventory}", *playbooks())


def test_playbooks_are_found_by_their_full_names(installed: Path) -> None:
    """As a user of the installed collection calls them."""
    names = [f"{NAME}.{Path(playbook).stem}" for playbook in playbooks()]
    run("ansible-playbook", "--syntax-check", "-i", "localhost,", *names, ANSIBLE_COLLECTIONS_PATH=installed)
