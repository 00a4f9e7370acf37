#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_sentinel
short_description: What Sentinels watch, as data
description:
  - Makes every Sentinel watch the groups of master and replicas that are given, with the same settings, and makes the
    nodes of a group follow its master, then waits until all of them agree.
  - It speaks to running Sentinels only (C(SENTINEL MONITOR), C(SENTINEL SET), C(SENTINEL REMOVE)), as their file is their
    own. They keep in it who is master now.
  - The master of a group that some Sentinel watches stays the master, whatever the options say. A failover that is under
    way is waited for.
  - The master of a new group is the node that holds keys. Where none does, the node that others follow, else
    the preferred one. It refuses where the choice could lose data.
  - A node is made to follow the master only where it holds nothing that did not come from it, else the module refuses.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.redis_sentinel
  - omnimind.platform.tls_client
options:
  monitors:
    description: The groups.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The name by which clients ask for the master. One word.
        type: str
        required: true
      nodes:
        description: The nodes of the group, each as C(host:port) or as a mapping with C(host) and C(port).
        type: list
        elements: raw
      address:
        description:
          - The preferred master, as C(host:port). It only counts where no Sentinel watches the group and its nodes are empty.
          - The first of O(monitors[].nodes) when it is not given.
        type: str
      quorum:
        description: How many Sentinels must agree that the master is down. Most of all Sentinels must still authorise
          a failover.
        type: int
        default: 2
      down_after:
        description: Milliseconds after which a silent master counts as down.
        type: int
      failover_timeout:
        description: Milliseconds that a failover may take. The next one is tried after twice that.
        type: int
      parallel_syncs:
        description: Replicas that turn to a new master at the same time.
        type: int
      settings:
        description: Further options of C(SENTINEL SET), by their names there, if they are among those that Sentinels tell.
        type: dict
      auth_user:
        description: The ACL user as whom Sentinels log in to the nodes.
        type: str
      auth_password:
        description:
          - The password with which Sentinels log in to the nodes. It must be without blanks and quotes, as must be all that
            a Sentinel keeps of a group. It writes that to its file as it is, and could not start with it again.
          - A Sentinel does not tell it, so it cannot be compared. It is given to a Sentinel that begins to watch, and to one
            that takes a node for down which answers this login. See O(update_login).
        type: str
      state:
        description: With V(absent) no Sentinel watches the group any more. Its nodes stay as they are.
        type: str
        choices: [present, absent]
        default: present
  settings:
    description: Settings that hold for a Sentinel as a whole, by their names in C(SENTINEL CONFIG SET).
    type: dict
    default: {}
  prune:
    description:
      - Have Sentinels forget other Sentinels and replicas that are down and not listed (C(SENTINEL RESET)), one Sentinel
        after the other. Until then they count as missing votes.
    type: bool
    default: false
  update_login:
    description: Give O(monitors[].auth_user) and O(monitors[].auth_password) to every Sentinel again, as after the password
      of the nodes was changed. Sentinels connect anew to all nodes then.
    type: bool
    default: false
  timeout:
    description: Seconds until Sentinels and nodes must agree and be healthy.
    type: float
    default: 60.0
attributes:
  check_mode:
    support: full
    description: Returns the plan.
  diff_mode:
    support: full
    description: Shows master and replicas before and after, and what is done.
seealso:
  - module: omnimind.platform.redis_sentinel_info
  - module: omnimind.platform.redis_sentinel_failover
"""

EXAMPLES = r"""
- name: Three Sentinels watch the cache
  omnimind.platform.redis_sentinel:
    sentinels: ["10.0.0.1:26379", "10.0.0.2:26379", "10.0.0.3:26379"]
    sentinel_password: "{{ sentinel_password }}"
    password: "{{ redis_password }}"
    monitors:
      - name: cache
        nodes: ["10.0.0.1:6379", "10.0.0.2:6379", "10.0.0.3:6379"]
        quorum: 2
        down_after: 5000
        failover_timeout: 60000
        auth_password: "{{ redis_password }}"

- name: They forget the host that was taken away
  omnimind.platform.redis_sentinel:
    sentinels: ["10.0.0.1:26379", "10.0.0.2:26379"]
    sentinel_password: "{{ sentinel_password }}"
    password: "{{ redis_password }}"
    monitors:
      - name: cache
        nodes: ["10.0.0.1:6379", "10.0.0.2:6379"]
        auth_password: "{{ redis_password }}"
    prune: true
"""

RETURN = r"""
plan:
  description: What was done, a sentence a step; in check mode what would be.
  returned: unless the module refuses
  type: list
  elements: str
  sample: ["10.0.0.2:6379 follows 10.0.0.1:6379", "Sentinel 10.0.0.1:26379 watches cache at 10.0.0.1:6379"]
monitors:
  description: The groups as they are at the end, as M(omnimind.platform.redis_sentinel_info) returns them.
  returned: unless the module refuses
  type: list
  elements: dict
problems:
  description: What is wrong, as M(omnimind.platform.redis_sentinel_info) returns it.
  returned: when a group is not healthy in the end
  type: list
  elements: dict
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

from ansible_collections.omnimind.platform.plugins.module_utils.redis.arguments import REQUIRED_TOGETHER
from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel.arguments import (
    SENTINEL_ARGUMENTS,
    parse_addresses,
    sentinels_opened,
)
from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel.convergence import converge
from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel.monitors import bare_words, parse_monitors

ARGUMENTS = {
    **SENTINEL_ARGUMENTS,
    "monitors": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "nodes": {"type": "list", "elements": "raw"},
            "address": {"type": "str"},
            "quorum": {"type": "int", "default": 2},
            "down_after": {"type": "int"},
            "failover_timeout": {"type": "int"},
            "parallel_syncs": {"type": "int"},
            "settings": {"type": "dict"},
            "auth_user": {"type": "str"},
            "auth_password": {"type": "str", "no_log": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
    },
    "settings": {"type": "dict", "default": {}},
    "prune": {"type": "bool", "default": False},
    "update_login": {"type": "bool", "default": False},
    "timeout": {"type": "float", "default": 60.0},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, required_together=REQUIRED_TOGETHER, supports_check_mode=True)
    params = module.params
    deadline = time.monotonic() + params["timeout"]
    with sentinels_opened(module) as group:
        monitors = parse_monitors(params["monitors"], len(group.addresses), parse_addresses)
        settings = bare_words("settings: ", params["settings"])
        options = {"prune": params["prune"], "update_login": params["update_login"], "check_mode": module.check_mode}
        module.exit_json(**converge(group, monitors, settings, deadline, **options))


if __name__ == "__main__":
    main()
