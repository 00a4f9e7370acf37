# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the options in module_utils/redis/arguments.py."""
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  nodes:
    description:
      - The nodes, each as C(host:port) or as a mapping with C(host), C(port) and, if it stands in a
        failure domain of its own such as a rack or an availability zone, C(zone).
      - An IPv6 address is written in brackets, V([2001:db8::1]:7000).
    type: list
    elements: raw
    required: true
  username:
    description: The ACL user to log in as. The default user when it is not given.
    type: str
  password:
    description: The password of the user.
    type: str
  tls:
    description: Whether the nodes are reached through TLS.
    type: bool
    default: false
  connect_timeout:
    description: Seconds that a node may take to accept a connection, and for each answer.
    type: float
    default: 5.0
requirements:
  - redis-py 4.3 or newer (Debian C(python3-redis)), for a module on the host that runs it, for an inventory on the controller
notes:
  - All nodes are asked in one call, from any one host that reaches them.
"""
