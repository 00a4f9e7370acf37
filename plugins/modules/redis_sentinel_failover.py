#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_sentinel_failover
short_description: Replace the master of a group that Sentinels watch, without losing a write
description:
  - Asks the Sentinels to promote a replica, and waits until every Sentinel tells clients of the new master and all
    other nodes, the old master among them, are in sync with it.
  - While the master lives, nothing that it acknowledged is lost. Writes are held back on it (C(CLIENT PAUSE)) until the
    replica has read everything, then the Sentinels fail over, and the old master is made a replica at once. Its clients
    are disconnected, so that they ask a Sentinel for the new one. C(SENTINEL FAILOVER) by itself lets the old master
    take writes for about ten more seconds, and throws these away.
  - Where all servers are Valkey 9 or newer, they do this themselves (C(SENTINEL FAILOVER COORDINATED)).
  - While the master is dead, the Sentinels are waited for.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.redis_sentinel
  - omnimind.platform.tls_client
options:
  name:
    description: The name under which Sentinels watch the group.
    type: str
    required: true
  to:
    description:
      - The replica to promote, as C(host:port). Sentinels choose when it is not given.
      - C(replica-priority) is set for some seconds so that Sentinels choose this one, and given back. A Sentinel reads it
        every ten seconds only, so this takes longer. Clients do not notice.
      - Nothing is done when it is the master already.
    type: str
  demote:
    description: The node that shall not be the master, as C(host:port). Nothing is done when another one is the master.
    type: str
  force:
    description:
      - Go on without a quorum, with replicas that are not in sync, and for a dead master at once, before the Sentinels
        agree that it is dead. What a replica has not read is lost.
    type: bool
    default: false
  max_lag:
    description: Seconds since its master last heard from a replica that counts as in sync.
    type: int
    default: 10
  timeout:
    description: Seconds until the failover must have come about.
    type: float
    default: 60.0
attributes:
  check_mode:
    support: full
    description: Says which replica would take the master's place.
  diff_mode:
    support: full
    description: Shows master and replicas before and after.
seealso:
  - module: omnimind.platform.redis_sentinel_info
"""

EXAMPLES = r"""
- name: Another node is master before this host goes down
  omnimind.platform.redis_sentinel_failover:
    sentinels: ["10.0.0.1:26379", "10.0.0.2:26379", "10.0.0.3:26379"]
    sentinel_password: "{{ sentinel_password }}"
    password: "{{ redis_password }}"
    name: cache

- name: The node in the first data centre is master again
  omnimind.platform.redis_sentinel_failover:
    sentinels: ["10.0.0.1:26379", "10.0.0.2:26379", "10.0.0.3:26379"]
    sentinel_password: "{{ sentinel_password }}"
    password: "{{ redis_password }}"
    name: cache
    to: "10.0.0.1:6379"

- name: This node is a replica before it is restarted
  omnimind.platform.redis_sentinel_failover:
    sentinels: ["10.0.0.1:26379", "10.0.0.2:26379", "10.0.0.3:26379"]
    sentinel_password: "{{ sentinel_password }}"
    password: "{{ redis_password }}"
    name: cache
    demote: "10.0.0.1:6379"
"""

RETURN = r"""
name:
  description: Name of the group.
  returned: unless the module refuses
  type: str
old_master:
  description: Address of the node that was master.
  returned: unless the module refuses
  type: str
new_master:
  description: Address of the node that is master now. In check mode of the one that Sentinels would choose.
  returned: unless the module refuses
  type: str
engine:
  description: How it was done, V(guarded) with writes held back by this module, V(coordinated) by the servers, V(awaited)
    by the Sentinels alone as the master is dead. Null when there was nothing to do.
  returned: unless the module refuses
  type: str
caught_up_ms:
  description: Milliseconds from holding writes back until the replica had read everything.
  returned: when C(engine) is V(guarded)
  type: float
promoted_ms:
  description: Milliseconds from the beginning until a replica was master.
  returned: when the master was replaced
  type: float
paused_ms:
  description: Milliseconds during which writes were held back on the old master.
  returned: when C(engine) is V(guarded)
  type: float
agreed_ms:
  description: Milliseconds from the beginning until every Sentinel told clients of the new master.
  returned: when the master was replaced
  type: float
synced_ms:
  description: Milliseconds from the beginning until every other node was in sync with the new master. One of an older
    version, which might not read what a newer one sends, need only follow it.
  returned: when the master was replaced
  type: float
refusals:
  description: Why nothing was changed.
  returned: when the module refuses
  type: list
  elements: dict
  contains:
    node:
      description: Address of the node or Sentinel concerned, or empty.
      type: str
    reason:
      description: The reason in words.
      type: str
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.redis.arguments import REQUIRED_TOGETHER
from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel.arguments import (
    SENTINEL_ARGUMENTS,
    parse_addresses,
    sentinels_opened,
)
from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel.choice import Order
from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel.promotion import fail_over

ARGUMENTS = {
    **SENTINEL_ARGUMENTS,
    "name": {"type": "str", "required": True},
    "to": {"type": "str"},
    "demote": {"type": "str"},
    "force": {"type": "bool", "default": False},
    "max_lag": {"type": "int", "default": 10},
    "timeout": {"type": "float", "default": 60.0},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_together=REQUIRED_TOGETHER,
        mutually_exclusive=[("to", "demote")],
        supports_check_mode=True,
    )
    params = module.params
    deadline = time.monotonic() + params["timeout"]
    with sentinels_opened(module) as group:
        (to,) = parse_addresses([params["to"]], "to") if params["to"] else (None,)
        (demote,) = parse_addresses([params["demote"]], "demote") if params["demote"] else (None,)
        order = Order(params["name"], to, params["force"], params["max_lag"], demote)
        module.exit_json(**fail_over(group, order, deadline, module.check_mode))


if __name__ == "__main__":
    main()
