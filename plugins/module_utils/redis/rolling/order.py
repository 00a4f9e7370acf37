# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""In which order servers are restarted."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# A Sentinel that does not come back ends the round while all data is still served by servers that nobody touched, and
# the Sentinels that then have to replace a master have shown that they run. A master comes when its successor has been.
TURNS = ("sentinel", "replica", "master")


def restart_order(answers: Mapping[str, Mapping[str, Any]], port_offset: int = 0) -> list[dict[str, Any]]:
    """The waiting servers: Sentinels, then replicas, then masters.

    Args:
        answers: of redis_restart_info, by inventory host; one that was skipped tells of no server.
        port_offset: how far the ports there are above those that instances are named by.

    Returns:
        {node, host, instance, role, reasons} each.
    """
    order = [
        {
            "node": address,
            "host": host,
            "instance": str(int(address.rpartition(":")[2]) - port_offset),
            "role": answer["roles"][address],
            "reasons": list(reasons),
        }
        for host, answer in answers.items()
        for address, reasons in answer.get("waiting", {}).items()
    ]
    return sorted(order, key=lambda entry: (TURNS.index(entry["role"]), entry["node"]))
