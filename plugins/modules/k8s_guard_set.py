#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_guard_set
short_description: Keep the budgets, quotas and limit ranges of a namespace of Kubernetes
description:
  - Makes the PodDisruptionBudgets, ResourceQuotas and LimitRanges that are wanted in a namespace, replaces those that
    are not as wanted, so that nothing of an edit by hand stays, and removes those of its own that are not wanted any
    more. Those of others it leaves alone.
  - Its own have the label C(omnimind.platform/budget-set), C(omnimind.platform/quota-set) or
    C(omnimind.platform/limit-set) with O(name).
  - Objects are compared by what they mean. V(1000m) and V(1) are the same amount.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.kubernetes
attributes:
  check_mode:
    support: full
    description: Tells what would be changed, also where the namespace is yet to come, and needs to read only.
  diff_mode:
    support: full
    description: Shows labels and specifications of what is changed.
options:
  namespace:
    description: The namespace.
    type: str
    required: true
  name:
    description: Name of the set.
    type: str
    default: platform
  kinds:
    description: What is of the set. Other kinds are left alone.
    type: list
    elements: str
    choices: [LimitRange, ResourceQuota, PodDisruptionBudget]
    default: [LimitRange, ResourceQuota, PodDisruptionBudget]
  definitions:
    description: Manifests of all that is wanted. They are read as strictly as the API can.
    type: list
    elements: dict
    default: []
  adopt:
    description: Take over what is there under a name that is wanted and is not of the set. It is refused else.
    type: bool
    default: false
  state:
    description: V(absent) removes the whole set.
    type: str
    choices: [present, absent]
    default: present
notes:
  - Who calls it must be allowed to list, create, update and delete O(kinds) of O(namespace), and to get the namespace.
seealso:
  - module: omnimind.platform.k8s_pdb_info
  - module: omnimind.platform.k8s_quota_info
"""

EXAMPLES = r"""
- name: The shop's budgets are these and no others
  omnimind.platform.k8s_guard_set:
    namespace: shop
    kinds: [PodDisruptionBudget]
    definitions:
      - apiVersion: policy/v1
        kind: PodDisruptionBudget
        metadata: {name: web}
        spec:
          maxUnavailable: 1
          selector: {matchLabels: {app: web}}
          unhealthyPodEvictionPolicy: AlwaysAllow
"""

RETURN = r"""
created:
  description: What was made, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: [PodDisruptionBudget web]
replaced:
  description: What was not as wanted.
  returned: success
  type: list
  elements: str
removed:
  description: What was not wanted any more.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils import reporting
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.arguments import (
    CONNECTION_ARGUMENTS,
    REQUIRED_TOGETHER,
    cluster_opened,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.client import Client
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.errors import KubernetesFailure
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.security.guard_set import (
    READERS,
    Work,
    difference,
    name_of,
    wanted_objects,
    work_to_do,
)

ARGUMENTS = {
    **CONNECTION_ARGUMENTS,
    "namespace": {"type": "str", "required": True},
    "name": {"type": "str", "default": "platform"},
    "kinds": {"type": "list", "elements": "str", "choices": list(READERS), "default": list(READERS)},
    "definitions": {"type": "list", "elements": "dict", "default": []},
    "adopt": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, required_together=REQUIRED_TOGETHER, supports_check_mode=True)
    params = module.params
    namespace, kinds = params["namespace"], params["kinds"]
    definitions = params["definitions"] if params["state"] == "present" else []
    with reporting.failures_reported(module):
        wanted = wanted_objects(definitions, namespace, params["name"], kinds)
    with cluster_opened(module) as client:
        if client.get("Namespace", namespace) is not None:
            live = [one for kind in READERS if kind in kinds for one in client.list(kind, namespace)]
        elif wanted and not module.check_mode:
            raise KubernetesFailure(f"namespace: there is no {namespace!r}")
        else:
            live = []
        work = work_to_do(wanted, live, params["name"], params["adopt"])
        if not module.check_mode:
            _do(client, work)
    module.exit_json(**_answer(work))


def _do(client: Client, work: Work) -> None:
    for one in work.create:
        client.create(one)
    for one, _former in work.replace:
        client.replace(one)
    for one in work.remove:
        metadata = one["metadata"]
        client.delete(one["kind"], metadata["name"], metadata["namespace"], uid=metadata.get("uid"))


def _answer(work: Work) -> dict[str, Any]:
    told = {
        "created": [name_of(one) for one in work.create],
        "replaced": [name_of(one) for one, _former in work.replace],
        "removed": [name_of(one) for one in work.remove],
    }
    return {**told, "changed": any(told.values()), "diff": difference(work)}


if __name__ == "__main__":
    main()
