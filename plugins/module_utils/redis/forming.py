# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Carries a plan out on the servers, and waits until the cluster is what the plan promised.

Every act may be the last one before the process is killed: the plan made then from what is left
does the rest. So nothing is noted anywhere but in the servers themselves.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from .agreement import POLL_SECONDS, dissenters
from .connection import Command, Session, first_error
from .errors import RedisFailure
from .nodes import Address
from .plan import FORMING_SETTINGS, Claim, Plan
from .reports import Report, Survey
from .survey import resolve_host
from .views import View


def apply_plan(
    session: Session,
    plan: Plan,
    survey: Survey,
    deadline: float,
    on_step: Callable[[str], None] = lambda step: None,
) -> None:
    """Carry out `plan`, made from `survey`, until `deadline` (time.monotonic()).

    `on_step` is told the name of each step before it begins. Raises RedisFailure when a server
    refuses a command, or when nodes do not come to know each other in time.
    """
    try:
        for step, act in (
            ("hurry", lambda: _send(session, {node: [_config_set(FORMING_SETTINGS)] for node in plan.hurried})),
            ("clear", lambda: _send(session, {node: [("CLUSTER", "FLUSHSLOTS")] for node in plan.cleared})),
            ("own", lambda: _send(session, {node: _claim(claim) for node, claim in plan.claims.items()})),
            ("meet", lambda: _introduce(session, plan, survey, deadline)),
            ("follow", lambda: _follow(session, plan, survey, deadline)),
            ("forget", lambda: forget(session, plan.forgotten)),
            ("settle", lambda: _wait_until_settled(session, plan, survey, deadline)),
        ):
            on_step(step)
            act()
    finally:
        on_step("restore")
        _send(session, {node: [_config_set(old)] for node, old in plan.restored.items()})


def forget(session: Session, ghosts: Mapping[Address, Sequence[str]]) -> None:
    """Tell nodes to forget others by their ids. One that is forgotten already is no error."""
    session.ask({node: [("CLUSTER", "FORGET", id) for id in ids] for node, ids in ghosts.items()})


def _send(session: Session, requests: Mapping[Address, Sequence[Command]]) -> None:
    """Every command must succeed on every node."""
    for address, answer in session.ask(requests).items():
        error = first_error(answer)
        if error:
            raise RedisFailure(f"{address} refused a step of the plan: {error}")


def _config_set(settings: Mapping[str, str]) -> Command:
    return ("CONFIG", "SET", *(text for pair in settings.items() for text in pair))


def _claim(claim: Claim) -> list[Command]:
    commands: list[Command] = []
    if claim.released:
        commands.append(("CLUSTER", "DELSLOTS", *sorted(claim.released)))
    if claim.epoch:
        commands.append(("CLUSTER", "SET-CONFIG-EPOCH", claim.epoch))
    commands.append(("CLUSTER", "ADDSLOTS", *sorted(claim.slots)))
    if not claim.epoch:
        # A claim without a newer epoch would lose against whoever claimed the slots before.
        commands.append(("CLUSTER", "BUMPEPOCH"))
    return commands


def _introduce(session: Session, plan: Plan, survey: Survey, deadline: float) -> None:
    """Each pair meets at the address the others shall know; then all wait until they know all."""
    if not plan.meetings:
        return
    reports = {report.address: report for report in survey.answering}
    targets = {other: _meeting_point(reports[other]) for other in {pair[1] for pair in plan.meetings}}
    requests: dict[Address, list[Command]] = {}
    for one, other in plan.meetings:
        requests.setdefault(one, []).append(("CLUSTER", "MEET", *targets[other]))
    _send(session, requests)
    listed = [report for report in survey.answering if report.listed]
    ids = {report.id for report in listed}
    _wait(
        session,
        [report.address for report in listed],
        lambda view: ids <= view.settled.keys(),
        deadline,
        "have not met all others; is the cluster bus port reachable from every host? It is the port plus 10000",
    )


def _meeting_point(report: Report) -> tuple[str, int, int]:
    settings = report.settings
    tls = "tls-" if settings.get("tls-cluster") == "yes" else ""
    host = settings.get("cluster-announce-ip") or resolve_host(report.address.host)
    port = int(settings.get(f"cluster-announce-{tls}port") or 0) or report.address.port
    bus_port = int(settings.get("cluster-announce-bus-port") or 0) or report.view.myself.bus_port
    return host, port, bus_port


def _follow(session: Session, plan: Plan, survey: Survey, deadline: float) -> None:
    if not plan.following:
        return
    _send(session, {node: [("CLUSTER", "REPLICATE", id)] for node, id in plan.following.items()})
    ids = {report.address: report.id for report in survey.answering}
    wanted = {ids[node]: master for node, master in plan.following.items()}
    _wait(
        session,
        [report.address for report in survey.answering],
        lambda view: all(id in view.nodes and view.nodes[id].master_id == m for id, m in wanted.items()),
        deadline,
        "have not heard of all replicas",
    )


def _wait(
    session: Session, addresses: Sequence[Address], agrees: Callable[[View], bool], deadline: float, complaint: str
) -> None:
    """Wait until the views of all nodes agree. Raises RedisFailure at the deadline."""
    waiting = dissenters(session, addresses, agrees, deadline)
    if waiting:
        raise RedisFailure(f"{', '.join(map(str, waiting))} {complaint}")


def _wait_until_settled(session: Session, plan: Plan, survey: Survey, deadline: float) -> None:
    """With the forming settings still on, wait for what they speed up: masters that take writes, and
    replicas in sync. At the deadline the final check says what is missing."""
    waiting = set(plan.hurried)
    while waiting and time.monotonic() < deadline:
        answers = session.ask_all(sorted(waiting), ("CLUSTER", "INFO"), ("INFO", "replication"))
        waiting -= {
            address
            for address, answer in answers.items()
            if not first_error(answer)
            and "cluster_state:ok" in answer[0]
            and "master_link_status:down" not in answer[1]
        }
        time.sleep(POLL_SECONDS if waiting else 0)
