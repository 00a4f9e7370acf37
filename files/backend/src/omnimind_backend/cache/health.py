"""What of Redis can be reached, for /ready, and what the cache is doing, for /api/status."""

from __future__ import annotations

import asyncio
from typing import Any

from redis.asyncio import RedisCluster
from redis.asyncio.connection import AbstractConnection

from .clients import make_connection, make_sentinel, ping
from .failures import describe
from .levels import MultiLevelCache
from .manager import RedisManager
from .tracking import Tracker


async def health(manager: RedisManager) -> dict[str, Any]:
    """Ask every node that is known: {"connected", "topology", "reachable": [...], "missing": {node: why}}.

    A node is a "host:port", of a Sentinel too. It takes no longer than one node may.
    """
    nodes = _nodes(manager)
    whys = await asyncio.gather(*(_why_not(manager, node) for node in nodes))
    missing = {node: why for node, why in zip(nodes, whys) if why}
    if manager.settings.topology == "sentinel" and (why := await _no_master(manager)):
        missing[manager.settings.service] = why
    return {
        "connected": not missing,
        "topology": manager.settings.topology,
        "reachable": [node for node in nodes if node not in missing],
        "missing": missing,
    }


def status(cache: MultiLevelCache) -> dict[str, Any]:
    """What the cache knows without asking anybody.

    {"connected", "topology", "primaries": {"wanted", "tracked"}, "local": {"entries", "bytes", "in_use"},
    "unwritten", "circuits_open", "errors": {kind: count}, "problems": {node: why}}
    """
    local = cache.metrics.local_entries, cache.metrics.local_bytes
    entries, size = (int(gauge.collect()[0].samples[0].value) for gauge in local)
    told: dict[str, Any] = {"connected": True, "topology": cache.settings.topology}
    if isinstance(cache.tracker, Tracker) and cache.manager is not None:
        wanted, tracked = cache.tracker.wanted, cache.tracker.attached
        samples = cache.metrics.errors.collect()[0].samples
        told |= {
            "connected": bool(wanted) and wanted == tracked and not cache.manager.circuits,
            "primaries": {"wanted": wanted, "tracked": tracked},
            "circuits_open": cache.manager.circuits.routes,
            "errors": {s.labels["kind"]: int(s.value) for s in samples if s.name.endswith("_total") and s.value},
            "problems": dict(cache.tracker.problems),
        }
    return told | {
        "local": {"entries": entries, "bytes": size, "in_use": cache.in_use},
        "unwritten": len(cache.unwritten),
    }


def _nodes(manager: RedisManager) -> list[str]:
    """Those that were given, and those that the cluster is known to have."""
    known = manager.client.get_nodes() if isinstance(manager.client, RedisCluster) else []
    return sorted({node.name for node in known} | {f"{host}:{port}" for host, port in manager.settings.addresses})


async def _why_not(manager: RedisManager, node: str) -> str:
    """Why a node does not answer; "" when it does."""
    host, _colon, port = node.rpartition(":")
    if manager.settings.topology == "sentinel":
        sentinels = make_sentinel(manager.settings).sentinels
        place = [f"{h}:{p}" for h, p in manager.settings.addresses].index(node)
        connection: AbstractConnection = sentinels[place].connection_pool.make_connection()
    else:
        connection = make_connection(manager.settings, host, int(port))
    try:
        await ping(connection, manager.settings.answer_timeout)
    except Exception as error:
        return str(describe(error))
    return ""


async def _no_master(manager: RedisManager) -> str:
    try:
        async with asyncio.timeout(manager.settings.answer_timeout):
            await manager.client.connection_pool.get_master_address()  # type: ignore[union-attr]
    except Exception as error:
        return str(describe(error))
    return ""
