#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: image_context
short_description: The build context of an image, and its digest
description:
  - Reads a directory on the controller as Docker would, by its C(.dockerignore), and returns a digest of its files
    and of the arguments of the build. An image that carries the digest as a label is known to be made of just that.
  - With O(path), lays the files down on the host, readable by everybody, and removes what does not belong there.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
options:
  source:
    description: The directory with the C(Dockerfile), on the controller.
    type: path
    required: true
  arguments:
    description: What else decides how the image comes out, for the digest.
    type: dict
    default: {}
  host_directories:
    description: Directories of the context that are made on the host, wheels for example. They are neither read from
      O(source) nor removed from O(path).
    type: list
    elements: str
    default: []
  path:
    description: The directory on the host. Nothing is written when it is not given.
    type: path
  archive:
    description: The packed context on the host. The action plugin of the module gives it.
    type: path
attributes:
  check_mode:
    support: full
    description: Returns what would be written and removed.
  diff_mode:
    support: none
    description: Returns lists instead.
"""

EXAMPLES = r"""
- name: The context is known
  omnimind.platform.image_context:
    source: files/backend
    arguments:
      version: 1.0.0
  register: context

- name: It is on the host
  omnimind.platform.image_context:
    source: files/backend
    path: /var/cache/backend/context
"""

RETURN = r"""
digest:
  description: SHA-256 of all files and arguments. Times and modes of files do not count.
  returned: success
  type: str
files:
  description: Names of the files.
  returned: success
  type: list
  elements: str
written:
  description: Files that were written.
  returned: when O(path) is given
  type: list
  elements: str
removed:
  description: Files that were removed.
  returned: when O(path) is given
  type: list
  elements: str
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.container_image.context import unpack
from ansible_collections.omnimind.platform.plugins.module_utils.container_image.source import lay_down

ARGUMENTS = {
    "source": {"type": "path", "required": True},
    "arguments": {"type": "dict", "default": {}},
    "host_directories": {"type": "list", "elements": "str", "default": []},
    "path": {"type": "path"},
    "archive": {"type": "path"},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    params = module.params
    wanted = unpack(Path(params["archive"]).read_bytes())
    try:
        made = lay_down(Path(params["path"]), wanted, params["host_directories"], module.check_mode)
    except OSError as error:
        module.fail_json(msg=f"path: {error.filename}: {error.strerror}")
    module.exit_json(changed=bool(made), written=made.write, removed=made.remove)


if __name__ == "__main__":
    main()
