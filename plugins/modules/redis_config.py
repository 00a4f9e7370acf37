#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_config
short_description: Bring running Redis servers to their settings
description:
  - Waits until all nodes answer, compares their running settings with those wanted, and sets live what
    differs.
  - A setting that only a restart can change is not touched. It is returned in RV(restart_required), with a
    warning at every run until the server was restarted, so that file and server do not drift apart unnoticed.
  - Amounts of memory are compared in bytes, so V(100mb) is what a server calls V(104857600).
  - It does not write the configuration file that is managed. The module M(omnimind.platform.redis_config_file) does that.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.redis
  - omnimind.platform.tls_client
options:
  settings:
    description:
      - Settings by their name in C(redis.conf). Booleans stand for V(yes) and V(no), a list for words in a row.
    type: dict
    required: true
  config_file:
    description:
      - The file that the nodes were started with. Settings that O(settings) does not name are then compared too,
        with what a server started with this file runs with. So a setting that was taken out of the file, or set by
        hand, is found and brought back.
      - The module runs on a host that has the file and the server's program then.
    type: path
  server:
    description: Path of the server's program, for O(config_file).
    type: path
    default: /usr/bin/redis-server
  rewrite:
    description:
      - Have a node that was changed write its own configuration file (C(CONFIG REWRITE)), for servers that keep one beside
        O(config_file), as those that Sentinels look after. Else an old password comes back at the next start.
    type: bool
    default: false
  timeout:
    description: Seconds to wait until all nodes answer.
    type: float
    default: 60.0
attributes:
  check_mode:
    support: full
    description: Returns what would be set, and what would wait for a restart.
  diff_mode:
    support: full
    description: Shows each setting before and after; passwords are not shown.
"""

EXAMPLES = r"""
- name: Both nodes of this host keep at most one gigabyte
  omnimind.platform.redis_config:
    nodes: ["10.0.0.1:7000", "10.0.0.1:7001"]
    password: "{{ redis_password }}"
    settings:
      maxmemory: 1gb
      maxmemory-policy: allkeys-lru
      appendonly: true
"""

RETURN = r"""
set:
  description: By node address, the settings that were set and their values. Passwords are not shown.
  returned: success
  type: dict
  sample: {"10.0.0.1:7000": {"maxmemory": "1gb"}}
restart_required:
  description: By node address, the settings that differ and wait for a restart.
  returned: success
  type: dict
  sample: {"10.0.0.1:7000": {"io-threads": "4"}}
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.redis.arguments import (
    CONNECTION_ARGUMENTS,
    REQUIRED_TOGETHER,
    nodes_opened,
)
from ansible_collections.omnimind.platform.plugins.module_utils.redis.live_settings import apply_settings
from ansible_collections.omnimind.platform.plugins.module_utils.redis.scratch import settings_of_file

ARGUMENTS = {
    **CONNECTION_ARGUMENTS,
    "settings": {"type": "dict", "required": True},
    "config_file": {"type": "path"},
    "server": {"type": "path", "default": "/usr/bin/redis-server"},
    "rewrite": {"type": "bool", "default": False},
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
        defaults = settings_of_file(params["server"], file) if file else None
        addresses = [node.address for node in nodes]
        answer = apply_settings(
            session, addresses, params["settings"], deadline, module.check_mode, defaults, params["rewrite"]
        )
    for node, settings in answer["restart_required"].items():
        names = ", ".join(sorted(settings))
        module.warn(f"{node} must be restarted for {names}: the running server differs from its file")
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
