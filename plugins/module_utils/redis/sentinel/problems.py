# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with a group of master, replicas and Sentinels: one small rule for each kind of damage.

A rule reads a survey and yields problems; it never asks a server. An error means that clients are hurt now, or that
the next fault will hurt them although master, replicas and Sentinels promise that it does not. A group is healthy
without errors.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..nodes import Address
from ..problems import ERROR, WARNING
from .reports import DataNode, GroupSurvey, SentinelReport, Watched, listing

# Options of a group that all Sentinels should share.
SHARED = ("quorum", "down-after-milliseconds", "failover-timeout", "parallel-syncs")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. `nodes` are addresses, the one at fault first; `monitor` is the group's name."""

    code: str
    severity: str
    message: str
    nodes: tuple[str, ...] = ()
    monitor: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {**vars(self), "nodes": list(self.nodes)}


@dataclass(frozen=True)
class Expectation:
    """What a healthy group has: working replicas, at most `max_lag` s behind, and Sentinels that know one another."""

    replicas: int = 1
    max_lag: int = 10


@dataclass(frozen=True)
class Case:
    """What every rule on a group looks at."""

    survey: GroupSurvey
    name: str
    expected: Expectation

    @property
    def watchers(self) -> list[tuple[SentinelReport, Watched]]:
        return self.survey.watchers(self.name)

    @property
    def master(self) -> Address | None:
        """The master that counts."""
        return next(iter(self.survey.masters_told(self.name)), None)

    @property
    def master_node(self) -> DataNode | None:
        return self.survey.nodes.get(self.master) if self.master else None

    @property
    def others(self) -> list[DataNode]:
        """The group's nodes that are not the master, but for those that are gone for good."""
        members = (self.survey.nodes[address] for address in self.survey.members(self.name) if address != self.master)
        return [node for node in members if node.address not in self.ghosts]

    @property
    def ghosts(self) -> list[Address]:
        """Nodes that do not answer and that the user does not list, where they list any."""
        if not self.survey.listed:
            return []
        known = self.survey.replicas_known(self.name) - self.survey.listed
        return sorted(a for a in known if not self.survey.nodes[a].alive)

    @property
    def replicas(self) -> list[DataNode]:
        """The nodes that follow the master and answer."""
        return self.survey.working_replicas(self.name, self.master) if self.master else []

    def where(self, holds: Callable[[Watched], bool]) -> tuple[str, ...]:
        """The Sentinels that see the group so."""
        return tuple(sentinel.name for sentinel, watched in self.watchers if holds(watched))


def find_problems(
    survey: GroupSurvey, names: Sequence[str] | None = None, expected: Expectation = Expectation()
) -> list[Problem]:
    """All problems of the Sentinels and of the groups of these names, or of all; errors first."""
    found = [problem for rule in SENTINEL_RULES for problem in rule(survey)]
    for name in survey.names if names is None else names:
        case = Case(survey, name, expected)
        if case.watchers:
            found += [problem for rule in GROUP_RULES for problem in rule(case)]
        elif survey.answering:
            found.append(Problem("monitor_unknown", ERROR, f"no Sentinel watches {name}", (), name))
    if not survey.names and names is None and survey.answering:
        found.append(Problem("monitor_unknown", ERROR, "the Sentinels watch nothing"))
    return sorted(found, key=lambda problem: problem.severity)


# --- the Sentinels -------------------------------------------------------------------------------


def silent_sentinels(survey: GroupSurvey) -> Iterator[Problem]:
    for sentinel in survey.sentinels:
        if sentinel.trouble:
            message = f"Sentinel {sentinel.name} {sentinel.trouble.reason}"
            yield Problem(sentinel.trouble.code, ERROR, message, (sentinel.name,))


def tilted_sentinels(survey: GroupSurvey) -> Iterator[Problem]:
    names = tuple(sentinel.name for sentinel in survey.answering if sentinel.is_tilted)
    if names:
        message = f"{listing(names)} distrust their clock (tilt) and take part in no failover for half a minute"
        yield Problem("sentinel_tilted", ERROR, message, names)


def few_sentinels(survey: GroupSurvey) -> Iterator[Problem]:
    count = len(survey.sentinels)
    if count < 3:
        message = f"with {count} Sentinels no majority is left when one fails: three are needed"
        yield Problem("sentinels_few", WARNING, message, tuple(s.name for s in survey.sentinels))


# --- what Sentinels say of a group ----------------------------------------------------------------


def missing_monitors(case: Case) -> Iterator[Problem]:
    names = tuple(s.name for s in case.survey.answering if case.name not in s.watched)
    if names:
        message = f"{listing(names)} do not watch {case.name}"
        yield Problem("monitor_missing", ERROR, message, names, case.name)


def lost_quorum(case: Case) -> Iterator[Problem]:
    for sentinel, watched in case.watchers:
        if watched.quorum_trouble:
            message = f"{sentinel.name} could not fail {case.name} over: {watched.quorum_trouble}"
            yield Problem("quorum_lost", ERROR, message, (sentinel.name,), case.name)


def differing_masters(case: Case) -> Iterator[Problem]:
    told = case.survey.masters_told(case.name)
    if len(told) > 1:
        who = [f"{master} by {listing(case.where(lambda w, m=master: w.address == m))}" for master in told]
        message = f"Sentinels tell clients of different masters of {case.name}: {'; '.join(who)}"
        yield Problem("masters_differ", ERROR, message, tuple(map(str, told)), case.name)


def strange_sentinels(case: Case) -> Iterator[Problem]:
    """Sentinels that do not know each other, and those that are gone for good."""
    listed = {sentinel.address for sentinel in case.survey.sentinels}
    for sentinel, watched in case.watchers:
        known = {peer.address for peer in watched.sentinels}
        unknown = [other.name for other in case.survey.answering if other.address not in {*known, sentinel.address}]
        if unknown:
            message = f"{sentinel.name} does not know that {listing(unknown)} watch {case.name} as well"
            yield Problem("sentinel_forgotten", ERROR, message, (sentinel.name, *unknown), case.name)
        gone = [str(peer.address) for peer in watched.sentinels if peer.is_down and peer.address not in listed]
        if gone:
            message = f"{sentinel.name} still counts {listing(gone)}, which are gone, when it asks for a majority"
            yield Problem("sentinel_ghost", WARNING, message, (sentinel.name, *gone), case.name)


def differing_options(case: Case) -> Iterator[Problem]:
    for option in SHARED:
        values = {s.name: w.fields.get(option, "") for s, w in case.watchers}
        if len(set(values.values())) > 1:
            texts = listing(f"{value} at {name}" for name, value in values.items())
            message = f"Sentinels do not have the same {option} for {case.name}: {texts}"
            yield Problem("monitors_differ", WARNING, message, tuple(values), case.name)


def failing_master(case: Case) -> Iterator[Problem]:
    agreed, alone = case.where(lambda w: "o_down" in w.flags), case.where(lambda w: "s_down" in w.flags)
    name = str(case.master)
    if agreed:
        message = f"the master {name} of {case.name} is down, agree {listing(agreed)}"
        yield Problem("master_down", ERROR, message, (name, *agreed), case.name)
    elif alone:
        message = f"the master {name} of {case.name} is down in the eyes of {listing(alone)}"
        yield Problem("master_suspected", ERROR, message, (name, *alone), case.name)


def running_failover(case: Case) -> Iterator[Problem]:
    names = case.where(lambda w: w.is_failing_over)
    if names:
        message = f"a failover of {case.name} is in progress, led by {listing(names)}"
        yield Problem("failover_in_progress", ERROR, message, names, case.name)


# --- what the nodes say of themselves -------------------------------------------------------------


def clustered_nodes(case: Case) -> Iterator[Problem]:
    nodes = [case.survey.nodes[address] for address in case.survey.members(case.name)]
    names = tuple(node.name for node in nodes if node.is_clustered)
    if names:
        message = (
            f"{listing(names)} run in cluster mode: Sentinel cannot fail them over, and would cut their clients "
            "each time it tried"
        )
        yield Problem("cluster_mode", ERROR, message, names, case.name)


def unfit_master(case: Case) -> Iterator[Problem]:
    node, name = case.master_node, str(case.master)
    if node is None:
        return
    if node.trouble:
        yield Problem("master_unreachable", ERROR, f"the master {name} {node.trouble.reason}", (name,), case.name)
    elif node.follows == node.address:
        message = f"the master {name} of {case.name} replicates itself: it takes no writes, and nobody takes over"
        yield Problem("master_follows_itself", ERROR, message, (name,), case.name)
    elif node.follows:
        message = f"{name} shall be the master of {case.name}, but is a replica of {node.follows}"
        yield Problem("master_is_replica", ERROR, message, (name, str(node.follows)), case.name)


def unfit_replicas(case: Case) -> Iterator[Problem]:
    for node in case.others:
        name, master = node.name, str(case.master)
        if node.trouble:
            yield Problem("replica_unreachable", ERROR, f"{name} {node.trouble.reason}", (name,), case.name)
        elif node.follows is None:
            message = f"{name} is a master as well as {master}: what is written to it will be lost"
            yield Problem("second_master", ERROR, message, (name, master), case.name)
        elif node.follows != case.master:
            message = f"{name} follows {node.follows}, but the master of {case.name} is {master}"
            yield Problem("replica_astray", ERROR, message, (name, str(node.follows), master), case.name)


def ghost_replicas(case: Case) -> Iterator[Problem]:
    if case.ghosts:
        names = tuple(map(str, case.ghosts))
        message = f"Sentinels still know {listing(names)} of {case.name}, which answer no more and are not listed"
        yield Problem("replica_ghost", WARNING, message, names, case.name)


def unknown_replicas(case: Case) -> Iterator[Problem]:
    """A Sentinel learns of replicas from the master, every ten seconds, and then asks them."""
    for node in case.replicas:
        names = case.where(lambda w, a=node.address: a not in {r.address for r in w.replicas if r.is_read})
        if names:
            message = f"{listing(names)} have not read yet that {node.name} is a replica of {case.name}"
            yield Problem("replica_unknown", ERROR, message, (node.name, *names), case.name)


def broken_replication(case: Case) -> Iterator[Problem]:
    master = case.master_node
    lags = master.replica_lags() if master and master.alive else {}
    for node in case.replicas:
        nodes, lag = (node.name, str(case.master)), lags.get(node.address)
        if not node.link_up:
            message = f"{node.name} has no replication link to its master {case.master}"
            yield Problem("replica_link_down", ERROR, message, nodes, case.name)
        elif lag is not None and lag > case.expected.max_lag:
            message = f"{node.name} is {lag} s behind its master {case.master}"
            yield Problem("replica_lagging", ERROR, message, nodes, case.name)


def missing_replicas(case: Case) -> Iterator[Problem]:
    wanted, names = case.expected.replicas, [node.name for node in case.replicas]
    if len(names) < wanted:
        message = f"{case.name} has {len(names)} of {wanted} replicas: {listing(names) or 'none'}"
        yield Problem("replicas_missing", ERROR, message, (str(case.master),), case.name)
    elif wanted and all(node.priority == 0 for node in case.replicas):
        message = f"no replica of {case.name} may be promoted: all have replica-priority 0"
        yield Problem("no_candidate", ERROR, message, tuple(names), case.name)


def suspected_replicas(case: Case) -> Iterator[Problem]:
    """Replicas that answer us, but not some Sentinel: a wrong auth-pass, or a cut network."""
    for node in case.replicas:
        names = case.where(lambda w, a=node.address: any(r.is_down for r in w.replicas if r.address == a))
        if names:
            message = f"{node.name} is down in the eyes of {listing(names)}, though it answers"
            yield Problem("replica_suspected", ERROR, message, (node.name, *names), case.name)


def mixed_versions(case: Case) -> Iterator[Problem]:
    versions: dict[str, list[str]] = {}
    for node in (case.master_node, *case.others):
        if node and node.alive:
            versions.setdefault(node.version, []).append(node.name)
    if len(versions) > 1:
        message = "; ".join(f"{version} on {listing(names)}" for version, names in sorted(versions.items()))
        yield Problem("versions_mixed", WARNING, message, tuple(n for v in versions.values() for n in v), case.name)


SENTINEL_RULES: tuple[Callable[[GroupSurvey], Iterator[Problem]], ...] = (
    silent_sentinels, tilted_sentinels, few_sentinels,
)  # fmt: skip
GROUP_RULES: tuple[Callable[[Case], Iterator[Problem]], ...] = (
    missing_monitors, lost_quorum, differing_masters, strange_sentinels, differing_options, failing_master,
    running_failover, clustered_nodes, unfit_master, unfit_replicas, ghost_replicas, unknown_replicas,
    broken_replication, missing_replicas, suspected_replicas, mixed_versions,
)  # fmt: skip
