#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_quota_info
short_description: Check whether workloads fit into the quotas of Kubernetes
description:
  - Adds up what all workloads of a namespace ask for at once, with the pods that a roll-out has beyond their replicas,
    and holds it against every ResourceQuota. Defaults and bounds of LimitRanges are applied.
  - A roll-out that does not fit only sits there, as the ReplicaSet is refused its pods while the Deployment is taken.
    So this is asked before.
  - Looks at a cluster, at manifests before they are applied, or at the cluster as it would be with them.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.kubernetes
  - omnimind.platform.kubernetes_manifests
  - omnimind.platform.reads_only
options:
  nodes:
    description:
      - How many pods a DaemonSet has. When it is not given, it is how many nodes there are.
      - Of O(source=definitions) the nodes that are among them count, or V(1).
    type: int
  must_fit:
    description: Fail when they do not fit. The answer is the same.
    type: bool
    default: false
notes:
  - Who calls it must be allowed to list ResourceQuotas, LimitRanges, pods, Deployments, ReplicaSets, StatefulSets,
    DaemonSets and Jobs of O(namespaces), or of all, and nodes when O(nodes) is not given.
seealso:
  - module: omnimind.platform.k8s_pdb_info
"""

EXAMPLES = r"""
- name: The new release fits beside what runs there
  omnimind.platform.k8s_quota_info:
    source: both
    namespaces: [shop]
    definitions: "{{ lookup('ansible.builtin.file', 'release.yml') | from_yaml_all }}"
    must_fit: true

- name: What is left of the quotas
  omnimind.platform.k8s_quota_info:
    namespaces: [shop]
  register: quotas
"""

RETURN = r"""
fits:
  description: Whether all workloads can be rolled out at once.
  returned: always
  type: bool
problems:
  description: Why not, in words.
  returned: always
  type: list
  elements: str
  sample:
    - >-
      ResourceQuota shop/all: requests.cpu 2500m of 2, 500m too much
refusals:
  description: Workloads of which no pod is made at all.
  returned: always
  type: list
  elements: dict
  contains:
    code:
      description: V(limit_range) when it is beyond one, V(resources_missing) when it does not set what a quota counts.
      type: str
    workload:
      description: Its kind, namespace and name.
      type: str
    message:
      description: The reason in words.
      type: str
accounts:
  description: Every resource of every quota.
  returned: always
  type: list
  elements: dict
  contains:
    quota:
      description: The quota as C(namespace/name).
      type: str
    resource:
      description: The resource, as the quota names it.
      type: str
    hard:
      description: How much of it there may be.
      type: str
    wanted:
      description: How much of it all workloads want at once.
      type: str
    fits:
      description: Whether that is not too much.
      type: bool
    message:
      description: The same in words, with the share of each workload.
      type: str
unchecked:
  description: What of quotas is not checked, such as numbers of services.
  returned: always
  type: list
  elements: str
ignored:
  description: Objects of O(definitions) of kinds that were not looked at.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.arguments import (
    CONNECTION_ARGUMENTS,
    REQUIRED_TOGETHER,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.gathering import (
    MANIFEST_ARGUMENTS,
    manifests_gathered,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.observing import WORKLOADS
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.quota_charges import charged
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.quotas import check_quotas

LIMITS = ("ResourceQuota", "LimitRange", "Node")
ARGUMENTS = {
    **CONNECTION_ARGUMENTS,
    **MANIFEST_ARGUMENTS,
    "nodes": {"type": "int"},
    "must_fit": {"type": "bool", "default": False},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, required_together=REQUIRED_TOGETHER, supports_check_mode=True)
    nodes = module.params["nodes"]
    if nodes is not None and nodes < 0:
        module.fail_json(msg=f"nodes: it must not be negative, as {nodes} is")
    limits = LIMITS if nodes is None else LIMITS[:2]
    with manifests_gathered(module, (*limits, "Pod", "CronJob", *WORKLOADS)) as found:
        if nodes is None:
            nodes = len(found.of("Node")) or 1
        workloads = charged(one for one in found.all if one["kind"] not in LIMITS)
        told = check_quotas(workloads, found.of("ResourceQuota"), found.of("LimitRange"), nodes)
        answer = {"changed": False, "ignored": list(found.ignored), **told.as_dict()}
        if module.params["must_fit"] and not told.fits:
            module.fail_json(msg="; ".join(told.problems), **answer)
        module.exit_json(**answer)


if __name__ == "__main__":
    main()
