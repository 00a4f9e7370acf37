# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which node is the master of a group that no Sentinel watches yet: decided by what nodes hold, not by their order."""
from __future__ import annotations

from collections.abc import Sequence

from ..errors import Refused
from ..nodes import Address
from .reports import DataNode, listing

CLUSTER_MODE = "runs in cluster mode, which Sentinel cannot manage"


def choose_master(nodes: Sequence[DataNode], preferred: Address) -> DataNode:
    """The master; `preferred` only where no node holds anything and none is followed.

    Raises Refused where a choice could lose data: a node does not answer, runs in cluster mode, follows a living
    master that is not among them, or several masters hold keys.
    """
    reasons = [_reason(node, node.trouble.reason) for node in nodes if node.trouble]
    reasons += [_reason(node, CLUSTER_MODE) for node in nodes if node.is_clustered]
    known = {node.address for node in nodes}
    for node in nodes:
        if node.follows and node.follows not in known and node.link_up:
            reasons.append(_reason(node, f"follows {node.follows}, a living master that is not listed"))
    masters = [node for node in nodes if node.is_master]
    holding = [node for node in masters if node.keys]
    if len(holding) > 1:
        rivals = listing(f"{node.name} ({node.keys} keys)" for node in holding)
        reasons.append({"node": "", "reason": f"several masters hold keys: {rivals}. Empty all but one of them"})
    if reasons:
        raise Refused(reasons)
    if holding:
        return holding[0]
    orphans = [node for node in nodes if node.follows and node.follows not in known]
    if orphans and any(node.keys for node in orphans):
        return _heir(orphans)
    if not masters:
        return _heir([node for node in nodes if node.follows])
    return max(masters, key=lambda node: (node.followers, node.address == preferred, node.offset))


def _heir(replicas: Sequence[DataNode]) -> DataNode:
    """Of replicas that one master left behind, the one that read most of it."""
    left = {node.follows for node in replicas if node.keys}
    if len(left) > 1:
        raise Refused([{"node": "", "reason": f"the nodes hold data of several masters: {listing(sorted(left))}"}])
    return max(replicas, key=lambda node: (node.keys > 0, node.offset, node.address))


def objection(node: DataNode, master: DataNode) -> str:
    """Why a node must not be made to follow the master; empty when nothing of its own would be lost."""
    if node.is_clustered:
        return CLUSTER_MODE
    if master.contains(node):
        return ""
    return f"holds {node.keys} keys that did not come from the master {master.name}; empty it (FLUSHALL) if they may go"


def _reason(node: DataNode, reason: str) -> dict[str, str]:
    return {"node": node.name, "reason": reason}
