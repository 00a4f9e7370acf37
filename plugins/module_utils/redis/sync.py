# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a replica has what its master has, or is about to."""
from __future__ import annotations

from .topology import Node, Topology


def sync_objection(topology: Topology, replica: Node, max_lag: int) -> str:
    """Why a living replica of a living master does not count as in sync; empty where it does.

    `max_lag` are the seconds since its master may last have heard from it.
    """
    master, lag = topology.nodes[replica.master_id], topology.lag_seconds(replica)
    if not replica.report.link_up:
        return f"is not in sync: it has no replication link to {master.name}"
    if lag is not None and lag > max_lag:
        return f"is not in sync: {master.name} heard from it {lag} s ago"
    return ""
