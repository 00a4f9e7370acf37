"""What was compressed, and why something was not, for Prometheus."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from omnimind_backend.compression.codecs import CODINGS

_PREFIX = "omnimind_compression"
# What can be counted is seen at 0 before it is, so that a rate sees the first of it.
_CODINGS = (*CODINGS, "identity")
_REASONS = (
    "client", "encoded", "grew", "head", "no-transform", "path", "range", "small", "status", "type", "zerocopysend",
)  # fmt: skip


@dataclass(slots=True)
class Tally:
    """Of one coding: answers, bytes of their bodies before and after it, seconds of encoding."""

    responses: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    seconds: float = 0.0


class CompressionMetrics(Collector):
    """Counters of one process.

    They are plain numbers that a scrape reads: a request counts five of them, and prometheus_client's own take a lock
    each. Bodies are counted as the server takes them, so without the framing of HTTP; those of HEAD are not.

    Args:
        registry: where to appear; None to count for the caller only.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.codings: defaultdict[str, Tally] = defaultdict(Tally)
        self.skipped: defaultdict[str, int] = defaultdict(int)
        if registry is not None:
            registry.register(self)

    def describe(self) -> list[CounterMetricFamily]:
        return list(self.collect())

    def collect(self) -> Iterator[CounterMetricFamily]:
        tallies = {**{coding: Tally() for coding in _CODINGS}, **self.codings}.items()
        columns = {
            "responses": "Answers by content coding",
            "bytes_in": "Bytes of bodies before encoding",
            "bytes_out": "Bytes of bodies as sent",
            "seconds": "Seconds spent encoding",
        }
        for column, explanation in columns.items():
            family = CounterMetricFamily(f"{_PREFIX}_{column}", explanation, labels=["coding"])
            for coding, tally in tallies:
                family.add_metric([coding], getattr(tally, column))
            yield family
        family = CounterMetricFamily(f"{_PREFIX}_skipped", "Answers left as they were, by reason", labels=["reason"])
        for reason, count in {**dict.fromkeys(_REASONS, 0), **self.skipped}.items():
            family.add_metric([reason], count)
        yield family
