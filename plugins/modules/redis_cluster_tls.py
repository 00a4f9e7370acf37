#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_cluster_tls
short_description: Turn TLS of a running Redis Cluster on and off
description:
  - Opens and closes the TLS ports and the plain ports of all nodes, and brings the cluster bus and replication over to
    TLS or back, while the cluster serves. No node is restarted.
  - The nodes must have the settings of their certificates already, such as by M(omnimind.platform.redis_config).
    Each is made to load them before anything is changed.
  - It waits after every step until all nodes have found each other again and every replica has its link. That takes
    about as long as the node timeout. In the end every node must prove itself by TLS.
  - A run that was cut off is finished by the next one. It does not write the configuration file.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.redis
  - omnimind.platform.tls_client
options:
  nodes:
    description: All nodes of the cluster, each by its plain port, even where that is closed.
  tls:
    description: Not used. Each node is asked through TLS if it offers that, else through its plain port.
  state:
    description:
      - V(offered) has the bus and replication use TLS, and clients both ports. Clients on either port are sent to ports
        of their kind.
      - V(required) closes the plain ports as well.
      - V(off) has nothing but plain ports.
    type: str
    choices: ["off", offered, required]
    required: true
  port_offset:
    description: How far the TLS port of each node is above its plain one. With V(0) nodes have TLS from their start or
      never.
    type: int
    default: 100
  disconnect:
    description: Whether clients that are still connected to a plain port are cut off when that is closed. Otherwise
      the module refuses to close it.
    type: bool
    default: false
  timeout:
    description: Seconds until all of it must have come about.
    type: float
    default: 120.0
attributes:
  check_mode:
    support: full
    description: Says which steps there would be.
  diff_mode:
    support: full
    description: Shows the ports of each node before and after.
seealso:
  - module: omnimind.platform.redis_config
  - module: omnimind.platform.tls_preflight
notes:
  - The servers are Redis 7.0 or newer, or Valkey. They have C(cluster-port), or a bus port that they announce. For
    others the module has them announce the one that they have.
"""

EXAMPLES = r"""
- name: Clients can use TLS, nodes among themselves do
  omnimind.platform.redis_cluster_tls:
    nodes: ["10.0.0.1:7000", "10.0.0.2:7000", "10.0.0.3:7000"]
    password: "{{ redis_password }}"
    ca_certs: /etc/ssl/redis/ca.crt
    state: offered
"""

RETURN = r"""
plan:
  description: The steps in their order. In check mode those that there would be.
  returned: unless the module refuses
  type: list
  elements: dict
  contains:
    step:
      description: What is done, such as V(encrypt).
      type: str
    nodes:
      description: Addresses of the nodes it is done to.
      type: list
      elements: str
by_tls:
  description: Whether all nodes are reached through TLS now.
  returned: success
  type: bool
elapsed_ms:
  description: Milliseconds that it took.
  returned: success, but not in check mode
  type: float
refusals:
  description: Why nothing was changed.
  returned: when the module refuses
  type: list
  elements: dict
  contains:
    node:
      description: Address of the node concerned, or empty.
      type: str
    reason:
      description: The reason in words.
      type: str
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.redis.arguments import (
    CONNECTION_ARGUMENTS,
    REQUIRED_TOGETHER,
    failures_reported,
    login_of,
)
from ansible_collections.omnimind.platform.plugins.module_utils.redis.nodes import parse_nodes
from ansible_collections.omnimind.platform.plugins.module_utils.redis.tls.doors import Doors
from ansible_collections.omnimind.platform.plugins.module_utils.redis.tls.stages import STATES
from ansible_collections.omnimind.platform.plugins.module_utils.redis.tls.transition import Wish, change_tls

ARGUMENTS = {
    **CONNECTION_ARGUMENTS,
    "state": {"type": "str", "choices": list(STATES), "required": True},
    "port_offset": {"type": "int", "default": 100},
    "disconnect": {"type": "bool", "default": False},
    "timeout": {"type": "float", "default": 120.0},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS, required_together=REQUIRED_TOGETHER, supports_check_mode=True
    )
    params = module.params
    wish = Wish(params["state"], params["port_offset"], params["disconnect"])
    deadline = time.monotonic() + params["timeout"]
    with failures_reported(module):
        nodes = parse_nodes(params["nodes"])
        with Doors(login_of(params), wish.offset) as doors:
            module.exit_json(**change_tls(doors, nodes, wish, deadline, module.check_mode))


if __name__ == "__main__":
    main()
