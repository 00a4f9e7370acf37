#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_backup_info
short_description: List and verify backups of a Redis Cluster
description:
  - Tells what the backups in a directory hold, and with O(verify) whether they still do. Then every hash is computed
    again, and a server of its own loads every file and counts its keys.
  - It reads only, and needs no node.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
options:
  path:
    description: A directory with backups that M(omnimind.platform.redis_backup) has taken, or one of them.
    type: path
    required: true
  verify:
    description: Whether the files are read and loaded. Otherwise only the manifests are.
    type: bool
    default: false
  scratch_directory:
    description: Where archives are unpacked to be verified, one after the other.
    type: path
    default: /var/tmp
  server:
    description: Path of the server's program, which loads the files. It must not be older than the nodes were.
    type: path
    default: /usr/bin/redis-server
  parallel:
    description: How many files are loaded at once, as far as they fit into the memory of the host. V(0) is one
      a processor.
    type: int
    default: 0
  timeout:
    description: Seconds until everything must be verified.
    type: float
    default: 3600.0
attributes:
  check_mode:
    support: full
    description: It changes nothing anyway.
  diff_mode:
    support: none
    description: There is nothing to show.
requirements:
  - redis-py 4.3 or newer on the host that runs the module (Debian C(python3-redis))
seealso:
  - module: omnimind.platform.redis_backup
"""

EXAMPLES = r"""
- name: The newest backup can be restored
  omnimind.platform.redis_backup_info:
    path: /srv/backup/redis
    verify: true
  register: backups
  failed_when: backups.backups == [] or not backups.sound
"""

RETURN = r"""
sound:
  description: Whether nothing was found to be wrong with any backup.
  returned: success
  type: bool
backups:
  description: The backups, by their file names.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The directory or the archive.
      type: str
    sound:
      description: Whether nothing was found to be wrong.
      type: bool
    problem:
      description: What is wrong, or empty.
      type: str
    verified:
      description: Whether the files were read and loaded, and are right.
      type: bool
    expired:
      description: Number of keys that have expired since, if the files were loaded. A restore leaves them out.
      type: int
    manifest:
      description: What the backup holds, as M(omnimind.platform.redis_backup) returns it. Empty if it cannot be read.
      type: dict
"""

import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.redis.arguments import failures_reported
from ansible_collections.omnimind.platform.plugins.module_utils.redis.backup.checking import Order, check_backups

ARGUMENTS = {
    "path": {"type": "path", "required": True},
    "verify": {"type": "bool", "default": False},
    "scratch_directory": {"type": "path", "default": "/var/tmp"},
    "server": {"type": "path", "default": "/usr/bin/redis-server"},
    "parallel": {"type": "int", "default": 0},
    "timeout": {"type": "float", "default": 3600.0},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    params = module.params
    order = Order(
        Path(params["path"]), params["verify"], Path(params["scratch_directory"]), params["server"], params["parallel"]
    )
    with failures_reported(module):
        module.exit_json(changed=False, **check_backups(order, time.monotonic() + params["timeout"]))


if __name__ == "__main__":
    main()
