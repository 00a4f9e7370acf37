# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the options in module_utils/kubernetes/network_arguments.py."""
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  namespaces:
    description:
      - Namespaces of the cluster whose objects are read. Those of peers, such as C(kube-system), are among them when
        flows to or from their pods shall be seen.
      - Without any, no cluster is asked, no connection is opened, and the library C(kubernetes) is not needed.
    type: list
    elements: str
  live:
    description:
      - What is read from the cluster.
      - V(namespaces) is the labels of all namespaces. An account that may not list them leaves this out, and gives
        those that selectors are about among O(definitions).
      - V(policies) is the NetworkPolicies, and V(pods) the pods that run, of O(namespaces).
      - V(templates) is what Deployments, StatefulSets, DaemonSets and Jobs there make pods from, with one endpoint for
        all pods of each, before there is any.
      - V(nodes) is the nodes of the cluster.
    type: list
    elements: str
    choices: [namespaces, policies, pods, templates, nodes]
    default: [namespaces, policies, pods]
  definitions:
    description:
      - Manifests of NetworkPolicies, Namespaces, Pods, and of what makes pods. Other kinds are passed over.
      - Policies are read as strictly as the API can; a field that it does not know is refused.
    type: list
    elements: dict
  src:
    description: Files with such manifests on the host that runs the module, in YAML or JSON, with one or more of them
      each; or directories of such files.
    type: list
    elements: path
  default_namespace:
    description: The namespace of manifests and components that name none.
    type: str
    default: default
  endpoints:
    description: Endpoints that are only declared. Each takes the place of one that is live or defined under its name.
    type: list
    elements: dict
    suboptions:
      name:
        description: The name. A pod in the namespace V(shop) is V(shop/NAME) in answers.
        type: str
        required: true
      namespace:
        description: The namespace of a pod. Without it, it is a node if it has O(endpoints[].node), else an address
          outside.
        type: str
      labels:
        description: The labels of the pod.
        type: dict
      addresses:
        description: Addresses of IPv4 or IPv6. Only by these it is found by an C(ipBlock).
        type: list
        elements: str
      ports:
        description: Ports by their names. Each is a number, or a mapping with C(number) and C(protocol).
        type: dict
      unnamed_ports:
        description: Further ports that it listens on, each as in O(endpoints[].ports).
        type: list
        elements: raw
      node:
        description: The node that it runs on. A node and its pods always reach each other.
        type: str
      host_network:
        description: Whether the pod is in the network of its node, where no policy is about it.
        type: bool
      several:
        description: Whether it stands for several pods that are alike, and reach each other or not.
        type: bool
requirements:
  - PyYAML on the host that runs the module, for O(src)
notes:
  - Only C(networking.k8s.io/v1) is judged. Policies of other APIs, such as those of a network plugin, are not seen.
  - NetworkPolicies do not cut connections that there are, and are about no pod in the network of its node. Behind a
    service mesh that carries everything through a port of its own, policies see that port, such as TCP 15008.
"""

    SUPPOSED = r"""
options:
  absent:
    description: Live policies that are supposed to be gone, by C(NAMESPACE/NAME), or by their names where that is
      O(default_namespace).
    type: list
    elements: str
  components:
    description:
      - Names for pods. Each is a mapping with C(labels), and with C(namespace) unless that is O(default_namespace).
      - They are those of the filter P(omnimind.platform.network_policies#filter).
    type: dict
    default: {}
  peers:
    description: Names for others, as the filter P(omnimind.platform.network_policies#filter) has them. A peer, or
      each of a list of alternatives, has C(namespace) or C(namespace_labels), and may have C(labels); or it has
      C(cidrs), and may have C(except).
    type: dict
    default: {}
"""
