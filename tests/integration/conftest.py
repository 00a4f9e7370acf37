"""Fixtures with real redis-server processes, and a session of the product's own client to ask them."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from integration.servers import PASSWORD, Server, Servers

from ansible_collections.omnimind.platform.plugins.module_utils.redis.connection import Login, Session
from ansible_collections.omnimind.platform.plugins.module_utils.redis.convergence import converge
from ansible_collections.omnimind.platform.plugins.module_utils.redis.health import check_cluster
from ansible_collections.omnimind.platform.plugins.module_utils.redis.nodes import parse_nodes
from ansible_collections.omnimind.platform.plugins.module_utils.redis.plan import Wish
from ansible_collections.omnimind.platform.plugins.module_utils.redis.problems import Expectation

ROOT = Path(__file__).resolve().parents[2]
SIX_ON_THREE_HOSTS = ["127.0.0.1", "127.0.0.2", "127.0.0.3"] * 2


@pytest.fixture(scope="session", autouse=True)
def redis_server_is_installed() -> None:
    subprocess.run([ROOT / ".ci" / "need", "redis-server"], check=True)


class Cluster:
    """Servers, and the product's functions bound to them."""

    def __init__(self, servers: Servers, session: Session, zones: dict[str, str] | None = None) -> None:
        self.servers, self.session, self.zones = servers, session, zones or {}

    @property
    def nodes(self) -> list:
        return parse_nodes([{"host": s.host, "port": s.port, "zone": self.zones.get(s.host, "")} for s in self.servers])

    def form(self, wish: Wish = Wish(), seconds: float = 30, **options: object) -> dict:
        return converge(self.session, self.nodes, wish, time.monotonic() + seconds, **options)

    def check(self, **options: object) -> dict:
        expected = Expectation(**options)
        return check_cluster(self.session, self.nodes, expected)

    def wait_until_healthy(self, seconds: float = 20) -> dict:
        return check_cluster(self.session, self.nodes, Expectation(), "healthy", time.monotonic() + seconds)

    def problems(self, **options: object) -> dict[str, dict]:
        """The problems found now, by code."""
        return {problem["code"]: problem for problem in self.check(**options)["problems"]}

    def wait_for_problem(self, code: str, seconds: float = 15) -> dict:
        """The first problem of this code that turns up."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.problems()
            if code in found:
                return found[code]
            assert time.monotonic() < deadline, f"no {code}, but {found}"
            time.sleep(0.05)

    def shard(self, index: int) -> tuple[Server, Server]:
        """Master and first replica of a shard, as servers."""
        shard = self.check()["shards"][index]
        return self.servers.by_address(shard["master"]), self.servers.by_address(shard["replicas"][0])

    def master(self, index: int) -> Server:
        return self.shard(index)[0]

    def replica(self, index: int) -> Server:
        return self.shard(index)[1]

    def freeze_gossip(self) -> None:
        """No node hears another's pings any more, so damage stays as it was made."""
        for server in self.servers:
            server.call("DEBUG", "DROP-CLUSTER-PACKET-FILTER", 0)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Cluster]]:
    """A function that starts servers on hosts: start(hosts, *options, zones=..., own=...); `own` is called with each
    server before it is started."""
    opened: list[tuple[Servers, Session]] = []

    def start_servers(
        hosts: list[str],
        *options: str,
        zones: dict[str, str] | None = None,
        own: Callable[[Server], None] = lambda server: None,
    ) -> Cluster:
        servers = Servers(tmp_path / f"servers-{len(opened)}", hosts, options)
        for server in servers:
            own(server)
        session = Session(Login(password=PASSWORD, timeout=1.0))
        opened.append((servers, session))
        servers.__enter__()
        return Cluster(servers, session, zones)

    yield start_servers
    for servers, session in opened:
        session.__exit__()
        servers.__exit__()


@pytest.fixture
def six(start: Callable[..., Cluster]) -> Cluster:
    """Six empty nodes, two on each of three hosts."""
    return start(SIX_ON_THREE_HOSTS)


@pytest.fixture
def cluster(six: Cluster) -> Cluster:
    """A healthy cluster of three masters and three replicas on three hosts."""
    six.form()
    return six
