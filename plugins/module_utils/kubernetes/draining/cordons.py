# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Nodes that take no new pods, and nodes that do again."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..budgets.nodes import Node, read_node
from ..client import Client
from ..errors import KubernetesFailure


def set_cordons(client: Client, names: Sequence[str], cordoned: bool) -> dict[str, Any]:
    """Bring nodes into one of the two states; what a module answers."""
    nodes = known_nodes([read_node(one) for one in client.list("Node")], names)
    changing = [node.name for node in nodes if node.cordoned != cordoned]
    # All are rehearsed before the first is changed.
    for rehearsed in (True, False):
        for name in changing:
            set_cordon(client, name, cordoned, dry_run=rehearsed)
    return {
        "changed": bool(changing),
        "cordoned": changing if cordoned else [],
        "uncordoned": [] if cordoned else changing,
        "diff": {
            "before": {node.name: {"cordoned": node.cordoned} for node in nodes},
            "after": {node.name: {"cordoned": cordoned} for node in nodes},
        },
    }


def known_nodes(nodes: Sequence[Node], names: Sequence[str]) -> list[Node]:
    """The nodes of these names; KubernetesFailure when there is no such node."""
    known = {node.name: node for node in nodes}
    for name in names:
        if name not in known:
            raise KubernetesFailure(f"nodes: there is no {name!r}; there are {', '.join(known) or 'none'}")
    return [known[name] for name in names]


def set_cordon(client: Client, name: str, cordoned: bool, dry_run: bool = False) -> None:
    # Null removes the field, as `kubectl uncordon` does.
    client.patch("Node", name, {"spec": {"unschedulable": True if cordoned else None}}, dry_run=dry_run)
