# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From what Sentinels watch to what they shall watch: the steps in between, none when all is so already."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import RedisFailure, Refused
from ..nodes import Address
from ..settings import is_bare_word, value_text
from .mastery import choose_master, objection
from .reports import DataNode, GroupSurvey, SentinelReport, Watched

# What the options are called in SENTINEL SET, and in what a Sentinel tells of a group.
OPTIONS = {
    "quorum": "quorum",
    "down_after": "down-after-milliseconds",
    "failover_timeout": "failover-timeout",
    "parallel_syncs": "parallel-syncs",
}
# Neither Redis nor Valkey quotes what a Sentinel watches by.
NOT_BARE = "has a blank or a quote in it: a Sentinel writes it to its file as it is, and could not start with that again"
# What a Sentinel tells only where it is set.
TOLD_IF_SET = ("client-reconfig-script", "notification-script")


@dataclass(frozen=True)
class Monitor:
    """A group that Sentinels shall watch, or with `present` false shall not.

    Args:
        nodes: the group's nodes; those that follow nobody are made to follow the master.
        preferred: the master where no Sentinel knows the group and no node holds anything.
        settings: options of SENTINEL SET by their names there.
    """

    name: str
    nodes: tuple[Address, ...] = ()
    preferred: Address | None = None
    quorum: int = 2
    settings: Mapping[str, str] = field(default_factory=dict)
    auth_user: str = ""
    auth_password: str = ""
    present: bool = True

    @property
    def wanted(self) -> dict[str, str]:
        return {**self.settings, "quorum": str(self.quorum)}

    @property
    def login(self) -> tuple[tuple[str, ...], ...]:
        """The login at the nodes. A Sentinel does not tell it, so it cannot be compared; and it connects anew to all
        nodes when it is told one, so it is not told again without need."""
        user = (("SENTINEL", "SET", self.name, "auth-user", self.auth_user),) if self.auth_user else ()
        password = (("SENTINEL", "SET", self.name, "auth-pass", self.auth_password),) if self.auth_password else ()
        return user + password


@dataclass(frozen=True)
class Step:
    """Commands for one server, a Sentinel or a node, and what they do in words."""

    address: Address
    text: str
    commands: tuple[tuple[Any, ...], ...]
    to_sentinel: bool = True


@dataclass(frozen=True)
class Plan:
    """What must be done for one group, in this order."""

    monitor: Monitor
    master: Address | None
    steps: tuple[Step, ...] = ()
    resets: tuple[Step, ...] = ()

    def texts(self) -> list[str]:
        return [step.text for step in (*self.steps, *self.resets)]


def parse_monitors(
    entries: Sequence[Mapping[str, Any]], sentinels: int, parse: Callable[[list[Any], str], list[Address]]
) -> list[Monitor]:
    """The monitors of the module's option for so many Sentinels; `parse` reads a list of nodes.

    Raises RedisFailure naming the monitor, its option, and what would be right.
    """
    found: list[Monitor] = []
    for entry in entries:
        if any(entry["name"] == monitor.name for monitor in found):
            raise RedisFailure(f"monitors: {entry['name']} is given twice")
        found.append(_parse(entry, sentinels, parse))
    return found


def _parse(entry: Mapping[str, Any], sentinels: int, parse: Callable[[list[Any], str], list[Address]]) -> Monitor:
    name = entry["name"]
    if not is_bare_word(name):
        raise RedisFailure(f"monitors: {name!r} is no name of a group: it must be one word")
    for option, least in (("quorum", 1), ("down_after", 1), ("failover_timeout", 1), ("parallel_syncs", 1)):
        if entry.get(option) is not None and entry[option] < least:
            raise RedisFailure(f"monitors: {name}: {option} is {entry[option]}, it must be {least} or more")
    if entry["quorum"] > sentinels:
        raise RedisFailure(f"monitors: {name}: quorum is {entry['quorum']}, but there are {sentinels} Sentinels")
    nodes = tuple(parse(entry["nodes"], f"monitors: {name}: nodes")) if entry.get("nodes") else ()
    named = parse([entry["address"]], f"monitors: {name}: address") if entry.get("address") else nodes[:1]
    login = bare_words(f"monitors: {name}: ", {option: entry.get(option) for option in ("auth_user", "auth_password")})
    settings = bare_words(f"monitors: {name}: ", entry.get("settings") or {})
    own = {OPTIONS[o]: str(entry[o]) for o in OPTIONS if o != "quorum" and entry.get(o) is not None}
    return Monitor(
        name,
        nodes,
        named[0] if named else None,
        entry["quorum"],
        {**own, **settings},
        **login,
        present=entry.get("state", "present") == "present",
    )


def bare_words(where: str, values: Mapping[str, Any]) -> dict[str, str]:
    """The values as texts. Raises RedisFailure for one that a Sentinel, which writes it unquoted, could not read again."""
    texts = {option: value_text(value) for option, value in values.items()}
    for option, text in texts.items():
        if text and not is_bare_word(text):
            raise RedisFailure(f"{where}{option} {NOT_BARE}")
    return texts


def is_unsettled(survey: GroupSurvey, name: str) -> bool:
    """Whether a failover is under way or due: then nobody but the Sentinels must act."""
    masters = survey.masters_told(name)
    down = any(w.is_failing_over or "o_down" in w.flags for _s, w in survey.watchers(name))
    return bool(masters) and (down or len(masters) > 1 or not survey.nodes[masters[0]].alive)


def login_steps(survey: GroupSurvey, monitor: Monitor, always: bool = False) -> list[Step]:
    """The login for each Sentinel that holds a node for down which answers this login: it has another one, or none.
    With `always` for every Sentinel that watches the group."""
    if not (monitor.present and monitor.login):
        return []
    steps = []
    for sentinel, watched in survey.watchers(monitor.name):
        down = [peer.address for peer in (watched, *watched.replicas) if peer.is_down]
        if always or any(survey.nodes[address].alive for address in down):
            text = _text(sentinel, f"logs in to {monitor.name} as it was told")
            steps.append(Step(sentinel.address, text, monitor.login))
    return steps


def make_plan(survey: GroupSurvey, monitor: Monitor, prune: bool = False) -> Plan:
    """What makes the Sentinels that answer watch the group, and its nodes follow the present master.

    Raises Refused, with all reasons, before anything is changed.
    """
    if not monitor.present:
        steps = (Step(s.address, _text(s, f"watches {monitor.name} no more"), (("SENTINEL", "REMOVE", monitor.name),))
                 for s, _watched in survey.watchers(monitor.name))  # fmt: skip
        return Plan(monitor, None, tuple(steps))
    told = survey.masters_told(monitor.name)
    nodes = [survey.nodes[address] for address in survey.members(monitor.name)] if told else _listed(survey)
    if told:
        master = survey.nodes[told[0]]
    elif nodes:
        master = choose_master(nodes, monitor.preferred or nodes[0].address)
    else:
        reason = f"no Sentinel watches {monitor.name}, so nodes or address must name its master"
        raise Refused([{"node": "", "reason": reason}])
    node_steps = [] if is_unsettled(survey, monitor.name) else list(_node_steps(survey, monitor, master, nodes))
    sentinel_steps = [step for sentinel in survey.answering for step in _sentinel_steps(sentinel, monitor, master)]
    resets = tuple(_resets(survey, monitor)) if prune else ()
    return Plan(monitor, master.address, (*node_steps, *sentinel_steps), resets)


def _listed(survey: GroupSurvey) -> list[DataNode]:
    return [survey.nodes[address] for address in sorted(survey.listed)]


def _text(server: SentinelReport | DataNode, what: str) -> str:
    kind = "Sentinel " if isinstance(server, SentinelReport) else ""
    return f"{kind}{server.name} {what}"


def _node_steps(
    survey: GroupSurvey, monitor: Monitor, master: DataNode, nodes: Sequence[DataNode]
) -> Iterator[Step]:
    """REPLICAOF for those that need it. A node that Sentinels know as a replica they set right by themselves."""
    known = survey.replicas_known(monitor.name)
    reasons, steps = [], []
    if master.follows and (master.follows == master.address or not survey.watchers(monitor.name)):
        rivals = [node.name for node in nodes if node.is_master and node.keys and node is not master]
        if rivals:
            reason = f"is no master any more, and {', '.join(rivals)} are masters with keys"
            reasons.append({"node": master.name, "reason": reason})
        commands = (("REPLICAOF", "NO", "ONE"), ("CONFIG", "REWRITE"))
        steps.append(Step(master.address, f"{master.name} becomes a master", commands, to_sentinel=False))
    for node in nodes:
        if node is master or not node.alive or node.follows == master.address:
            continue
        reason = objection(node, master)
        if not reason:
            commands = (("REPLICAOF", *master.address), ("CONFIG", "REWRITE"))
            text = f"{node.name} follows {master.name}"
            steps.append(Step(node.address, text, commands, to_sentinel=False))
        elif node.address not in known:
            reasons.append({"node": node.name, "reason": reason})
    if reasons:
        raise Refused(reasons)
    yield from steps


def _sentinel_steps(sentinel: SentinelReport, monitor: Monitor, master: DataNode) -> Iterator[Step]:
    watched = sentinel.watched.get(monitor.name)
    wanted = monitor.wanted
    if watched is None:
        begin = ("SENTINEL", "MONITOR", monitor.name, *master.address, monitor.quorum)
        options = tuple(("SENTINEL", "SET", monitor.name, *pair) for pair in wanted.items())
        text = _text(sentinel, f"watches {monitor.name} at {master.name}")
        yield Step(sentinel.address, text, (begin, *monitor.login, *options))
        return
    _refuse_untold(watched, wanted)
    different = {name: value for name, value in wanted.items() if watched.fields.get(name, "") != value}
    if different:
        options = tuple(("SENTINEL", "SET", monitor.name, *pair) for pair in different.items())
        shown = ", ".join(f"{name} {watched.fields.get(name, 'unset')} -> {value}" for name, value in different.items())
        yield Step(sentinel.address, _text(sentinel, f"has for {monitor.name} {shown}"), options)


def _refuse_untold(watched: Watched, wanted: Mapping[str, str]) -> None:
    untold = sorted(set(wanted) - set(watched.fields) - set(TOLD_IF_SET))
    if untold:
        reason = f"settings: a Sentinel does not tell its {untold[0]}, so it cannot be compared"
        raise Refused([{"node": "", "reason": reason}])


def _resets(survey: GroupSurvey, monitor: Monitor) -> Iterator[Step]:
    """SENTINEL RESET where a Sentinel still knows others, or replicas, that are down and not listed."""
    listed = {sentinel.address for sentinel in survey.sentinels}
    for sentinel, watched in survey.watchers(monitor.name):
        gone = [peer.address for peer in watched.sentinels if peer.is_down and peer.address not in listed]
        if monitor.nodes:
            gone += [peer.address for peer in watched.replicas if peer.is_down and peer.address not in survey.listed]
        if gone:
            what = f"forgets {', '.join(map(str, gone))}, gone from {monitor.name}"
            yield Step(sentinel.address, _text(sentinel, what), (("SENTINEL", "RESET", monitor.name),))
