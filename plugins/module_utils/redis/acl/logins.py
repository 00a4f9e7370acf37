# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which of several passwords each node takes, while they are being replaced node by node."""
from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..connection import Login, RedisError, Session, first_error, is_login_refused
from ..nodes import Address

POLL_SECONDS = 0.05


def find_logins(
    nodes: Sequence[Address], login: Login, former: Sequence[str], deadline: float
) -> tuple[dict[Address, Login], dict[Address, RedisError]]:
    """The login of each node, with the first password that it takes; and the errors of the others.

    A node that takes none of them has its refusal for an error. Nodes that do not answer are asked again until
    `deadline` (time.monotonic()).
    """
    found: dict[Address, Login] = {}
    while True:
        errors: dict[Address, RedisError] = {}
        refusing = [node for node in nodes if node not in found]
        for candidate in (login, *(replace(login, password=password) for password in former)):
            answers = _ask(refusing, candidate)
            found.update((node, candidate) for node, error in answers.items() if not error)
            errors.update((node, error) for node, error in answers.items() if error)
            refusing = [node for node, error in answers.items() if error and is_login_refused(error)]
        silent = {node: error for node, error in errors.items() if node not in found}
        if not any(not is_login_refused(error) for error in silent.values()) or time.monotonic() >= deadline:
            return found, silent
        time.sleep(POLL_SECONDS)


def _ask(nodes: Sequence[Address], login: Login) -> Mapping[Address, RedisError | None]:
    with Session(login) as session:
        # Answered while data are loaded, too, and told to every user.
        answers = session.ask_all(nodes, ("ACL", "WHOAMI"))
    return {node: first_error(answer) for node, answer in answers.items()}
