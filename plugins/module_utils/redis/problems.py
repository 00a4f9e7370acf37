# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with a cluster: one small rule for each kind of damage.

A rule reads a survey and its topology and yields problems; it never asks a server. An error means
that clients are hurt now, or that the next fault will hurt them although the layout promises that it
does not; a warning means that something should be better. A cluster is healthy without errors.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from .reports import Survey
from .slots import format_slots
from .topology import Node, Shard, Topology, read_topology
from .views import View

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. `nodes` are addresses, `slots` is text such as "0-100,7000"."""

    code: str
    severity: str
    message: str
    nodes: tuple[str, ...] = ()
    slots: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "nodes": list(self.nodes)}


@dataclass(frozen=True)
class Expectation:
    """What a healthy cluster has: replicas for each master, and replicas at most `max_lag` s behind."""

    replicas: int = 1
    max_lag: int = 10


@dataclass(frozen=True)
class Case:
    """What every rule looks at."""

    survey: Survey
    topology: Topology
    expected: Expectation

    @property
    def known(self) -> list[Node]:
        """The nodes of the cluster, but for those that are gone for good."""
        gone = self.topology.ghosts
        return sorted((n for n in self.topology.nodes.values() if n not in gone), key=lambda n: n.address)

    @property
    def members(self) -> list[Node]:
        """The nodes of the cluster that answered."""
        return sorted(
            (node for node in self.topology.nodes.values() if node.report), key=lambda node: node.address
        )


def find_problems(survey: Survey, expected: Expectation = Expectation()) -> list[Problem]:
    """All problems of a surveyed cluster, errors first."""
    case = Case(survey, read_topology(survey), expected)
    found = [problem for rule in RULES for problem in rule(case)]
    return sorted(found, key=lambda problem: problem.severity)


def is_healthy(problems: Iterable[Problem]) -> bool:
    return all(problem.severity != ERROR for problem in problems)


# --- who answers, and who belongs to the cluster -------------------------------------------------


def silent_nodes(case: Case) -> Iterator[Problem]:
    for report in case.topology.silent:
        trouble, name = report.trouble, str(report.address)
        yield Problem(trouble.code, ERROR, f"{name} {trouble.reason}", (name,))


def strangers(case: Case) -> Iterator[Problem]:
    for report in case.topology.strangers:
        name, known = str(report.address), len(report.view.settled) - 1
        where = f"belongs to a cluster of {known + 1} nodes of its own" if known else "has joined no cluster"
        yield Problem("node_not_joined", ERROR, f"{name} {where}", (name,))


def forgotten_nodes(case: Case) -> Iterator[Problem]:
    for node in case.known:
        without = [m.name for m in case.members if node.id not in m.report.view.settled]
        if without:
            message = f"{node.name} is not known to {_listing(without)}"
            yield Problem("node_forgotten", ERROR, message, (node.name, *without))


def unfinished_handshakes(case: Case) -> Iterator[Problem]:
    for node in case.members:
        for seen in node.report.view.nodes.values():
            if "handshake" in seen.flags:
                other = str(seen.address)
                message = (
                    f"{node.name} tries in vain to meet {other}: is its cluster bus port {seen.bus_port} reachable?"
                )
                yield Problem("node_handshake", ERROR, message, (node.name, other))


def ghosts(case: Case) -> Iterator[Problem]:
    for ghost in case.topology.ghosts:
        knowing = [node.name for node in case.members if ghost.id in node.report.view.settled]
        where = f" at {ghost.name}" if ghost.address.port else ""
        message = f"{_listing(knowing)} still know the node {ghost.id[:8]}{where}, which is gone for good"
        yield Problem("node_ghost", ERROR, message, tuple(knowing))


def failing_nodes(case: Case) -> Iterator[Problem]:
    """Nodes that the cluster has given up (fail), or that some of its nodes suspect (fail?)."""
    for node in case.known:
        views = {m.name: m.report.view.nodes[node.id] for m in case.members if node.id in m.report.view.nodes}
        failed = [name for name, seen in views.items() if "fail" in seen.flags]
        suspecting = [name for name, seen in views.items() if "fail?" in seen.flags]
        if failed:
            yield Problem("node_failing", ERROR, f"{node.name} has failed, say {_listing(failed)}", (node.name,))
        elif suspecting:
            message = f"{node.name} is suspected of having failed by {_listing(suspecting)}"
            yield Problem("node_suspected", ERROR, message, (node.name,))


def cut_bus_links(case: Case) -> Iterator[Problem]:
    """Links over the cluster bus that are down between two nodes that both answer us."""
    answering = {node.id for node in case.members}
    for node in case.members:
        cut = [
            case.topology.name(seen.id)
            for seen in node.report.view.settled.values()
            if seen.id in answering and seen.id != node.id and not seen.linked
        ]
        if cut:
            message = f"{node.name} has no cluster bus link to {_listing(cut)}"
            yield Problem("bus_link_down", ERROR, message, (node.name, *cut))


# --- slots ---------------------------------------------------------------------------------------


def uncovered_slots(case: Case) -> Iterator[Problem]:
    slots = case.topology.uncovered
    if slots and case.members:
        message = f"{_count(slots)} {_have(slots)} no owner: {format_slots(slots)}"
        yield Problem("slots_uncovered", ERROR, message, slots=format_slots(slots))


def unserved_slots(case: Case) -> Iterator[Problem]:
    """Slots that nobody serves because their owner is down, shard by shard."""
    unserved = case.topology.unserved
    for shard in case.topology.shards:
        slots = shard.master.slots & unserved
        if slots:
            living = [replica.name for replica in shard.replicas if replica.alive]
            hope = f"replicas that could take over: {_listing(living)}" if living else "no replica of it is alive"
            message = f"{_count(slots)} of {shard.master.name} {_are(slots)} not served ({format_slots(slots)}); {hope}"
            yield Problem("slots_unserved", ERROR, message, (shard.master.name,), format_slots(slots))


def disputed_slots(case: Case) -> Iterator[Problem]:
    rivals: dict[tuple[str, ...], set[int]] = {}
    for slot in case.topology.disputed:
        rivals.setdefault(case.topology.claimants(slot), set()).add(slot)
    for ids, slots in sorted(rivals.items()):
        names = tuple(sorted(case.topology.name(id) for id in ids))
        message = f"{_count(slots)} {_are(slots)} claimed by {_listing(names)} at once: {format_slots(slots)}"
        yield Problem("slots_disputed", ERROR, message, names, format_slots(slots))


def open_slots(case: Case) -> Iterator[Problem]:
    for node in case.members:
        own = node.report.view.myself
        for direction, pairs in (("migrating to", own.migrating), ("importing from", own.importing)):
            for id in sorted({id for slot, id in pairs}):
                slots = format_slots(slot for slot, other in pairs if other == id)
                other = case.topology.name(id)
                message = f"{node.name} has slots open, {direction} {other}: {slots}"
                yield Problem("slots_open", ERROR, message, (node.name, other), slots)


# --- agreement -----------------------------------------------------------------------------------


def differing_views(case: Case) -> Iterator[Problem]:
    reference = case.topology.reference
    for node in case.members:
        slots, roles = _differences(node.report.view, reference)
        if slots or roles:
            what = [f"the owner of slots {format_slots(slots)}"] if slots else []
            what += [f"the master of {_listing(sorted(case.topology.name(id) for id in roles))}"] if roles else []
            message = f"{node.name} does not agree with the others on {' and '.join(what)}"
            yield Problem("views_differ", ERROR, message, (node.name,), format_slots(slots))


def _differences(view: View, reference: View) -> tuple[set[int], set[str]]:
    """Slots with another owner, and nodes with another master, among the nodes that both views know."""
    slots: set[int] = set()
    roles: set[str] = set()
    if view is reference:
        return slots, roles
    for id in view.settled.keys() & reference.settled.keys():
        one, other = view.nodes[id], reference.nodes[id]
        if one.slots_text != other.slots_text:
            slots |= one.slots ^ other.slots
        if one.master_id != other.master_id:
            roles.add(id)
    return slots, roles


def nodes_in_fail_state(case: Case) -> Iterator[Problem]:
    refusing = tuple(node.name for node in case.members if not node.report.state_ok)
    if refusing:
        message = f"the cluster is down in the eyes of {_listing(refusing)}: cluster_state is not ok"
        yield Problem("state_down", ERROR, message, refusing)


def unfinished_forming(case: Case) -> Iterator[Problem]:
    names = tuple(node.name for node in case.members if node.report.is_forming)
    if names:
        message = f"a forming was cut off: {_listing(names)} still have its short node timeout; run it again"
        yield Problem("forming_unfinished", ERROR, message, names)


def unfinished_scaling(case: Case) -> Iterator[Problem]:
    names = tuple(node.name for node in case.members if node.report.is_held)
    if names:
        message = f"a scaling works or was cut off: {_listing(names)} still have its settings; run it again"
        yield Problem("scaling_unfinished", WARNING, message, names)


# --- replicas ------------------------------------------------------------------------------------


def missing_replicas(case: Case) -> Iterator[Problem]:
    wanted = case.expected.replicas
    for shard in case.topology.shards:
        working = [replica.name for replica in shard.replicas if replica.alive]
        if not working and wanted:
            message = f"{shard.master.name} is a master without a working replica ({wanted} expected)"
            yield Problem("master_orphaned", ERROR, message, (shard.master.name,))
        elif len(working) < wanted:
            message = f"{shard.master.name} has {len(working)} of {wanted} replicas: {_listing(working)}"
            yield Problem("replicas_missing", ERROR, message, (shard.master.name,))


def idle_masters(case: Case) -> Iterator[Problem]:
    for node in case.topology.idle_masters:
        if node.report:
            message = f"{node.name} owns no slot and follows no master"
            yield Problem("node_idle", WARNING, message, (node.name,))


def lost_replicas(case: Case) -> Iterator[Problem]:
    """Replicas of a node that is no master: unknown, or itself a replica."""
    for node in case.members:
        if not node.is_replica:
            continue
        master = case.topology.nodes.get(node.master_id)
        if master is None:
            message = f"{node.name} follows a master that nobody knows"
            yield Problem("replica_lost", ERROR, message, (node.name,))
        elif master.is_replica:
            message = f"{node.name} follows {master.name}, which is a replica itself"
            yield Problem("replica_chained", ERROR, message, (node.name, master.name))


def broken_replication(case: Case) -> Iterator[Problem]:
    for shard in case.topology.shards:
        master = shard.master
        for replica in shard.replicas:
            if not replica.report:
                continue
            nodes, lag = (replica.name, master.name), case.topology.lag_seconds(replica)
            if not replica.report.link_up:
                message = f"{replica.name} has no replication link to its master {master.name}"
                yield Problem("replica_link_down", ERROR, message, nodes)
            elif lag is not None and lag > case.expected.max_lag:
                message = f"{replica.name} is {lag} s behind its master {master.name}"
                yield Problem("replica_lagging", ERROR, message, nodes)


# --- what the next fault would do ----------------------------------------------------------------


def shared_domains(case: Case) -> Iterator[Problem]:
    """A master and its replica on one host or in one zone, in a cluster that has more than one."""
    for code, word, domain in (
        ("shares_host", "host", lambda node: node.address.host),
        ("shares_zone", "zone", lambda node: node.zone),
    ):
        if len({domain(node) for node in case.topology.nodes.values()}) > 1:
            for shard in case.topology.shards:
                yield from _sharing(shard, code, word, domain)


def _sharing(shard: Shard, code: str, word: str, domain: Callable[[Node], str]) -> Iterator[Problem]:
    place = domain(shard.master)
    beside = tuple(replica.name for replica in shard.replicas if domain(replica) == place)
    if place and beside:
        message = f"{shard.master.name} and its replica {_listing(beside)} share the {word} {place}"
        yield Problem(code, WARNING, message, (shard.master.name, *beside))


def few_masters(case: Case) -> Iterator[Problem]:
    count = len(case.topology.shards)
    if 0 < count < 3:
        message = f"with {count} masters no majority is left to vote when one fails: three are needed"
        yield Problem("masters_too_few", WARNING, message)


def mixed_versions(case: Case) -> Iterator[Problem]:
    versions: dict[str, list[str]] = {}
    for node in case.members:
        versions.setdefault(node.report.version, []).append(node.name)
    if len(versions) > 1:
        texts = [f"{version} on {_listing(names)}" for version, names in sorted(versions.items())]
        nodes = tuple(node.name for node in case.members)
        yield Problem("versions_mixed", WARNING, "; ".join(texts), nodes)


def failing_persistence(case: Case) -> Iterator[Problem]:
    for node in case.members:
        for name, what in (
            ("rdb_last_bgsave_status", "the last snapshot failed"),
            ("aof_last_write_status", "the last write to the append-only file failed"),
        ):
            if node.report.info.get(name, "ok") != "ok":
                yield Problem("persistence_failing", ERROR, f"{node.name}: {what}", (node.name,))


RULES: tuple[Callable[[Case], Iterator[Problem]], ...] = (
    silent_nodes, strangers, forgotten_nodes, unfinished_handshakes, ghosts, failing_nodes,
    cut_bus_links, uncovered_slots, unserved_slots, disputed_slots, open_slots, differing_views,
    nodes_in_fail_state, unfinished_forming, unfinished_scaling, missing_replicas, idle_masters, lost_replicas,
    broken_replication, shared_domains, few_masters, mixed_versions, failing_persistence,
)  # fmt: skip


def _listing(names: Iterable[str]) -> str:
    return ", ".join(names)


def _count(slots: Iterable[int]) -> str:
    count = len(list(slots))
    return f"{count} slot" if count == 1 else f"{count} slots"


def _have(slots: Iterable[int]) -> str:
    return "has" if len(list(slots)) == 1 else "have"


def _are(slots: Iterable[int]) -> str:
    return "is" if len(list(slots)) == 1 else "are"
