#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_network_policy_set
short_description: Give a namespace of Kubernetes its whole set of NetworkPolicies
description:
  - Creates the policies that are missing, replaces those that differ, and removes those that are no longer in the set.
    The label C(omnimind.platform/policy-set) tells which are of it. Policies of others are left alone.
  - Replaces whole policies. What was added to one by hand, such as a rule that opens everything, is gone.
  - Before anything is changed, fields that the API does not know are refused, flows of O(expected) are proved on what
    will be, and the API is asked whether it would do each step.
  - Goes in an order in which neither end of a connection denies anything on the way that it allows before and
    afterwards, or the contrary. What allows comes before what denies. Where that cannot be, RV(cuts) says it.
  - When a step fails, or a connection of O(probes) is not as expected, the former policies are put back.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.kubernetes
options:
  namespace:
    description: The namespace. It must be there, but for check mode, and where there shall be no policies.
    type: str
    required: true
  name:
    description: The name of the set. A namespace may have several.
    type: str
    default: platform
  policies:
    description:
      - Manifests of all policies of the set, such as those that the filter P(omnimind.platform.network_policies#filter)
        makes. The namespace and the label need not be in them.
      - Needed for O(state=present). An empty list removes all policies of the set, too.
    type: list
    elements: dict
  state:
    description: V(absent) removes all policies of the set, first those that deny everything.
    type: str
    choices: [present, absent]
    default: present
  adopt:
    description: Take policies into the set that have the name of one of O(policies), and are not of it. Without it
      that is refused.
    type: bool
    default: false
  expected:
    description: Flows that must be allowed or denied afterwards, as
      O(omnimind.platform.k8s_network_flows_assert#module:flows).
    type: list
    elements: dict
    default: []
  others:
    description: As O(omnimind.platform.k8s_network_flows_assert#module:others), of O(expected).
    type: str
    choices: [ignored, denied]
    default: ignored
  components:
    description: As O(omnimind.platform.k8s_network_flows_assert#module:components).
    type: dict
    default: {}
  peers:
    description: As O(omnimind.platform.k8s_network_flows_assert#module:peers).
    type: dict
    default: {}
  namespaces:
    description: Other namespaces whose pods are looked at, such as those of O(peers).
    type: list
    elements: str
    default: []
  endpoints:
    description: As O(omnimind.platform.k8s_network_flows_assert#module:endpoints), such as pods that are still to come.
    type: list
    elements: dict
    default: []
  probes:
    description:
      - Connections by TCP that are tried for real when the policies are in force, each C(from) one or more of
        O(components).
      - C(to) is who may be C(to) in O(expected), whose first three Ready pods are tried; or C(host) is a name or an
        address. C(port) is a number, and C(allowed) is V(true) unless it is given.
      - A short-lived pod with the labels of the component does it, out of O(probe_image). It never becomes Ready, so no
        Service sends it anything. It must fit into quotas, and is fit for the level V(restricted) of Pod Security.
      - That somebody cannot connect proves something only where somebody else can. A probe that is not V(allowed) needs
        one that is, at the same port of the same destination.
    type: list
    elements: dict
    default: []
  probe_image:
    description: The image of pods for O(probes). It must have C(python3), as that of the backend has.
    type: str
  probe_pull_secrets:
    description: Names of Secrets in O(namespace) with which it is fetched.
    type: list
    elements: str
    default: []
  probe_timeout:
    description: Seconds for one attempt to connect.
    type: float
    default: 2.0
  probe_seconds:
    description: Seconds for the policies to reach every node. Until then it is tried again.
    type: float
    default: 20.0
attributes:
  check_mode:
    support: full
    description: The API is asked for everything by way of trial. No connection of O(probes) is tried.
  diff_mode:
    support: full
    description: Shows the policies that change.
notes:
  - Who calls it must be allowed to list, create, update and delete NetworkPolicies of O(namespace), and to list the
    pods there and in O(namespaces). Selectors of namespaces by labels are judged only for who may list namespaces.
  - What is killed in the middle may leave a policy whose name ends in C(.next). The next run removes it.
seealso:
  - module: omnimind.platform.k8s_network_drift_info
  - module: omnimind.platform.k8s_network_flows_assert
  - plugin: omnimind.platform.network_policies
    plugin_type: filter
"""

EXAMPLES = r"""
- name: The shop talks as declared, and not otherwise
  omnimind.platform.k8s_network_policy_set:
    namespace: shop
    policies: "{{ flows | omnimind.platform.network_policies('shop', components, peers) }}"
    components: "{{ components }}"
    peers: "{{ peers }}"
    namespaces: [gateway-system]
    expected: "{{ flows + forbidden }}"
  vars:
    components:
      frontend: {labels: {app: frontend}}
      backend: {labels: {app: backend}}
      database: {labels: {app: database}}
    peers:
      gateway: {namespace: gateway-system, labels: {app: gateway}}
    flows:
      - {from: gateway, to: frontend, ports: [http]}
      - {from: frontend, to: backend, ports: [8000]}
      - {from: backend, to: database, ports: [5432]}
    forbidden:
      - {from: frontend, to: database, port: 5432, allowed: false}

- name: Everybody talks to everybody again
  omnimind.platform.k8s_network_policy_set:
    namespace: shop
    state: absent
"""

RETURN = r"""
created:
  description: Names of policies that were made.
  returned: success
  type: list
  elements: str
replaced:
  description: Names of policies that were replaced.
  returned: success
  type: list
  elements: str
removed:
  description: Names of policies that were removed.
  returned: success
  type: list
  elements: str
steps:
  description: The requests in their order. What moves between policies is in one of a name of its own in the meantime.
  returned: success
  type: list
  elements: str
  sample: [create allow-backend, create default-deny]
opened:
  description: Flows that were denied and are allowed, as
    RV(omnimind.platform.k8s_network_drift_info#module:opened).
  returned: success
  type: list
  elements: dict
closed:
  description: Flows that were allowed and are denied, likewise. They are of pods that there are.
  returned: success
  type: list
  elements: dict
cuts:
  description: Pods whose flows may be cut until the last step is done, because several policies begin or cease to
    isolate them. They are warnings as well.
  returned: success
  type: list
  elements: str
  sample:
    - until names and web are all made, egress of shop/web-0 is cut that only one of them allows
wrong:
  description: Flows that are not as expected, as RV(omnimind.platform.k8s_network_flows_assert#module:wrong).
  returned: when O(expected) is refused
  type: list
  elements: dict
unproved:
  description: Expectations about nobody, in words.
  returned: when O(expected) is refused
  type: list
  elements: str
probes:
  description: What came of each connection that was tried; none in check mode.
  returned: success, and when one of them is not as expected
  type: list
  elements: dict
  contains:
    probe:
      description: The option, such as V(probes[0]).
      type: str
    source:
      description: The component that it began at.
      type: str
    destination:
      description: Who was meant.
      type: str
    host:
      description: The address or name.
      type: str
    port:
      description: The port.
      type: int
    expected:
      description: Whether it should come about.
      type: bool
    reached:
      description: Whether it did.
      type: bool
    error:
      description: Why it did not.
      type: str
restored:
  description: Whether the former policies are back.
  returned: when a step or a probe fails
  type: bool
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils import reporting
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.arguments import (
    CONNECTION_ARGUMENTS,
    REQUIRED_TOGETHER,
    cluster_opened,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.errors import KubernetesFailure
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.policy_order import Order, fulfil
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.probing.probes import Maker, check_times

ARGUMENTS = {
    **CONNECTION_ARGUMENTS,
    "namespace": {"type": "str", "required": True},
    "name": {"type": "str", "default": "platform"},
    "policies": {"type": "list", "elements": "dict"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "adopt": {"type": "bool", "default": False},
    "expected": {"type": "list", "elements": "dict", "default": []},
    "others": {"type": "str", "choices": ["ignored", "denied"], "default": "ignored"},
    "components": {"type": "dict", "default": {}},
    "peers": {"type": "dict", "default": {}},
    "namespaces": {"type": "list", "elements": "str", "default": []},
    "endpoints": {"type": "list", "elements": "dict", "default": []},
    "probes": {"type": "list", "elements": "dict", "default": []},
    "probe_image": {"type": "str"},
    "probe_pull_secrets": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "probe_timeout": {"type": "float", "default": 2.0},
    "probe_seconds": {"type": "float", "default": 20.0},
}
FIELDS = (
    "namespace",
    "name",
    "adopt",
    "expected",
    "others",
    "components",
    "peers",
    "namespaces",
    "endpoints",
    "probes",
)


def order_of(params: dict) -> Order:
    policies = params["policies"] if params["state"] == "present" else []
    maker = None
    if params["probes"]:
        if not params["probe_image"]:
            raise KubernetesFailure("probe_image: it is missing, and probes need one that has python3")
        check_times(params["probe_timeout"], params["probe_seconds"])
        how = [params[f"probe_{name}"] for name in ("image", "pull_secrets", "timeout", "seconds")]
        maker = Maker(params["namespace"], *how)
    return Order(policies=policies, maker=maker, **{name: params[name] for name in FIELDS})


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_together=REQUIRED_TOGETHER,
        required_if=[("state", "present", ["policies"])],
        supports_check_mode=True,
    )
    with reporting.failures_reported(module):
        order = order_of(module.params)
        order.wanted()  # what is wrong with them is told before anybody is asked
    with cluster_opened(module) as client:
        answer = fulfil(client, order, module.check_mode).answer()
    for cut in answer["cuts"]:
        module.warn(cut)
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
