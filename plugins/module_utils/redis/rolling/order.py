# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""In which order the nodes of a cluster are restarted."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def restart_order(
    waiting: Mapping[str, Mapping[str, Sequence[str]]], cluster: Mapping[str, Any], port_offset: int = 0
) -> list[dict[str, Any]]:
    """The waiting nodes, replicas before masters: a master is restarted when its successor has been.

    Args:
        waiting: by inventory host, the addresses of its waiting nodes with their reasons.
        cluster: an answer of redis_cluster_info.
        port_offset: how far the ports there are above those that instances are named by.

    Returns:
        {node, host, instance, role, reasons} each. Raises ValueError for a node that the cluster does not have.
    """
    roles = {node["address"]: node for node in cluster["nodes"]}
    order = []
    for host, nodes in waiting.items():
        for address, reasons in nodes.items():
            if address not in roles:
                raise ValueError(f"{address} of host {host} is no node of the cluster")
            node = roles[address]
            order.append(
                {
                    "node": address,
                    "host": host,
                    "instance": str(node["port"] - port_offset),
                    "role": node["role"],
                    "reasons": list(reasons),
                }
            )
    return sorted(order, key=lambda entry: (entry["role"] == "master", entry["node"]))
