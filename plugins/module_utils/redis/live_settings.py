# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Brings running servers to the settings of their file, as far as that goes without a restart."""
from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from .connection import Command, RedisError, Session, first_error, is_login_refused
from .errors import RedisFailure
from .nodes import Address
from .settings import SECRETS, is_same, set_together, value_text
from .survey import pairs

POLL_SECONDS = 0.05

# How servers say that a setting is read at the start only, or needs a limit that is set at the start only.
UNTIL_RESTART = ("immutable", "protected config", "operating system is not able to handle")


def apply_settings(
    session: Session,
    nodes: Sequence[Address],
    settings: Mapping[str, Any],
    deadline: float,
    check_mode: bool,
    defaults: Mapping[str, str] | None = None,
    rewrite: bool = False,
) -> dict[str, Any]:
    """The answer of redis_config; `defaults` are of settings that `settings` does not name. With `rewrite` a node
    that was changed writes its own file.

    Raises RedisFailure for a node that does not answer until the deadline (time.monotonic()), a setting
    that the server does not know, or a value that it refuses.
    """
    running = read_settings(session, nodes, deadline)
    before, after, waiting = {}, {}, {}
    for node in nodes:
        unknown = sorted(set(settings) - set(running[node]))
        if unknown:
            raise RedisFailure(f"{node} knows no setting {', '.join(unknown)}")
        wanted = {**{n: v for n, v in (defaults or {}).items() if n in running[node]}, **settings}
        different = {n: v for n, v in wanted.items() if not is_same(n, v, running[node][n])}
        # Setting a value that is there already tells, without a change, whether it can be set at all.
        values = {n: running[node][n] if check_mode else value_text(v) for n, v in different.items()}
        groups = set_together(values)
        commands = [_config_set(group, values) for group in groups]
        # In the same breath, so that no run that is cut off leaves an old value in the file.
        commands += [("CONFIG", "REWRITE")] if rewrite and values and not check_mode else []
        answers = session.ask({node: commands})[node]
        if isinstance(answers, RedisError):
            raise RedisFailure(f"{node} could not be set: {answers}")
        if len(answers) > len(groups) and isinstance(answers[-1], RedisError):
            raise RedisFailure(f"{node} cannot write its own file: {answers[-1]}", changed=True)
        refused = {n: str(a) for group, a in zip(groups, answers) if isinstance(a, RedisError) for n in group}
        _raise_refusals(node, refused)
        for name in different:
            (waiting if name in refused else after).setdefault(str(node), {})[name] = _shown(name, wanted[name])
            if name not in refused:
                before.setdefault(str(node), {})[name] = _shown(name, running[node][name])
    return {
        "changed": bool(after),
        "set": after,
        "restart_required": waiting,
        "diff": {"before": _text(before), "after": _text(after)},
    }


def read_settings(session: Session, nodes: Sequence[Address], deadline: float) -> dict[Address, dict[str, str]]:
    """All settings of every node, as soon as all answer. Raises RedisFailure at the deadline."""
    answers = answers_of_all(session, nodes, ("CONFIG", "GET", "*"), deadline)
    return {node: pairs(answer) for node, answer in answers.items()}


def answers_of_all(session: Session, nodes: Sequence[Address], question: Command, deadline: float) -> dict[Address, Any]:
    """What each node answers to the question, as soon as all do. Raises RedisFailure at `deadline` (time.monotonic())."""
    while True:
        answers = session.ask_all(nodes, question)
        silent = {node: first_error(answer) for node, answer in answers.items() if first_error(answer)}
        if not silent:
            return {node: answer[0] for node, answer in answers.items()}
        if time.monotonic() >= deadline or any(is_login_refused(error) for error in silent.values()):
            reasons = "; ".join(f"{node}: {error}" for node, error in silent.items())
            raise RedisFailure(f"{' '.join(question[:2])} was not answered. {reasons}")
        time.sleep(POLL_SECONDS)


def _config_set(names: Sequence[str], values: Mapping[str, str]) -> Command:
    return ("CONFIG", "SET", *(text for name in names for text in (name, values[name])))


def _raise_refusals(node: Address, refused: Mapping[str, str]) -> None:
    for name, reason in refused.items():
        if not any(words in reason for words in UNTIL_RESTART):
            raise RedisFailure(f"{node} refuses the setting {name}: {reason}")


def _shown(name: str, value: Any) -> str:
    return "(secret)" if name in SECRETS else value_text(value)


def _text(changes: Mapping[str, Mapping[str, str]]) -> str:
    return "".join(f"{node} {name} {value}\n" for node, values in changes.items() for name, value in values.items())
