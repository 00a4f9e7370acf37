#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_network_flows_assert
short_description: Fail unless NetworkPolicies allow and deny what they shall
description:
  - Works out for every flow that is expected to be allowed or denied whether it is, and fails with each that is not,
    and why.
  - Policies and endpoints are those of a cluster, of manifests, or of both. Policies of O(definitions) and O(src) are
    then laid over live ones, so that they are proved before they are applied.
  - An expectation about somebody who is not there proves nothing, and is a failure.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.kubernetes
  - omnimind.platform.kubernetes_network
  - omnimind.platform.kubernetes_network.supposed
  - omnimind.platform.reads_only
options:
  flows:
    description:
      - The expectations. What is expected to be allowed must be from every pod of the source to each of the
        destination, at each of the ports, by each version of IP that both have; and so must be denied what is expected
        to be.
      - The flows that the filter P(omnimind.platform.network_policies#filter) takes are such expectations as they are.
      - C(from) and C(to) are the name of a component, a peer or an endpoint, such as V(shop/web-0), or a mapping as of
        one of O(peers), or a list of such. A mapping with C(labels) alone is pods of O(default_namespace).
      - C(port) is a number, or the name that a port of the destination has, and C(protocol) is V(TCP) unless it is
        given. C(ports) is a list of such in its place, or of mappings with C(port), C(endPort) and C(protocol).
        Without both, it is every port.
      - C(allowed) is V(true) unless it is given.
      - C(name) is what messages call it. Without it, it is called by its place, as V(flows[0]).
    type: list
    elements: dict
    required: true
  others:
    description: V(denied) expects all flows from and to O(components) to be denied that none of O(flows) expects to be
      allowed, at every port, of all endpoints and of addresses outside. V(ignored) expects nothing.
    type: str
    choices: [ignored, denied]
    default: ignored
seealso:
  - module: omnimind.platform.k8s_network_reachability_info
  - plugin: omnimind.platform.network_policies
    plugin_type: filter
"""

EXAMPLES = r"""
- name: The policies to be applied allow what the platform needs, and nothing else
  omnimind.platform.k8s_network_flows_assert:
    namespaces: [shop, gateway-system, kube-system]
    live: [namespaces, pods]
    definitions: "{{ flows | omnimind.platform.network_policies('shop', components, peers) }}"
    default_namespace: shop
    components: "{{ components }}"
    peers: "{{ peers }}"
    flows: "{{ flows + names }}"
    others: denied
  vars:
    components:
      frontend: {labels: {app: frontend}}
      backend: {labels: {app: backend}}
    peers:
      gateway: {namespace: gateway-system, labels: {app: gateway}}
      dns: {namespace: kube-system, labels: {k8s-app: kube-dns}}
    flows:
      - {from: gateway, to: frontend, ports: [http]}
      - {from: frontend, to: backend, ports: [8000]}
    names:
      - {from: [frontend, backend], to: dns, ports: [53, {port: 53, protocol: UDP}]}

- name: The database is reached by the backend alone
  omnimind.platform.k8s_network_flows_assert:
    namespaces: [shop]
    default_namespace: shop
    flows:
      - {from: {labels: {app: backend}}, to: {labels: {app: database}}, port: 5432}
      - {from: {labels: {app: frontend}}, to: {labels: {app: database}}, allowed: false}
      - {from: {cidrs: [0.0.0.0/0]}, to: {labels: {app: database}}, allowed: false}
"""

RETURN = r"""
checked:
  description: How many flows of O(flows) were checked. Ports that no policy tells apart count as one.
  returned: always
  type: int
wrong:
  description: The flows that are not as expected; none on success.
  returned: always
  type: list
  elements: dict
  contains:
    flow:
      description: The expectation, such as V(flows[0]), or V(others).
      type: str
    source:
      description: Where it begins, such as V(shop/web-0).
      type: str
    destination:
      description: Where it ends.
      type: str
    protocol:
      description: V(TCP), V(UDP) or V(SCTP).
      type: str
    ports:
      description: A port, several as V(1-65535), or the name of one that the destination does not have.
      type: str
    family:
      description: V(4) or V(6), the version of IP; null when no address of both ends is known.
      type: int
    allowed:
      description: Whether it is allowed. The contrary is expected.
      type: bool
    policies:
      description: The policies that allow it; or those that isolate the end where it is denied.
      type: list
      elements: str
    reason:
      description: What decides, in words.
      type: str
unproved:
  description: Expectations about nobody, in words; none on success.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.judging import judge_flows
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network_arguments import (
    NETWORK_ARGUMENTS,
    REQUIRED_TOGETHER,
    SUPPOSED_ARGUMENTS,
    named_parties,
    situation_read,
)

ARGUMENTS = {
    **NETWORK_ARGUMENTS,
    **SUPPOSED_ARGUMENTS,
    "flows": {"type": "list", "elements": "dict", "required": True},
    "others": {"type": "str", "choices": ["ignored", "denied"], "default": "ignored"},
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
        parties = named_parties(module, situation)
        judgement = judge_flows(situation, parties, params["flows"], params["others"] == "denied")
    if judgement.complaints:
        module.fail_json(msg=judgement.message, **judgement.plain())
    module.exit_json(changed=False, **judgement.plain())


if __name__ == "__main__":
    main()
