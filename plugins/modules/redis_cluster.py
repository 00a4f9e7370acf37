#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_cluster
short_description: Form a Redis Cluster, or join nodes to it
description:
  - Makes one cluster of running Redis or Valkey servers in cluster mode, with every slot owned and
    every master followed by its replicas, and returns when all nodes agree and all replicas are in sync.
  - All nodes are surveyed first. Empty servers are formed into a cluster, a forming that was cut off is
    finished, new nodes join a running cluster as replicas where replicas are missing most, and a cluster
    that is right already is left alone.
  - Masters and replicas are spread over zones and hosts, so that no replica stands beside its master where
    the hosts allow it.
  - In check mode, and with C(--diff), the plan is returned and nothing is done.
  - It refuses, naming node and reason and changing nothing, when a node does not answer, rejects the
    password, is not in cluster mode, holds keys, belongs to another cluster, or announces an address at
    which it does not answer, and when there are too few nodes.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.redis
  - omnimind.platform.tls_client
options:
  replicas:
    description:
      - Replicas of each master.
      - There is one master for every O(replicas) + 1 nodes, three at least. Nodes that are left over become
        further replicas.
    type: int
    default: 1
  anti_affinity:
    description:
      - Whether a replica must stay away from its master's host, and from its zone where every node has one.
      - V(preferred) spreads nodes as well as the hosts allow, V(required) refuses a layout in which a replica
        shares its master's host or zone.
      - V(none) pays no regard to hosts and zones.
    type: str
    choices: [none, preferred, required]
    default: preferred
  repair:
    description:
      - Give slots that lost their owner back, to the node that holds their keys or owned them before.
      - Without it, slots without an owner are a failure.
    type: bool
    default: false
  node_timeout:
    description:
      - The C(cluster-node-timeout) in milliseconds that nodes have after a forming that was cut off. While a
        cluster is formed, and only then, nodes have a very short one, which makes it quick.
      - When it is not given, Redis' default of 15000 is set in that case. A forming that is not cut off gives
        every node back what it had.
    type: int
  timeout:
    description: Seconds until the cluster must be formed and healthy.
    type: float
    default: 120.0
attributes:
  check_mode:
    support: full
    description: Returns the plan and changes nothing.
  diff_mode:
    support: full
    description: Shows the layout before and after.
seealso:
  - module: omnimind.platform.redis_cluster_info
"""

EXAMPLES = r"""
- name: Six servers are one cluster of three masters and three replicas
  omnimind.platform.redis_cluster:
    nodes:
      - {host: 10.0.0.1, port: 7000, zone: a}
      - {host: 10.0.0.1, port: 7001, zone: a}
      - {host: 10.0.0.2, port: 7000, zone: b}
      - {host: 10.0.0.2, port: 7001, zone: b}
      - {host: 10.0.0.3, port: 7000, zone: c}
      - {host: 10.0.0.3, port: 7001, zone: c}
    replicas: 1
    anti_affinity: required
    password: "{{ redis_password }}"
  run_once: true
"""

RETURN = r"""
plan:
  description: The acts that were carried out, or would be in check mode, in their order.
  returned: unless the module refuses
  type: list
  elements: dict
  contains:
    action:
      description:
        - V(clear) lets a new node go of slots it has for itself, V(own) gives a node slots.
        - V(join) introduces a node to the others, V(meet) two nodes to each other that forgot each other.
        - V(follow) makes a node a replica, V(forget) lets all nodes forget one that is gone for good.
        - V(restore) gives a node back the settings it had before a forming that was cut off.
      type: str
    node:
      description: Address of the node; its id with V(forget).
      type: str
    slots:
      description: Slots as ranges, with V(own).
      type: str
    master:
      description: Address of the master to follow, with V(follow).
      type: str
    other:
      description: Address of the other node, with V(meet).
      type: str
  sample:
    - {action: own, node: "10.0.0.1:7000", slots: 0-5460}
    - {action: join, node: "10.0.0.2:7001"}
    - {action: follow, node: "10.0.0.2:7001", master: "10.0.0.1:7000"}
cluster:
  description: The cluster afterwards, as RV(omnimind.platform.redis_cluster_info#module:healthy) and its siblings.
  returned: unless the module refuses
  type: dict
elapsed_ms:
  description: Milliseconds from the first question until the cluster was healthy.
  returned: success, not in check mode
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
from ansible_collections.omnimind.platform.plugins.module_utils.redis.convergence import converge
from ansible_collections.omnimind.platform.plugins.module_utils.redis.plan import Wish

ARGUMENTS = {
    **CONNECTION_ARGUMENTS,
    "replicas": {"type": "int", "default": 1},
    "anti_affinity": {"type": "str", "choices": ["none", "preferred", "required"], "default": "preferred"},
    "repair": {"type": "bool", "default": False},
    "node_timeout": {"type": "int"},
    "timeout": {"type": "float", "default": 120.0},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS, required_together=REQUIRED_TOGETHER, supports_check_mode=True
    )
    params = module.params
    wish = Wish(params["replicas"], params["anti_affinity"], params["repair"], params["node_timeout"])
    deadline = time.monotonic() + params["timeout"]
    with nodes_opened(module) as (nodes, session):
        module.exit_json(**converge(session, nodes, wish, deadline, module.check_mode))


if __name__ == "__main__":
    main()
