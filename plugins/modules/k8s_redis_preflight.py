#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_redis_preflight
short_description: Refuse a roll-out of Redis to Kubernetes that cannot end well
description:
  - Checks, before anything is changed, what is asked of a cluster whose nodes are the pods of a StatefulSet, and fails
    with every reason at once, each beginning with the variable at fault.
  - Refused are names, amounts and passwords that are none, users without a password or with rules that are none, too
    few shards, fewer pods than there are, volumes other than there are, a password that the pods do not take yet, a
    namespace that is not there, and a Kubernetes that does not answer or lets nobody in.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.kubernetes
  - omnimind.platform.preflight
  - omnimind.platform.redis_users
options:
  namespace:
    description: Where the pods are or will be.
    type: str
    required: true
  name:
    description: Name of the StatefulSet, and of the Secret with C(secret.conf) that its pods run with.
    type: str
    required: true
  part_of:
    description: Value of the label C(app.kubernetes.io/part-of).
    type: str
    required: true
  selector:
    description: Labels that select the pods.
    type: dict
    required: true
  image:
    description: Image of the pods.
    type: str
    required: true
  resources:
    description: What a pod asks for and may use, with C(requests) and C(limits).
    type: dict
    required: true
  shards:
    description: Masters.
    type: int
    required: true
  replicas:
    description: Replicas of each.
    type: int
    required: true
  redis_password:
    description: The password of the default user, and of replication.
    type: str
    required: true
  further_passwords:
    description: Passwords that the default user has as well.
    type: list
    elements: str
    default: []
  users:
    description: Users beside the default user.
    default: []
  extra_settings:
    description: Names of settings that are set beside those of the role. Those that would undo it are refused.
    type: list
    elements: str
    default: []
  storage_size:
    description: Size of the volume of each pod.
    type: str
    required: true
  storage_class:
    description: Its storage class. Empty for the default one.
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
  - Who calls it must be allowed to get the namespace, and StatefulSets and Secrets in it.
seealso:
  - module: omnimind.platform.redis_preflight
"""

EXAMPLES = r"""
- name: Variables and cluster are fit for the roll-out
  omnimind.platform.k8s_redis_preflight:
    namespace: omnimind
    name: omnimind-redis
    part_of: omnimind
    selector: {app.kubernetes.io/part-of: omnimind, app.kubernetes.io/component: redis}
    image: redis:7.2
    resources: {requests: {memory: 512Mi}, limits: {memory: 512Mi}}
    shards: 3
    replicas: 1
    redis_password: "{{ redis_password }}"
    storage_size: 4Gi
"""

RETURN = r"""
namespace_there:
  description: Whether the namespace is there.
  returned: success
  type: bool
complaints:
  description: Every reason to refuse, in words.
  returned: failure
  type: list
  elements: str
  sample: ["k8s_redis_cluster_shards: 2 masters cannot agree that one has failed; right would be 3 or more"]
"""

import base64
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.arguments import (
    CONNECTION_ARGUMENTS,
    REQUIRED_TOGETHER,
    cluster_opened,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.client import Client
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.pod_checks import (
    namespace_complaints,
    number_complaints,
    pod_complaints,
    quantity_complaints,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.stateful_checks import stateful_complaints
from ansible_collections.omnimind.platform.plugins.module_utils.plain import plain
from ansible_collections.omnimind.platform.plugins.module_utils.redis.acl.arguments import USERS_ARGUMENT
from ansible_collections.omnimind.platform.plugins.module_utils.redis.pods_preflight import complaints
from ansible_collections.omnimind.platform.plugins.module_utils.reporting import PREFLIGHT_ARGUMENTS, refuse_if

ARGUMENTS = {
    **CONNECTION_ARGUMENTS,
    **PREFLIGHT_ARGUMENTS,
    "namespace": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "part_of": {"type": "str", "required": True},
    "selector": {"type": "dict", "required": True},
    "image": {"type": "str", "required": True},
    "resources": {"type": "dict", "required": True},
    "shards": {"type": "int", "required": True},
    "replicas": {"type": "int", "required": True},
    "redis_password": {"type": "str", "required": True, "no_log": True},
    "further_passwords": {"type": "list", "elements": "str", "default": [], "no_log": True},
    "users": {**USERS_ARGUMENT, "default": []},
    "extra_settings": {"type": "list", "elements": "str", "default": []},
    "storage_size": {"type": "str", "required": True},
    "storage_class": {"type": "str", "default": ""},
    "numbers": {"type": "dict", "default": {}},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, required_together=REQUIRED_TOGETHER, supports_check_mode=True)
    wanted = plain(module.params)
    wanted["password"] = wanted["redis_password"]
    found = pod_complaints(wanted) + quantity_complaints("storage_size", wanted["storage_size"])
    found += number_complaints(wanted["numbers"])
    found += complaints(wanted, "")
    refuse_if(module, found)
    with cluster_opened(module, read_only=True) as cluster:
        there = cluster.get("Namespace", wanted["namespace"]) is not None
        refuse_if(module, namespace_complaints(wanted["namespace"], there or module.check_mode))
        live = cluster.get("StatefulSet", wanted["name"], wanted["namespace"])
        size = wanted["shards"] * (1 + wanted["replicas"])
        found = stateful_complaints(live, size, wanted["selector"], wanted["storage_size"], wanted["storage_class"])
        refuse_if(module, found + complaints(wanted, _secret(cluster, wanted) if live else ""))
        module.exit_json(changed=False, namespace_there=there)


def _secret(cluster: Client, wanted: dict[str, Any]) -> str:
    secret = cluster.get("Secret", wanted["name"], wanted["namespace"]) or {}
    return base64.b64decode((secret.get("data") or {}).get("secret.conf", "")).decode()


if __name__ == "__main__":
    main()
