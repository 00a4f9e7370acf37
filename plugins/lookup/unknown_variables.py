# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: unknown_variables
short_description: Variables that look like a role's but are none
description:
  - Compares the names of all variables that begin with the name of a role with its argument specification.
    Ansible itself ignores a variable that no role knows, so a misspelt one would silently do nothing.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
options:
  _terms:
    description: Path of the role.
    required: true
"""

EXAMPLES = r"""
- name: Every variable is known
  ansible.builtin.assert:
    that: query('omnimind.platform.unknown_variables', role_path) == []
"""

RETURN = r"""
_list:
  description: A sentence for each unknown variable, with the most similar known one.
  type: list
  elements: str
"""

import difflib
from pathlib import Path

import yaml
from ansible.plugins.lookup import LookupBase


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        role = Path(terms[0])
        specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]
        known = sorted({name for entry in specs.values() for name in entry.get("options", {})})
        # Those of a role whose name begins with this one's, as backend_image beside backend, are for that to judge.
        others = tuple(f"{other.name}_" for other in role.parent.glob(f"{role.name}_*"))
        own = [name for name in variables if name.startswith(f"{role.name}_") and not name.startswith(others)]
        unknown = sorted(name for name in own if name not in known)
        return [_sentence(name, known) for name in unknown]


def _sentence(name, known):
    similar = difflib.get_close_matches(name, known, n=1)
    hint = f", did you mean {similar[0]}?" if similar else ""
    return f"{name} is no variable of this role{hint}"
