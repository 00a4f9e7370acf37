#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: backend_release_info
short_description: The releases of a backend that are on a host
description:
  - Returns the release that is in force, and the one before, to which a roll-back goes.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.reads_only
options:
  directory:
    description: Where the configuration is.
    type: path
    required: true
seealso:
  - module: omnimind.platform.backend_release
"""

EXAMPLES = r"""
- name: Releases are known
  omnimind.platform.backend_release_info:
    directory: /etc/omnimind-backend
  register: releases
"""

RETURN = r"""
current:
  description: The release in force. Empty names where there is none.
  returned: success
  type: dict
  contains: &release
    name:
      description: Its name.
      type: str
    version:
      description: What its instances say they are.
      type: str
    proved:
      description: Whether it was seen to work.
      type: bool
    launch:
      description: How its instances are started.
      type: dict
previous:
  description: The release before.
  returned: success
  type: dict
  contains: *release
ports:
  description: Ports of the instances.
  returned: success
  type: list
  elements: int
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.backend.releases import (
    CURRENT,
    PREVIOUS,
    Shelf,
    summary,
)

ARGUMENTS = {"directory": {"type": "path", "required": True}}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    shelf = Shelf(Path(module.params["directory"]))
    module.exit_json(
        changed=False,
        current=summary(shelf.linked(CURRENT)),
        previous=summary(shelf.linked(PREVIOUS)),
        ports=shelf.ports(),
    )


if __name__ == "__main__":
    main()
