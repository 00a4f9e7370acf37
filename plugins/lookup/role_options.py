# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: role_options
short_description: What roles say of their variables
description:
  - Reads the argument specifications of all roles in a directory.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
options:
  _terms:
    description: The directory.
    required: true
"""

EXAMPLES = r"""
- name: A question of AWX has the choices of the role
  ansible.builtin.debug:
    msg: "{{ lookup('omnimind.platform.role_options', role_path ~ '/..').redis_cluster_balance.choices }}"
"""

RETURN = r"""
_raw:
  description: The specification of every variable, by its name.
  type: list
  elements: dict
"""

from pathlib import Path

import yaml
from ansible.plugins.lookup import LookupBase


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        return [_options(Path(term)) for term in terms]


def _options(roles):
    texts = [file.read_text() for file in sorted(roles.glob("*/meta/argument_specs.yml"))]
    entries = [entry for text in texts for entry in yaml.safe_load(text)["argument_specs"].values()]
    return {name: option for entry in entries for name, option in (entry.get("options") or {}).items()}
