#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_security_preflight
short_description: Refuse security of a namespace of Kubernetes that cannot be
description:
  - Checks, before anything is changed, what the role P(omnimind.platform.k8s_security#role) was told, and fails with
    every reason at once, each beginning with the variable at fault.
  - Refused are unknown components, peers and ports that are none, budgets that let no pod go, amounts of quotas and
    limit ranges that cannot be parsed, and an account that may not do what the role does.
  - Answers with all that the role makes of it.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.kubernetes
  - omnimind.platform.preflight
  - omnimind.platform.reads_only
options:
  variables:
    description: What the role was told, by the names of its variables without its own.
    type: dict
    required: true
seealso:
  - module: omnimind.platform.k8s_network_flows_assert
  - module: omnimind.platform.k8s_pdb_info
  - module: omnimind.platform.k8s_quota_info
"""

EXAMPLES = r"""
- name: Declaration and account are fit
  omnimind.platform.k8s_security_preflight:
    variable_prefix: k8s_security_
    unknown_variables: "{{ query('omnimind.platform.unknown_variables', role_path) }}"
    variables: "{{ lookup('omnimind.platform.role_variables', role_path) }}"
"""

RETURN = r"""
exists:
  description: Whether the namespace is there.
  returned: success
  type: bool
plan:
  description: What shall be there.
  returned: success
  type: dict
  contains:
    namespace_labels:
      description: Labels of the namespace.
      type: dict
    components:
      description: Components with their labels.
      type: dict
    peers:
      description: All peers, those that are there without being declared among them.
      type: dict
    policies:
      description: NetworkPolicies.
      type: list
      elements: dict
    flows:
      description: What is expected of them, as M(omnimind.platform.k8s_network_flows_assert) takes it.
      type: list
      elements: dict
    endpoints:
      description: Pods that may come, one for each component and peer, and strangers.
      type: list
      elements: dict
    namespaces:
      description: Manifests of Namespaces that these are in.
      type: list
      elements: dict
    looked_at:
      description: Namespaces that are there, the own one and those of peers.
      type: list
      elements: str
    guards:
      description: Budgets, quota and limit range.
      type: list
      elements: dict
    leaving:
      description: Those of the set that are not wanted any more, as V(PodDisruptionBudget shop/web).
      type: list
      elements: str
    manifests:
      description: What is about to be rolled out, with its namespace.
      type: list
      elements: dict
complaints:
  description: Every reason to refuse, in words.
  returned: failure
  type: list
  elements: str
  sample: ["k8s_security_flows[2].to: there is no component or peer 'bakend'; is it backend?"]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.arguments import (
    CONNECTION_ARGUMENTS,
    REQUIRED_TOGETHER,
    cluster_opened,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.client import Client
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.resources import RESOURCES, title
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.security.declaration import (
    Declaration,
    read_declared,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.security.guard_set import READERS, in_set
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.security.prospects import (
    imagined,
    looked_at,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.security.rights import rights
from ansible_collections.omnimind.platform.plugins.module_utils.plain import plain
from ansible_collections.omnimind.platform.plugins.module_utils.reporting import PREFLIGHT_ARGUMENTS, refuse_if

ARGUMENTS = {**CONNECTION_ARGUMENTS, **PREFLIGHT_ARGUMENTS, "variables": {"type": "dict", "required": True}}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, required_together=REQUIRED_TOGETHER, supports_check_mode=True)
    variables = plain(module.params["variables"])
    declared = read_declared(variables)
    refuse_if(module, declared.complaints)
    with cluster_opened(module, read_only=True) as client:
        refuse_if(module, _forbidden(client, [("list", "Namespace", None)], variables["state"]))
        live = {one["metadata"]["name"]: one["metadata"].get("labels") or {} for one in client.list("Namespace")}
        exists = declared.namespace in live
        near = looked_at(declared, live)
        others = [name for name in near if name != declared.namespace]
        own = (bool(declared.config_maps), others, bool(variables["probes"]))
        needed = rights(variables["state"], declared.namespace, exists, *own)
        refuse_if(module, _forbidden(client, needed, variables["state"]))
        leaving = _leaving(client, declared, variables["policy_set"]) if exists else []
    module.exit_json(changed=False, exists=exists, plan={**_plan(declared), "looked_at": near, "leaving": leaving})


def _forbidden(client: Client, needed: Any, state: str) -> list[str]:
    """What the account may not do, as one complaint."""
    missing = [
        f"{verb} {RESOURCES[kind].plural}" + (f" in {namespace}" if namespace else "")
        for verb, kind, namespace in needed
        if not client.may(verb, kind, namespace)
    ]
    if not missing:
        return []
    return [f"state: {state} needs an account of {client.host} that may {', '.join(missing)}; this one may not"]


def _leaving(client: Client, declared: Declaration, name: str) -> list[str]:
    wanted = {(one["kind"], one["metadata"]["name"]) for one in declared.guards}
    return [
        title(kind, one["metadata"]["name"], declared.namespace)
        for kind in READERS
        for one in client.list(kind, declared.namespace)
        if in_set(one, name) and (kind, one["metadata"]["name"]) not in wanted
    ]


def _plan(declared: Declaration) -> dict[str, Any]:
    endpoints, namespaces = imagined(declared)
    return {
        "namespace_labels": declared.namespace_labels,
        "components": declared.components,
        "peers": declared.peers,
        "policies": declared.policies,
        "flows": declared.flows,
        "endpoints": endpoints,
        "namespaces": namespaces,
        "guards": declared.guards,
        "manifests": declared.manifests,
    }


if __name__ == "__main__":
    main()
