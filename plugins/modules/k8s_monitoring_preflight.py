#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_monitoring_preflight
short_description: Refuse monitoring in a namespace that cannot end well
description:
  - Checks, before anything is changed, what is asked for, and fails with every reason at once, each beginning with the
    variable at fault, its value and what would be right.
  - Then it makes sure that the cluster answers, and looks for the namespace. One that is not there is refused, except in
    check mode, where an earlier task may be yet to make it.
  - Expressions of rules are judged by Prometheus' own tool, see M(omnimind.platform.config_check).
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.kubernetes
  - omnimind.platform.preflight
  - omnimind.platform.reads_only
options:
  variables:
    description: What the role P(omnimind.platform.k8s_monitoring#role) was told, by the names of its variables without its
      own, and without what is secret.
    type: dict
    required: true
  secrets:
    description: Names of the secrets that the role brings.
    type: list
    elements: str
    default: []
  has_password:
    description: Whether Grafana's administrator is given a password.
    type: bool
    default: false
  state:
    description: With V(absent) it only makes sure that the cluster answers, and refuses variables that are none. A namespace
      that is not there has nothing in it.
    type: str
    choices: [present, absent]
    default: present
  thresholds:
    description: All thresholds that there are, by name, each with its C(value) and C(unit).
    type: dict
    default: {}
notes:
  - Who calls it must be allowed to get the namespace, or it is taken to be there.
"""

EXAMPLES = r"""
- name: Cluster and variables are fit for monitoring
  omnimind.platform.k8s_monitoring_preflight:
    variable_prefix: k8s_monitoring_
    variables: "{{ lookup('omnimind.platform.role_variables', role_path, without=['secrets', 'grafana_admin_password']) }}"
    secrets: "{{ k8s_monitoring_secrets.keys() | list }}"
    has_password: "{{ k8s_monitoring_grafana_admin_password != '' }}"
"""

RETURN = r"""
has_namespace:
  description: Whether the namespace is there.
  returned: success
  type: bool
complaints:
  description: Every reason to refuse, in words.
  returned: failure
  type: list
  elements: str
  sample: ["k8s_monitoring_thresholds.cpu_warning: 'high' is no number; right would be one such as 0.9"]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.arguments import (
    CONNECTION_ARGUMENTS,
    REQUIRED_TOGETHER,
    cluster_opened,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.errors import ManifestError
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.namespaces import is_there
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.quantities import read_quantity
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.kubernetes_preflight import Given, complaints
from ansible_collections.omnimind.platform.plugins.module_utils.plain import plain
from ansible_collections.omnimind.platform.plugins.module_utils.reporting import PREFLIGHT_ARGUMENTS, refuse_if

ARGUMENTS = {
    **CONNECTION_ARGUMENTS,
    **PREFLIGHT_ARGUMENTS,
    "variables": {"type": "dict", "required": True},
    "secrets": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "has_password": {"type": "bool", "default": False, "no_log": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "thresholds": {"type": "dict", "default": {}},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, required_together=REQUIRED_TOGETHER, supports_check_mode=True)
    params = plain(module.params)
    variables = params["variables"]
    volume, found = _bytes(variables["prometheus_storage"])
    found += _bytes(variables["alertmanager_storage"], "alertmanager_storage")[1]
    given = Given(variables, params["secrets"], params["has_password"], params["thresholds"], volume)
    present = params["state"] == "present"
    refuse_if(module, found + complaints(given) if present else [])
    with cluster_opened(module, read_only=True) as cluster:
        has_namespace = is_there(cluster, str(variables["namespace"]))
    if present and not has_namespace and not module.check_mode:
        name = variables["namespace"]
        refuse_if(module, [f"namespace: there is no namespace {name!r}; right would be one that is there"])
    module.exit_json(changed=False, has_namespace=has_namespace)


def _bytes(size: str, name: str = "prometheus_storage") -> "tuple[int, list[str]]":
    """What a volume holds, and what is wrong with it."""
    try:
        return int(read_quantity(name, size)), []
    except ManifestError:
        return 0, [f"{name}: {size!r} is no size of a volume; right would be one such as 20Gi"]


if __name__ == "__main__":
    main()
