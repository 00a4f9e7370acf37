# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A cluster as plain data: what modules return and what check mode and diff show."""
from __future__ import annotations

from typing import Any

from .problems import Expectation, find_problems, is_healthy
from .reports import Survey
from .slots import format_slots
from .topology import Node, Shard, Topology, read_topology


def describe(survey: Survey, expected: Expectation = Expectation()) -> dict[str, Any]:
    """The answer of redis_cluster_info for a survey."""
    topology = read_topology(survey)
    problems = find_problems(survey, expected)
    members = sorted(topology.nodes.values(), key=lambda node: node.address)
    answering = [node.report for node in members if node.report]
    layouts = {report.view.layout() for report in answering}
    is_ok = bool(answering) and all(report.state_ok for report in answering)
    return {
        "healthy": is_healthy(problems),
        "state": "ok" if is_ok else "fail",
        "agree": len(layouts) == 1,
        "problems": [problem.as_dict() for problem in problems],
        "slots": _describe_slots(topology),
        "shards": [_describe_shard(topology, shard) for shard in topology.shards],
        "nodes": [_describe_node(topology, node) for node in members],
        "versions": sorted({report.version for report in answering}),
    }


def layout_text(survey: Survey) -> str:
    """Shards, one a line, for a diff; strangers and silent nodes after them."""
    topology = read_topology(survey)
    lines = []
    for shard in topology.shards:
        replicas = ", ".join(replica.name for replica in shard.replicas) or "none"
        lines.append(f"{shard.master.name} slots {format_slots(shard.master.slots)} replicas {replicas}")
    lines += [f"{node.name} without slots" for node in topology.idle_masters]
    lines += [f"{report.address} alone" for report in topology.strangers]
    lines += [f"{report.address} {report.trouble.reason}" for report in topology.silent]
    return "".join(f"{line}\n" for line in lines)


def _describe_slots(topology: Topology) -> dict[str, Any]:
    answering = [node for node in topology.nodes.values() if node.report]
    own = [node.report.view.myself for node in answering]
    return {
        "covered": len(topology.covered),
        "uncovered": format_slots(topology.uncovered),
        "unserved": format_slots(topology.unserved),
        "disputed": format_slots(topology.disputed),
        "migrating": format_slots({slot for seen in own for slot, other in seen.migrating}),
        "importing": format_slots({slot for seen in own for slot, other in seen.importing}),
    }


def _describe_shard(topology: Topology, shard: Shard) -> dict[str, Any]:
    return {
        "master": shard.master.name,
        "slots": format_slots(shard.master.slots),
        "slot_count": len(shard.master.slots),
        "key_count": shard.master.report.keys if shard.master.report else None,
        "replicas": [replica.name for replica in shard.replicas],
    }


def _describe_node(topology: Topology, node: Node) -> dict[str, Any]:
    report = node.report
    described = {
        "id": node.id,
        "address": node.name,
        "host": node.address.host,
        "port": node.address.port,
        "zone": node.zone,
        "role": "replica" if node.is_replica else "master",
        "alive": node.alive,
        "slots": format_slots(node.slots),
        "version": report.version if report else None,
        "key_count": report.keys if report else None,
        "memory_bytes": report.memory if report else None,
        "memory_limit_bytes": int(report.info.get("maxmemory", 0)) if report else None,
        "operations_per_second": int(report.info.get("instantaneous_ops_per_sec", 0)) if report else None,
        "uptime_seconds": int(report.info.get("uptime_in_seconds", 0)) if report else None,
    }
    if node.is_replica:
        described.update(
            master=topology.name(node.master_id) if node.master_id else None,
            link_up=report.link_up if report else None,
            lag_seconds=topology.lag_seconds(node),
            lag_bytes=topology.lag_bytes(node),
        )
    return described
