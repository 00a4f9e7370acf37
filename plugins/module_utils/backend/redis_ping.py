# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Asks Redis whether it takes a login, with nothing but the standard library: hosts need no client of Redis."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Sequence
from typing import Union

from .cache_url import Place

Reply = Union[str, int, None, list]
SECONDS = 3.0
PAUSE = 0.2


class Complaint(Exception):
    """An error that a server answered with."""


def unreachable(place: Place, authorities: str = "", patience: float = 0.0) -> dict[str, str]:
    """Why nobody at this place serves the login; empty when one node does, or none is needed.

    The keys are those of variables: `redis_password` for a login that is refused, `redis_user` for one that may not do
    what the backend does, else `redis_group`. `authorities` are those to trust in place of the host's, PEM. For
    `patience` seconds those are asked again who listen at no port: they may just be starting.
    """
    deadline = time.monotonic() + patience
    while True:
        problems, starting = _look(place, authorities)
        if not starting or time.monotonic() >= deadline:
            return problems
        time.sleep(PAUSE)


def _look(place: Place, authorities: str) -> tuple[dict[str, str], bool]:
    """The problems, and whether they are that no node listens."""
    reasons: dict[str, Exception] = {}
    for host, port in place.nodes:
        try:
            _ask(host, port, place, authorities)
        except Complaint as complaint:
            return {_at_fault(str(complaint)): f"{host}:{port} answers {complaint}"}, False
        except (OSError, ValueError) as error:
            reasons[f"{host}:{port}"] = error
        else:
            return {}, False
    told = "; ".join(f"{node}: {error or type(error).__name__}" for node, error in reasons.items())
    problems = {"redis_group": f"no node of Redis can be asked ({told})"} if reasons else {}
    return problems, any(isinstance(error, ConnectionRefusedError) for error in reasons.values())


def _at_fault(complaint: str) -> str:
    variables = {"WRONGPASS": "redis_password", "NOAUTH": "redis_password", "NOPERM": "redis_user"}
    return variables.get(complaint.partition(" ")[0], "redis_group")


def _ask(host: str, port: int, place: Place, authorities: str) -> None:
    """Log in and ask what this kind of server can be asked; OSError, ValueError, or a Complaint."""
    sentinel = place.kind == "sentinel"
    password = place.sentinel_password if sentinel else place.password
    login = ["AUTH", *([place.user] if place.user and not sentinel else []), password]
    question = {"cluster": ["CLUSTER", "SLOTS"], "sentinel": ["SENTINEL", "get-master-addr-by-name", place.service]}
    commands = [*([login] if password else []), question.get(place.kind, ["PING"])]
    context = ssl.create_default_context(cadata=authorities or None) if place.tls else None
    with socket.create_connection((host, port), SECONDS) as raw, _encrypted(raw, host, context) as connection:
        connection.settimeout(SECONDS)
        answers = connection.makefile("rb")
        for command in commands:
            connection.sendall(encode(command))
            reply = read_reply(answers)
    if sentinel and not reply:
        raise Complaint(f"that it watches no master {place.service!r}")
    if sentinel and isinstance(reply, list):
        _ask(str(reply[0]), int(str(reply[1])), _of_master(place), authorities)


def _of_master(place: Place) -> Place:
    return Place("rediss" if place.tls else "redis", (), "", place.user, place.password)


def _encrypted(raw: socket.socket, host: str, context: ssl.SSLContext | None) -> socket.socket:
    return context.wrap_socket(raw, server_hostname=host) if context else raw


def encode(command: Sequence[str]) -> bytes:
    """A command as RESP."""
    words = [word.encode() for word in command]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def read_reply(stream) -> Reply:
    """One reply of RESP 2; Complaint for an error, ValueError for what is none."""
    line = stream.readline()
    kind, text = line[:1], line[1:].strip().decode(errors="replace")
    if kind == b"-":
        raise Complaint(text)
    if kind == b"+":
        return text
    if kind not in (b":", b"$", b"*") or not text.lstrip("-").isdigit():
        raise ValueError("it does not speak Redis's protocol")
    if kind == b":" or int(text) < 0:
        return int(text) if kind == b":" else None
    if kind == b"$":
        return stream.read(int(text) + 2)[:-2].decode(errors="replace")
    return [read_reply(stream) for _unused in range(int(text))]
