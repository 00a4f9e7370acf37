#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_backend_preflight
short_description: Refuse a roll-out of a backend to Kubernetes that cannot end well
description:
  - Checks, before anything is changed, what is asked of a backend whose instances are the pods of a Deployment, and
    fails with every reason at once, each beginning with the variable at fault, its value and what would be right.
  - Refused are names and amounts that are none, codings that are unknown, levels out of range, an address of Redis that
    is none, a namespace that is not there, and a Kubernetes that does not answer or lets nobody in.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.kubernetes
  - omnimind.platform.preflight
options:
  namespace:
    description: Where the pods are or will be.
    type: str
    required: true
  name:
    description: Name of the Deployment.
    type: str
    required: true
  part_of:
    description: Value of the label C(app.kubernetes.io/part-of).
    type: str
    required: true
  image:
    description: Image of the pods.
    type: str
    required: true
  resources:
    description: What a pod asks for and may use, with C(requests) and C(limits).
    type: dict
    required: true
  autoscaling:
    description: Bounds of the number of pods, by C(min), C(max) and C(cpu_percent). Empty for none.
    type: dict
    default: {}
  compression:
    description: Settings of compression, as in C(compression.yaml). What is not given is left to the backend.
    type: dict
    default: {}
  images:
    description: Limits of pictures, by C(body_mib), C(megapixels), C(side) and C(seconds).
    type: dict
    default: {}
  tasks:
    description: Bounds of the pool of tasks, by C(workers) and C(queue).
    type: dict
    default: {}
  shutdown_seconds:
    description: Seconds that requests have to end in.
    type: raw
    default: 20
  keep_revisions:
    description: How many configurations are kept.
    type: raw
    default: 3
  cache_url:
    description: Where Redis is, with the login, as the backend will read it. Empty for none.
    type: str
    default: ""
  numbers:
    description: Seconds and counts by their names, each of which must be more than nothing.
    type: dict
    default: {}
attributes:
  check_mode:
    support: full
    description: The module only reads. A namespace that is not there is no reason to refuse, as it may be yet to come.
  diff_mode:
    support: none
    description: The module changes nothing.
notes:
  - Who calls it must be allowed to get the namespace.
seealso:
  - module: omnimind.platform.backend_preflight
"""

EXAMPLES = r"""
- name: Variables and Kubernetes are fit for the backend
  omnimind.platform.k8s_backend_preflight:
    namespace: omnimind
    name: omnimind-backend
    part_of: omnimind
    image: omnimind-backend:1.0.0
    resources: {requests: {memory: 256Mi}, limits: {memory: 512Mi}}
    compression: {codings: [br, gzip], levels: {br: 5}}
"""

RETURN = r"""
namespace_there:
  description: Whether the namespace is there.
  returned: success
  type: bool
compression:
  description: The settings of compression that were given, numbers as numbers.
  returned: success
  type: dict
  sample: {codings: [br, gzip], levels: {br: 5}}
complaints:
  description: Every reason to refuse, in words.
  returned: failure
  type: list
  elements: str
  sample: ["k8s_backend_compression.levels.br: 12 is not possible; right would be a whole number from 0 to 11"]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.backend.pods_preflight import complaints
from ansible_collections.omnimind.platform.plugins.module_utils.backend.preflight import given
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.arguments import (
    CONNECTION_ARGUMENTS,
    REQUIRED_TOGETHER,
    cluster_opened,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.pod_checks import (
    namespace_complaints,
    number_complaints,
    pod_complaints,
)
from ansible_collections.omnimind.platform.plugins.module_utils.plain import plain
from ansible_collections.omnimind.platform.plugins.module_utils.reporting import PREFLIGHT_ARGUMENTS, refuse_if

ARGUMENTS = {
    **CONNECTION_ARGUMENTS,
    **PREFLIGHT_ARGUMENTS,
    "namespace": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "part_of": {"type": "str", "required": True},
    "image": {"type": "str", "required": True},
    "resources": {"type": "dict", "required": True},
    "autoscaling": {"type": "dict", "default": {}},
    "compression": {"type": "dict", "default": {}},
    "images": {"type": "dict", "default": {}},
    "tasks": {"type": "dict", "default": {}},
    "shutdown_seconds": {"type": "raw", "default": 20},
    "keep_revisions": {"type": "raw", "default": 3},
    "cache_url": {"type": "str", "default": "", "no_log": True},
    "numbers": {"type": "dict", "default": {}},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, required_together=REQUIRED_TOGETHER, supports_check_mode=True)
    wanted = plain(module.params)
    refuse_if(module, pod_complaints(wanted) + number_complaints(wanted["numbers"]) + complaints(wanted))
    with cluster_opened(module, read_only=True) as cluster:
        there = cluster.get("Namespace", wanted["namespace"]) is not None
        refuse_if(module, namespace_complaints(wanted["namespace"], there or module.check_mode))
    module.exit_json(changed=False, namespace_there=there, compression=given(wanted["compression"]))


if __name__ == "__main__":
    main()
