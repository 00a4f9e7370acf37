# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Carries a scaling out: survey, plan, act, check. It may be killed anywhere, and run again.

The order keeps every shard safe: open slots are repaired, new masters have replicas before they have slots, replicas
are in sync before those that they replace leave, and a node is forgotten when it has neither slots nor keys.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..agreement import POLL_SECONDS, dissenters
from ..connection import Answer, Command, Session, first_error
from ..convergence import wait_until_healthy
from ..description import layout_text
from ..errors import RedisFailure
from ..exclusive import alone
from ..failover.choice import Order
from ..failover.promotion import fail_over
from ..forming import apply_plan
from ..health import summary
from ..nodes import Address, ListedNode
from ..plan import Plan
from ..problems import Expectation
from ..reports import Report, Survey, parse_info
from ..topology import Topology
from .asking import Leaving, ask_members, ask_plan, count_keys
from .batches import Pace
from .holding import settings_to_give_back, settings_to_hold, usual_settings
from .members import Members, ScaleWish
from .moving import Mover
from .obstacles import check_contradiction
from .open_slots import Counts, find_repairs
from .plan import ScalePlan
from .shape import is_spare

SETTLING_SECONDS = 15.0
NODE_TIMEOUT = "cluster-node-timeout"


@dataclass(frozen=True)
class Limits:
    """Seconds: for the cluster to agree after an act, and for slots to move in one call (None for no limit)."""

    timeout: float = 120.0
    slice: float | None = None


def scale(
    session: Session,
    nodes: Sequence[ListedNode],
    leaving: Leaving,
    wish: ScaleWish,
    pace: Pace = Pace(),
    limits: Limits = Limits(),
    check_mode: bool = False,
) -> dict[str, Any]:
    """Make the wish true, or as much of it as the limits allow; the module's answer.

    Raises Refused before any change, RedisFailure when a server refuses or the cluster is not healthy in the end.
    """
    check_contradiction([node.address for node in nodes], wish.leaving)
    patience = min(SETTLING_SECONDS, limits.timeout)
    if check_mode:
        plan = ask_plan(session, nodes, leaving.nodes, wish, time.monotonic() + patience)
        run = _Run(session, nodes, leaving.nodes, wish, limits, plan)
        before = layout_text(plan.members.survey)
        after = before + "".join(f"+ {line}\n" for line in plan.lines())
        diff = {"before": before, "after": after}
        return {"changed": bool(plan), "plan": plan.steps(), **run.progress(), "diff": diff}
    with alone(session, nodes, time.monotonic() + limits.timeout):
        plan = ask_plan(session, nodes, leaving.nodes, wish, time.monotonic() + patience)
        return _carry_out(_Run(session, nodes, leaving.nodes, wish, limits, plan), pace)


def _carry_out(run: _Run, pace: Pace) -> dict[str, Any]:
    started, plan = time.monotonic(), run.plan
    before = layout_text(plan.members.survey)
    answer = {"changed": bool(plan), "plan": plan.steps()}
    try:
        finished = run.carry_out(pace) if plan.acts else True
    except BaseException:
        run.give_settings_back()
        raise
    if not finished:
        after = layout_text(run.survey().survey)
        return {**answer, **run.progress(), "finished": False, "diff": {"before": before, "after": after}}
    run.give_settings_back()
    found = run.check(answer)
    after = layout_text(run.survey().survey) if plan else before
    answer = {**answer, **run.progress(), "finished": True, "cluster": found}
    return {**answer, "seconds": round(time.monotonic() - started, 2), "diff": {"before": before, "after": after}}


class _Run:
    """One call's work."""

    def __init__(
        self,
        session: Session,
        nodes: Sequence[ListedNode],
        leaving: Sequence[ListedNode],
        wish: ScaleWish,
        limits: Limits,
        plan: ScalePlan,
    ) -> None:
        self.session, self.nodes, self.leaving, self.wish, self.limits = session, nodes, leaving, wish, limits
        self.plan = plan
        self.moved_slots = self.moved_keys = 0
        self.moving_seconds = 0.0

    def progress(self) -> dict[str, Any]:
        return {
            "moved_slots": self.moved_slots,
            "moved_keys": self.moved_keys,
            "remaining_slots": self.plan.moved_slots - self.moved_slots,
            "moving_seconds": round(self.moving_seconds, 3),
        }

    def survey(self) -> Members:
        return ask_members(self.session, self.nodes, self.leaving, self.wish)

    @property
    def deadline(self) -> float:
        """Of the waiting that begins now."""
        return time.monotonic() + self.limits.timeout

    def carry_out(self, pace: Pace) -> bool:
        """Whether all was done."""
        plan = self.plan
        self._send({a: [_config_set(settings)] for a, settings in settings_to_hold(plan.members).items()})
        if not self._repair(pace):
            return False
        self._promote()
        self._join()
        if plan.moves:
            self._place(drained=False)
        if not self._move(pace):
            return False
        self._place(drained=True)
        self._part()
        return True

    # --- the acts, in their order --------------------------------------------------------------------

    def _repair(self, pace: Pace) -> bool:
        repairs, members = self.plan.repairs, self.plan.members
        forward = self._with_mover(members, pace, lambda mover: mover.move(repairs.forward))
        if forward < sum(len(move.slots) for move in repairs.forward):
            return False
        self._send(
            {
                members.addresses[id]: [("CLUSTER", "SETSLOT", slot, "STABLE") for slot in sorted(slots)]
                for id, slots in repairs.closed.items()
            }
        )
        if not repairs.gathered:
            return True
        self._with_mover(members, pace, lambda mover: mover.gather(repairs.gathered))
        return not find_repairs(*self._open()).gathered

    def _open(self) -> tuple[Topology, Counts]:
        members = self.survey()
        return members.topology, count_keys(self.session, members)

    def _promote(self) -> None:
        heirs = self.plan.shape.heirs
        if heirs:
            members = self.plan.members
            witnesses = [ListedNode(node.address, node.zone) for node in members.topology.nodes.values() if node.report]
            order = Order(promote=tuple(members.name(id) for id in heirs.values()))
            fail_over(self.session, witnesses, order, self.deadline)

    def _join(self) -> None:
        """New nodes are met, and follow new masters before these have slots; functions are what the others have."""
        plan, members, shape = self.plan, self.plan.members, self.plan.shape
        self._reset({members.addresses[id]: [("CLUSTER", "RESET", "SOFT")] for id in shape.emptied})
        emptied = [members.addresses[id] for id in shape.emptied]
        sources = [node for node in members.leaving.values() if node.slots and node.report]
        acquainted = [*members.wanted.values(), *sources]
        meetings = [
            *plan.meetings,
            *((node.address, other) for node in acquainted for other in emptied if node.address != other),
        ]
        fresh = {id for id in shape.masters if not members.nodes[id].slots and id not in shape.heirs.values()}
        early = {id: master for id, master in shape.following.items() if master in fresh and self._is_free(id)}
        hurried = [members.nodes[id] for id in (*plan.joining, *fresh) if self._is_to_be_hurried(id)]
        restored = {node.address: {NODE_TIMEOUT: self._own_node_timeout(node.report)} for node in hurried}
        if not (meetings or early or hurried or fresh):
            return
        joining = Plan(
            hurried=tuple(dict.fromkeys(node.address for node in hurried)),
            cleared=tuple(members.addresses[id] for id in plan.cleared),
            joining=tuple(members.addresses[id] for id in plan.joining),
            meetings=tuple(dict.fromkeys(meetings)),
            following={members.addresses[id]: master for id, master in early.items()},
            restored=restored,
        )
        reports = [node.report for node in acquainted]
        apply_plan(self.session, joining, _survey_of(reports), self.deadline)
        self._wait_for_masters(fresh, [report.address for report in reports])
        self._copy_functions([members.addresses[id] for id in sorted(fresh)])

    def _move(self, pace: Pace) -> bool:
        moves = self.plan.moves
        if not moves:
            return True
        moved = self._with_mover(self.survey(), pace, lambda mover: mover.move(moves))
        return moved == sum(len(move.slots) for move in moves)

    def _place(self, drained: bool) -> None:
        """Replicas follow whom they shall, and are in sync: first those that are not missed where they are.

        Before masters are `drained`, their replicas stay with them.
        """
        while True:
            members = self.survey()
            waiting = self._misplaced(members, drained)
            wave = {id: master for id, master in waiting.items() if is_spare(members, id, waiting)}
            if not wave and not (drained and waiting):
                return
            following = {members.addresses[id]: master for id, master in (wave or waiting).items()}
            reports = [node.report for node in members.wanted.values()]
            apply_plan(self.session, Plan(following=following), _survey_of(reports), self.deadline)
            self._wait_for_replicas(reports)

    def _misplaced(self, members: Members, drained: bool) -> dict[str, str]:
        """By node the master that it shall follow and can follow now."""
        masters = self.plan.shape.masters
        return {
            id: master
            for id, master in self.plan.shape.following.items()
            if members.nodes[id].master_id != master
            and not members.nodes[id].slots
            and (drained or members.nodes[id].is_replica or id not in members.masters)
            and (drained or members.nodes[id].master_id in masters or not members.nodes[id].is_replica)
        }

    def _part(self) -> None:
        """Nodes that leave are forgotten by all, then know nobody themselves."""
        plan, members = self.plan, self.survey()
        leaving = [members.nodes[id].report for id in plan.leaving if id in members.nodes and members.nodes[id].report]
        busy = [str(r.address) for r in leaving if r.view.myself.slots or (r.keys and not r.view.myself.is_replica)]
        if busy:
            raise RedisFailure(f"{', '.join(busy)} still have slots or keys; run it again")
        gone = [*plan.leaving, *plan.gone]
        staying = [node.report for id, node in members.nodes.items() if node.report and id not in plan.leaving]
        known = {report.address: [id for id in gone if id in report.view.nodes] for report in staying}
        self._send({a: [("CLUSTER", "FORGET", id) for id in ids] for a, ids in known.items() if ids}, "Unknown node")
        given_back = settings_to_give_back(members)
        self._reset(
            {
                report.address: [
                    *([_config_set(given_back[report.address])] if report.address in given_back else []),
                    ("CLUSTER", "RESET", "HARD"),
                ]
                for report in leaving
            }
        )

    # --- their parts ---------------------------------------------------------------------------------

    def _with_mover(self, members: Members, pace: Pace, act: Callable[[Mover], None]) -> int:
        """How many slots were moved."""
        started = time.monotonic()
        login = self.session.login
        patient = replace(login, timeout=max(login.timeout, pace.move_timeout + 5))
        with Session(patient) as session:
            mover = Mover(session, members, pace, self.limits.slice)
            try:
                act(mover)
            finally:
                self.moved_slots += mover.slots
                self.moved_keys += mover.keys
                self.moving_seconds += time.monotonic() - started
        return mover.slots

    def _is_free(self, id: str) -> bool:
        node = self.plan.members.nodes[id]
        return not node.is_replica and not node.slots

    def _is_to_be_hurried(self, id: str) -> bool:
        """A node that has just come to know a cluster waits before it takes writes, the shorter its node timeout the
        less. It has no slots, so that it takes no part in votes meanwhile."""
        node = self.plan.members.nodes[id]
        return id in self.plan.joining or id in self.plan.shape.emptied or not node.report.state_ok

    def _own_node_timeout(self, report: Report) -> str:
        if report.is_forming or NODE_TIMEOUT not in report.settings:
            return usual_settings(self.plan.members)[NODE_TIMEOUT]
        return report.settings[NODE_TIMEOUT]

    def _wait_for_masters(self, ids: Iterable[str], witnesses: Sequence[Address]) -> None:
        """Everybody takes new masters for masters, and they take writes."""
        wanted = set(ids)
        deadline = self.deadline
        late = dissenters(
            self.session,
            witnesses,
            lambda view: all(id in view.nodes and not view.nodes[id].is_replica for id in wanted),
            deadline,
        )
        if late:
            raise RedisFailure(f"{_listing(late)} do not take the new masters for masters")
        waiting = [self.plan.members.addresses[id] for id in wanted]
        while waiting:
            answers = self.session.ask_all(waiting, ("CLUSTER", "INFO"))
            waiting = [a for a in waiting if first_error(answers[a]) or "cluster_state:ok" not in answers[a][0]]
            if waiting and time.monotonic() >= deadline:
                raise RedisFailure(f"the cluster is not ok in the eyes of {_listing(waiting)}, which shall get slots")
            time.sleep(POLL_SECONDS if waiting else 0)

    def _copy_functions(self, targets: Sequence[Address]) -> None:
        """Libraries are of a node, not of a slot: a new master has none. Servers before 7.0 know no functions."""
        donor = next((node for node in self.plan.members.masters.values() if node.report), None)
        if not targets or donor is None:
            return
        answer = self.session.ask({donor.address: [("FUNCTION", "LIST"), ("FUNCTION", "DUMP")]})[donor.address]
        if not first_error(answer) and answer[0]:
            self._send({target: [("FUNCTION", "RESTORE", answer[1], "REPLACE")] for target in targets})

    def _wait_for_replicas(self, reports: Sequence[Report]) -> None:
        waiting = [report.address for report in reports]
        deadline = self.deadline
        while waiting:
            answers = self.session.ask_all(waiting, ("INFO", "replication"))
            waiting = [a for a in waiting if first_error(answers[a]) or not _is_synced(parse_info(answers[a][0]))]
            if waiting and time.monotonic() >= deadline:
                raise RedisFailure(f"{_listing(waiting)} did not come to be in sync with their masters")
            time.sleep(POLL_SECONDS if waiting else 0)

    def give_settings_back(self) -> None:
        members = self.survey()
        self.session.ask({a: [_config_set(settings)] for a, settings in settings_to_give_back(members).items()})

    def check(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """The cluster, healthy. Raises RedisFailure when it does not come to be."""
        try:
            expected = Expectation(self.wish.replicas)
            found = wait_until_healthy(self.session, self.nodes, expected, self.deadline, bool(self.plan))
        except RedisFailure as failure:
            message = f"The cluster is not healthy after it was scaled: {summary(failure.details)}"
            raise RedisFailure(message, cluster=failure.details, **answer, **self.progress()) from failure
        found.pop("elapsed_ms")
        return found

    def _send(self, requests: Mapping[Address, Sequence[Command]], tolerated: str = "\n") -> None:
        """Every command must succeed on every node, or fail with what is tolerated."""
        requests = {address: commands for address, commands in requests.items() if commands}
        for refusal in _refusals(self.session.ask(requests), tolerated):
            raise RedisFailure(refusal)

    def _reset(self, requests: Mapping[Address, Sequence[Command]]) -> None:
        """As _send, with the time that a replica takes to throw its data away."""
        login = self.session.login
        with Session(replace(login, timeout=max(login.timeout, self.limits.timeout))) as session:
            for refusal in _refusals(session.ask(requests)):
                raise RedisFailure(refusal)


def _refusals(answers: Mapping[Address, Answer], tolerated: str = "\n") -> Iterator[str]:
    for address, answer in answers.items():
        error = first_error(answer)
        if error and tolerated not in str(error):
            yield f"{address} refused a step of the plan: {error}"


def _survey_of(reports: Iterable[Report]) -> Survey:
    """These nodes, all of them to be waited for."""
    return Survey(tuple(replace(report, listed=True) for report in reports))


def _config_set(settings: Mapping[str, str]) -> Command:
    return ("CONFIG", "SET", *(text for pair in settings.items() for text in pair))


def _is_synced(info: Mapping[str, str]) -> bool:
    return info.get("role") == "master" or info.get("master_link_status") == "up"


def _listing(addresses: Iterable[Address]) -> str:
    return ", ".join(map(str, addresses))
