#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_network_drift_info
short_description: Say what became of the NetworkPolicies of a cluster, and what that opens and closes
description:
  - Compares the NetworkPolicies that are wanted, those of O(definitions) and O(src), with those that are live in
    O(namespaces). Says which were edited, which are extra, and which are missing.
  - Works out at every port of every protocol which flows are open that should be closed, and which are closed that
    should be open, between all endpoints, and with addresses outside.
  - What the API fills in, or sorts, is no edit.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.kubernetes
  - omnimind.platform.kubernetes_network
  - omnimind.platform.reads_only
options:
  found:
    description: Manifests of policies that are compared in the place of live ones.
    type: list
    elements: dict
  fail_on:
    description: What is a failure of the module. The message names each of them.
    type: list
    elements: str
    choices: [edited, extra, missing, opened, closed]
    default: []
seealso:
  - module: omnimind.platform.k8s_network_reachability_info
"""

EXAMPLES = r"""
- name: Nobody has opened a hole by hand
  omnimind.platform.k8s_network_drift_info:
    namespaces: [shop, monitoring]
    live: [policies, namespaces, pods, nodes]
    src: [files/policies]
    fail_on: [opened, extra]

- name: It is known what a commit changes
  omnimind.platform.k8s_network_drift_info:
    definitions: "{{ before }}"
    found: "{{ after }}"
    endpoints:
      - {name: web, namespace: shop, labels: {app: web}, addresses: [192.0.2.1]}
"""

RETURN = r"""
drifted:
  description: Whether any policy is edited, extra or missing.
  returned: always
  type: bool
edited:
  description: Policies that are not as wanted, as V(shop/web).
  returned: always
  type: list
  elements: str
extra:
  description: Policies that are not wanted.
  returned: always
  type: list
  elements: str
missing:
  description: Policies that are wanted and not there.
  returned: always
  type: list
  elements: str
opened:
  description: Flows that are allowed, and would not be by the policies that are wanted.
  returned: always
  type: list
  elements: dict
  contains:
    sources:
      description: Where they begin. Pods that no policy tells apart are in one entry.
      type: list
      elements: str
    destinations:
      description: Where they end.
      type: list
      elements: str
    protocol:
      description: V(TCP), V(UDP) or V(SCTP).
      type: str
    ports:
      description: A port, or several as V(1-65535).
      type: str
    family:
      description: V(4) or V(6), the version of IP; null when no address of both ends is known.
      type: int
    reason:
      description: What decides now, in words.
      type: str
    policies:
      description: Policies that decide now.
      type: list
      elements: str
    causes:
      description: Policies that were changed, and that the flow is opened or closed by.
      type: list
      elements: str
closed:
  description: Flows that are denied, and would not be by the policies that are wanted, likewise.
  returned: always
  type: list
  elements: dict
policies:
  description: Every policy that was changed. Those that open something come first.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Its namespace and its name.
      type: str
    change:
      description: V(edited), V(extra) or V(missing).
      type: str
    opens:
      description: Those of RV(opened) that it is a cause of.
      type: list
      elements: dict
    closes:
      description: Those of RV(closed) that it is a cause of.
      type: list
      elements: dict
summary:
  description: A line for each policy that was changed, and for each flow.
  returned: always
  type: list
  elements: str
  sample:
    - shop/debug is extra
    - "opened: shop/web-0 to shop/redis-0, TCP 1-65535 by IPv4 (shop/debug spec.ingress[0] allows the ingress)"
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.drift import (
    KINDS,
    complaints,
    describe_drift,
    refuse_elsewhere,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network_arguments import (
    NETWORK_ARGUMENTS,
    REQUIRED_TOGETHER,
    found_policies,
    situation_read,
)

ARGUMENTS = {
    **NETWORK_ARGUMENTS,
    "found": {"type": "list", "elements": "dict"},
    "fail_on": {"type": "list", "elements": "str", "choices": list(KINDS), "default": []},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_together=REQUIRED_TOGETHER,
        required_one_of=[("definitions", "src"), ("namespaces", "found")],
        supports_check_mode=True,
    )
    params = module.params
    with situation_read(module, policies=params["found"] is None) as situation:
        refuse_elsewhere(situation.given, params["namespaces"])
        drift = describe_drift(situation.given, found_policies(module, situation), situation.cluster)
    wrong = complaints(drift, params["fail_on"])
    if wrong:
        module.fail_json(msg="\n".join(["the policies are not as wanted:", *wrong]), **drift)
    module.exit_json(changed=False, **drift)


if __name__ == "__main__":
    main()
