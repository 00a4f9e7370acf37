# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How modules tell that they failed, and that they refuse to begin."""
from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from .failures import Failure

# As meta/runtime.yml has it, of which Ansible itself would only warn.
OLDEST_ANSIBLE = "2.17"

# Of modules that call `refuse_if`. Documented in doc_fragments/preflight.py.
PREFLIGHT_ARGUMENTS: dict[str, dict[str, Any]] = {
    "variable_prefix": {"type": "str", "default": ""},
    "unknown_variables": {"type": "list", "elements": "str", "default": []},
}


@contextmanager
def failures_reported(module: AnsibleModule) -> Iterator[None]:
    """Turn every Failure into the module's failure."""
    refuse_old_ansible(module)
    try:
        yield
    except Failure as failure:
        module.fail_json(msg=failure.message, **failure.details)


def refuse_if(module: AnsibleModule, complaints: Sequence[str]) -> None:
    """Fail with every complaint at once, and with those about unknown variables; return when there is none.

    A complaint begins with the name of its variable without the role's prefix, or with one of Ansible's own.
    """
    refuse_old_ansible(module)
    prefix = module.params["variable_prefix"]
    found = [text if text.startswith("ansible_") else prefix + text for text in complaints]
    found = module.params["unknown_variables"] + found
    if found:
        module.fail_json(msg="; ".join(found), complaints=found)


def refuse_old_ansible(module: AnsibleModule) -> None:
    """Fail when the ansible-core that runs the play is older than any that this collection was tried with."""
    present = module.ansible_version
    by_hand = (0, 0)  # no play runs the module, so none tells its version
    if by_hand < _release(present) < _release(OLDEST_ANSIBLE):
        module.fail_json(
            msg=f"ansible-core {present} is too old for omnimind.platform, which needs {OLDEST_ANSIBLE} or newer; "
            f"where ansible-playbook runs: python3 -m pip install --upgrade 'ansible-core>={OLDEST_ANSIBLE}'"
        )


def _release(version: str) -> tuple[int, ...]:
    """The numbers that tell one release from another: (2, 17) of 2.17.14 and of 2.17.0rc1."""
    return tuple(map(int, re.findall(r"[0-9]+", version)[:2]))
