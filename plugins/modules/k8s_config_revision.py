#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_config_revision
short_description: Keep configuration in ConfigMaps that are named by what is in them
description:
  - Makes an immutable ConfigMap O(name)C(-HASH), where the hash is of O(data). A pod template that names it changes
    with the configuration, so that a change rolls out as any other, and is rolled back as any other.
  - A revision that is there is left alone.
  - Then it removes older revisions, except for the newest ones, and for those that something refers to. That are pods
    that have not ended, and the pod templates of ReplicaSets, Deployments, StatefulSets and DaemonSets. So a release
    that is gone back to finds its configuration.
  - A second run changes nothing.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.kubernetes
options:
  namespace:
    description: Namespace of the ConfigMaps, and of what refers to them.
    type: str
    required: true
  name:
    description: What the names of the ConfigMaps begin with, at most 63 small letters, digits and C(-).
    type: str
    required: true
  data:
    description:
      - Texts by their file names. Required for O(state=present).
      - Secrets do not belong in here.
    type: dict
  labels:
    description: More labels of the ConfigMap. All of them have C(omnimind.platform/config) with O(name).
    type: dict
    default: {}
  keep:
    description: How many revisions stay at least, the one that is asked for among them.
    type: int
    default: 3
  state:
    description:
      - V(present) makes the revision.
      - V(absent) removes all revisions, and does not look at what refers to them. Remove that first.
    type: str
    choices: [present, absent]
    default: present
notes:
  - Who calls it must be allowed to get, list, create, patch and delete ConfigMaps of O(namespace), and to list its
    pods, ReplicaSets, Deployments, StatefulSets and DaemonSets.
"""

EXAMPLES = r"""
- name: Settings of the backend are there
  omnimind.platform.k8s_config_revision:
    namespace: omnimind
    name: omnimind-backend
    data:
      compression.yaml: "{{ lookup('ansible.builtin.template', 'compression.yaml.j2') }}"
  register: settings

- name: The backend reads them
  kubernetes.core.k8s:
    template: deployment.yaml.j2  # with configMap.name {{ settings.config_map }}
    apply: true

- name: All of them are gone
  omnimind.platform.k8s_config_revision:
    namespace: omnimind
    name: omnimind-backend
    state: absent
"""

RETURN = r"""
config_map:
  description: Name of the ConfigMap, in check mode as well. Empty for O(state=absent).
  returned: success
  type: str
  sample: omnimind-backend-3f1c09ab52
removed:
  description: Names of the ConfigMaps that are gone.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils import reporting
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.arguments import (
    CONNECTION_ARGUMENTS,
    REQUIRED_TOGETHER,
    cluster_opened,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.configs.converging import (
    make_revision,
    remove_revisions,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.configs.revisions import read_order
from ansible_collections.omnimind.platform.plugins.module_utils.plain import plain

ARGUMENTS = {
    **CONNECTION_ARGUMENTS,
    "namespace": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "data": {"type": "dict"},
    "labels": {"type": "dict", "default": {}},
    "keep": {"type": "int", "default": 3},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_together=REQUIRED_TOGETHER,
        required_if=[("state", "present", ["data"])],
        supports_check_mode=True,
    )
    with reporting.failures_reported(module):
        order = read_order(plain(module.params))
    with cluster_opened(module) as cluster:
        if module.params["state"] == "absent":
            module.exit_json(**remove_revisions(cluster, order))
        module.exit_json(**make_revision(cluster, order, module.check_mode))


if __name__ == "__main__":
    main()
