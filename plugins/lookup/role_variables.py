# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: role_variables
short_description: The variables of a role, as one mapping
description:
  - Returns the values of all variables that a role has defaults for, by their names without the role's own, so that they
    can be handed on together.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
options:
  _terms:
    description: Path of the role.
    required: true
  without:
    description: Names, without the role's, that are left out, such as those of secrets.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Everything that the role was told
  ansible.builtin.debug:
    msg: "{{ lookup('omnimind.platform.role_variables', role_path, without=['password']) }}"
"""

RETURN = r"""
_raw:
  description: The mapping.
  type: list
  elements: dict
"""

from pathlib import Path

import yaml
from ansible.plugins.lookup import LookupBase


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        role = Path(terms[0])
        prefix = f"{role.name}_"
        names = yaml.safe_load((role / "defaults" / "main.yml").read_text())
        wanted = {name.removeprefix(prefix): name for name in names}
        for name in self.get_option("without"):
            wanted.pop(name, None)
        return [{short: self._templar.template(variables[name]) for short, name in wanted.items()}]
