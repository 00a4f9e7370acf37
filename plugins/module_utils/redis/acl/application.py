# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Brings the users of every node of a cluster to what is wanted, without shutting anybody out on the way."""
from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..connection import Answer, Login, RedisError, Session, first_error, is_login_refused
from ..errors import RedisFailure, Refused
from ..nodes import Address
from .changes import REPLICATION, Change, State, Wanted, additions, removals, replication_changes
from .lines import Line, parse_lines
from .logins import find_logins
from .users import DEFAULT, User

NOT_RUNNING = "Connection refused"


@dataclass(frozen=True)
class Order:
    """How it is done.

    Args:
        login: with the password that shall be valid.
        former: passwords that nodes may have instead.
        additive: only add, on the nodes that run.
        check_mode: only tell.
    """

    login: Login
    former: Sequence[str] = ()
    additive: bool = False
    check_mode: bool = False


def apply_users(nodes: Sequence[Address], wanted: Wanted, order: Order, deadline: float) -> dict[str, Any]:
    """The answer of redis_acl. Nodes are waited for until `deadline` (time.monotonic()).

    Raises Refused before any change, RedisFailure when a node fails in the middle; the next call goes on there.
    """
    _refuse_own_removal(wanted, order.login)
    # A node that does not run is not waited for where it may be left out: it starts with its file.
    logins, silent = find_logins(nodes, order.login, order.former, 0.0 if order.additive else deadline)
    idle = {node for node, error in silent.items() if order.additive and NOT_RUNNING in str(error)}
    _refuse_silent({node: error for node, error in silent.items() if node not in idle})
    with Session(order.login, logins) as session:
        states = _read(session, list(logins))
        exact = {node: _in_the_servers_words(session, node, wanted.users) for node in logins}
        steps = {node: _steps(state, wanted, exact[node], order.additive) for node, state in states.items()}
        if not order.check_mode:
            _carry_out(session, steps, lambda: _prove_logins(logins, wanted, order.login))
            _prove_result(_read(session, list(logins)), wanted, exact, order.additive)
    return {
        **_description(states, steps, exact, wanted, order),
        "former_logins": sorted(str(node) for node, login in logins.items() if login != order.login),
        "not_running": sorted(map(str, idle)),
    }


def _refuse_own_removal(wanted: Wanted, login: Login) -> None:
    """Whoever logs in here, and whoever a replica logs in as, must not be a user that is removed."""
    names = {user.name for user in wanted.users} | {DEFAULT}
    for option, name in (("username", login.username), ("masteruser", wanted.replication.get("masteruser"))):
        if name and name not in names and not wanted.keep_unknown:
            raise RedisFailure(f"{option}: {name} is not among the users, and would be removed")


def _refuse_silent(errors: Mapping[Address, RedisError]) -> None:
    def reason(error: RedisError) -> str:
        if is_login_refused(error):
            return f"takes neither the password nor a former one ({error})"
        return f"does not answer ({str(error).rstrip('.')})"

    if errors:
        raise Refused([{"node": str(node), "reason": reason(error)} for node, error in sorted(errors.items())])


def _read(session: Session, nodes: Sequence[Address]) -> dict[Address, State]:
    answers = session.ask_all(nodes, ("ACL", "LIST"), *(("CONFIG", "GET", name) for name in REPLICATION))
    for node, answer in answers.items():
        if first_error(answer):
            raise RedisFailure(f"{node} does not tell its users: {first_error(answer)}")
    return {node: State(parse_lines(lists), _settings(settings)) for node, (lists, *settings) in answers.items()}


def _settings(answers: Sequence[Answer]) -> dict[str, str]:
    found: dict[str, str] = {}
    for answer in answers:
        found.update(answer if isinstance(answer, dict) else zip(answer[::2], answer[1::2]))
    return found


def _in_the_servers_words(session: Session, node: Address, users: Sequence[User]) -> dict[str, Line]:
    """The users as this server lists them, tried on users of other names that nobody ever sees.

    Raises Refused for rules that this server does not know.
    """
    if not users:
        return {}
    trials = {user.name: f"trial-{secrets.token_hex(8)}" for user in users}
    attempts = [("ACL", "SETUSER", trials[user.name], *user.words(), "off") for user in users]
    commands = [("MULTI",), *attempts, ("ACL", "LIST"), ("ACL", "DELUSER", *trials.values()), ("EXEC",)]
    answer = session.ask({node: commands})[node]
    results = answer if isinstance(answer, RedisError) else answer[-1]
    if isinstance(results, RedisError):
        raise RedisFailure(f"{node} cannot try the users: {first_error(answer)}")
    errors = [(user, result) for user, result in zip(users, results) if isinstance(result, RedisError)]
    if errors:
        raise Refused([{"node": str(node), "reason": f"user {user.name}: {error}"} for user, error in errors])
    lines = parse_lines(results[len(users)])
    return {user.name: replace(lines[trials[user.name]], enabled=user.enabled) for user in users}


def _steps(state: State, wanted: Wanted, exact: Mapping[str, Line], additive: bool) -> list[list[Change]]:
    """The changes of a node, stage by stage."""
    if additive:
        return [additions(state, wanted)]
    return [additions(state, wanted), replication_changes(state, wanted), removals(state, wanted, exact)]


def _carry_out(
    session: Session, steps: Mapping[Address, Sequence[Sequence[Change]]], prove_logins: Callable[[], None]
) -> None:
    """Each stage on all nodes before the next on any; the logins are tried as soon as everything is added."""
    for number, stage in enumerate(zip(*steps.values())):
        commands = {node: [change.command for change in changes] for node, changes in zip(steps, stage) if changes}
        for node, answer in session.ask(commands).items():
            if first_error(answer):
                raise RedisFailure(f"{node} refuses a change of its users, run it again: {first_error(answer)}")
        if number == 0 and any(changes for stages in steps.values() for changes in stages):
            prove_logins()


def _prove_logins(logins: Mapping[Address, Login], wanted: Wanted, login: Login) -> None:
    """Log in with the new password, and as a replica does. Raises RedisFailure where a node does not let us.

    On connections that are logged in already: others could not greet every server before.
    """
    pairs = [(login.username or DEFAULT, login.password)]
    if wanted.replication.get("masterauth"):
        pairs.append((wanted.replication.get("masteruser") or DEFAULT, wanted.replication["masterauth"]))
    with Session(login, logins) as session:
        answers = session.ask_all(list(logins), *(("AUTH", *pair) for pair in pairs if pair[1]))
    for node, answer in answers.items():
        if first_error(answer):
            raise RedisFailure(
                f"{node} does not take the new password, so no old one was taken from any node: {first_error(answer)}"
            )


def _prove_result(
    states: Mapping[Address, State], wanted: Wanted, exact: Mapping[Address, Mapping[str, Line]], additive: bool
) -> None:
    for node, state in states.items():
        left = [change.meaning for stage in _steps(state, wanted, exact[node], additive) for change in stage]
        if left:
            raise RedisFailure(f"{node} is not as it was made, somebody else changes its users: {'; '.join(left)}")


def _description(
    states: Mapping[Address, State],
    steps: Mapping[Address, Sequence[Sequence[Change]]],
    exact: Mapping[Address, Mapping[str, Line]],
    wanted: Wanted,
    order: Order,
) -> dict[str, Any]:
    actions = [
        {"node": str(node), "action": change.meaning}
        for node, stages in steps.items()
        for stage in stages
        for change in stage
    ]
    before = {node: state.lines for node, state in states.items()}
    after = {node: _after(lines, exact[node], wanted, order) for node, lines in before.items()}
    return {"changed": bool(actions), "actions": actions, "diff": {"before": _text(before), "after": _text(after)}}


def _after(lines: Mapping[str, Line], exact: Mapping[str, Line], wanted: Wanted, order: Order) -> dict[str, Line]:
    if order.additive:
        grown = {n: replace(l, hashes=l.hashes | exact[n].hashes) if n in exact else l for n, l in lines.items()}
        return {**exact, **grown}
    return {**{n: line for n, line in lines.items() if n == DEFAULT or wanted.keep_unknown}, **exact}


def _text(users: Mapping[Address, Mapping[str, Line]]) -> str:
    """A line a user, and the nodes where it is so."""
    found: dict[tuple[str, str], list[str]] = {}
    for node, lines in users.items():
        for name, line in lines.items():
            found.setdefault((name, line.shown()), []).append(str(node))
    where = {key: "all nodes" if len(nodes) == len(users) else ", ".join(nodes) for key, nodes in found.items()}
    return "".join(f"user {name} {line} [{where[name, line]}]\n" for name, line in sorted(where))
