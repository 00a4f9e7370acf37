"""Writers that note every acknowledgement of a Redis Cluster, so that what was lost can be counted.

with Load([("127.0.0.1", 7000)], password) as load:  # writes until stopped; leaving the block stops it
    time.sleep(60)  # meanwhile something happens to the cluster
    result = load.stop()  # stops the writers, and reads back what was acknowledged
assert not result.lost and result.longest_gap(slots) < 4
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import count, pairwise
from typing import Any, NamedTuple, TypeVar

from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.crc import key_slot
from redis.exceptions import RedisClusterException, RedisError
from redis.retry import Retry

# What a client of a failing cluster may meet; anything else is a mistake of ours. An AttributeError is a mistake
# of redis-py: it was sent to a node for a key of an open slot (ASK) before it had heard of that node.
FAILURES = (RedisError, RedisClusterException, OSError, AttributeError)
Done = TypeVar("Done")
BATCH = 1000  # keys read back in one go


class Write(NamedTuple):
    """A SET of a key of its own, as its client saw it; times of time.monotonic()."""

    key: str
    value: str
    sent: float
    answered: float
    error: str  # the exception's name, empty when acknowledged

    @property
    def slot(self) -> int:
        return int(key_slot(self.key.encode()))


@dataclass(frozen=True)
class Result:
    """What became of every write between `started` and `stopped` (time.monotonic()).

    `lost` are those of `acknowledged` whose value is not there at the end.
    """

    started: float
    stopped: float
    acknowledged: Sequence[Write]
    failed: Sequence[Write]
    lost: Sequence[Write]

    def __str__(self) -> str:
        return (
            f"{len(self.acknowledged)} writes, {len(self.lost)} lost, {len(self.failed)} failed, "
            f"longest stall {self.longest_gap():.2f} s"
        )

    @property
    def seconds(self) -> float:
        return self.stopped - self.started

    @property
    def rate(self) -> float:
        """Acknowledged writes a second, outages included."""
        return len(self.acknowledged) / self.seconds

    @property
    def errors(self) -> Counter[str]:
        """How many writes failed, by the exception's name."""
        return Counter(write.error for write in self.failed)

    @property
    def slowest(self) -> float:
        """Seconds of the slowest acknowledged write."""
        return max(write.answered - write.sent for write in self.acknowledged)

    def longest_gap(self, slots: Container[int] = range(16384)) -> float:
        """Seconds of the longest time in which no write to `slots` was acknowledged."""
        answers = sorted(write.answered for write in self.acknowledged if write.slot in slots)
        return max(later - earlier for earlier, later in pairwise([self.started, *answers, self.stopped]))


class Load:
    """Writes through redis-py's RedisCluster, from `start` until `stop`; also a context manager.

    Every write is a key of its own, `load:<writer>:<number>`; they stay in the cluster. A write is
    tried twice by the client, then it counts as failed and the writer goes on with its next.

    Args:
        nodes: host and port of some nodes, one of which must answer at the start.
        rate: writes a second of all writers together, at most; what an outage held up is not made up for.
        writers: threads, each with a client of its own.
        options: more of the client's own arguments, such as `ssl`.
    """

    def __init__(
        self, nodes: Iterable[tuple[str, int]], password: str, rate: float = 2000, writers: int = 4, **options: Any
    ) -> None:
        self._nodes, self._password, self._options = list(nodes), password, options
        self._interval = writers / rate
        self._pool = ThreadPoolExecutor(writers, thread_name_prefix="load")
        self._writers = writers
        self._written: list[Future[list[Write]]] = []
        self._ended = threading.Event()
        self._started = 0.0

    def __enter__(self) -> Load:
        self.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._ended.set()
        self._pool.shutdown()

    def start(self) -> None:
        """Begin to write; raise what the client raises when no node answers."""
        clients: list[RedisCluster] = []
        try:
            clients.extend(self._connect() for _writer in range(self._writers))
        except BaseException:
            for client in clients:
                client.close()
            raise
        self._started = time.monotonic()
        self._written = [self._pool.submit(self._write, *numbered) for numbered in enumerate(clients)]

    def moved(self, nodes: Iterable[tuple[str, int]]) -> None:
        """None of the nodes may be where it was: here are some that whoever connects from now on begins at."""
        self._nodes = list(nodes)

    def stop(self, patience: float = 60.0) -> Result:
        """Stop writing and read back every acknowledged write.

        Raise what the client raises when keys cannot be read for `patience` seconds.
        """
        self._ended.set()
        writes = [write for future in self._written for write in future.result()]
        stopped = time.monotonic()
        acknowledged = [write for write in writes if not write.error]
        failed = [write for write in writes if write.error]
        return Result(self._started, stopped, acknowledged, failed, self.missing(acknowledged, patience))

    def missing(self, writes: Sequence[Write], patience: float = 60.0) -> list[Write]:
        """The writes whose value is not there; raise what the client raises when keys cannot be read so long."""
        deadline = time.monotonic() + patience
        with closing(_patient(self._connect, deadline)) as client:
            return list(_missing(client, writes, deadline))

    def _connect(self) -> RedisCluster:
        return RedisCluster(
            startup_nodes=[ClusterNode(*node) for node in self._nodes],
            password=self._password,
            decode_responses=True,
            socket_timeout=1,
            retry=Retry(NoBackoff(), 1),
            **self._options,
        )

    def _write(self, writer: int, client: RedisCluster) -> list[Write]:
        writes: list[Write] = []
        due = time.monotonic()
        with closing(client):
            for number in count():
                if self._ended.wait(max(0.0, due - time.monotonic())):
                    return writes
                key, value, sent, error = f"load:{writer}:{number}", f"{writer}-{number}", time.monotonic(), ""
                try:
                    client.set(key, value)
                except FAILURES as failure:
                    error = type(failure).__name__
                answered = time.monotonic()
                writes.append(Write(key, value, sent, answered, error))
                due = max(due + self._interval, answered)
        return writes


def _missing(client: RedisCluster, writes: Sequence[Write], deadline: float) -> Iterator[Write]:
    """The writes whose value the cluster does not have; a read that fails is tried until `deadline`."""
    for first in range(0, len(writes), BATCH):
        batch = writes[first : first + BATCH]
        for write, value in zip(batch, _read(client, [write.key for write in batch], deadline)):
            if value != write.value:
                yield write


def _read(client: RedisCluster, keys: Sequence[str], deadline: float) -> list[str | None]:
    def read() -> list[str | None]:
        with client.pipeline() as pipeline:
            for key in keys:
                pipeline.get(key)
            return pipeline.execute()

    return _patient(read, deadline)


def _patient(attempt: Callable[[], Done], deadline: float) -> Done:
    """What it returns, tried until `deadline`; then raise what the client raises."""
    while True:
        try:
            return attempt()
        except FAILURES:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.1)
