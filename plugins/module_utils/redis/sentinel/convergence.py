# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From monitors as data to Sentinels that watch them and agree: survey, plan, act, check."""
from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from ..connection import RedisError, first_error
from ..errors import RedisFailure
from ..health import summary
from ..nodes import Address
from ..settings import value_text
from .description import describe, group_text
from .group import Group, until
from .health import check_groups
from .monitors import Monitor, Plan, Step, is_unsettled, login_steps, make_plan
from .problems import Expectation
from .reports import GroupSurvey, SentinelReport
from .survey import survey_group, survey_sentinels

# A server without a file of its own has nothing to rewrite, and keeps nothing over a restart anyhow.
NO_FILE = "running without a config file"


def converge(
    group: Group,
    monitors: Sequence[Monitor],
    settings: Mapping[str, Any],
    deadline: float,
    prune: bool = False,
    update_login: bool = False,
    check_mode: bool = False,
) -> dict[str, Any]:
    """Make the Sentinels watch the monitors until `deadline` (time.monotonic()); the module's answer.

    A failover under way is waited for first. Raises Refused before any change, RedisFailure when Sentinels or
    nodes are not healthy in the end.
    """
    names = [monitor.name for monitor in monitors if monitor.present]
    texts = [text for monitor in monitors for text in _give_logins(group, monitor, update_login, check_mode)]
    surveys = {monitor.name: _settled_survey(group, monitor, deadline, check_mode) for monitor in monitors}
    plans = [make_plan(surveys[monitor.name], monitor, prune) for monitor in monitors]
    general = _setting_steps(survey_sentinels(group, ""), settings)
    texts += [step.text for step in general] + [text for plan in plans for text in plan.texts()]
    before = "".join(group_text(surveys[name], [name]) for name in names)
    answer: dict[str, Any] = {"changed": bool(texts), "plan": texts}
    if check_mode:
        diff = {"before": before, "after": before + "".join(f"+ {text}\n" for text in texts)}
        shown = [describe(surveys[name], [name])["monitors"] for name in names]
        return {**answer, "monitors": sum(shown, []), "diff": diff}
    for step in general:
        _send(group, step)
    for plan in plans:
        _apply(group, plan, deadline)
    found = [_wait_until_healthy(group, monitor, answer, deadline) for monitor in monitors if monitor.present]
    after = "".join(_role_lines(group, monitor) for monitor in monitors if monitor.present) if texts else before
    done = "".join(f"+ {text}\n" for text in texts)
    return {**answer, "monitors": sum(found, []), "diff": {"before": before, "after": after + done}}


def _survey(group: Group, monitor: Monitor) -> GroupSurvey:
    listed = monitor.nodes or ((monitor.preferred,) if monitor.preferred else ())
    return survey_group(group, listed, monitor.name)


def _give_logins(group: Group, monitor: Monitor, always: bool, check_mode: bool) -> list[str]:
    """A Sentinel that cannot log in holds living nodes for dead, and nothing settles before it can."""
    steps = login_steps(_survey(group, monitor), monitor, always)
    for step in steps if not check_mode else ():
        _send(group, step)
    return [step.text for step in steps]


def _settled_survey(group: Group, monitor: Monitor, deadline: float, check_mode: bool) -> GroupSurvey:
    found: list[GroupSurvey] = []

    def is_settled() -> bool:
        found[:] = [_survey(group, monitor)]
        return not (monitor.present and is_unsettled(found[0], monitor.name))

    until(is_settled, time.monotonic() if check_mode else deadline, pause=0.1)
    if not found[0].answering:
        reasons = "; ".join(f"{s.name} {s.trouble.reason}" for s in found[0].sentinels if s.trouble)
        raise RedisFailure(f"No Sentinel could be asked. {reasons}")
    return found[0]


def _setting_steps(sentinels: Sequence[SentinelReport], settings: Mapping[str, Any]) -> list[Step]:
    """SENTINEL CONFIG SET for what differs."""
    steps = []
    for sentinel in sentinels:
        for name, value in settings.items() if not sentinel.trouble else ():
            text, running = value_text(value), sentinel.settings.get(name)
            if running is None:
                raise RedisFailure(f"settings: Sentinel {sentinel.name} knows no setting {name}")
            if running != text:
                shown = "(secret)" if name == "sentinel-pass" else text
                command = ("SENTINEL", "CONFIG", "SET", name, text)
                steps.append(Step(sentinel.address, f"Sentinel {sentinel.name} has {name} {shown}", (command,)))
    return steps


def _apply(group: Group, plan: Plan, deadline: float) -> None:
    for step in plan.steps:
        if not step.to_sentinel:
            _send(group, step)
    if plan.master and any(not step.to_sentinel for step in plan.steps):
        # A Sentinel asks a master for its replicas every ten seconds: it finds them at once if they are there first.
        until(lambda: _all_follow(group, plan), deadline, pause=0.05)
    for step in plan.steps:
        if step.to_sentinel:
            _send(group, step)
    for step in plan.resets:
        _reset(group, plan, step, deadline)


def _send(group: Group, step: Step) -> None:
    session = group.sentinels if step.to_sentinel else group.nodes
    answer = session.ask({step.address: step.commands})[step.address]
    error = first_error(answer)
    if error and NO_FILE not in str(error):
        raise RedisFailure(f"{step.text or step.address}: {_without_arguments(error)}", changed=True)


def _without_arguments(error: RedisError) -> str:
    """A server repeats the arguments of a command that it does not know, a password among them."""
    return str(error).partition(", with args beginning with")[0]


def _all_follow(group: Group, plan: Plan) -> bool:
    followers = [step.address for step in plan.steps if not step.to_sentinel and step.address != plan.master]
    nodes = survey_group(group, followers, plan.monitor.name).nodes
    return all(nodes[address].link_up for address in followers)


def _reset(group: Group, plan: Plan, step: Step, deadline: float) -> None:
    """One Sentinel forgets all and finds again what lives, before the next one does: else a majority might be blind."""
    survey = survey_group(group, name=plan.monitor.name)
    (known,) = (w for s, w in survey.watchers(plan.monitor.name) if s.address == step.address)
    living = {node.address for node in survey.nodes.values() if node.alive} | {s.address for s in survey.answering}
    wanted = living & {peer.address for peer in (*known.replicas, *known.sentinels)}
    _send(group, step)

    def found_again() -> bool:
        now = {s.address: s for s in survey_sentinels(group, plan.monitor.name)}[step.address]
        watched = now.watched.get(plan.monitor.name)
        return watched is not None and wanted <= {peer.address for peer in (*watched.replicas, *watched.sentinels)}

    if not until(found_again, deadline, pause=0.1):
        raise RedisFailure(f"{step.text}, but does not find again all that lives", changed=True)


def _wait_until_healthy(
    group: Group, monitor: Monitor, answer: dict[str, Any], deadline: float
) -> list[dict[str, Any]]:
    expected = Expectation(replicas=max(0, len(monitor.nodes) - 1))
    try:
        return check_groups(group, monitor.nodes, [monitor.name], expected, True, deadline)["monitors"]
    except RedisFailure as failure:
        message = f"{monitor.name} is not healthy: {summary(failure.details)}"
        raise RedisFailure(message, **{**answer, "problems": failure.details["problems"]}) from failure


def _role_lines(group: Group, monitor: Monitor) -> str:
    nodes: Sequence[Address] = monitor.nodes
    return group_text(survey_group(group, nodes, monitor.name), [monitor.name])
