#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_redis_cluster_info
short_description: Check every slot and every node of a Redis Cluster of pods
description:
  - Asks the Redis or Valkey of every pod for its own view of the cluster, and compares what they say, as
    M(omnimind.platform.redis_cluster_info) does it on hosts.
  - A pod that is missing or does not run is a problem, with what it waits for.
  - A node that the others know at an address which no pod has is told as one that does not answer, and as gone for
    good when they have given it up.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.kubernetes
  - omnimind.platform.k8s_redis
  - omnimind.platform.reads_only
options:
  size:
    description: How many pods there must be. As many as there are, but one at least, when it is not given.
    type: int
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
      - V(reachable) waits until every pod is there and every known node answers.
      - V(covered) waits until every slot is served and every node says that the cluster state is ok.
      - V(healthy) waits until no problem of severity V(error) is left.
    type: str
    choices: [reachable, covered, healthy]
  timeout:
    description: Seconds to wait for O(wait_for).
    type: float
    default: 60.0
seealso:
  - module: omnimind.platform.k8s_redis_cluster
  - module: omnimind.platform.redis_cluster_info
"""

EXAMPLES = r"""
- name: The cluster is healthy
  omnimind.platform.k8s_redis_cluster_info:
    namespace: omnimind
    label_selector: app.kubernetes.io/part-of=omnimind,app.kubernetes.io/component=redis
    size: 6
    redis_password: "{{ redis_password }}"
    wait_for: healthy
    timeout: 30
  register: cluster

- name: Who serves what is shown
  ansible.builtin.debug:
    msg: "{{ cluster.nodes | items2dict(key_name='pod', value_name='slots') }}"
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
      description:
        - A stable name of the kind of problem, such as V(slots_uncovered). The guide lists all.
        - V(pod_missing) is about a pod that is not there, or does not run.
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
      description: Node of Kubernetes that its pod runs on.
      type: str
    pod:
      description: Name of its pod; empty when no pod is at its address.
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
pods:
  description: The pods that count, by name.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the pod.
      type: str
    address:
      description: IP address of the pod; empty while it has none.
      type: str
    node:
      description: Node of Kubernetes that it runs on; empty while it has none.
      type: str
  sample:
    - {name: omnimind-redis-0, address: 10.244.1.7, node: worker-1}
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.k8s_redis.arguments import (
    ARGUMENTS as SHARED_ARGUMENTS,
    REQUIRED_TOGETHER,
    pods_opened,
)
from ansible_collections.omnimind.platform.plugins.module_utils.k8s_redis.clusters import check
from ansible_collections.omnimind.platform.plugins.module_utils.redis.problems import Expectation

ARGUMENTS = {
    **SHARED_ARGUMENTS,
    "max_lag": {"type": "int", "default": 10},
    "wait_for": {"type": "str", "choices": ["reachable", "covered", "healthy"]},
    "timeout": {"type": "float", "default": 60.0},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, required_together=REQUIRED_TOGETHER, supports_check_mode=True)
    params = module.params
    expected = Expectation(params["replicas"], params["max_lag"])
    deadline = time.monotonic() + params["timeout"]
    with pods_opened(module) as (pods, session):
        module.exit_json(changed=False, **check(pods, session, expected, params["wait_for"], deadline))


if __name__ == "__main__":
    main()
