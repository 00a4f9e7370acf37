"""Which nodes are primaries, as Redis itself says."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.utils import str_if_bytes

from .clients import make_connection, ping
from .manager import RedisManager

ASKED = 3  # nodes of a cluster each time: one alone may be the one that has not heard yet

Slots = frozenset[tuple[int, int, str]]  # first, last, and the "host:port" that serves them


@dataclass(frozen=True)
class Layout:
    """The primaries as "host:port", and everything that, once changed, makes values of before doubtful.

    Args:
        sure: those of the doubted that are primaries still: each answers, and others who were asked after that agree.
    """

    primaries: frozenset[str]
    slots: Slots = frozenset()
    sure: frozenset[str] = field(default=frozenset(), compare=False)


async def survey(manager: RedisManager, doubted: Collection[str] = ()) -> Layout:
    """Ask, in a few times what one answer may take.

    OSError, TimeoutError, RedisError or RedisClusterException when nobody answers.
    """
    seconds = manager.settings.answer_timeout
    if isinstance(manager.client, RedisCluster):
        return await _survey_cluster(manager, manager.client, doubted, seconds)
    if manager.settings.topology == "single":
        only = _name(*manager.settings.addresses[0])
        return Layout(frozenset({only}), sure=frozenset({only}))
    return await _survey_sentinels(manager, manager.client, doubted, seconds)


async def _survey_sentinels(
    manager: RedisManager, client: Redis, doubted: Collection[str], seconds: float
) -> Layout:
    awake = [name for name in doubted if await _is_awake(manager, name, seconds)]
    async with asyncio.timeout(seconds):
        master = _name(*await client.connection_pool.get_master_address())
    sure = master in awake and await _named_by_all(client, master)
    return Layout(frozenset({master}), sure=frozenset({master} if sure else ()))


async def _named_by_all(client: Redis, master: str) -> bool:
    """Whether more than half of the Sentinels answer, and all who do name this master and are not replacing it.

    One that does not lead the replacement hears of it up to two seconds later.
    """
    sentinels = client.connection_pool.sentinel_manager.sentinels
    answers = await asyncio.gather(*(each.sentinel_masters() for each in sentinels), return_exceptions=True)
    service = client.connection_pool.service_name
    told = [answer.get(service) for answer in answers if not isinstance(answer, BaseException)]
    named = [
        state
        for state in told
        if state and _name(state["ip"], state["port"]) == master and "failover_in_progress" not in state["flags"]
    ]
    return len(named) == len(told) > len(sentinels) / 2


async def _is_awake(manager: RedisManager, name: str, seconds: float) -> bool:
    host, _colon, port = name.rpartition(":")
    try:
        await ping(make_connection(manager.settings, host, int(port)), seconds)
    except Exception:  # For whatever reason: it is asked again.
        return False
    return True


async def _survey_cluster(
    manager: RedisManager, client: RedisCluster, doubted: Collection[str], seconds: float
) -> Layout:
    nodes = client.nodes_manager
    if not nodes.slots_cache:
        async with asyncio.timeout(seconds):
            await nodes.initialize()
    known: dict[str, ClusterNode] = dict(nodes.nodes_cache)
    first = await _views([known[name] for name in doubted if name in known], seconds)
    # Who has just been silent would only hold the others up.
    rest = [node for name, node in known.items() if name in first or name not in doubted]
    views = await _views(random.sample(rest, min(ASKED, len(rest))), seconds)
    # Whom anyone takes for a primary is listened to: one too many does no harm, one too few would.
    slots: Slots = frozenset().union(*first.values(), *views.values())
    if not slots or any(_serves(client, slot) != name for *ends, name in slots for slot in ends):
        # Or every key that has moved costs a redirect, one by one. Where no node answers, the first ones may.
        async with asyncio.timeout(seconds):
            await nodes.initialize(additional_startup_nodes_info=list(manager.settings.addresses))
    sure = (name for name, own in first.items() if _agree(name, own, views, alone=len(known) == 1))
    return Layout(frozenset(name for _first, _last, name in slots), slots, frozenset(sure))


async def _views(nodes: Iterable[ClusterNode], seconds: float) -> dict[str, Slots]:
    """What each of those that answer says, by its name."""

    async def view(node: ClusterNode) -> tuple[str, Slots]:
        async with asyncio.timeout(seconds):
            return node.name, frozenset(_rows(node.host, await node.execute_command("CLUSTER SLOTS")))

    answers = await asyncio.gather(*map(view, nodes), return_exceptions=True)
    return dict(answer for answer in answers if not isinstance(answer, BaseException))


def _agree(name: str, own: Slots, views: dict[str, Slots], alone: bool) -> bool:
    """Whether a node serves what it says that it serves, as everyone else sees it too."""
    served = {row for row in own if row[2] == name}
    others = [{row for row in view if row[2] == name} for asked, view in views.items() if asked != name]
    return bool(served) and (bool(others) or alone) and all(other == served for other in others)


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
