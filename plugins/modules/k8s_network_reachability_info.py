#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_network_reachability_info
short_description: Say who reaches whom through the NetworkPolicies of a cluster
description:
  - Works out for every pair of endpoints whether the one reaches ports of the other, and names the policy and the rule
    that decide, or what the nearest rule lacks. Both halves of a flow must be allowed, egress where it begins and
    ingress where it ends.
  - Policies and endpoints are those of a cluster, of manifests, or of both. Policies of O(definitions) and O(src) are
    then laid over live ones, and RV(supposed) says which flows that would open and close.
  - Says as well what is likely to be a mistake, such as a selector that selects nobody.
  - No packet is sent. Whether the network plugin of the cluster enforces policies is not known.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.kubernetes
  - omnimind.platform.kubernetes_network
  - omnimind.platform.kubernetes_network.supposed
  - omnimind.platform.reads_only
options:
  ports:
    description:
      - Ports that are asked about. Each is a number, the name that a port of the destination has, or a mapping with
        C(port) and C(protocol).
      - Without any, every destination is asked about the ports that it says it listens on.
    type: list
    elements: raw
  sources:
    description: Where the flows begin that are wanted. Each is the name of a component, a peer or an endpoint, such as
      V(shop/web-0), or a mapping as of one of O(peers). Everybody when it is not given.
    type: list
    elements: raw
  destinations:
    description: Where the flows end that are wanted, likewise.
    type: list
    elements: raw
  world:
    description: Whether an address outside is among the endpoints, of each region that the policies tell apart.
    type: bool
    default: false
  show:
    description: Which flows are returned.
    type: str
    choices: [all, allowed, denied]
    default: all
seealso:
  - module: omnimind.platform.k8s_network_flows_assert
  - module: omnimind.platform.k8s_network_drift_info
  - plugin: omnimind.platform.network_policies
    plugin_type: filter
"""

EXAMPLES = r"""
- name: It is known what is denied in the shop
  omnimind.platform.k8s_network_reachability_info:
    namespaces: [shop, kube-system]
    show: denied
  register: network

- name: It is known what a change would open and close
  omnimind.platform.k8s_network_reachability_info:
    namespaces: [shop, monitoring]
    src: [files/policies]
    absent: [shop/allow-all]
    components:
      backend: {labels: {app: backend}, namespace: shop}
    destinations: [backend]
    ports: [8000, {port: 53, protocol: UDP}]

- name: Policies are judged before there is a cluster
  omnimind.platform.k8s_network_reachability_info:
    definitions: "{{ flows | omnimind.platform.network_policies('shop', components) }}"
    endpoints:
      - {name: web, namespace: shop, labels: {app: web}}
      - {name: api, namespace: shop, labels: {app: api}, ports: {http: 8000}}
    world: true
"""

RETURN = r"""
cells:
  description: The flows, but for those of a pod to itself. Where both ends have addresses of IPv4 and of IPv6 there is
    one of each.
  returned: always
  type: list
  elements: dict
  contains:
    source:
      description: Where it begins, such as V(shop/web-0).
      type: str
    destination:
      description: Where it ends.
      type: str
    port:
      description: The port.
      type: int
    protocol:
      description: V(TCP), V(UDP) or V(SCTP).
      type: str
    family:
      description: V(4) or V(6), the version of IP; null when no address of both ends is known.
      type: int
    allowed:
      description: Whether it is allowed.
      type: bool
    policies:
      description: The policies that allow it; or those that isolate the end where it is denied.
      type: list
      elements: str
    reason:
      description: What decides, in words.
      type: str
  sample:
    - source: shop/web-0
      destination: shop/api-0
      port: 8000
      protocol: TCP
      family: 4
      allowed: false
      policies: [shop/default-deny]
      reason: the ingress of the destination is isolated by shop/default-deny, and no rule allows any
allowed:
  description: How many flows are allowed, whether they are shown or not.
  returned: always
  type: int
denied:
  description: How many are denied.
  returned: always
  type: int
endpoints:
  description: Everything that talks.
  returned: always
  type: list
  elements: str
policies:
  description: The policies that counted.
  returned: always
  type: list
  elements: str
findings:
  description: What may be wrong with the policies, errors first.
  returned: always
  type: list
  elements: dict
  contains:
    code:
      description: A stable name of the kind of mistake, such as V(dangling_selector), V(or_peer) or
        V(hidden_egress_deny).
      type: str
    severity:
      description: V(error) when a policy does not do what it says, V(warning) when it may not do what was meant.
      type: str
    message:
      description: The mistake in words.
      type: str
    policy:
      description: The policy; empty where it is not about one.
      type: str
    where:
      description: The place in its manifest.
      type: str
supposed:
  description: What changes when live policies become those that counted. C(edited), C(extra) and C(missing) are
    policies, C(opened) and C(closed) are flows as of M(omnimind.platform.k8s_network_drift_info).
  returned: when policies of a cluster are read, and others are given or some are supposed to be absent
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.reachability import (
    describe_reachability,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network_arguments import (
    NETWORK_ARGUMENTS,
    REQUIRED_TOGETHER,
    SUPPOSED_ARGUMENTS,
    named_parties,
    situation_read,
)

ASKED = ("ports", "sources", "destinations")
ARGUMENTS = {
    **NETWORK_ARGUMENTS,
    **SUPPOSED_ARGUMENTS,
    **{name: {"type": "list", "elements": "raw"} for name in ASKED},
    "world": {"type": "bool", "default": False},
    "show": {"type": "str", "choices": ["all", "allowed", "denied"], "default": "all"},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_together=REQUIRED_TOGETHER,
        required_one_of=[("namespaces", "definitions", "src", "endpoints")],
        supports_check_mode=True,
    )
    params = module.params
    with situation_read(module) as situation:
        asked = {name: params[name] or [] for name in ASKED}
        shown = {name: params[name] for name in ("world", "show")}
        found = describe_reachability(situation, parties=named_parties(module, situation), **asked, **shown)
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
