#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_cluster_scale
short_description: Add nodes to a Redis Cluster, take nodes off it, and share out its slots
description:
  - Makes the nodes of O(nodes) the members of a running cluster. There is one master for every O(replicas) + 1 of them.
    New masters get slots, masters that are too many lose theirs, replicas are placed anew where that is needed, and
    nodes of O(leaving) are emptied and forgotten by all.
  - Slots move with their keys while clients use them, with the fewest moves. The slots of a leaving master do not move
    at all where one of its replicas stays and can take its place.
  - A run may be killed at any point and run again. Slots that are open, by whatever made them so, are repaired
    first, without losing a key.
  - No shard is without a replica that it had. New masters have theirs before they get slots, and nodes leave when those
    that take their place are in sync.
  - While it runs, progress is shown. A run that is right already changes nothing, and in check mode the exact plan is
    returned.
  - It refuses, naming node and reason and changing nothing, when the cluster has damage that scaling does not repair,
    when a member is named neither in O(nodes) nor in O(leaving), when too few nodes would be left for three masters
    with their replicas, when a master has no memory for the slots it would get, and in all cases in which
    M(omnimind.platform.redis_cluster) refuses nodes.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.redis
  - omnimind.platform.tls_client
options:
  replicas:
    description: Replicas of each master. Nodes that are left over become further replicas.
    type: int
    default: 1
  anti_affinity:
    description:
      - Whether a replica must stay away from its master's host, and from its zone where every node has one.
      - V(preferred) places replicas as well as the hosts allow, V(required) refuses a layout in which a replica shares
        its master's host or zone.
      - V(none) pays no regard to hosts and zones.
    type: str
    choices: [none, preferred, required]
    default: preferred
  leaving:
    description:
      - Nodes that shall not be members any more, each as in O(nodes), or hosts, for all of their nodes.
      - One that is dead is forgotten, if it owns no slot. One that left already is no error.
      - A member is never removed because it is missing in O(nodes). It must be named here.
    type: list
    elements: raw
    default: []
  balance:
    description:
      - V(slots) gives each master as many slots as the others, V(memory) so many that their keys take as much memory,
        estimated by the number of keys in each slot and the mean size of the master's keys.
      - V(none) moves only what new and leaving masters need.
    type: str
    choices: [slots, memory, none]
    default: slots
  tolerance:
    description:
      - Percent of the mean that a master's share may be above or below it, before slots move for balance alone.
      - With O(balance=memory), which is an estimate, never less than 10, and never less than a megabyte.
    type: float
    default: 0
  batch_keys:
    description: Keys that are sent at once, at most. A server answers no client meanwhile.
    type: int
    default: 100
  batch_kb:
    description: Kilobytes that are sent at once, at most. A single larger key is sent alone.
    type: int
    default: 1024
  keys_per_second:
    description: Keys that all nodes together may send in a second. V(0) for as many as they can.
    type: float
    default: 0
  mb_per_second:
    description: Megabytes that all nodes together may send in a second, estimated as for O(balance=memory). V(0) for
      as many as they can.
    type: float
    default: 0
  move_timeout:
    description: Seconds that a server may wait for another while it sends a batch. A large key may need more.
    type: float
    default: 10.0
  timeout:
    description: Seconds that nodes may take to agree after an act, to be in sync, and to be healthy in the end. How
      long slots move is not limited.
    type: float
    default: 120.0
  slice_seconds:
    description:
      - Stop moving slots after so many seconds, and return what has been done. V(0) works until all is done.
      - A task calls the module again until all is done, and shows a line of progress each time. So this is how often
        progress is shown.
    type: float
    default: 5.0
attributes:
  check_mode:
    support: full
    description: Returns the plan and changes nothing.
  diff_mode:
    support: full
    description: Shows the layout before and after.
  action:
    support: full
    description: The part on the controller calls the module in slices and shows progress.
seealso:
  - module: omnimind.platform.redis_cluster
  - module: omnimind.platform.redis_cluster_failover
  - module: omnimind.platform.redis_cluster_info
"""

EXAMPLES = r"""
- name: The cluster has a fourth shard
  omnimind.platform.redis_cluster_scale:
    nodes:
      - {host: 10.0.0.1, port: 7000}
      - {host: 10.0.0.1, port: 7001}
      - {host: 10.0.0.2, port: 7000}
      - {host: 10.0.0.2, port: 7001}
      - {host: 10.0.0.3, port: 7000}
      - {host: 10.0.0.3, port: 7001}
      - {host: 10.0.0.4, port: 7000}
      - {host: 10.0.0.4, port: 7001}
    password: "{{ redis_password }}"
  run_once: true

- name: No node of a host is a member any more, and keys move slowly
  omnimind.platform.redis_cluster_scale:
    nodes: ["10.0.0.1:7000", "10.0.0.1:7001", "10.0.0.2:7000", "10.0.0.2:7001", "10.0.0.3:7000", "10.0.0.3:7001"]
    leaving: [10.0.0.4]
    keys_per_second: 2000
    password: "{{ redis_password }}"
  run_once: true
"""

RETURN = r"""
plan:
  description: The acts that were carried out, or would be in check mode, in about their order.
  returned: unless the module refuses
  type: list
  elements: dict
  contains:
    action:
      description:
        - V(finish) moves slots on to where some of their keys are, V(close) lets a node have slots open no more,
          V(gather) sends keys back to the owner of their slot.
        - V(promote) lets a replica take its leaving master's place, V(empty) makes a replica a master without slots.
        - V(join) introduces a node to the others, V(meet) two nodes to each other that forgot each other.
        - V(move) moves slots, V(follow) makes a node a replica of another.
        - V(leave) takes a node off the cluster, V(forget) lets all nodes forget one that is gone.
        - V(restore) gives a node back the settings that a run which was cut off had taken.
      type: str
    node:
      description: Address of the node; the source of slots.
      type: str
    target:
      description: Address of the other node, where there is one. It gets the slots, is followed, or was the master.
      type: str
    slots:
      description: Slots as ranges.
      type: str
  sample:
    - {action: join, node: "10.0.0.4:7000"}
    - {action: move, node: "10.0.0.1:7000", target: "10.0.0.4:7000", slots: 4096-5460}
moved_slots:
  description: Slots that were moved.
  returned: unless the module refuses
  type: int
moved_keys:
  description: Keys that were sent from one node to another.
  returned: unless the module refuses
  type: int
remaining_slots:
  description: Slots of the plan that were not moved. In check mode all of them.
  returned: unless the module refuses
  type: int
moving_seconds:
  description: Seconds that moving slots took.
  returned: unless the module refuses
  type: float
finished:
  description: Whether all was done, or O(slice_seconds) ended before. A task ends only when all was done.
  returned: success, not in check mode
  type: bool
seconds:
  description: Seconds from the first question until the cluster was healthy.
  returned: when all was done
  type: float
cluster:
  description: The cluster afterwards, as RV(omnimind.platform.redis_cluster_info#module:healthy) and its siblings.
  returned: when all was done
  type: dict
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

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.redis.arguments import (
    CONNECTION_ARGUMENTS,
    REQUIRED_TOGETHER,
    nodes_opened,
)
from ansible_collections.omnimind.platform.plugins.module_utils.redis.scaling.acting import scale
from ansible_collections.omnimind.platform.plugins.module_utils.redis.scaling.arguments import (
    SCALING_ARGUMENTS,
    limits_of,
    pace_of,
    wish_of,
)
from ansible_collections.omnimind.platform.plugins.module_utils.redis.scaling.asking import parse_leaving

ARGUMENTS = {**CONNECTION_ARGUMENTS, **SCALING_ARGUMENTS, "slice_seconds": {"type": "float", "default": 5.0}}


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS, required_together=REQUIRED_TOGETHER, supports_check_mode=True
    )
    params = module.params
    with nodes_opened(module) as (nodes, session):
        leaving = parse_leaving(params["leaving"])
        wish, pace, limits = wish_of(params, leaving), pace_of(params), limits_of(params)
        module.exit_json(**scale(session, nodes, leaving, wish, pace, limits, module.check_mode))


if __name__ == "__main__":
    main()
