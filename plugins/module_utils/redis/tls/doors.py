# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reaches nodes through whichever of their two doors is open: TLS, else plain."""
from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..connection import Answer, Command, Login, RedisError, Session, first_error, is_login_refused
from ..errors import RedisFailure
from ..nodes import Address

POLL_SECONDS = 0.05


class Doors:
    """Both sessions, and which of them each node is asked through. Nodes go by the address of their plain port.

    Use it as a context manager, and call `find` first.
    """

    def __init__(self, login: Login, offset: int) -> None:
        self._plain, self._secure = Session(replace(login, tls=False)), Session(replace(login, tls=True))
        self._offset = offset
        self.secure: set[Address] = set()

    def __enter__(self) -> Doors:
        return self

    def __exit__(self, *unused: object) -> None:
        self._plain.__exit__()
        self._secure.__exit__()

    def find(self, nodes: Sequence[Address], deadline: float) -> None:
        """Try TLS, then plain, until every node has answered.

        Raises RedisFailure at the deadline (time.monotonic()), or for a node that refuses the login.
        """
        waiting = list(nodes)
        while True:
            secure = self.through_tls(waiting, ("PING",))
            shut = [node for node in waiting if first_error(secure[node])]
            plain = self._plain.ask_all(shut, ("PING",)) if self._offset else {node: secure[node] for node in shut}
            self.secure |= set(waiting) - set(shut)
            waiting = [node for node in shut if first_error(plain[node])]
            if not waiting:
                return
            errors = {node: (first_error(secure[node]), first_error(plain[node])) for node in waiting}
            refused = any(is_login_refused(error) for pair in errors.values() for error in pair)
            if refused or time.monotonic() >= deadline:
                reasons = "; ".join(f"{node}: by TLS, {tls}; plain, {other}" for node, (tls, other) in errors.items())
                raise RedisFailure(f"Nodes do not answer. {reasons}")
            time.sleep(POLL_SECONDS)

    def ask(self, requests: Mapping[Address, Sequence[Command]]) -> dict[Address, Answer]:
        """As Session.ask, through the doors found."""
        secure = {self._of_tls(node): commands for node, commands in requests.items() if node in self.secure}
        plain = {node: commands for node, commands in requests.items() if node not in self.secure}
        answers = {**self._plain.ask(plain)}
        answers.update({self._of_plain(door): answer for door, answer in self._secure.ask(secure).items()})
        return {node: answers[node] for node in requests}

    def ask_all(self, nodes: Sequence[Address], *commands: Command) -> dict[Address, Answer]:
        return self.ask({node: commands for node in nodes})

    def through_tls(self, nodes: Sequence[Address], *commands: Command) -> dict[Address, Answer]:
        """Ask through TLS whatever was found."""
        answers = self._secure.ask_all([self._of_tls(node) for node in nodes], *commands)
        return {self._of_plain(door): answer for door, answer in answers.items()}

    def through_plain(self, nodes: Sequence[Address], *commands: Command) -> dict[Address, Answer]:
        """Ask through plain ports whatever was found."""
        return self._plain.ask_all(nodes, *commands)

    def _of_tls(self, node: Address) -> Address:
        return Address(node.host, node.port + self._offset)

    def _of_plain(self, door: Address) -> Address:
        return Address(door.host, door.port - self._offset)


def must_answer(answers: Mapping[Address, Answer], what: str) -> None:
    """Raise RedisFailure for the nodes whose answer is an error, saying what they should have done."""
    errors: dict[Address, RedisError | None] = {node: first_error(answer) for node, answer in answers.items()}
    reasons = "; ".join(f"{node}: {error}" for node, error in errors.items() if error)
    if reasons:
        raise RedisFailure(f"Nodes do not {what}. {reasons}")
