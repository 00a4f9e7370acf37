#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_cluster_info
short_description: Check every slot and every node of a Redis Cluster
description:
  - Asks every node of a Redis or Valkey cluster for its own view, and compares what they say.
  - One reachable node is enough as a start, the others are discovered from it. Nodes that are listed
    must belong to the cluster, else that is a problem.
  - A node's word about itself counts before what others say of it, so damage that a single node does
    not see (two owners of a slot, a forgotten node, a stale view) is found.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.redis
  - omnimind.platform.tls_client
  - omnimind.platform.reads_only
options:
  replicas:
    description: Working replicas that each master is expected to have. V(0) when none are expected.
    type: int
    default: 1
  max_lag:
    description: Seconds without an acknowledgement after which a replica counts as lagging.
    type: int
    default: 10
  wait_for:
    description:
      - Poll until this holds, or fail when O(timeout) is over, saying what was still wrong.
      - V(reachable) waits until every listed and every known node answers.
      - V(covered) waits until every slot is served and every node says that the cluster state is ok.
      - V(healthy) waits until no problem of severity V(error) is left.
    type: str
    choices: [reachable, covered, healthy]
  timeout:
    description: Seconds to wait for O(wait_for).
    type: float
    default: 60.0
seealso:
  - module: omnimind.platform.redis_cluster
"""

EXAMPLES = r"""
- name: The cluster is healthy
  omnimind.platform.redis_cluster_info:
    nodes: ["10.0.0.1:7000"]
    password: "{{ redis_password }}"
    wait_for: healthy
    timeout: 30

- name: The state of the cluster is known
  omnimind.platform.redis_cluster_info:
    nodes:
      - {host: 10.0.0.1, port: 7000, zone: a}
      - {host: 10.0.0.2, port: 7000, zone: b}
      - {host: 10.0.0.3, port: 7000, zone: c}
    password: "{{ redis_password }}"
  register: cluster

- name: Every problem is shown
  ansible.builtin.debug:
    msg: "{{ cluster.problems | map(attribute='message') }}"
  when: cluster is not omnimind.platform.healthy
"""

RETURN = r"""
healthy:
  description: Whether there is no problem of severity V(error).
  returned: always
  type: bool
state:
  description: V(ok) when every node that answers says that the cluster state is ok, else V(fail).
  returned: always
  type: str
agree:
  description: Whether all nodes that answer have the same view of who serves what and who follows whom.
  returned: always
  type: bool
problems:
  description: What is wrong, errors first.
  returned: always
  type: list
  elements: dict
  contains:
    code:
      description: A stable name of the kind of problem, such as V(slots_uncovered). The guide lists all.
      type: str
    severity:
      description: V(error) or V(warning).
      type: str
    message:
      description: The problem in words.
      type: str
    nodes:
      description: Addresses of the nodes concerned, the one at fault first.
      type: list
      elements: str
    slots:
      description: The slots concerned, as ranges such as V(0-100,7000); empty where it is not about slots.
      type: str
  sample:
    - code: slots_uncovered
      severity: error
      message: "101 slots have no owner: 0-100"
      nodes: []
      slots: 0-100
slots:
  description: The number of slots that have an owner, and the slots in question as ranges.
  returned: always
  type: dict
  contains:
    covered:
      description: Number of slots that at least one node owns, 16384 in a complete cluster.
      type: int
    uncovered:
      description: Slots that no node owns.
      type: str
    unserved:
      description: Slots whose owners are all down.
      type: str
    disputed:
      description: Slots that more than one node claims.
      type: str
    migrating:
      description: Slots that are open because they leave a node.
      type: str
    importing:
      description: Slots that are open because they come to a node.
      type: str
shards:
  description: Every master that owns slots, in the order of its slots.
  returned: always
  type: list
  elements: dict
  contains:
    master:
      description: Address of the master.
      type: str
    slots:
      description: Its slots as ranges.
      type: str
    slot_count:
      description: How many slots it owns.
      type: int
    key_count:
      description: How many keys it holds; null when it does not answer.
      type: int
    replicas:
      description: Addresses of the replicas that follow it.
      type: list
      elements: str
nodes:
  description: Every member of the cluster. C(master), C(link_up), C(lag_seconds) and C(lag_bytes) are those of replicas only.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The node id.
      type: str
    address:
      description: Where it was asked, C(host:port).
      type: str
    host:
      description: Host part of the address.
      type: str
    port:
      description: Port part of the address.
      type: int
    zone:
      description: The zone it was listed with, else empty.
      type: str
    role:
      description: V(master) or V(replica).
      type: str
    alive:
      description: Whether it answers and the cluster has not given it up.
      type: bool
    slots:
      description: The slots it owns as ranges.
      type: str
    version:
      description: Engine and version, such as V(redis 7.0.15); null when it does not answer.
      type: str
    key_count:
      description: How many keys it holds; null when it does not answer.
      type: int
    memory_bytes:
      description: Bytes of memory that it uses; null when it does not answer.
      type: int
    memory_limit_bytes:
      description: Bytes of memory that it may use, V(0) for no limit; null when it does not answer.
      type: int
    operations_per_second:
      description: Commands that it carried out in its last second; null when it does not answer.
      type: int
    uptime_seconds:
      description: Seconds since it was started; null when it does not answer.
      type: int
    master:
      description: Address of the master it follows.
      type: str
    link_up:
      description: Whether its replication link is up.
      type: bool
    lag_seconds:
      description: Seconds since its master last heard from it.
      type: int
    lag_bytes:
      description: Bytes of its master's replication stream that it has not read yet.
      type: int
versions:
  description: The distinct engines and versions.
  returned: always
  type: list
  elements: str
elapsed_ms:
  description: Milliseconds from the first question to the last answer of the last survey, with its check.
  returned: always
  type: float
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.redis.arguments import (
    CONNECTION_ARGUMENTS,
    REQUIRED_TOGETHER,
    nodes_opened,
)
from ansible_collections.omnimind.platform.plugins.module_utils.redis.health import check_cluster
from ansible_collections.omnimind.platform.plugins.module_utils.redis.problems import Expectation

ARGUMENTS = {
    **CONNECTION_ARGUMENTS,
    "replicas": {"type": "int", "default": 1},
    "max_lag": {"type": "int", "default": 10},
    "wait_for": {"type": "str", "choices": ["reachable", "covered", "healthy"]},
    "timeout": {"type": "float", "default": 60.0},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS, required_together=REQUIRED_TOGETHER, supports_check_mode=True
    )
    params = module.params
    expected = Expectation(params["replicas"], params["max_lag"])
    deadline = time.monotonic() + params["timeout"]
    with nodes_opened(module) as (nodes, session):
        module.exit_json(changed=False, **check_cluster(session, nodes, expected, params["wait_for"], deadline))


if __name__ == "__main__":
    main()
