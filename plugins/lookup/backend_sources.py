# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: backend_sources
short_description: The sources of a backend, packed
description:
  - Reads the lock C(requirements.txt) and the package C(src/omnimind_backend) below a directory of the controller, for
    the module M(omnimind.platform.backend_revision).
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
options:
  _terms:
    description: The directory.
    required: true
"""

EXAMPLES = r"""
- name: The revision is there
  omnimind.platform.backend_revision:
    directory: /opt/omnimind-backend
    source_digest: "{{ sources.digest }}"
    archive: "{{ sources.archive }}"
  vars:
    sources: "{{ lookup('omnimind.platform.backend_sources', playbook_dir ~ '/files/backend') }}"
"""

RETURN = r"""
_raw:
  description: For each directory a mapping, with a C(digest) of names and contents, and the files as C(archive).
  type: list
  elements: dict
"""

from pathlib import Path

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

from ansible_collections.omnimind.platform.plugins.module_utils.backend.errors import BackendFailure
from ansible_collections.omnimind.platform.plugins.module_utils.backend.sources import digest_of, pack, read_sources


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        try:
            found = [read_sources(Path(term)) for term in terms]
        except BackendFailure as failure:
            raise AnsibleError(f"backend_source: {failure.message}") from failure
        return [{"digest": digest_of(files), "archive": pack(files)} for files in found]
