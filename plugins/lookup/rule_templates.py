# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: rule_templates
short_description: Files of rules, made from templates whose marks are square brackets
description:
  - Renders every C(*.yml.j2) of a directory. A rule has expressions in curly braces that are Prometheus' own, so the
    marks of Jinja have square brackets here where they have curly braces elsewhere. A name that is not given is an error.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
options:
  _terms:
    description: The directory.
    required: true
  names:
    description: What the templates may use. Nothing else is there for them.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Rules are shown
  ansible.builtin.debug:
    msg: "{{ lookup('omnimind.platform.rule_templates', role_path ~ '/templates/rules', names={'job': 'node'}) }}"
"""

RETURN = r"""
_raw:
  description: For each directory a mapping, the rendered text by the name of the file without C(.j2).
  type: list
  elements: dict
"""

from pathlib import Path

import jinja2
from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

MARKS = {
    "variable_start_string": "[[", "variable_end_string": "]]",
    "block_start_string": "[%", "block_end_string": "%]",
    "comment_start_string": "[#", "comment_end_string": "#]",
}  # fmt: skip


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        environment = jinja2.Environment(
            **MARKS, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined
        )
        return [{p.stem: self._render(environment, p) for p in sorted(Path(term).glob("*.yml.j2"))} for term in terms]

    def _render(self, environment, path):
        try:
            return environment.from_string(path.read_text()).render(self.get_option("names"))
        except jinja2.TemplateError as error:
            raise AnsibleError(f"{path}: {error}") from error
