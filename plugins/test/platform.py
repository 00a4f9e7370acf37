# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tests for conditions in playbooks. Each is documented in the YAML file of its name."""
from __future__ import annotations

import ipaddress

from ansible.errors import AnsibleFilterError


def healthy(answer):
    """Whether an answer of redis_cluster_info, or of redis_cluster, is that of a healthy cluster."""
    found = answer.get("cluster", answer) if hasattr(answer, "get") else {}
    if "healthy" not in found:
        raise AnsibleFilterError("healthy: not an answer of redis_cluster_info or redis_cluster")
    return found["healthy"]


def is_ip_address(text):
    """Whether a text is a numeric IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(str(text))
    except ValueError:
        return False
    return True


class TestModule:
    def tests(self):
        return {"healthy": healthy, "ip_address": is_ip_address}
