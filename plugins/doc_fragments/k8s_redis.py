# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the options in module_utils/k8s_redis/arguments.py, but for `size`, which differs."""
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  namespace:
    description: Namespace of the pods.
    type: str
    required: true
  label_selector:
    description:
      - Labels of the pods, as C(kubectl) has them, such as V(app.kubernetes.io/component=redis).
      - Every pod that has them is a node of the cluster. One that is on its way out, or has ended, does not count.
    type: str
    required: true
  port:
    description: The port at which Redis listens in every pod, and which the pods tell each other.
    type: int
    default: 6379
  redis_username:
    description: The ACL user of Redis to log in as. The default user when it is not given.
    type: str
  redis_password:
    description: The password of the user of Redis.
    type: str
  connect_timeout:
    description: Seconds that a pod may take to accept a connection, and its Redis for each answer.
    type: float
    default: 5.0
requirements:
  - redis-py 4.3 or newer (Debian C(python3-redis)) on the host that runs the module
notes:
  - No connection goes to a pod itself. Each goes through the API of Kubernetes, as C(kubectl port-forward) does it, so
    that the module runs wherever the API is reached from, and whatever the network policies are.
  - A forwarded connection comes out at the loopback address of the pod, so Redis must listen there too. That is so
    unless its setting C(bind) names other addresses only.
  - Who calls it must be allowed to C(list) C(pods), and to C(get) and C(create) C(pods/portforward); Kubernetes before
    1.35 asks for the former of the two only.
  - A pod that is started anew has another address. It stays the node that it was if its data directory, with
    C(nodes.conf), is on a volume, and if it tells the others its address of today, as C(cluster-announce-ip).
  - TLS between the API and this host is used as for all of its requests. Redis itself is asked in plain, inside of it.
"""
