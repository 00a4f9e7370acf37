# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the options in module_utils/redis/sentinel/arguments.py."""
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  sentinels:
    description:
      - All Sentinels that belong together, each as C(host:port) or as a mapping with C(host) and C(port).
      - An IPv6 address is written in brackets, V([2001:db8::1]:26379).
    type: list
    elements: raw
    required: true
  sentinel_username:
    description: The ACL user to log in to Sentinels as. The default user when it is not given.
    type: str
  sentinel_password:
    description: The password of O(sentinel_username).
    type: str
  username:
    description: The ACL user to log in to master and replicas as. The default user when it is not given.
    type: str
  password:
    description: The password of O(username).
    type: str
  tls:
    description: Whether Sentinels, master and replicas are reached through TLS.
    type: bool
    default: false
  connect_timeout:
    description: Seconds that a server may take to accept a connection, and for each answer.
    type: float
    default: 5.0
requirements:
  - redis-py 4.3 or newer on the host that runs the module (Debian C(python3-redis))
notes:
  - The module asks all Sentinels and all nodes they watch itself, in one call, on any host that reaches them.
  - Addresses are compared as numbers. Where Sentinels tell others than those that the nodes are listed with, as behind
    NAT, list those that Sentinels tell.
"""
