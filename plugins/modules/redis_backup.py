#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_backup
short_description: Back up a Redis Cluster
description:
  - Takes a snapshot of every shard at the same time, over the network, with the distribution's C(redis-cli). A server
    of its own loads each file and counts its keys. Only then the backup appears under its name, so it is complete or
    not there.
  - Every write that was acknowledged before the call is in it. That is read from the files, which say how much of their
    master's stream they hold.
  - The snapshots come from replicas. No file of the nodes is touched, so the module runs on any host that reaches them.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.redis
  - omnimind.platform.tls_client
options:
  directory:
    description: Directory of the backups, on the host that runs the module. It is made, for its owner only.
    type: path
    required: true
  name:
    description:
      - Name of this backup. O(series) and the time in UTC when it is not given, such as V(redis-20260401T031500Z).
      - Backups with a name of their own belong to no series. O(keep) does not count or remove them.
    type: str
  series:
    description: Beginning of the names of backups that are kept together, such as the name of the cluster.
    type: str
    default: redis
  archive:
    description: Whether the backup is one file, C(.tar.gz) or C(.tar.zst). The latter is faster and needs the
      program C(zstd).
    type: str
    choices: [none, gz, zst]
    default: none
  keep:
    description: How many backups of the series remain. Older ones are removed once the new one is proved. V(0)
      keeps all.
    type: int
    default: 0
  consistent:
    description:
      - Whether all shards shall be of one moment. Writes to all masters are held up until every snapshot has
        begun, some tens of
        milliseconds, and a write that was acknowledged after another is then never in the backup without that other.
      - Without it each shard is consistent for itself, and no client notices anything.
    type: bool
    default: false
  pause_limit:
    description:
      - Seconds that O(consistent) may hold up writes at most. Then they go on, and the module fails.
      - The servers end it by themselves then too, should the module be killed.
    type: float
    default: 3.0
  source:
    description:
      - V(replica) takes every snapshot from a replica in sync. V(prefer_replica) takes that of a shard without
        one from its
        master, and V(master) takes all from masters.
      - A server needs memory for what changes while it writes a snapshot.
    type: str
    choices: [replica, prefer_replica, master]
    default: replica
  max_lag:
    description: Seconds since its master last heard from a replica that counts as in sync.
    type: int
    default: 10
  owner:
    description: User that the backup belongs to. Whoever runs the module when it is not given.
    type: str
  group:
    description: Group that may read the backup. Nobody but the owner when it is not given.
    type: str
  server:
    description: Path of the server's program, which loads the files. It must not be older than the nodes.
    type: path
    default: /usr/bin/redis-server
  client:
    description: Path of C(redis-cli) or C(valkey-cli).
    type: path
    default: /usr/bin/redis-cli
  parallel:
    description: How many files are loaded at once, as far as they fit into the memory of the host. V(0) is one
      a processor.
    type: int
    default: 0
  timeout:
    description: Seconds until the backup must be done.
    type: float
    default: 3600.0
attributes:
  check_mode:
    support: full
    description: Refuses what it would refuse, and says which node each snapshot would come from.
  diff_mode:
    support: partial
    description: In check mode only, the path and the sources.
notes:
  - An ACL user needs C(+psync +sync +replconf +client +cluster +config +info +ping), and no key.
  - While the snapshots begin, C(repl-diskless-sync-delay) of the nodes that they come from is V(0).
seealso:
  - module: omnimind.platform.redis_backup_info
  - module: omnimind.platform.redis_restore
"""

EXAMPLES = r"""
- name: A backup of this night, and those of the last week
  omnimind.platform.redis_backup:
    nodes: ["10.0.0.1:7000"]
    password: "{{ redis_password }}"
    directory: /srv/backup/redis
    archive: zst
    keep: 7

- name: All shards of one moment, before the migration
  omnimind.platform.redis_backup:
    nodes: ["10.0.0.1:7000"]
    password: "{{ redis_password }}"
    directory: /srv/backup/redis
    name: before-migration
    consistent: true
"""

RETURN = r"""
path:
  description: The directory or the archive.
  returned: unless the module refuses
  type: str
sources:
  description: The node that each shard's snapshot comes from.
  returned: unless the module refuses
  type: list
  elements: dict
  contains:
    slots:
      description: Slots of the shard, such as V(0-5460).
      type: str
    master:
      description: Address of its master.
      type: str
    source:
      description: Address of the node that the snapshot comes from.
      type: str
removed:
  description: Paths of the backups that were removed because of O(keep).
  returned: unless the module refuses
  type: list
  elements: str
manifest:
  description: What the backup holds.
  returned: when a backup was taken
  type: dict
  contains:
    id:
      description: Hash of the manifest.
      type: str
    name:
      description: Name of the backup.
      type: str
    time:
      description: When it was taken, ISO 8601.
      type: str
    version:
      description: Newest version of the nodes, such as V(redis 7.0.15).
      type: str
    consistent:
      description: Whether all shards are of one moment.
      type: bool
    key_count:
      description: Number of keys, those included that had expired and were not deleted yet.
      type: int
    bytes:
      description: Bytes of the files.
      type: int
    functions:
      description: Names of the function libraries.
      type: list
      elements: str
    shards:
      description: The files.
      type: list
      elements: dict
      contains:
        file:
          description: Name of the RDB file.
          type: str
        slots:
          description: Slots of the shard.
          type: str
        source:
          description: Address of the node that it came from.
          type: str
        replication_id:
          description: Identity of the master's replication stream.
          type: str
        offset:
          description: How many bytes of that stream it holds.
          type: int
        key_count:
          description: Number of its keys.
          type: int
        expires:
          description: Number of its keys that have a time to live.
          type: int
        bytes:
          description: Size of the file.
          type: int
        memory_bytes:
          description: Memory that its data take in a server.
          type: int
        sha256:
          description: Hash of the file.
          type: str
paused_ms:
  description: Milliseconds that writes were held up.
  returned: when a backup was taken
  type: float
snapshot_seconds:
  description: Seconds until every snapshot was on the disk.
  returned: when a backup was taken
  type: float
seconds:
  description: Seconds until it was proved and had its name.
  returned: when a backup was taken
  type: float
refusals:
  description: Why nothing was done.
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
from ansible_collections.omnimind.platform.plugins.module_utils.redis.backup.choice import SOURCES
from ansible_collections.omnimind.platform.plugins.module_utils.redis.backup.storage import ENDINGS
from ansible_collections.omnimind.platform.plugins.module_utils.redis.backup.taking import Order, take_backup

ARGUMENTS = {
    **CONNECTION_ARGUMENTS,
    "directory": {"type": "path", "required": True},
    "name": {"type": "str"},
    "series": {"type": "str", "default": "redis"},
    "archive": {"type": "str", "choices": list(ENDINGS), "default": "none"},
    "keep": {"type": "int", "default": 0},
    "consistent": {"type": "bool", "default": False},
    "pause_limit": {"type": "float", "default": 3.0},
    "source": {"type": "str", "choices": list(SOURCES), "default": "replica"},
    "max_lag": {"type": "int", "default": 10},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "server": {"type": "path", "default": "/usr/bin/redis-server"},
    "client": {"type": "path", "default": "/usr/bin/redis-cli"},
    "parallel": {"type": "int", "default": 0},
    "timeout": {"type": "float", "default": 3600.0},
}


def order_of(params: dict) -> Order:
    return Order(
        directory=Path(params["directory"]),
        name=params["name"] or "",
        series=params["series"],
        archive=params["archive"],
        keep=params["keep"],
        source=params["source"],
        max_lag=params["max_lag"],
        consistent=params["consistent"],
        pause_limit=params["pause_limit"],
        server=params["server"],
        client=params["client"],
        parallel=params["parallel"],
        owner=params["owner"],
        group=params["group"],
    )


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS, required_together=REQUIRED_TOGETHER, supports_check_mode=True
    )
    deadline = time.monotonic() + module.params["timeout"]
    with nodes_opened(module) as (nodes, session):
        module.exit_json(**take_backup(session, nodes, order_of(module.params), deadline, module.check_mode))


if __name__ == "__main__":
    main()
