# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: missing_collections
short_description: Collections that a playbook needs and that are not installed
description:
  - Looks whether collections are installed where Ansible runs, in a version that this collection can use, as its
    C(requirements.yml) has them.
  - Only some playbooks need another collection, so none is installed along with this one.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
options:
  _terms:
    description: Names of collections, each one of C(requirements.yml).
    required: true
"""

EXAMPLES = r"""
- name: Collections that the next tasks use are installed
  ansible.builtin.fail:
    msg: "{{ item }}"
  loop: "{{ query('omnimind.platform.missing_collections', 'kubernetes.core') }}"
"""

RETURN = r"""
_list:
  description: A sentence for each that is missing or too old, with the command that installs it.
  type: list
  elements: str
"""

import json
from importlib import import_module
from pathlib import Path

import yaml
from ansible.plugins.lookup import LookupBase
from ansible.utils.version import SemanticVersion

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements.yml"


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        needed = {one["name"]: one["version"] for one in yaml.safe_load(REQUIREMENTS.read_text())["collections"]}
        return [_sentence(name, needed[name]) for name in terms if not _is_there(name, needed[name])]


def _is_there(name, version):
    try:
        (directory, *_others) = import_module(f"ansible_collections.{name}").__path__
    except ModuleNotFoundError:
        return False
    manifest = Path(directory, "MANIFEST.json")
    if not manifest.exists():  # A checkout: who works on it knows what it is.
        return True
    found = json.loads(manifest.read_text())["collection_info"]["version"]
    return SemanticVersion(found) >= SemanticVersion(version.removeprefix(">="))


def _sentence(name, version):
    install = f"ansible-galaxy collection install --upgrade '{name}:{version}'"
    return f"the collection {name} {version} is not installed where Ansible runs; install it: {install}"
