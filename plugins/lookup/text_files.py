# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: text_files
short_description: The files of a directory, as texts by their names
description:
  - Reads the files of a directory of the controller that fit a pattern, and not what is below it.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
options:
  _terms:
    description: The directory.
    required: true
  pattern:
    description: What names must fit.
    type: str
    default: "*"
"""

EXAMPLES = r"""
- name: Dashboards are known
  ansible.builtin.debug:
    msg: "{{ lookup('omnimind.platform.text_files', playbook_dir ~ '/dashboards', pattern='*.json') | list }}"
"""

RETURN = r"""
_raw:
  description: For each directory a mapping of names and texts.
  type: list
  elements: dict
"""

from pathlib import Path

from ansible.plugins.lookup import LookupBase


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        found = [sorted(Path(term).glob(self.get_option("pattern"))) for term in terms]
        return [{path.name: path.read_text() for path in paths if path.is_file()} for paths in found]
