# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Fails a group over, and loses nothing of what a living master acknowledged.

SENTINEL FAILOVER alone promotes a replica while the old master goes on taking writes, for about ten seconds, and
then throws them away. So writes are held back first, until the replica has read all there is; the old master is made
a replica as soon as another is master; and its clients are let go, to ask a Sentinel for the new one.
"""
from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..connection import RedisError, first_error
from ..errors import RedisFailure
from ..nodes import Address
from ..reports import parse_info
from .choice import AWAITED, COORDINATED, Handover, Order, choose_handover
from .description import group_text
from .group import Group, until
from .reports import SentinelReport
from .survey import survey_group, survey_nodes, survey_sentinels

# How long writes are held back at most: the server lets them go by itself then, should this process be killed.
PAUSE_SECONDS = 10.0
# How long replicas may take to read what they lack, before anything has been asked of a Sentinel.
CATCH_UP_SECONDS = 2.0
# How long writes go on being held back for Sentinels to tell clients of the new master, once it is one.
AGREE_SECONDS = 2.0
# A Sentinel reads priorities with INFO, every ten seconds.
PRIORITY_SECONDS = 15.0
ASK_AGAIN_SECONDS = 1.0


def fail_over(group: Group, order: Order, deadline: float, check_mode: bool = False) -> dict[str, Any]:
    """Carry out the order until `deadline` (time.monotonic()); the module's answer, times in milliseconds.

    Raises Refused before any change, RedisFailure when the failover does not come about in time.
    """
    survey = survey_group(group, name=order.name)
    handover = choose_handover(survey, order)
    before = group_text(survey, [order.name])
    if handover is None:
        master = str(survey.masters_told(order.name)[0])
        same = {"name": order.name, "old_master": master, "new_master": master, "engine": None}
        return {"changed": False, **same, "diff": {"before": before, "after": before}}
    if check_mode:
        after = f"{before}+ {handover.heirs[0]} takes the place of {handover.master}\n"
        return {"changed": True, **handover.as_dict(), "diff": {"before": before, "after": after}}
    times = _Times()
    if handover.engine == AWAITED:
        new = _await(group, handover, order, deadline, times)
    else:
        with _preferred(group, handover):
            new = _hand_over(group, handover, order, deadline, times)
    _settle(group, handover, new, deadline, times)
    after = group_text(survey_group(group, name=order.name), [order.name])
    answer = {**handover.as_dict(), "new_master": str(new), **times.taken}
    return {"changed": True, **answer, "diff": {"before": before, "after": after}}


class _Times:
    """Milliseconds since the beginning, by what had come about."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.taken: dict[str, float] = {}

    def restart(self) -> None:
        self.started = time.monotonic()

    def note(self, name: str) -> None:
        self.taken[name] = round((time.monotonic() - self.started) * 1000, 1)


def _hand_over(group: Group, handover: Handover, order: Order, deadline: float, times: _Times) -> Address:
    """A living master's place is taken; the new master."""
    times.restart()
    if handover.engine == COORDINATED:
        _ask(group, handover, ("SENTINEL", "FAILOVER", handover.name, "COORDINATED"))
        return _promoted(group, handover, deadline, times)
    with _writes_held_back(group, handover.master):
        limit = min(deadline, times.started + CATCH_UP_SECONDS)
        if not until(lambda: _caught_up(group, handover), limit) and not order.force:
            names = ", ".join(map(str, handover.heirs))
            raise RedisFailure(f"Nothing was changed: {names} did not catch up with {handover.master} in time")
        times.note("caught_up_ms")
        _ask(group, handover, ("SENTINEL", "FAILOVER", handover.name))
        new = _promoted(group, handover, min(deadline, times.started + PAUSE_SECONDS - 1), times)
        _demote(group, handover.master, new)
        until(lambda: _all_tell(group, handover, new), min(deadline, time.monotonic() + AGREE_SECONDS))
        group.nodes.ask({handover.master: [("CLIENT", "KILL", "TYPE", "normal"), ("CLIENT", "KILL", "TYPE", "pubsub")]})
    times.note("paused_ms")
    return new


@contextmanager
def _writes_held_back(group: Group, master: Address) -> Iterator[None]:
    """Clients that write wait meanwhile; whatever happens, they are let go in the end."""
    _must(group, master, ("CLIENT", "PAUSE", int(PAUSE_SECONDS * 1000), "WRITE"))
    try:
        yield
    finally:
        group.nodes.ask({master: [("CLIENT", "UNPAUSE")]})


def _must(group: Group, address: Address, command: tuple[Any, ...]) -> None:
    error = first_error(group.nodes.ask({address: [command]})[address])
    if error:
        raise RedisFailure(f"{address} refuses {' '.join(map(str, command[:2]))}: {error}")


def _ask(group: Group, handover: Handover, command: tuple[str, ...]) -> None:
    error = first_error(group.sentinels.ask({handover.asked: [command]})[handover.asked])
    if error and "INPROG" not in str(error):
        raise RedisFailure(f"Sentinel {handover.asked} does not fail {handover.name} over: {error}")


def _caught_up(group: Group, handover: Handover) -> bool:
    """Whether every replica that may be promoted has read all that its master wrote."""
    addresses = (handover.master, *handover.heirs)
    answers = group.nodes.ask_all(addresses, ("INFO", "replication"))
    if any(first_error(answer) for answer in answers.values()):
        return False
    infos = {address: parse_info(answer[0]) for address, answer in answers.items()}
    written = int(infos[handover.master]["master_repl_offset"])
    return all(int(infos[heir].get("slave_repl_offset", -1)) >= written for heir in handover.heirs)


def _promoted(group: Group, handover: Handover, limit: float, times: _Times) -> Address:
    """The replica that became master. RedisFailure when none did until the limit."""
    followers = [address for address in {*handover.followers, *handover.heirs} if address != handover.master]
    found: list[Address] = []

    def some_is_master() -> bool:
        answers = group.nodes.ask_all(followers, ("INFO", "replication"))
        good = {address: parse_info(answer[0]) for address, answer in answers.items() if not first_error(answer)}
        found.extend(address for address, info in good.items() if info.get("role") == "master")
        return bool(found)

    if not until(some_is_master, limit):
        raise RedisFailure(f"No replica took the place of {handover.master} in time; it is the master still")
    times.note("promoted_ms")
    return found[0]


def _demote(group: Group, old: Address, new: Address) -> None:
    """The old master follows the new one, after a restart too."""
    _must(group, old, ("REPLICAOF", *new))
    group.nodes.ask({old: [("CONFIG", "REWRITE")]})


def _told(sentinels: tuple[SentinelReport, ...], name: str) -> set[Address]:
    return {s.watched[name].address for s in sentinels if not s.trouble and name in s.watched}


def _all_tell(group: Group, handover: Handover, new: Address) -> bool:
    """Whether a client would be told of the new master, whichever Sentinel it asks."""
    return _told(survey_sentinels(group, handover.name), handover.name) == {new}


def _await(group: Group, handover: Handover, order: Order, deadline: float, times: _Times) -> Address:
    """The master that Sentinels put in a dead one's place. They are asked for it once they agree that it is down;
    with `force` at once."""
    asked_at = 0.0
    found: list[Address] = []

    def is_replaced() -> bool:
        nonlocal asked_at
        sentinels = survey_sentinels(group, handover.name)
        watched = [s.watched[handover.name] for s in sentinels if not s.trouble and handover.name in s.watched]
        told = {w.address for w in watched}
        if len(told) == 1 and handover.master not in told:
            (new,) = told
            if survey_nodes(group, [new])[new].is_master:
                found.append(new)
                return True
        agreed = any("o_down" in w.flags for w in watched) and not any(w.is_failing_over for w in watched)
        if (agreed or order.force) and time.monotonic() > asked_at + ASK_AGAIN_SECONDS:
            group.sentinels.ask({handover.asked: [("SENTINEL", "FAILOVER", handover.name)]})
            asked_at = time.monotonic()
        return False

    if not until(is_replaced, deadline):
        raise RedisFailure(
            f"The master {handover.master} does not answer here, but the Sentinels did not replace it in time: do they "
            "reach it? With force=true they are asked without their agreement"
        )
    times.note("promoted_ms")
    return found[0]


def _settle(group: Group, handover: Handover, new: Address, deadline: float, times: _Times) -> None:
    """Wait until every Sentinel tells of the new master and the other nodes follow it."""
    what = f"{new} is master in place of {handover.master}, but"
    if not until(lambda: _all_tell(group, handover, new), deadline):
        raise RedisFailure(f"{what} not every Sentinel tells clients so", changed=True)
    times.note("agreed_ms")
    old = [handover.master] if handover.engine != AWAITED else []
    followers = sorted({*handover.followers, *old} - {new})

    def all_follow() -> bool:
        nodes = survey_nodes(group, [new, *followers])
        sentinels = survey_sentinels(group, handover.name)
        busy = any(s.watched[handover.name].is_failing_over for s in sentinels if handover.name in s.watched)
        return not busy and nodes[new].alive and all(nodes[follower].obeys(nodes[new]) for follower in followers)

    if not until(all_follow, deadline):
        raise RedisFailure(f"{what} not every other node is in sync with it", changed=True)
    times.note("synced_ms")


@contextmanager
def _preferred(group: Group, handover: Handover) -> Iterator[None]:
    """Priorities that make Sentinels choose the wanted replica, given back at the end."""
    try:
        _set_priorities(group, handover.priorities)
        if not until(lambda: _can_choose(group, handover), time.monotonic() + PRIORITY_SECONDS, pause=0.1):
            names = ", ".join(map(str, handover.heirs))
            raise RedisFailure(f"Nothing was changed: Sentinel {handover.asked} could not promote {names} yet")
        yield
    finally:
        _set_priorities(group, handover.usual, rewrite=True)


def _set_priorities(group: Group, priorities: dict[Address, int], rewrite: bool = False) -> None:
    # A Sentinel makes the promoted node write its settings down, with the priority of the moment.
    more = [("CONFIG", "REWRITE")] if rewrite else []
    answers = group.nodes.ask({a: [("CONFIG", "SET", "replica-priority", p), *more] for a, p in priorities.items()})
    for address, answer in answers.items():
        error = answer if isinstance(answer, RedisError) else answer[0]
        if isinstance(error, RedisError):
            raise RedisFailure(f"{address} refuses replica-priority {priorities[address]}: {error}")


def _can_choose(group: Group, handover: Handover) -> bool:
    """Whether the Sentinel that is asked has read of the replicas what makes it choose among the wanted ones."""
    (asked,) = (s for s in survey_sentinels(group, handover.name) if s.address == handover.asked)
    watched = asked.watched.get(handover.name)
    seen = {replica.address: replica for replica in watched.replicas if replica.is_read} if watched else {}
    priorities = {address: seen[address].fields.get("slave-priority") for address in handover.priorities if address in seen}
    return set(handover.heirs) <= set(seen) and priorities == {a: str(p) for a, p in handover.priorities.items()}
