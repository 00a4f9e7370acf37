# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The key figures of a cluster, out of an answer of redis_cluster_info."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..slots import parse_slots


def figures(found: Mapping[str, Any]) -> dict[str, Any]:
    """Plain numbers, for people and for what reads a job's artifacts. What nobody answered for is not counted."""
    nodes = found["nodes"]
    masters = [node for node in nodes if node["slots"]]
    replicas = [node for node in nodes if node["role"] == "replica"]
    return {
        "healthy": found["healthy"],
        "errors": sorted({p["code"] for p in found["problems"] if p["severity"] == "error"}),
        "warnings": sorted({p["code"] for p in found["problems"] if p["severity"] == "warning"}),
        "versions": found["versions"],
        "shards": len(found["shards"]),
        "nodes": len(nodes),
        "nodes_alive": sum(node["alive"] for node in nodes),
        "hosts": len({node["host"] for node in nodes}),
        "slots_served": found["slots"]["covered"] - len(parse_slots(found["slots"]["unserved"])),
        "key_count": _sum(node["key_count"] for node in masters),
        "memory_bytes": _sum(node["memory_bytes"] for node in masters),
        "memory_limit_bytes": _limit(masters),
        "memory_fullest_percent": _fullest(nodes),
        "operations_per_second": _sum(node["operations_per_second"] for node in nodes),
        "lag_bytes_max": max(_known(node["lag_bytes"] for node in replicas), default=0),
        "lag_seconds_max": max(_known(node["lag_seconds"] for node in replicas), default=0),
        "balance": {
            "slots": _spread(shard["slot_count"] for shard in found["shards"]),
            "key_count": _spread(node["key_count"] for node in masters),
            "memory_bytes": _spread(node["memory_bytes"] for node in masters),
        },
    }


def _known(values: Iterable[int | None]) -> list[int]:
    return [value for value in values if value is not None]


def _sum(values: Iterable[int | None]) -> int:
    return sum(_known(values))


def _limit(masters: list[Mapping[str, Any]]) -> int:
    """What all masters together may use; 0 when one of them has no limit."""
    limits = _known(node["memory_limit_bytes"] for node in masters)
    return sum(limits) if all(limits) else 0


def _fullest(nodes: list[Mapping[str, Any]]) -> float | None:
    """How full the fullest node is, in percent of its limit; None when no node has a limit."""
    shares = [100 * node["memory_bytes"] / node["memory_limit_bytes"] for node in nodes if node["memory_limit_bytes"]]
    return round(max(shares), 1) if shares else None


def _spread(values: Iterable[int | None]) -> dict[str, int]:
    """The least and the most that a shard has."""
    known = _known(values)
    return {"min": min(known, default=0), "max": max(known, default=0)}
