"""Which nodes are primaries, as Redis itself says."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis, RedisCluster
from redis.utils import str_if_bytes

from .manager import RedisManager

ASKED = 3  # nodes of a cluster each time: one alone may be the one that has not heard yet


@dataclass(frozen=True)
class Layout:
    """The primaries as "host:port", and everything that, once changed, makes values of before doubtful."""

    primaries: frozenset[str]
    slots: frozenset[tuple[int, int, str]] = frozenset()


async def survey(manager: RedisManager, seconds: float) -> Layout:
    """Ask within so many seconds. OSError, TimeoutError, RedisError or RedisClusterException when nobody answers."""
    async with asyncio.timeout(seconds):
        if isinstance(manager.client, RedisCluster):
            return await _survey_cluster(manager, manager.client)
        return Layout(frozenset({await _master(manager.client, manager.settings.nodes[0])}))


async def _master(client: Redis, only: str) -> str:
    if not hasattr(client.connection_pool, "get_master_address"):
        return _name(*only.rsplit(":", 1))
    return _name(*await client.connection_pool.get_master_address())


async def _survey_cluster(manager: RedisManager, client: RedisCluster) -> Layout:
    nodes = client.nodes_manager
    if not nodes.slots_cache:
        await nodes.initialize()
    asked = random.sample(list(nodes.nodes_cache.values()), min(ASKED, len(nodes.nodes_cache)))
    answers = await asyncio.gather(*(node.execute_command("CLUSTER SLOTS") for node in asked), return_exceptions=True)
    views = [(node, answer) for node, answer in zip(asked, answers) if not isinstance(answer, BaseException)]
    # Whom anyone takes for a primary is listened to: one too many does no harm, one too few would.
    slots = frozenset(row for node, view in views for row in _rows(node.host, view))
    if not slots or any(_serves(client, slot) != name for *ends, name in slots for slot in ends):
        # Or every key that has moved costs a redirect, one by one. Where no node answers, the first ones may.
        await nodes.initialize(additional_startup_nodes_info=list(manager.settings.addresses))
    return Layout(frozenset(name for _first, _last, name in slots), slots)


def _serves(client: RedisCluster, slot: int) -> str:
    """Who does, as far as the client knows."""
    nodes = client.nodes_manager.slots_cache.get(slot)
    return str(nodes[0].name) if nodes else ""


def _rows(asked: str, view: Iterable[Any]) -> Iterable[tuple[int, int, str]]:
    for first, last, (host, port, *_more), *_replicas in view:
        # A node that has not yet met another does not know its own address.
        yield int(first), int(last), _name(str_if_bytes(host) or asked, port)


def _name(host: str, port: object) -> str:
    return f"{host.strip('[]')}:{port}"
