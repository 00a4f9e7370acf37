"""Writers that ask Sentinels for the master, and note every acknowledgement as those of benchmarks.load do."""

from __future__ import annotations

from collections.abc import Iterable

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from benchmarks.load import Load


class SentinelLoad(Load):
    """Writes to the master that Sentinels tell of, whenever a connection ends to the one that they tell of then.

    Args:
        sentinels: host and port of all Sentinels.
        name: of the group of master and replicas.
        password: of the nodes.
        sentinel_password: of the Sentinels.
        rate, writers: as for Load.
    """

    def __init__(
        self,
        sentinels: Iterable[tuple[str, int]],
        name: str,
        password: str,
        sentinel_password: str,
        rate: float = 2000,
        writers: int = 4,
    ) -> None:
        super().__init__(sentinels, password, rate, writers)
        self._name, self._sentinel_password = name, sentinel_password

    def _connect(self) -> Redis:
        login = {"password": self._sentinel_password, "socket_timeout": 1}
        sentinel = Sentinel(self._nodes, sentinel_kwargs=login)
        return sentinel.master_for(
            self._name,
            password=self._password,
            decode_responses=True,
            socket_timeout=1,
            retry=Retry(NoBackoff(), 1),
        )
