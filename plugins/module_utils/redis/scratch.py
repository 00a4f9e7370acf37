# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tries a configuration file on a server of its own, which listens on nothing but a private socket.

Redis has no command that checks its file, and one wrong line keeps every node of a host from starting
again. A server that did start also tells what the file leaves at its default.
"""
from __future__ import annotations

import subprocess
import time
from tempfile import TemporaryDirectory

from .connection import RedisError, redis
from .errors import RedisFailure

POLL_SECONDS = 0.01
START_SECONDS = 10.0

# What a node has from its command line or from its place in the cluster, and what the scratch server has.
OF_ITS_OWN = {
    "cluster-announce-bus-port", "cluster-announce-port", "cluster-announce-tls-port", "cluster-enabled",
    "cluster-port", "daemonize", "dir", "logfile", "pidfile", "port", "replicaof", "slaveof", "supervised",
    "tls-cluster", "tls-port", "tls-replication", "unixsocket", "unixsocketperm",
}  # fmt: skip


def settings_of_file(server: str, file: str, password: str | None) -> dict[str, str]:
    """All settings that a server started with `file` runs with, but for those of a single node.

    Raises RedisFailure with the server's own words when it does not start.
    """
    with TemporaryDirectory(prefix="redis-scratch-") as directory:
        socket = f"{directory}/socket"
        overrides = {"port": "0", "unixsocket": socket, "dir": directory, "daemonize": "no", "supervised": "no",
                     "logfile": "", "cluster-enabled": "no"}  # fmt: skip
        command = [server, file, *(text for name, value in overrides.items() for text in (f"--{name}", value))]
        with open(f"{directory}/output", "w+b") as output:
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
            try:
                running = _ask(process, socket, password)
            finally:
                process.kill()
                process.wait()
            if running is None:
                output.seek(0)
                raise RedisFailure(f"{server} does not start with this file: {_reason(output.read().decode())}")
    return {name: value for name, value in running.items() if name not in OF_ITS_OWN}


def _ask(process: subprocess.Popen[bytes], socket: str, password: str | None) -> dict[str, str] | None:
    """CONFIG GET of the scratch server; None when it ended, or never answered."""
    deadline = time.monotonic() + START_SECONDS
    with redis.Redis(unix_socket_path=socket, password=password, decode_responses=True) as client:
        while process.poll() is None and time.monotonic() < deadline:
            try:
                return client.config_get("*")
            except (RedisError, OSError):
                time.sleep(POLL_SECONDS)
    return None


def _reason(output: str) -> str:
    """The lines about a fatal error in the file, or the last ones, as one sentence."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    start = next((i for i, line in enumerate(lines) if "FATAL CONFIG FILE ERROR" in line), -3)
    return ", ".join(lines[start:])
