"""A master, its replicas and Sentinels that run on the hosts of sentinels.yml."""

from __future__ import annotations

from pathlib import Path

from benchmarks.sentinel_load import SentinelLoad
from day_two.running import Running
from redis import Redis

INVENTORY = Path(__file__).with_name("sentinels.yml")
NAME, DATA_PORT, PORT = "cache", 6379, 26379  # the role's own


class RunningSentinels(Running):
    """Rolled out by the act ROLL_OUT_SENTINELS.

    Args:
        environment, directory: as for Running.
    """

    def __init__(self, environment: dict[str, str], directory: Path) -> None:
        super().__init__(environment, directory, INVENTORY, "redis_sentinel")

    def load(self, rate: float = 1500.0) -> SentinelLoad:
        """Writers that ask the Sentinels for the master."""
        sentinels = [(host, PORT) for host in self.addresses]
        passwords = [self.variable(f"redis_sentinel_{kind}") for kind in ("password", "own_password")]
        return SentinelLoad(sentinels, NAME, *passwords, rate=rate)

    def masters(self) -> set[str]:
        """Hosts of the nodes that take themselves for the master."""
        password = self.variable("redis_sentinel_password")
        found = set()
        for host in self.addresses:
            with Redis(host, DATA_PORT, password=password, socket_timeout=2) as node:
                if node.role()[0] == b"master":
                    found.add(host)
        return found

    def told(self) -> set[str]:
        """Hosts that Sentinels tell clients as the master's."""
        password = self.variable("redis_sentinel_own_password")
        found = set()
        for host in self.addresses:
            with Redis(host, PORT, password=password, socket_timeout=2, decode_responses=True) as sentinel:
                found.add(sentinel.sentinel_get_master_addr_by_name(NAME)[0])
        return found
