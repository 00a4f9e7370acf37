#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_restore
short_description: Restore a backup into a Redis Cluster of any size
description:
  - Checks the hashes of a backup that M(omnimind.platform.redis_backup) has taken, has servers of its own load the
    files, and streams every key to the node that owns its slot now, with its time to live as an absolute time.
    Function libraries go to every master.
  - At the end the replicas have all of it too, and the number of keys of every node is what it must be.
  - Refuses a cluster that has keys, unless O(existing) says what shall happen to them. A cluster that has exactly what
    the backup has counts as restored, and nothing is changed.
  - A restore that was cut off is finished by running it again. Meanwhile the key C(omnimind:restore-in-progress) in the
    cluster says which backup is being restored.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.redis
  - omnimind.platform.tls_client
options:
  source:
    description: The directory or the archive, on the host that runs the module.
    type: path
    required: true
  existing:
    description:
      - What happens when the cluster has keys. V(refuse) changes nothing then.
      - V(keep) adds the keys that are not there, and leaves the others as they are.
      - V(replace) gives keys that are there the content that they have in the backup. Keys that only the
        cluster has stay.
    type: str
    choices: [refuse, keep, replace]
    default: refuse
  scratch_directory:
    description: Where an archive is unpacked.
    type: path
    default: /var/tmp
  server:
    description: Path of the server's program, which loads the files. It must read what the backup's nodes
      wrote, and must not
      be newer than the nodes that the keys go to.
    type: path
    default: /usr/bin/redis-server
  parallel:
    description: How many shards are restored at once, as far as they fit into the memory of the host. V(0) is
      one a processor.
    type: int
    default: 0
  timeout:
    description: Seconds until files must be loaded, and replicas have read what was restored.
    type: float
    default: 3600.0
attributes:
  check_mode:
    support: full
    description: Refuses what it would refuse, and says how many keys it would restore.
  diff_mode:
    support: partial
    description: In check mode only, the number of keys.
notes:
  - Nobody else should write to the cluster meanwhile. Keys that somebody did write are not overwritten unless
    O(existing=replace), and the module fails naming them.
  - An ACL user needs all keys, and C(+@write +@read +@scripting +function +cluster +config +info).
seealso:
  - module: omnimind.platform.redis_backup
"""

EXAMPLES = r"""
- name: The new cluster has what the old one had
  omnimind.platform.redis_restore:
    nodes: ["10.0.0.1:7000"]
    password: "{{ redis_password }}"
    source: /srv/backup/redis/before-migration
"""

RETURN = r"""
backup:
  description: What the backup holds, as M(omnimind.platform.redis_backup) returns it in
    RV(omnimind.platform.redis_backup#module:manifest).
  returned: unless the module refuses
  type: dict
resumed:
  description: Whether an earlier run that was cut off was finished.
  returned: unless the module refuses
  type: bool
keys_restored:
  description: Keys that were not there.
  returned: when keys were sent
  type: int
keys_present:
  description: Keys that were there already with the same content.
  returned: when keys were sent
  type: int
keys_kept:
  description: Keys that were there with another content and have kept it.
  returned: when keys were sent
  type: int
keys_replaced:
  description: Keys that were there with another content and have that of the backup now.
  returned: when keys were sent
  type: int
keys_expired:
  description: Keys of the backup whose time has passed.
  returned: when keys were sent
  type: int
functions_loaded:
  description: Function libraries that were loaded, over all masters.
  returned: success, but not in check mode
  type: int
shards:
  description: Numbers of keys at the end.
  returned: success, but not in check mode
  type: list
  elements: dict
  contains:
    master:
      description: Address of the master.
      type: str
    key_count:
      description: Keys that it has.
      type: int
    lasting:
      description: Keys without a time to live that it has.
      type: int
    lasting_expected:
      description: Keys without a time to live that it must have.
      type: int
seconds:
  description: Seconds that it took.
  returned: success, but not in check mode
  type: float
refusals:
  description: Why nothing was changed.
  returned: when the module refuses
  type: list
  elements: dict
  contains:
    node:
      description: Address of the node concerned, or empty.
      type: str
    reason:
      description: The reason in words.
      type: str
"""

import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.redis.arguments import (
    CONNECTION_ARGUMENTS,
    REQUIRED_TOGETHER,
    nodes_opened,
)
from ansible_collections.omnimind.platform.plugins.module_utils.redis.backup.restoring import Order, restore_backup
from ansible_collections.omnimind.platform.plugins.module_utils.redis.backup.target import EXISTING

ARGUMENTS = {
    **CONNECTION_ARGUMENTS,
    "source": {"type": "path", "required": True},
    "existing": {"type": "str", "choices": list(EXISTING), "default": "refuse"},
    "scratch_directory": {"type": "path", "default": "/var/tmp"},
    "server": {"type": "path", "default": "/usr/bin/redis-server"},
    "parallel": {"type": "int", "default": 0},
    "timeout": {"type": "float", "default": 3600.0},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS, required_together=REQUIRED_TOGETHER, supports_check_mode=True
    )
    params = module.params
    order = Order(
        Path(params["source"]), params["existing"], Path(params["scratch_directory"]), params["server"], params["parallel"]
    )
    deadline = time.monotonic() + params["timeout"]
    with nodes_opened(module) as (nodes, session):
        module.exit_json(**restore_backup(session, nodes, order, deadline, module.check_mode))


if __name__ == "__main__":
    main()
