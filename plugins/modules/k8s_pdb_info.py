#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_pdb_info
short_description: Check PodDisruptionBudgets, before a drain does
description:
  - Says of every budget which pods it selects and how many of them may go now, as the disruption controller counts
    them.
  - Finds budgets that block every drain, that match nothing, or that share a pod with another; roll-outs, autoscalers
    and quorums that budgets do not go with; and workloads without any budget.
  - Looks at a cluster, at manifests before they are applied, or at the cluster as it would be with them.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.kubernetes
  - omnimind.platform.kubernetes_manifests
  - omnimind.platform.reads_only
options:
  quorums:
    description: What workloads need to do their work, of which no manifest tells.
    type: list
    elements: dict
    default: []
    suboptions:
      namespace:
        description: Namespace of the workload.
        type: str
        default: default
      workload:
        description: Name of the Deployment or StatefulSet.
        type: str
        required: true
      shards:
        description:
          - Names of pods that hold the same data, a list for each shard, such as the master of a Redis Cluster and its
            replicas. One pod of each must stay, and so must the majority of as many masters.
          - Without shards the majority of all pods must stay, as with Sentinels.
        type: list
        elements: list
        default: []
  fail_on:
    description: Fail when there is a problem of this severity, or of a higher one. The answer is the same.
    type: str
    choices: [never, warning, error]
    default: never
notes:
  - Who calls it must be allowed to list PodDisruptionBudgets, pods, Deployments, ReplicaSets, StatefulSets,
    DaemonSets, Jobs and HorizontalPodAutoscalers of O(namespaces), or of all.
seealso:
  - module: omnimind.platform.k8s_drain
"""

EXAMPLES = r"""
- name: No budget of the shop blocks a drain
  omnimind.platform.k8s_pdb_info:
    namespaces: [shop]
    quorums:
      - namespace: shop
        workload: sentinel
    fail_on: error

- name: Nor will the ones that are about to be applied
  omnimind.platform.k8s_pdb_info:
    source: both
    definitions: "{{ lookup('ansible.builtin.file', 'budgets.yml') | from_yaml_all }}"
    fail_on: warning

- name: How many pods may go now
  ansible.builtin.debug:
    msg: "{{ dict(shop.budgets | map(attribute='name') | zip(shop.budgets | map(attribute='allowed'))) }}"
"""

RETURN = r"""
healthy:
  description: Whether there is no problem of severity V(error).
  returned: always
  type: bool
problems:
  description: What is wrong when all pods are there and Ready, errors first.
  returned: always
  type: list
  elements: dict
  contains:
    code:
      description:
        - A stable name of the kind of problem, one of V(budget_zero), V(budget_unreachable), V(budget_without_bound),
          V(budget_matches_nothing), V(budget_protects_nothing), V(share_rounds_to_all), V(two_budgets),
          V(scale_unknown), V(uncontrolled_pods), V(unhealthy_policy), V(no_budget), V(single_replica),
          V(rollout_below_budget), V(autoscaler_below_budget), V(quorum_at_risk), V(quorum_without_spare) and
          V(shard_at_risk).
      type: str
    severity:
      description: V(error) where a drain is blocked for ever, or where what must not fail is let go, else V(warning).
      type: str
    message:
      description: The problem in words.
      type: str
    objects:
      description: What it is about, each with its kind.
      type: list
      elements: str
  sample:
    - code: budget_zero
      severity: error
      message: "shop/frontend wants 1 healthy pods of 1 (minAvailable 1): no pod is ever let go"
      objects: [PodDisruptionBudget shop/frontend]
budgets:
  description: Every budget as it is now. Pods of workloads that are only in O(definitions) are taken for Ready.
  returned: always
  type: list
  elements: dict
  contains:
    namespace:
      description: Its namespace.
      type: str
    name:
      description: Its name.
      type: str
    bound:
      description: Such as V(minAvailable 50%).
      type: str
    selector:
      description: What it selects, in words.
      type: str
    unhealthy_pod_eviction_policy:
      description: Whether pods that are not Ready may go while too few are.
      type: str
    pods:
      description: Names of the pods that it selects.
      type: list
      elements: str
    expected:
      description: How many pods there should be.
      type: int
    healthy:
      description: How many are Ready, and are not going.
      type: int
    desired:
      description: How many of them must stay.
      type: int
    allowed:
      description: The headroom, which is how many may be evicted now.
      type: int
    blocks:
      description: Whether it selects pods, and lets none go now.
      type: bool
    failure:
      description: Why it cannot be counted, so that it allows none; else empty.
      type: str
    uncontrolled:
      description: Pods without a controller, which a share of the replicas leaves out.
      type: list
      elements: str
ignored:
  description: Objects of O(definitions) of kinds that were not looked at.
  returned: always
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.arguments import (
    CONNECTION_ARGUMENTS,
    REQUIRED_TOGETHER,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.needs import Quorum
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.report import report_budgets
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.gathering import (
    MANIFEST_ARGUMENTS,
    manifests_gathered,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.observing import WORKLOADS

KINDS = ("PodDisruptionBudget", "HorizontalPodAutoscaler", "Pod", *WORKLOADS)
QUORUM = {
    "namespace": {"type": "str", "default": "default"},
    "workload": {"type": "str", "required": True},
    "shards": {"type": "list", "elements": "list", "default": []},
}
ARGUMENTS = {
    **CONNECTION_ARGUMENTS,
    **MANIFEST_ARGUMENTS,
    "quorums": {"type": "list", "elements": "dict", "default": [], "options": QUORUM},
    "fail_on": {"type": "str", "choices": ["never", "warning", "error"], "default": "never"},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, required_together=REQUIRED_TOGETHER, supports_check_mode=True)
    quorums = [_quorum(one) for one in module.params["quorums"]]
    with manifests_gathered(module, KINDS) as found:
        answer = report_budgets(found.all, found.imagined, quorums)
        answer.update(changed=False, ignored=list(found.ignored))
        bad = [one["message"] for one in answer["problems"] if _counts(one["severity"], module.params["fail_on"])]
        if bad:
            module.fail_json(msg="; ".join(bad), **answer)
        module.exit_json(**answer)


def _quorum(given: dict[str, Any]) -> Quorum:
    return Quorum(given["namespace"], given["workload"], tuple(tuple(map(str, one)) for one in given["shards"]))


def _counts(severity: str, fail_on: str) -> bool:
    return fail_on == "warning" or severity == fail_on


if __name__ == "__main__":
    main()
