#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_drain
short_description: Drain nodes of Kubernetes, or cordon and uncordon them
description:
  - Rehearses the whole drain first, on what is in the cluster now. Budgets, replicas, anti-affinity, resources and the
    order of evictions are looked at. When something blocks it, nothing is changed, and the answer names what blocks
    and what to do.
  - Then it cordons all nodes, and drains one after the other. Pods are evicted in rounds, in the order in which the API
    lists them. What a budget refuses is tried again in the next round, until O(timeout) is over.
  - Between two rounds it waits until what was evicted is gone, and what comes in its place is Ready. A successor that
    no node takes is not waited for.
  - When it fails, it uncordons the nodes that it has cordoned, or leaves them so and says it. Nodes that were cordoned
    before stay so.
  - A second run changes nothing.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.kubernetes
options:
  nodes:
    description: Names of nodes, drained in this order. All of them are cordoned before the first pod is evicted.
    type: list
    elements: str
    required: true
  state:
    description:
      - V(drained) cordons the nodes and evicts their pods.
      - V(cordoned) keeps new pods off the nodes, and V(uncordoned) lets them come again.
    type: str
    choices: [drained, cordoned, uncordoned]
    default: drained
  timeout:
    description: Seconds from the first cordon until all nodes must be drained.
    type: float
    default: 300.0
  interval:
    description: Seconds between two looks at the cluster while it waits.
    type: float
    default: 2.0
  grace_period:
    description: Seconds that an evicted pod gets to end. What each pod has for itself when it is not given.
    type: int
  ignore_daemon_sets:
    description:
      - Leave pods of DaemonSets where they are. They would come again on the same node.
      - With V(false) a node with such pods is not drained at all.
    type: bool
    default: true
  delete_emptydir_data:
    description:
      - Evict pods with an C(emptyDir) too, whose content is lost. Else a node with such pods is not drained.
      - Volumes that the pod's annotation C(cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes) names may go
        anyway. It is a list with commas between, as the cluster autoscaler reads it.
    type: bool
    default: false
  delete_bare_pods:
    description: Evict pods without a controller too, which nobody makes anew. Else a node with such pods is not
      drained.
    type: bool
    default: false
  on_blockers:
    description:
      - What to do when the rehearsal says that the drain does not come to its end.
      - V(refuse) fails before anything is changed.
      - V(try) begins, and hopes that it mends itself until O(timeout). Pods that must not be touched, such as those
        without a controller, are refused all the same.
    type: str
    choices: [refuse, try]
    default: refuse
  on_failure:
    description:
      - What becomes of the nodes that were cordoned here when one cannot be drained.
      - V(uncordon) lets pods come to them again, V(leave) keeps them cordoned.
    type: str
    choices: [uncordon, leave]
    default: uncordon
attributes:
  check_mode:
    support: full
    description:
      - It is the rehearsal. Beside readings only cordons, and one eviction in each namespace, are sent, all of them
        with C(dryRun=All), so that what is forbidden is known before.
  diff_mode:
    support: full
    description: Shows of each node whether it is cordoned, and the pods on it that a drain evicts.
notes:
  - The rehearsal knows the node affinity, taints, and required anti-affinity of pods, but no volumes, no spreading and
    no priorities. A pod that the scheduler puts elsewhere than expected does no harm; one that cannot follow its
    volume is waited for until O(timeout).
  - Who calls it must be allowed to list nodes, pods, PodDisruptionBudgets, Deployments, ReplicaSets, StatefulSets,
    DaemonSets and Jobs of all namespaces, to patch nodes, and to create evictions.
seealso:
  - module: omnimind.platform.k8s_pdb_info
"""

EXAMPLES = r"""
- name: The node can be drained
  omnimind.platform.k8s_drain:
    nodes: [worker-1]
  check_mode: true
  register: rehearsal

- name: The order of the evictions is shown
  ansible.builtin.debug:
    msg: "{{ rehearsal.evictions | map(attribute='pod') }}"

- name: The node is empty, and its pods run elsewhere
  omnimind.platform.k8s_drain:
    nodes: [worker-1]
    delete_emptydir_data: true
    timeout: 900

- name: The node takes pods again
  omnimind.platform.k8s_drain:
    nodes: [worker-1]
    state: uncordoned
"""

RETURN = r"""
cordoned:
  description: Nodes that were cordoned here and still are. In check mode those that would be.
  returned: unless the options are refused
  type: list
  elements: str
uncordoned:
  description: Nodes that were uncordoned here, which after a failure are those that had been cordoned.
  returned: unless the options are refused
  type: list
  elements: str
evictions:
  description: Evictions that were granted, in their order. In check mode those that would be.
  returned: for O(state=drained)
  type: list
  elements: dict
  contains:
    round:
      description: In which round, from 1 on.
      type: int
    pod:
      description: The pod as C(namespace/name).
      type: str
    node:
      description: The node that it was on.
      type: str
    budgets:
      description: Budgets that it was charged to.
      type: list
      elements: str
blockers:
  description: Pods that stay, and why; empty when the nodes are drained.
  returned: for O(state=drained)
  type: list
  elements: dict
  contains:
    code:
      description:
        - A stable name of the reason, one of V(budget_zero), V(budget_without_bound), V(scale_unknown), V(two_budgets),
          V(no_node_left), V(not_ready), V(replicas_missing), V(no_controller), V(local_storage), V(daemon_set) and
          V(refused).
      type: str
    pod:
      description: The pod as C(namespace/name).
      type: str
    node:
      description: The node that it is on.
      type: str
    message:
      description: The reason in words.
      type: str
    remedy:
      description: What to do.
      type: str
    budgets:
      description: The budgets concerned.
      type: list
      elements: str
  sample:
    - code: budget_zero
      pod: shop/frontend-7d4b9-x2x9k
      node: worker-1
      message: >-
        shop/frontend-7d4b9-x2x9k stays: shop/frontend needs 1 healthy pods and has 1,
        and there are never more (minAvailable 1 of 1)
      remedy: add a replica, or let shop/frontend want fewer
      budgets: [shop/frontend]
rehearsal:
  description: How the drain was expected to go when it began.
  returned: for O(state=drained), unless a drain fails that has begun
  type: dict
  contains:
    finished:
      description: Whether it comes to its end.
      type: bool
    drained:
      description: Nodes on which nothing is left that a drain evicts.
      type: list
      elements: str
    rounds:
      description: How many rounds it takes.
      type: int
    evictions:
      description:
        - As RV(evictions), each with what comes of it.
        - C(after) are the pods that must be Ready before a budget grants it, C(successor) and C(successor_node) what
          comes in its place and where, C(reason) why that is on no node.
      type: list
      elements: dict
    refusals:
      description: Evictions that a budget refuses at the time, each with its C(reason).
      type: list
      elements: dict
    blockers:
      description: As RV(blockers).
      type: list
      elements: dict
    left:
      description: Pods that stay as they should, of DaemonSets and static ones.
      type: list
      elements: str
    lost:
      description: Pods that nobody makes anew.
      type: list
      elements: str
    homeless:
      description: Successors that no node takes, each with C(pod) and C(reason).
      type: list
      elements: dict
elapsed:
  description: Seconds that it took.
  returned: for O(state=drained), when it succeeds
  type: float
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils import reporting
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.arguments import (
    CONNECTION_ARGUMENTS,
    REQUIRED_TOGETHER,
    cluster_opened,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.draining.cordons import set_cordons
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.draining.draining import drain_nodes
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.draining.orders import read_order

ARGUMENTS = {
    **CONNECTION_ARGUMENTS,
    "nodes": {"type": "list", "elements": "str", "required": True},
    "state": {"type": "str", "choices": ["drained", "cordoned", "uncordoned"], "default": "drained"},
    "timeout": {"type": "float", "default": 300.0},
    "interval": {"type": "float", "default": 2.0},
    "grace_period": {"type": "int"},
    "ignore_daemon_sets": {"type": "bool", "default": True},
    "delete_emptydir_data": {"type": "bool", "default": False},
    "delete_bare_pods": {"type": "bool", "default": False},
    "on_blockers": {"type": "str", "choices": ["refuse", "try"], "default": "refuse"},
    "on_failure": {"type": "str", "choices": ["uncordon", "leave"], "default": "uncordon"},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, required_together=REQUIRED_TOGETHER, supports_check_mode=True)
    with reporting.failures_reported(module):
        order = read_order(module.params)
    with cluster_opened(module) as cluster:
        if module.params["state"] != "drained":
            cordoned = module.params["state"] == "cordoned"
            module.exit_json(**set_cordons(cluster, order.nodes, cordoned))
        answer = drain_nodes(cluster, order, module.check_mode)
        for one in answer["rehearsal"]["homeless"]:
            module.warn(f"no node takes {one['pod']}: {one['reason']}")
        module.exit_json(**answer)


if __name__ == "__main__":
    main()
