# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A described cluster as entries of an inventory: one for each node, or one for each machine."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LAGGING = {"replica_lagging", "replica_link_down"}


@dataclass(frozen=True)
class Machine:
    """What an inventory knows of the host of some nodes: its name there, its variables, its zone."""

    name: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    zone: str = ""


@dataclass(frozen=True)
class Entry:
    """A node, or all nodes of a machine, with names of groups and the variables that the entry needs."""

    machine: str
    groups: frozenset[str]
    variables: dict[str, Any]


def node_entries(found: Mapping[str, Any], machines: Mapping[str, Machine]) -> list[Entry]:
    """An entry for each node of `found`, an answer of redis_cluster_info; `machines` by address, as far as known.

    Nodes are reached as their machine is, whose variables they have.
    """
    return [
        Entry(
            machine.name,
            _groups(facts, machine.name),
            {
                "ansible_host": machine.name,
                **machine.variables,
                **{f"redis_{name}": value for name, value in facts.items()},
                "redis_machine": machine.name,
            },
        )
        for facts, machine in _placed(found, machines)
    ]


def machine_entries(found: Mapping[str, Any], machines: Mapping[str, Machine]) -> list[Entry]:
    """As node_entries, but the nodes of a machine together: it is in the groups of all of them."""
    together: dict[str, list[dict[str, Any]]] = {}
    for facts, machine in _placed(found, machines):
        together.setdefault(machine.name, []).append(facts)
    return [
        Entry(
            machine,
            frozenset().union(*(_groups(facts, machine) for facts in nodes)),
            {
                "redis_nodes": nodes,
                "redis_roles": sorted({facts["role"] for facts in nodes}),
                "redis_zone": nodes[0]["zone"],
                "redis_problems": sorted({code for facts in nodes for code in facts["problems"]}),
            },
        )
        for machine, nodes in together.items()
    ]


def _placed(found: Mapping[str, Any], machines: Mapping[str, Machine]) -> list[tuple[dict[str, Any], Machine]]:
    """Each node that has a place, with its shard and its problems, beside its machine.

    A node that lost its address, or whose address another one has taken, has no place.
    """
    shards = {
        address: number
        for number, shard in enumerate(found["shards"], 1)
        for address in (shard["master"], *shard["replicas"])
    }
    taken = {node["address"] for node in found["nodes"] if node["alive"]}
    placed = []
    for node in found["nodes"]:
        if node["port"] and (node["alive"] or node["address"] not in taken):
            machine = machines.get(node["host"]) or Machine(node["host"])
            problems = {p["code"] for p in found["problems"] if node["address"] in p["nodes"]}
            facts = {
                **node,
                "zone": machine.zone or node["zone"],
                "shard": shards.get(node["address"]),
                "problems": sorted(problems),
            }
            placed.append((facts, machine))
    return placed


def _groups(facts: Mapping[str, Any], machine: str) -> frozenset[str]:
    is_replica, shard, zone = facts["role"] == "replica", facts["shard"], facts["zone"]
    wanted = {
        "cluster": True,
        "masters": facts["slots"],
        "replicas": is_replica,
        "idle": not is_replica and not facts["slots"],
        f"shard_{shard}": shard,
        f"zone_{zone}": zone,
        f"host_{machine}": True,
        "down": not facts["alive"],
        "lagging": is_replica and LAGGING & set(facts["problems"]),
    }
    return frozenset(name for name, member in wanted.items() if member)
