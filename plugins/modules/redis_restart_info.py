#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_restart_info
short_description: Which Redis servers of a host wait for a restart
description:
  - Compares the running servers of this host with what a restart would make of them. A server waits when its program was
    replaced, when a setting of its file cannot be set live, when it should have more open files, or when a restart was
    asked for.
  - Sentinels are servers too, but do not tell their settings. One waits when a file of O(files) was changed instead.
  - It changes nothing. The playbooks C(omnimind.platform.redis_restart) and C(omnimind.platform.redis_sentinel_restart)
    restart such servers, one at a time.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.redis
  - omnimind.platform.tls_client
options:
  nodes:
    description: The servers of this host. The module reads their processes, so it must run there.
  settings:
    description: The settings of their configuration file, as in M(omnimind.platform.redis_config). Sentinels are not asked
      for them.
    type: dict
    default: {}
  config_file:
    description: The configuration file. With it, settings that are no longer in the file are noticed.
    type: path
  server:
    description: The program that a restart would start.
    type: path
    default: /usr/bin/redis-server
  node_settings:
    description: By port, settings that a server has from its command line. Sentinels are asked for C(port), and for C(dir) as
      the directory of their own file.
    type: dict
    default: {}
  open_files:
    description: How many files and sockets each server shall be able to open. V(0) for any number.
    type: int
    default: 0
  note:
    description: A file that stands for the wish to restart. Servers that were started before its last change wait.
    type: path
  files:
    description: Files that a server reads when it starts only. Servers that were started before the last change of one
      wait.
    type: list
    elements: path
    default: []
  timeout:
    description: Seconds that a server may take to answer, such as one that is loading its data.
    type: float
    default: 60.0
attributes:
  check_mode:
    support: full
    description: It changes nothing.
  diff_mode:
    support: none
    description: It changes nothing.
seealso:
  - module: omnimind.platform.redis_config
"""

EXAMPLES = r"""
- name: Servers that wait are known
  omnimind.platform.redis_restart_info:
    nodes: ["10.0.0.1:7000", "10.0.0.1:7001"]
    password: "{{ redis_password }}"
    settings:
      io-threads: 4

- name: Sentinels that wait are known
  omnimind.platform.redis_restart_info:
    nodes: ["10.0.0.1:26379"]
    password: "{{ sentinel_password }}"
    files: [/etc/cache/sentinel.conf]
"""

RETURN = r"""
waiting:
  description: By the address of a server that waits, the reasons. The others are not there.
  returned: success
  type: dict
  sample: {"10.0.0.1:7000": ["the setting io-threads waits"]}
roles:
  description: By the address of every server what it is now, V(master), V(replica) or V(sentinel).
  returned: success
  type: dict
  sample: {"10.0.0.1:7000": master, "10.0.0.1:7001": replica}
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.redis.arguments import (
    CONNECTION_ARGUMENTS,
    REQUIRED_TOGETHER,
    nodes_opened,
)
from ansible_collections.omnimind.platform.plugins.module_utils.redis.rolling.waiting import Target, find_waiting
from ansible_collections.omnimind.platform.plugins.module_utils.redis.scratch import (
    build_of_program,
    settings_of_file,
)

ARGUMENTS = {
    **CONNECTION_ARGUMENTS,
    "settings": {"type": "dict", "default": {}},
    "config_file": {"type": "path"},
    "server": {"type": "path", "default": "/usr/bin/redis-server"},
    "node_settings": {"type": "dict", "default": {}},
    "open_files": {"type": "int", "default": 0},
    "note": {"type": "path"},
    "files": {"type": "list", "elements": "path", "default": []},
    "timeout": {"type": "float", "default": 60.0},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS, required_together=REQUIRED_TOGETHER, supports_check_mode=True
    )
    params = module.params
    deadline = time.monotonic() + params["timeout"]
    with nodes_opened(module) as (nodes, session):
        file = params["config_file"]
        target = Target(
            settings=params["settings"],
            defaults=settings_of_file(params["server"], file) if file else {},
            node_settings=params["node_settings"],
            server=params["server"],
            build=build_of_program(params["server"]),
            open_files=params["open_files"],
            note=params["note"],
            files=params["files"],
        )
        found = find_waiting(session, [node.address for node in nodes], target, deadline)
    module.exit_json(
        changed=False,
        waiting={str(node): server.reasons for node, server in found.items() if server.reasons},
        roles={str(node): server.role for node, server in found.items()},
    )


if __name__ == "__main__":
    main()
