"""Every playbook is valid against every inventory that the project brings."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from quality.tools import NAME, inventories, playbooks, run


@pytest.mark.parametrize("inventory", inventories())
def test_syntax(inventory: str) -> None:
    run("ansible-playbook", "--syntax-check", "-i", f"inventories/{inventory}", *playbooks())


def test_playbooks_are_found_by_their_full_names(installed: Path) -> None:
    """As a user of the installed collection calls them."""
    names = [f"{NAME}.{Path(playbook).stem}" for playbook in playbooks()]
    run("ansible-playbook", "--syntax-check", "-i", "localhost,", *names, ANSIBLE_COLLECTIONS_PATH=installed)


# Nobody listens there: what is looked at is whom the module would have asked.
NOWHERE = {"host": "http://127.0.0.1:1", "validate_certs": False}
ASKED = {
    "kubernetes.core.k8s_info": {"kind": "Pod"},
    "register": "answer",
    "failed_when": f"answer.invocation.module_args.host != '{NOWHERE['host']}'",
}


def test_a_connection_of_our_group_reaches_kubernetes_core(tmp_path: Path) -> None:
    playbook = tmp_path / "ask.yml"
    play = {"hosts": "localhost", "gather_facts": False, "module_defaults": {f"group/{NAME}.kubernetes": NOWHERE}}
    playbook.write_text(yaml.safe_dump([play | {"tasks": [ASKED]}]), encoding="utf-8")
    here = f"ansible_python_interpreter={sys.executable}"
    run("ansible-playbook", "-i", "localhost,", "-c", "local", "-e", here, playbook)
