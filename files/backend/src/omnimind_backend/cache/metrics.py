"""What Prometheus is told about the cache."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

OUTCOMES = ("l1_hit", "l2_hit", "miss", "outage", "bypass")
# As RedisFailure has them.
FAILURES = (
    "connection", "timeout", "auth", "loading", "cluster_down", "circuit", "doubtful", "pool", "response", "other",
)  # fmt: skip
COMMANDS = ("GET", "SET", "EVAL", "UNLINK")
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class CacheMetrics:
    """One a registry. Every label that can be known begins at 0, so that a rate sees its first event."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.lookups = Counter(
            "omnimind_cache_lookups", "Lookups; an outage or a bypass is never a miss.", ["outcome"], registry=registry
        )
        self.outcomes = {outcome: self.lookups.labels(outcome) for outcome in OUTCOMES}
        self.loads = Counter("omnimind_cache_loads", "Loads by result.", ["result"], registry=registry)
        for result in ("stored", "not_stored", "failed"):
            self.loads.labels(result)
        self.load_seconds = Histogram("omnimind_cache_load_seconds", "A load.", buckets=SECONDS, registry=registry)
        self.refreshes = Counter("omnimind_cache_refreshes", "Loads begun before the end.", registry=registry)
        self.invalidations = Counter(
            "omnimind_cache_invalidations", "What this process was told of changes.", ["scope"], registry=registry
        )
        for scope in ("key", "prefix", "all"):
            self.invalidations.labels(scope)
        self.errors = Counter("omnimind_cache_errors", "Failures of Redis by kind.", ["kind"], registry=registry)
        for kind in FAILURES:
            self.errors.labels(kind)
        self.local_entries = Gauge("omnimind_cache_local_entries", "Entries in this process.", registry=registry)
        self.local_bytes = Gauge("omnimind_cache_local_bytes", "Bytes in this process.", registry=registry)
        self.listeners = Gauge(
            "omnimind_cache_listeners", "Primaries wanted and heard of changes.", ["state"], registry=registry
        )
        for state in ("wanted", "attached"):
            self.listeners.labels(state)
        self.unwritten = Gauge(
            "omnimind_cache_unwritten", "Keys whose last write Redis has not got.", registry=registry
        )
        self.command_seconds = Histogram(
            "omnimind_redis_command_seconds", "A command to Redis.", ["command"], buckets=SECONDS, registry=registry
        )
        for command in COMMANDS:
            self.command_seconds.labels(command)
        self.in_use = Gauge("omnimind_redis_connections_in_use", "Connections that commands use.", registry=registry)
        self.circuits = Gauge("omnimind_redis_circuits_open", "Nodes left alone as they are away.", registry=registry)
