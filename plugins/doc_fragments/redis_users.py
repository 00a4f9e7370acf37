# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the option in module_utils/redis/acl/arguments.py."""
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  users:
    description: ACL users, each with a password at least. Bad input is refused before anything changes.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the user, without blanks. A client that gives no name is C(default).
        type: str
        required: true
      passwords:
        description: Passwords that are valid. Two of them let clients move from one to the other.
        type: list
        elements: str
      password_hashes:
        description: SHA-256 sums of more passwords, in hexadecimal, for passwords that shall not be in the inventory.
        type: list
        elements: str
      role:
        description:
          - Rules that are kept right for a purpose.
          - V(administrator) may do everything.
          - V(application) may do everything with its keys, but for commands that Redis counts as C(@admin) or
            C(@dangerous), such as C(KEYS), C(FLUSHALL), C(CONFIG) and C(SHUTDOWN), and for removing the functions and
            scripts of others. It may read C(INFO) and the state of the cluster, as cluster clients do.
          - V(readonly) may read its keys and subscribe to its channels.
          - V(monitor) may read statistics, the slow log and the state of the cluster. It sees no key and no
            configuration, as the configuration has the password of replication.
          - V(replication) may do what a replica does at its master.
        type: str
        choices: [administrator, application, readonly, monitor, replication]
      keys:
        description: Patterns of the keys. With a role that has keys all of them when it is not given, else none.
        type: list
        elements: str
      channels:
        description: Patterns of the channels. With a role that has keys all of them when it is not given, else none.
        type: list
        elements: str
      rules:
        description: ACL rules after those of the role, such as V(+config|get) or V(-@scripting). A selector is one rule
          in round brackets.
        type: list
        elements: str
      enabled:
        description: Whether the user may log in. Who is logged in stays so.
        type: bool
        default: true
"""
