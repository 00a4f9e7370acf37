# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Servers of our own, which listen on nothing but a private socket: to try a configuration file, and to load an RDB file.

Redis has no command that checks its file, and one wrong line keeps every node of a host from starting
again. A server that did start also tells what the file leaves at its default.
"""
from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..host.processes import ENDS_WITH_US
from ..host.programs import run, start
from .connection import RedisError, is_login_refused, redis
from .errors import RedisFailure
from .settings import public_lines

POLL_SECONDS = 0.01
START_SECONDS = 10.0

# How a server says that it does not load an RDB file.
RDB_ERRORS = ("Short read or OOM", "Wrong RDB checksum", "Can't handle RDB format", "Internal error in RDB")

# How a server says that it does not start with its configuration.
CONFIGURATION_ERRORS = ("FATAL CONFIG FILE ERROR", "Error loading ACL rule")

# What a node has from its command line, from its place in the cluster (where newer servers have one database) or among
# its users, and what the scratch server has. Of the users, requirepass: setting it leaves the default user that one
# password, or none to give.
OF_ITS_OWN = {
    "aclfile", "cluster-announce-bus-port", "cluster-announce-port", "cluster-announce-tls-port", "cluster-enabled",
    "cluster-port", "daemonize", "databases", "dir", "logfile", "pidfile", "port", "replicaof", "requirepass", "slaveof",
    "supervised", "tls-cluster", "tls-port", "tls-replication", "unixsocket", "unixsocketperm",
}  # fmt: skip

# Whatever users the file has, this one may ask. Nobody else reaches the socket.
VISITOR = "omnimind-scratch"


def build_of_program(server: str) -> str:
    """What tells this build of a server from any other; INFO calls it redis_build_id, Valkey's too.

    Raises RedisFailure when the program does not say.
    """
    try:
        done = run([server, "--version"], capture_output=True)
    except OSError as error:
        raise RedisFailure(f"{server} cannot be run: {error}") from error
    found = re.search(r" build=(\w+)", done.stdout)
    if not found:
        raise RedisFailure(f"{server} --version names no build: {done.stdout.strip() or done.stderr.strip()}")
    return found[1]


def settings_of_file(server: str, file: str, sentinel: bool = False) -> dict[str, str]:
    """All settings that a server started with `file` runs with, but for those of a single node.

    A Sentinel, which a server is with `sentinel`, does not tell any; and it writes to `file`.

    Raises RedisFailure with the server's own words when it does not start.
    """
    as_what = ["--sentinel"] if sentinel else ["--aclfile", "", "--user", VISITOR, "on", "nopass", "+config"]
    with _running(server, [file, *as_what], f"{server} does not start with this file", START_SECONDS) as socket:
        if sentinel:
            return {}
        with redis.Redis(unix_socket_path=socket, username=VISITOR, password=VISITOR, decode_responses=True) as client:
            running = client.config_get("*")
    return {name: value for name, value in running.items() if name not in OF_ITS_OWN}


@contextmanager
def loaded_file(server: str, file: Path, seconds: float) -> Iterator[Any]:
    """A redis-py client (answers are raw, texts are bytes) of a server that has loaded an RDB file, and never writes one.

    Raises RedisFailure with the server's own words when it does not load it within so many seconds.
    """
    settings = {"save": "", "appendonly": "no", "dbfilename": "dump.rdb", "enable-debug-command": "yes",
                "crash-memcheck-enabled": "no"}  # fmt: skip
    options = [text for name, value in settings.items() for text in (f"--{name}", value)]
    with _running(server, options, f"{file.name}: {server} does not load it", seconds, file) as socket:
        with redis.Redis(unix_socket_path=socket) as client:
            client.response_callbacks.clear()
            yield client


@contextmanager
def _running(server: str, options: Sequence[str], failure: str, seconds: float, rdb: Path | None = None) -> Iterator[str]:
    """The socket of a server that answers; it ends with the block, and with the process that started it."""
    with TemporaryDirectory(prefix="redis-scratch-") as directory:
        socket = f"{directory}/socket"
        if rdb:
            Path(directory, "dump.rdb").symlink_to(rdb.resolve())
        overrides = {"port": "0", "unixsocket": socket, "dir": directory, "daemonize": "no", "supervised": "no",
                     "logfile": "", "cluster-enabled": "no"}  # fmt: skip
        command = [server, *options, *(text for name, value in overrides.items() for text in (f"--{name}", value))]
        with open(f"{directory}/output", "w+b") as output:
            try:
                process = start([*ENDS_WITH_US, *command], stdout=output, stderr=subprocess.STDOUT)
            except OSError as error:
                raise RedisFailure(f"{failure}: {error}") from error
            try:
                answers = _wait(process, socket, seconds)
                if answers:
                    yield socket
            finally:
                process.kill()
                process.wait()
            if not answers:
                output.seek(0)
                raise RedisFailure(f"{failure}: {_reason(output.read().decode(errors='replace'))}")


def _wait(process: subprocess.Popen[bytes], socket: str, seconds: float) -> bool:
    """Whether the server comes to answer, with its file loaded; a refused login is an answer."""
    deadline = time.monotonic() + seconds
    with redis.Redis(unix_socket_path=socket) as client:
        while process.poll() is None and time.monotonic() < deadline:
            try:
                client.ping()
                return True
            except (RedisError, OSError) as error:
                if isinstance(error, RedisError) and is_login_refused(error):
                    return True
                time.sleep(POLL_SECONDS)
    return False


def _reason(output: str) -> str:
    """The lines about an error in the configuration, the one about the RDB file, or the last ones, as a sentence without
    secrets."""
    lines = [line.strip() for line in public_lines(output).splitlines() if line.strip()]
    about_rdb = [line.partition(" # ")[2] for line in lines if any(words in line for words in RDB_ERRORS)]
    if about_rdb:
        return about_rdb[0]
    start = next((i for i, line in enumerate(lines) if any(words in line for words in CONFIGURATION_ERRORS)), -3)
    return ", ".join(lines[start:])
