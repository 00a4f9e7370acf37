#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: backend_revision
short_description: A revision of a backend, in a virtual environment of its own
description:
  - Makes a directory that is named by the sources, their lock and the Python it is made with, and installs into a
    virtual environment in it exactly what the lock names, by hash and from wheels only, with the package beside it.
  - A revision that is there as a whole is left as it is. One that was not finished is made anew.
  - Nothing that runs is changed.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
options:
  directory:
    description: Directory that the revisions are made below.
    type: path
    required: true
  source_digest:
    description: Digest of the sources, by the lookup P(omnimind.platform.backend_sources#lookup).
    type: str
    required: true
  archive:
    description: The sources themselves, by the same lookup.
    type: str
    required: true
  python:
    description: The Python that the virtual environment is made of.
    type: path
    default: /usr/bin/python3
  wheelhouse:
    description: Directory on the host with all wheels of the lock. No index is asked then.
    type: str
    default: ""
  index_url:
    description: Address of the package index. What pip on the host is configured with where it is empty.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
    description: Returns whether the revision would be made.
  diff_mode:
    support: none
    description: The revision's name says all.
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
name:
  description: Name of the revision.
  returned: success
  type: str
  sample: 5f0c2f6f9d1e
path:
  description: Its directory.
  returned: success
  type: str
  sample: /opt/omnimind-backend/revisions/5f0c2f6f9d1e
python:
  description: The Python of its virtual environment.
  returned: success
  type: str
  sample: /opt/omnimind-backend/revisions/5f0c2f6f9d1e/venv/bin/python
whole:
  description: Whether it is there, as in check mode it need not be.
  returned: success
  type: bool
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.backend.revisions import (
    REVISIONS,
    Recipe,
    is_whole,
    make,
    revision_name,
)
from ansible_collections.omnimind.platform.plugins.module_utils.backend.sources import unpack
from ansible_collections.omnimind.platform.plugins.module_utils.reporting import failures_reported

ARGUMENTS = {
    "directory": {"type": "path", "required": True},
    "source_digest": {"type": "str", "required": True},
    # No secret, but a hundred kilobytes that nobody wants in a log.
    "archive": {"type": "str", "required": True, "no_log": True},
    "python": {"type": "path", "default": "/usr/bin/python3"},
    "wheelhouse": {"type": "str", "default": ""},
    "index_url": {"type": "str", "default": "", "no_log": True},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    params = module.params
    with failures_reported(module):
        name = revision_name(params["source_digest"], params["python"])
        path = Path(params["directory"], REVISIONS, name)
        changed = not is_whole(path)
        if changed and not module.check_mode:
            recipe = Recipe(params["python"], params["wheelhouse"], params["index_url"])
            make(path, unpack(params["archive"]), recipe)
    module.exit_json(
        changed=changed, name=name, path=str(path), python=str(path / "venv/bin/python"), whole=is_whole(path)
    )


if __name__ == "__main__":
    main()
