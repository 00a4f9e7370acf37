# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Talking to many Redis servers at once, through redis-py (4.3 of Debian 12 and newer)."""
from __future__ import annotations

import socket
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from .nodes import Address

try:
    import redis
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisError
    from redis.retry import Retry

    REDIS_IMPORT_ERROR = None
except ImportError:
    REDIS_IMPORT_ERROR = traceback.format_exc()
    redis = None

    class RedisError(Exception):
        """Stands in where redis-py is missing, so that this file can be imported."""


class Gone(RedisError):
    """There is no server at an address, and none comes back to it. Only who leads there (`Login.dial`) can know."""


Command = Sequence[Any]
Answer = Any  # a list with a reply (or a RedisError) for each command, or one RedisError for the node

# Enough to hide the round trips of a large cluster; more threads only fight for the interpreter.
THREADS = 16
# Keys may be any bytes, and must come back as the same.
ANY_BYTES = "surrogateescape"


@dataclass(frozen=True)
class Login:
    """How every node is reached. `timeout` in seconds is for connecting and for each answer.

    `dial` makes a connected socket to an address that cannot be connected to from here, in plain only. It raises
    OSError when it cannot now, and Gone when nobody ever can.
    """

    username: str | None = None
    password: str | None = None
    tls: bool = False
    validate_certs: bool = True
    ca_certs: str | None = None
    client_cert_file: str | None = None
    client_key_file: str | None = None
    timeout: float = 5.0
    check_hostname: bool = True
    dial: Callable[[Address], socket.socket] | None = None


def open_client(login: Login, address: Address, **options: Any) -> Any:
    """A redis-py client that gives raw answers, and asks once; `options` are more of redis.Redis."""
    encryption = {
        "ssl": True,
        "ssl_cert_reqs": "required" if login.validate_certs else "none",
        "ssl_check_hostname": login.validate_certs and login.check_hostname,
        "ssl_ca_certs": login.ca_certs,
        "ssl_certfile": login.client_cert_file,
        "ssl_keyfile": login.client_key_file,
    }
    settings = {
        "host": address.host,
        "port": address.port,
        "username": login.username,
        "password": login.password,
        "socket_timeout": login.timeout,
        "socket_connect_timeout": login.timeout,
        "retry": Retry(NoBackoff(), 0),
        **(encryption if login.tls else {}),
        **options,
    }
    client = _dialled(login.dial, settings) if login.dial else redis.Redis(**settings)
    # redis-py's own parsers lose the order of CLUSTER NODES, and differ by version.
    client.response_callbacks.clear()
    return client


def _dialled(dial: Callable[[Address], socket.socket], settings: dict[str, Any]) -> Any:
    """A client whose connections are sockets that `dial` makes."""

    class Dialled(redis.Connection):
        """redis-py knows TCP and TLS only; where its sockets come from is this one method in all its versions."""

        def _connect(self) -> socket.socket:
            try:
                made = dial(Address(self.host, self.port))
            except OSError as error:
                raise RedisError(str(error)) from error
            made.settimeout(self.socket_timeout)
            return made

    alone = settings.pop("single_connection_client", False)
    pool = redis.ConnectionPool(connection_class=Dialled, **settings)
    client = redis.Redis(connection_pool=pool, single_connection_client=alone)
    client.auto_close_connection_pool = True
    return client


class Session:
    """Open connections, one a node, kept between questions. Use it as a context manager.

    Threads may ask at the same time; each has a connection of its own then.

    Args:
        login: how nodes are reached.
        others: another login, for nodes that want one.
    """

    def __init__(self, login: Login, others: Mapping[Address, Login] | None = None) -> None:
        self.login, self.others = login, others or {}
        self._clients: dict[Address, Any] = {}
        self._pool = ThreadPoolExecutor(THREADS)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *unused: object) -> None:
        self._pool.shutdown()
        for client in self._clients.values():
            client.close()

    def ask(self, requests: Mapping[Address, Sequence[Command]]) -> dict[Address, Answer]:
        """Send each node its commands in one round trip, all nodes at once.

        A reply that is an error stands in its place of the list; a node that cannot be asked at all
        has the error instead of a list. Never raises for what a server does.
        """
        for address in requests:
            if address not in self._clients:
                client = open_client(
                    self._login(address), address, decode_responses=True, encoding_errors=ANY_BYTES
                )
                self._clients.setdefault(address, client)
        if len(requests) == 1:
            return {address: self._ask_one(address, commands) for address, commands in requests.items()}
        answers = self._pool.map(lambda item: self._ask_one(*item), requests.items())
        return dict(zip(requests, answers))

    def ask_all(self, addresses: Sequence[Address], *commands: Command) -> dict[Address, Answer]:
        """Send the same commands to all."""
        return self.ask({address: commands for address in addresses})

    def _login(self, address: Address) -> Login:
        return self.others.get(address, self.login)

    @contextmanager
    def connection(self, address: Address) -> Iterator[Any]:
        """A client of redis-py whose commands all go over one connection of their own."""
        client = open_client(self._login(address), address, decode_responses=True, single_connection_client=True)
        try:
            yield client
        finally:
            client.close()

    def _ask_one(self, address: Address, commands: Sequence[Command]) -> Answer:
        pipeline = self._clients[address].pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        try:
            return pipeline.execute(raise_on_error=False)
        except (RedisError, OSError) as error:
            return _plainly(error)


def _plainly(error: Exception) -> RedisError:
    """The error without what redis-py wraps around the one sentence of a dialled socket that broke."""
    inner = error.__context__
    if isinstance(inner, ConnectionError) and len(inner.args) == 1:
        return RedisError(str(inner))
    return error if isinstance(error, RedisError) else RedisError(str(error))


def first_error(answer: Answer) -> RedisError | None:
    """The error of a node that could not be asked, or else of its first refused command."""
    if isinstance(answer, RedisError):
        return answer
    return next((reply for reply in answer if isinstance(reply, RedisError)), None)


def is_login_refused(error: RedisError) -> bool:
    """Whether a server rejected the user, the password, or the lack of one: it will do so again."""
    beginnings = ("WRONGPASS", "NOAUTH", "NOPERM", "invalid", "AUTH", "Authentication", "HELLO must be called")
    return str(error).startswith(beginnings)
