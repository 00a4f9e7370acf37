#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_own_files
short_description: Configuration files that Redis servers keep themselves
description:
  - Makes an empty file for each server that keeps what it must not forget in its own configuration file, as Sentinels and
    the nodes they watch do, and the directory of the file.
  - A file that is there is the server's, and is left alone.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
options:
  paths:
    description: The files, each in a directory of its own.
    type: list
    elements: path
    required: true
  owner:
    description: The user that the servers run as.
    type: str
    required: true
  group:
    description: The group that the servers run as.
    type: str
    required: true
attributes:
  check_mode:
    support: full
    description: Returns what would be made.
  diff_mode:
    support: none
    description: Returns a list instead.
"""

EXAMPLES = r"""
- name: The Sentinel has a file of its own
  omnimind.platform.redis_own_files:
    paths: [/var/lib/cache/26379/sentinel.conf]
    owner: redis
    group: redis
"""

RETURN = r"""
made:
  description: Files that were made.
  returned: success
  type: list
  elements: str
"""

import os
import shutil
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

ARGUMENTS = {
    "paths": {"type": "list", "elements": "path", "required": True},
    "owner": {"type": "str", "required": True},
    "group": {"type": "str", "required": True},
}


def make(path: Path, owner: str, group: str) -> None:
    """The file and its directory are the server's alone; what is above is open, as other servers go through it."""
    path.parent.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if not path.parent.is_dir():
        path.parent.mkdir()
        shutil.chown(path.parent, owner, group)
        os.chmod(path.parent, 0o750)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
    shutil.chown(path, owner, group)


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    params = module.params
    missing = [Path(path) for path in params["paths"] if not Path(path).exists()]
    for path in missing if not module.check_mode else ():
        make(path, params["owner"], params["group"])
    module.exit_json(changed=bool(missing), made=[str(path) for path in missing])


if __name__ == "__main__":
    main()
