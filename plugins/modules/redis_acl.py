#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_acl
short_description: ACL users of all Redis nodes, and passwords replaced without an outage
description:
  - Makes the users of every node those that are wanted, without a restart and without closing a connection of a user
    that stays.
  - "It works in stages, each on all nodes before the next on any. Users and passwords that are missing are added. The
    new password is tried on every node. Replicas get the password with which they log in to their masters. What is
    no longer wanted is taken away."
  - So at any time each client and each replica can log in with a password that every node takes. A run that was killed
    is finished by the next one.
  - Rules are compared in the server's own words. It tries them on users of other names, within one transaction that
    nobody sees. A rule that a server does not know is refused before anything changes.
  - It changes running servers only. For the next start, users must be in the configuration file as well, see
    M(omnimind.platform.redis_config_file).
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.redis
  - omnimind.platform.tls_client
  - omnimind.platform.redis_users
options:
  users:
    description: The users that shall exist, each with a password at least. Others are removed, see
      O(keep_unknown_users).
    required: true
  former_passwords:
    description: Passwords of O(username) that nodes may have instead of O(password). Whether they stay valid is said in
      O(users).
    type: list
    elements: str
    default: []
  masteruser:
    description: The user that replicas log in as. V("") is the default user. Left alone when it is not given.
    type: str
  masterauth:
    description: The password that replicas log in with. Left alone when it is not given.
    type: str
  keep_unknown_users:
    description: Leave users alone that are not in O(users). The user C(default) is always left alone when it is not
      there.
    type: bool
    default: false
  additive:
    description: Do the first stage only. Nothing is taken away, and replicas keep their password. Nodes that do not run
      are passed over, as they will start with their file.
    type: bool
    default: false
  timeout:
    description: Seconds to wait until all nodes answer.
    type: float
    default: 60.0
attributes:
  check_mode:
    support: full
    description: Returns the actions. Rules are tried on the servers then, too.
  diff_mode:
    support: full
    description: Shows each user before and after, with the number of its passwords.
seealso:
  - module: omnimind.platform.redis_config_file
"""

EXAMPLES = r"""
- name: Users of all nodes
  omnimind.platform.redis_acl:
    nodes: ["10.0.0.1:7000", "10.0.0.2:7000", "10.0.0.3:7000"]
    password: "{{ redis_password }}"
    users:
      - name: default
        passwords: ["{{ redis_password }}"]
        role: administrator
      - name: shop
        passwords: ["{{ shop_password }}"]
        role: application
        keys: ["shop:*"]

- name: Clients move to a new password, the former one stays valid meanwhile
  omnimind.platform.redis_acl:
    nodes: ["10.0.0.1:7000", "10.0.0.2:7000", "10.0.0.3:7000"]
    password: "{{ new_password }}"
    former_passwords: ["{{ old_password }}"]
    masterauth: "{{ new_password }}"
    keep_unknown_users: true
    users:
      - name: default
        passwords: ["{{ new_password }}", "{{ old_password }}"]
        role: administrator
"""

RETURN = r"""
actions:
  description: What was changed, or would be in check mode, in its order on each node.
  returned: success
  type: list
  elements: dict
  contains:
    node:
      description: Address of the node.
      type: str
    action:
      description: The change in words, without passwords.
      type: str
  sample: [{"node": "10.0.0.1:7000", "action": "user default loses 1 password"}]
former_logins:
  description: Addresses of the nodes that took only a former password at first.
  returned: success
  type: list
  elements: str
not_running:
  description: Addresses of the nodes that were passed over.
  returned: success
  type: list
  elements: str
refusals:
  description: Why nothing was changed.
  returned: when the module refuses
  type: list
  elements: dict
  contains:
    node:
      description: Address of the node.
      type: str
    reason:
      description: The reason in words.
      type: str
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.redis.acl.application import Order, apply_users
from ansible_collections.omnimind.platform.plugins.module_utils.redis.acl.arguments import USERS_ARGUMENT
from ansible_collections.omnimind.platform.plugins.module_utils.redis.acl.changes import REPLICATION, Wanted
from ansible_collections.omnimind.platform.plugins.module_utils.redis.acl.users import parse_users
from ansible_collections.omnimind.platform.plugins.module_utils.redis.arguments import (
    CONNECTION_ARGUMENTS,
    REQUIRED_TOGETHER,
    failures_reported,
    login_of,
)
from ansible_collections.omnimind.platform.plugins.module_utils.redis.nodes import parse_nodes

ARGUMENTS = {
    **CONNECTION_ARGUMENTS,
    "users": {**USERS_ARGUMENT, "required": True},
    "former_passwords": {"type": "list", "elements": "str", "default": [], "no_log": True},
    "masteruser": {"type": "str"},
    "masterauth": {"type": "str", "no_log": True},
    "keep_unknown_users": {"type": "bool", "default": False},
    "additive": {"type": "bool", "default": False},
    "timeout": {"type": "float", "default": 60.0},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, required_together=REQUIRED_TOGETHER, supports_check_mode=True)
    params = module.params
    deadline = time.monotonic() + params["timeout"]
    with failures_reported(module):
        nodes = [node.address for node in parse_nodes(params["nodes"])]
        replication = {name: params[name] for name in REPLICATION if params[name] is not None}
        wanted = Wanted(parse_users(params["users"]), replication, params["keep_unknown_users"])
        order = Order(login_of(params), params["former_passwords"], params["additive"], module.check_mode)
        module.exit_json(**apply_users(nodes, wanted, order, deadline))


if __name__ == "__main__":
    main()
