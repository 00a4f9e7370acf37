#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_redis_cluster
short_description: Form a Redis Cluster of pods, or join pods to it
description:
  - Waits until a number of pods is there and their Redis or Valkey, in cluster mode, answers. Then makes one cluster of
    them, with every slot owned and every master followed by its replicas, and returns when all nodes agree and all
    replicas are in sync. Pods need not be Ready for it.
  - How that is planned and done is as M(omnimind.platform.redis_cluster) does it on hosts. Empty servers are formed
    into a cluster, a forming that was cut off is finished, new pods join a running cluster as replicas, and a cluster
    that is right already is left alone.
  - Pods that came back with other addresses are made known to each other again. A node whose pod came back without its
    data, so that it is another node, is forgotten once the others have given it up.
  - Masters and replicas are spread over the nodes of Kubernetes, so that no replica runs beside its master where the
    pods' places allow it.
  - In check mode, and with C(--diff), the plan is returned and nothing is done. With pods missing there is no plan, and
    the answer says so.
  - It refuses, naming pod and reason and changing nothing, when pods are missing or silent after O(timeout), when
    connections to them may not be made, and whenever M(omnimind.platform.redis_cluster) does.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.kubernetes
  - omnimind.platform.k8s_redis
options:
  size:
    description:
      - How many pods there must be, no more and no less.
      - It is what keeps a cluster from being formed of the pods that happen to be the first.
    type: int
    required: true
  replicas:
    description:
      - Replicas of each master.
      - There is one master for every O(replicas) + 1 pods, three at least. Pods that are left over become further
        replicas.
    type: int
    default: 1
  anti_affinity:
    description:
      - Whether a replica must stay away from its master's node of Kubernetes.
      - V(preferred) spreads as well as the pods' places allow, V(required) refuses a layout in which a replica shares
        the node of its master.
      - V(none) pays no regard to nodes.
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
    description: Seconds until all pods must be there and the cluster formed and healthy.
    type: float
    default: 300.0
attributes:
  check_mode:
    support: full
    description: Returns the plan and changes nothing. It does not wait for pods.
  diff_mode:
    support: full
    description: Shows the layout before and after.
seealso:
  - module: omnimind.platform.k8s_redis_cluster_info
  - module: omnimind.platform.redis_cluster
"""

EXAMPLES = r"""
- name: Six pods are one cluster of three masters and three replicas
  omnimind.platform.k8s_redis_cluster:
    namespace: omnimind
    label_selector: app.kubernetes.io/part-of=omnimind,app.kubernetes.io/component=redis
    size: 6
    replicas: 1
    anti_affinity: required
    redis_password: "{{ redis_password }}"

- name: What would be done is known, from a controller with a kubeconfig of its own
  omnimind.platform.k8s_redis_cluster:
    kubeconfig: ~/.kube/production
    namespace: omnimind
    label_selector: app.kubernetes.io/component=redis
    size: 6
    redis_password: "{{ redis_password }}"
  check_mode: true
  register: planned
"""

RETURN = r"""
plan:
  description:
    - The acts that were carried out, or would be in check mode, in their order.
    - Empty in check mode when pods are missing, as RV(missing) tells.
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
    - {action: own, node: "10.244.1.7:6379", slots: 0-5460}
    - {action: join, node: "10.244.2.9:6379"}
    - {action: follow, node: "10.244.2.9:6379", master: "10.244.1.7:6379"}
cluster:
  description:
    - The cluster afterwards, as RV(omnimind.platform.k8s_redis_cluster_info#module:healthy) and its siblings.
    - Empty in check mode when pods are missing.
  returned: unless the module refuses
  type: dict
elapsed_ms:
  description: Milliseconds from the first plan until the cluster was healthy, without the wait for pods.
  returned: success, not in check mode
  type: float
refusals:
  description: Why nothing was changed.
  returned: when the module refuses
  type: list
  elements: dict
  contains:
    node:
      description: Name or address of the pod concerned, or both, or empty.
      type: str
    reason:
      description: The reason in words.
      type: str
pods:
  description: The pods that count, by name.
  returned: always, but when the API of Kubernetes refuses
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
missing:
  description: In check mode, what keeps a plan from being made. Empty in all other cases.
  returned: success
  type: list
  elements: dict
  contains:
    node:
      description: Name of the pod concerned, or empty.
      type: str
    reason:
      description: The reason in words.
      type: str
  sample:
    - node: omnimind-redis-4
      reason: "has no node: Unschedulable: 0/3 nodes are available: 3 Insufficient memory."
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.k8s_redis.arguments import (
    ARGUMENTS as SHARED_ARGUMENTS,
    REQUIRED_TOGETHER,
    pods_opened,
)
from ansible_collections.omnimind.platform.plugins.module_utils.k8s_redis.clusters import form
from ansible_collections.omnimind.platform.plugins.module_utils.redis.plan import Wish

ARGUMENTS = {
    **SHARED_ARGUMENTS,
    "size": {"type": "int", "required": True},
    "anti_affinity": {"type": "str", "choices": ["none", "preferred", "required"], "default": "preferred"},
    "repair": {"type": "bool", "default": False},
    "node_timeout": {"type": "int"},
    "timeout": {"type": "float", "default": 300.0},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, required_together=REQUIRED_TOGETHER, supports_check_mode=True)
    params = module.params
    wish = Wish(params["replicas"], params["anti_affinity"], params["repair"], params["node_timeout"])
    deadline = time.monotonic() + params["timeout"]
    with pods_opened(module) as (pods, session):
        module.exit_json(**form(pods, session, wish, deadline, module.check_mode))


if __name__ == "__main__":
    main()
