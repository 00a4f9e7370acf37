# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: pem_text
short_description: A certificate or a key as text, whether it was given as text or as a file
description:
  - Returns what is PEM already as it is, and reads the file of the controller that anything else names.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
options:
  _terms:
    description: PEM, or the path of a file.
    required: true
  default:
    description: The text where there is no such file. Without it that is an error.
    type: str
"""

EXAMPLES = r"""
- name: The authority is known
  ansible.builtin.debug:
    msg: "{{ lookup('omnimind.platform.pem_text', '/etc/ssl/certs/ca-certificates.crt') }}"
"""

RETURN = r"""
_raw:
  description: The text of each.
  type: list
  elements: str
"""

from pathlib import Path

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        return [_text(term, self.get_option("default")) for term in terms]


def _text(term, default):
    if "-----BEGIN " in term:
        return term
    try:
        return Path(term).read_text()
    except OSError as error:
        if default is not None:
            return default
        raise AnsibleError(f"neither PEM nor a file that can be read: {error}") from error
