# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How modules tell that they failed, and that they refuse to begin."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from .failures import Failure

# Of modules that call `refuse_if`. Documented in doc_fragments/preflight.py.
PREFLIGHT_ARGUMENTS: dict[str, dict[str, Any]] = {
    "variable_prefix": {"type": "str", "default": ""},
    "unknown_variables": {"type": "list", "elements": "str", "default": []},
}


@contextmanager
def failures_reported(module: AnsibleModule) -> Iterator[None]:
    """Turn every Failure into the module's failure."""
    try:
        yield
    except Failure as failure:
        module.fail_json(msg=failure.message, **failure.details)


def refuse_if(module: AnsibleModule, complaints: Sequence[str]) -> None:
    """Fail with every complaint at once, and with those about unknown variables; return when there is none.

    A complaint begins with the name of its variable without the role's prefix, or with one of Ansible's own.
    """
    prefix = module.params["variable_prefix"]
    found = [text if text.startswith("ansible_") else prefix + text for text in complaints]
    found = module.params["unknown_variables"] + found
    if found:
        module.fail_json(msg="; ".join(found), complaints=found)
