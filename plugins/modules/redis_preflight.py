#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_preflight
short_description: Refuse a roll-out of Redis nodes that cannot end well
description:
  - Checks, before anything is changed, what is asked of this host and of the group of hosts, and fails with
    every reason at once, each beginning with the variable at fault.
  - Refused are ports that are out of range, given twice or taken by another program, an empty password, too few nodes
    for the replicas, a password that running nodes do not take, users without a password or with rules that are none,
    a required anti-affinity that the hosts do not allow, a package that must not replace the version that runs
    (a downgrade, or a step over a major version), a full disk, and a task that does not run as root.
  - It needs nothing but Python on the host.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.preflight
  - omnimind.platform.redis_users
  - omnimind.platform.reads_only
options:
  ports:
    description: Ports of the nodes of this host.
    type: list
    elements: int
    required: true
  password:
    description: The password that nodes will ask for.
    type: str
    required: true
  former_passwords:
    description: Passwords that nodes which run already may have instead.
    type: list
    elements: str
    default: []
  users:
    description: Users beside the one that O(password) belongs to.
    default: []
  extra_settings:
    description: Names of settings that are set beside those of the role. Those that would undo its users are refused.
    type: list
    elements: str
    default: []
  left_out_hosts:
    description: Hosts of the cluster that this run does not reach together with the others. A password cannot be
      replaced without them.
    type: list
    elements: str
    default: []
  address:
    description: Address at which nodes of this host that run already are asked whether they take the password.
    type: str
    default: 127.0.0.1
  nodes:
    description: All nodes of the cluster, each as C(host:port) or as a mapping with C(host), C(port) and C(zone).
    type: list
    elements: raw
    required: true
  replicas:
    description: Replicas of each master.
    type: int
    default: 1
  anti_affinity:
    description: Whether a replica must stay away from its master's host and zone.
    type: str
    choices: [none, preferred, required]
    default: preferred
  data_directory:
    description: Where nodes keep their data, a directory a port. It need not exist.
    type: path
    required: true
  server:
    description: Path of the server's program.
    type: path
    default: /usr/bin/redis-server
  flavor:
    description: The engine that the host shall have.
    type: str
    choices: [redis, valkey]
    default: redis
  version:
    description: Version of the package that the host shall have. Empty for the distribution's.
    type: str
    default: ""
  package_file:
    description: A package file that is installed in place of the distribution's package.
    type: str
    default: ""
  upgrade:
    description: Whether the distribution's newest package is installed where an older one is.
    type: bool
    default: false
  tls:
    description: The stage of TLS that the nodes shall have, as in M(omnimind.platform.redis_cluster_tls).
    type: str
    choices: ["off", offered, required]
    default: "off"
  tls_port_offset:
    description: How far TLS ports are above O(ports).
    type: int
    default: 100
  tls_directory:
    description: Directory with the C(ca.crt), C(node.crt) and C(node.key) by which running nodes are asked through TLS.
    type: path
    default: ""
  tls_ca:
    description: The authorities, PEM, that running nodes shall trust. They must trust what these nodes show now.
    type: str
    default: ""
  min_free_mb:
    description: Megabytes (2^20 bytes) that must be free there.
    type: int
    default: 0
"""

EXAMPLES = r"""
- name: Host and variables are fit for the cluster
  omnimind.platform.redis_preflight:
    ports: [7000, 7001]
    password: "{{ redis_password }}"
    nodes: ["10.0.0.1:7000", "10.0.0.1:7001", "10.0.0.2:7000", "10.0.0.2:7001", "10.0.0.3:7000", "10.0.0.3:7001"]
    data_directory: /var/lib/redis
    min_free_mb: 1024
"""

RETURN = r"""
installed:
  description: Whether the server's program is there already.
  returned: success
  type: bool
apt_ready:
  description: Whether the binding to apt is there that M(ansible.builtin.apt) needs.
  returned: success
  type: bool
by_tls:
  description: Whether the nodes of this host that run offer TLS; where none runs, whether they will.
  returned: success
  type: bool
tls_stage:
  description: The stage of TLS that nodes of this host seem to be at, V(mixed) where they differ. Empty where none
    runs.
  returned: success
  type: str
complaints:
  description: Every reason to refuse, in words.
  returned: failure
  type: list
  elements: str
  sample: ["redis_cluster_ports: 7000 is given twice"]
"""

import importlib.util
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.redis.acl.arguments import USERS_ARGUMENT
from ansible_collections.omnimind.platform.plugins.module_utils.redis.errors import RedisFailure
from ansible_collections.omnimind.platform.plugins.module_utils.redis.host_state import (
    Encryption,
    Package,
    read_host_state,
)
from ansible_collections.omnimind.platform.plugins.module_utils.redis.nodes import parse_nodes
from ansible_collections.omnimind.platform.plugins.module_utils.redis.preflight import complaints
from ansible_collections.omnimind.platform.plugins.module_utils.redis.tls.ports import reached_by_tls, stage_of_host
from ansible_collections.omnimind.platform.plugins.module_utils.redis.tls.stages import OFF, STATES
from ansible_collections.omnimind.platform.plugins.module_utils.reporting import PREFLIGHT_ARGUMENTS, refuse_if

ARGUMENTS = {
    **PREFLIGHT_ARGUMENTS,
    "ports": {"type": "list", "elements": "int", "required": True},
    "password": {"type": "str", "required": True, "no_log": True},
    "former_passwords": {"type": "list", "elements": "str", "default": [], "no_log": True},
    "users": {**USERS_ARGUMENT, "default": []},
    "extra_settings": {"type": "list", "elements": "str", "default": []},
    "left_out_hosts": {"type": "list", "elements": "str", "default": []},
    "address": {"type": "str", "default": "127.0.0.1"},
    "nodes": {"type": "list", "elements": "raw", "required": True},
    "replicas": {"type": "int", "default": 1},
    "anti_affinity": {"type": "str", "choices": ["none", "preferred", "required"], "default": "preferred"},
    "data_directory": {"type": "path", "required": True},
    "server": {"type": "path", "default": "/usr/bin/redis-server"},
    "flavor": {"type": "str", "choices": ["redis", "valkey"], "default": "redis"},
    "version": {"type": "str", "default": ""},
    "package_file": {"type": "str", "default": ""},
    "upgrade": {"type": "bool", "default": False},
    "tls": {"type": "str", "choices": list(STATES), "default": OFF},
    "tls_port_offset": {"type": "int", "default": 100},
    "tls_directory": {"type": "path", "default": ""},
    "tls_ca": {"type": "str", "default": ""},
    "min_free_mb": {"type": "int", "default": 0},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    params = module.params
    package = Package(params["flavor"], params["version"], params["package_file"], params["upgrade"])
    passwords = [params["password"], *params["former_passwords"]]
    tls = Encryption(params["tls_port_offset"], params["tls_directory"], params["tls_ca"])
    host = read_host_state(params["data_directory"], params["ports"], params["address"], passwords, package, tls)
    try:
        found = complaints(params, parse_nodes(params["nodes"]), host)
    except RedisFailure as failure:
        # The list of nodes is made of the ports of all hosts.
        found = [failure.message.replace("nodes:", "ports:", 1)]
    refuse_if(module, found)
    module.exit_json(
        changed=False,
        installed=Path(params["server"]).exists(),
        apt_ready=importlib.util.find_spec("apt") is not None,
        by_tls=reached_by_tls(host.own_ports, host.listening, params["tls"], tls.offset),
        tls_stage=stage_of_host(host.own_ports, host.listening, tls.offset),
    )


if __name__ == "__main__":
    main()
