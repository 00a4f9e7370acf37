#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_cluster_failover
short_description: Promote replicas of a Redis Cluster
description:
  - Makes replicas the masters of their shards, one shard after the other, and waits each time until every node agrees
    and every replica of the shard is in sync again.
  - A graceful failover, which is the default, loses nothing. The old master stops taking writes, the replica reads what
    it lacks, and takes over. Clients are redirected after some tens of milliseconds.
  - It does nothing where the nodes have these roles already.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.redis
  - omnimind.platform.tls_client
options:
  promote:
    description: Replicas to promote, each as C(host:port), named as in O(nodes).
    type: list
    elements: str
  demote:
    description:
      - Nodes that shall not be masters, each as C(host:port), or hosts, for all of their nodes.
      - Of the replicas elsewhere that are in sync the one is promoted whose host has the fewest masters.
    type: list
    elements: str
  mode:
    description:
      - V(graceful) needs a living master and a replica in sync with it, and loses nothing.
      - V(force) does not ask the master, and needs the votes of most other masters. What the replica has not read is lost.
      - V(takeover) needs no vote either. It is for a cluster that has lost most of its masters, and may undo a failover
        that the rest of the cluster made at the same time.
    type: str
    choices: [graceful, force, takeover]
    default: graceful
  max_lag:
    description: Seconds since its master last heard from a replica that counts as in sync.
    type: int
    default: 10
  timeout:
    description: Seconds until all promotions must have come about.
    type: float
    default: 60.0
attributes:
  check_mode:
    support: full
    description: Says which replica would take which master's place.
  diff_mode:
    support: full
    description: Shows the shards before and after.
seealso:
  - module: omnimind.platform.redis_cluster_info
"""

EXAMPLES = r"""
- name: No master is on the host that goes down tonight
  omnimind.platform.redis_cluster_failover:
    nodes: ["10.0.0.1:7000"]
    password: "{{ redis_password }}"
    demote: [10.0.0.2]

- name: The replica of the lost data centre takes over, whatever it lacks
  omnimind.platform.redis_cluster_failover:
    nodes: ["10.0.0.1:7000"]
    password: "{{ redis_password }}"
    promote: ["10.0.1.1:7001"]
    mode: force
"""

RETURN = r"""
failovers:
  description: The promotions, in their order. In check mode those that there would be, without times.
  returned: unless the module refuses
  type: list
  elements: dict
  contains:
    slots:
      description: Slots of the shard, such as V(0-5460).
      type: str
    old_master:
      description: Address of the node that was master.
      type: str
    new_master:
      description: Address of the node that is master now.
      type: str
    promoted_ms:
      description: Milliseconds from the command until the replica was master.
      type: float
    agreed_ms:
      description: Milliseconds from the command until every node knew.
      type: float
    synced_ms:
      description: Milliseconds from the command until every replica of the shard was in sync.
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

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.redis.arguments import (
    CONNECTION_ARGUMENTS,
    REQUIRED_TOGETHER,
    nodes_opened,
)
from ansible_collections.omnimind.platform.plugins.module_utils.redis.failover.choice import MODES, Order
from ansible_collections.omnimind.platform.plugins.module_utils.redis.failover.promotion import fail_over

ARGUMENTS = {
    **CONNECTION_ARGUMENTS,
    "promote": {"type": "list", "elements": "str"},
    "demote": {"type": "list", "elements": "str"},
    "mode": {"type": "str", "choices": list(MODES), "default": "graceful"},
    "max_lag": {"type": "int", "default": 10},
    "timeout": {"type": "float", "default": 60.0},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_together=REQUIRED_TOGETHER,
        mutually_exclusive=[("promote", "demote")],
        required_one_of=[("promote", "demote")],
        supports_check_mode=True,
    )
    params = module.params
    order = Order(tuple(params["promote"] or ()), tuple(params["demote"] or ()), params["mode"], params["max_lag"])
    deadline = time.monotonic() + params["timeout"]
    with nodes_opened(module) as (nodes, session):
        module.exit_json(**fail_over(session, nodes, order, deadline, module.check_mode))


if __name__ == "__main__":
    main()
