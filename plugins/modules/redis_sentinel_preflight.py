#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_sentinel_preflight
short_description: Refuse a roll-out of master, replicas and Sentinels that cannot end well
description:
  - Checks, before anything is changed, what is asked of this host and of the group of hosts, and fails with
    every reason at once, each beginning with the variable at fault.
  - Refused are ports that are out of range, given twice or taken by another program, empty passwords, passwords that
    running servers do not take, fewer than three Sentinels or two data nodes, a quorum that cannot be reached, loopback
    addresses in a group of several hosts, a package that must not replace the version that runs (a downgrade, or a step
    over a major version), a full disk, and a task that does not run as root.
  - It needs nothing but Python on the host.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.preflight
  - omnimind.platform.reads_only
options:
  data_ports:
    description: Ports of the data nodes of this host.
    type: list
    elements: int
    required: true
  ports:
    description: Ports of the Sentinels of this host.
    type: list
    elements: int
    required: true
  password:
    description: The password that data nodes will ask for.
    type: str
    required: true
  own_password:
    description: The password that Sentinels will ask for.
    type: str
    required: true
  address:
    description: Address at which servers of this host that run already are asked whether they take the passwords.
    type: str
    default: 127.0.0.1
  nodes:
    description: All data nodes of the group, each as C(host:port) or as a mapping with C(host) and C(port).
    type: list
    elements: raw
    required: true
  sentinels:
    description: All Sentinels of the group, as O(nodes).
    type: list
    elements: raw
    required: true
  monitor:
    description: The name under which Sentinels will watch the group.
    type: str
    required: true
  quorum:
    description: How many Sentinels must agree that the master is down. V(0) for most of them.
    type: int
    default: 0
  data_directory:
    description: Where servers keep their data, a directory a port. It need not exist.
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
  min_free_mb:
    description: Megabytes (2^20 bytes) that must be free there.
    type: int
    default: 0
"""

EXAMPLES = r"""
- name: Host and variables are fit for master, replicas and Sentinels
  omnimind.platform.redis_sentinel_preflight:
    data_ports: [6379]
    ports: [26379]
    password: "{{ redis_password }}"
    own_password: "{{ sentinel_password }}"
    nodes: ["10.0.0.1:6379", "10.0.0.2:6379", "10.0.0.3:6379"]
    sentinels: ["10.0.0.1:26379", "10.0.0.2:26379", "10.0.0.3:26379"]
    monitor: cache
    data_directory: /var/lib/cache
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
complaints:
  description: Every reason to refuse, in words.
  returned: failure
  type: list
  elements: str
  sample: ["redis_sentinel_ports: 26379 is taken by another program on this host"]
"""

import importlib.util
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.redis.errors import RedisFailure
from ansible_collections.omnimind.platform.plugins.module_utils.redis.host_state import Package, read_host_state
from ansible_collections.omnimind.platform.plugins.module_utils.redis.nodes import parse_nodes
from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel.preflight import complaints
from ansible_collections.omnimind.platform.plugins.module_utils.reporting import PREFLIGHT_ARGUMENTS, refuse_if

ARGUMENTS = {
    **PREFLIGHT_ARGUMENTS,
    "data_ports": {"type": "list", "elements": "int", "required": True},
    "ports": {"type": "list", "elements": "int", "required": True},
    "password": {"type": "str", "required": True, "no_log": True},
    "own_password": {"type": "str", "required": True, "no_log": True},
    "address": {"type": "str", "default": "127.0.0.1"},
    "nodes": {"type": "list", "elements": "raw", "required": True},
    "sentinels": {"type": "list", "elements": "raw", "required": True},
    "monitor": {"type": "str", "required": True},
    "quorum": {"type": "int", "default": 0},
    "data_directory": {"type": "path", "required": True},
    "server": {"type": "path", "default": "/usr/bin/redis-server"},
    "flavor": {"type": "str", "choices": ["redis", "valkey"], "default": "redis"},
    "version": {"type": "str", "default": ""},
    "package_file": {"type": "str", "default": ""},
    "upgrade": {"type": "bool", "default": False},
    "min_free_mb": {"type": "int", "default": 0},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    params = module.params
    package = Package(params["flavor"], params["version"], params["package_file"], params["upgrade"])
    directory, address = params["data_directory"], params["address"]
    data_host = read_host_state(directory, params["data_ports"], address, [params["password"]], package)
    sentinel_host = read_host_state(directory, params["ports"], address, [params["own_password"]], package)
    try:
        nodes, sentinels = parse_nodes(params["nodes"], "data_ports"), parse_nodes(params["sentinels"], "ports")
        found = complaints(params, nodes, sentinels, data_host, sentinel_host)
    except RedisFailure as failure:
        found = [failure.message]
    refuse_if(module, found)
    module.exit_json(
        changed=False,
        installed=Path(params["server"]).exists(),
        apt_ready=importlib.util.find_spec("apt") is not None,
    )


if __name__ == "__main__":
    main()
