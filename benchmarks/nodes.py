"""Running nodes on loopback, and when they count as one settled cluster."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import redis
from ansible_collections.omnimind.platform.plugins.module_utils.redis.connection import Login, Session
from ansible_collections.omnimind.platform.plugins.module_utils.redis.convergence import converge
from ansible_collections.omnimind.platform.plugins.module_utils.redis.nodes import parse_nodes
from ansible_collections.omnimind.platform.plugins.module_utils.redis.plan import Wish

from integration.servers import PASSWORD, Servers

PATIENCE = 300.0  # seconds for a cluster to settle

# Where redis-cli looks for the password.
ENVIRONMENT = {**os.environ, "REDISCLI_AUTH": PASSWORD}


@contextmanager
def empty_nodes(count: int, node_timeout: int = 15000) -> Iterator[Servers]:
    """Yield `count` running, empty servers in cluster mode; `node_timeout` in milliseconds."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory, ExitStack() as stack:
        options = ["--cluster-node-timeout", str(node_timeout)]
        servers = Servers(Path(directory, "nodes"), ["127.0.0.1"] * count, options)
        stack.push(servers)  # Before any is started: a start that is broken off is cleaned up too.
        yield servers.__enter__()


def form(servers: Servers) -> None:
    """Make one cluster of them with one replica a master, our way."""
    with Session(Login(password=PASSWORD)) as session:
        converge(session, parse_nodes(servers.addresses), Wish(), time.monotonic() + PATIENCE)


def redis_cli(*arguments: str) -> None:
    """Run redis-cli; RuntimeError with its last words when it fails."""
    done = subprocess.run(
        ["redis-cli", *arguments], env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    if done.returncode:
        raise RuntimeError(f"redis-cli {' '.join(arguments[:2])} failed: {(done.stdout + done.stderr)[-2000:]}")


def wait_until_settled(servers: Servers) -> None:
    """Wait until every node says that all is well, all say the same, and every replica is in sync.

    It asks the servers in its own words: the collection is not its own witness.
    RuntimeError when that takes longer than PATIENCE.
    """
    deadline = time.monotonic() + PATIENCE
    with ExitStack() as stack:
        clients = [stack.enter_context(server.client()) for server in servers]
        for client in clients:
            client.response_callbacks.clear()
        while not (all(_is_ready(client, len(clients)) for client in clients) and _agree(clients)):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{len(servers)} nodes have not settled within {PATIENCE} seconds")
            time.sleep(0.02)


def _is_ready(client: redis.Redis, count: int) -> bool:
    cluster = str(client.execute_command("CLUSTER", "INFO")).split()
    wanted = {"cluster_state:ok", "cluster_slots_ok:16384", f"cluster_known_nodes:{count}"}
    replication = str(client.execute_command("INFO", "replication")).split()
    in_sync = {"role:master", "master_link_status:up"}
    return wanted <= set(cluster) and not in_sync.isdisjoint(replication)


def _agree(clients: list[redis.Redis]) -> bool:
    layouts = {_layout(client) for client in clients}
    if len(layouts) > 1:
        return False
    replicas = [master for _id, master, _slots in layouts.pop() if master != "-"]
    return len(replicas) == len(clients) // 2


def _layout(client: redis.Redis) -> frozenset[tuple[Any, ...]]:
    """Who follows whom and who owns what, in the eyes of one node."""
    lines = str(client.execute_command("CLUSTER", "NODES")).splitlines()
    seen = (line.split() for line in lines)
    return frozenset((fields[0], fields[3], tuple(fields[8:])) for fields in seen)
