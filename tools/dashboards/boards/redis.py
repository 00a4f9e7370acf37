"""Redis Cluster: is every slot served, by a master that has a replica, with room to spare?"""

from __future__ import annotations

from .. import limits as at
from ..board import Board, Row, alert_count, alert_rows
from ..limits import Step
from ..panels import IN, OUT, Column, Empty, Look, Query, lines, number, rows
from ..promql import increase, of, rate, total

ALERTS = "Redis.+"
NO_LIMIT = "maxmemory is not set"
NODE = "{{instance}}"
SLOTS = 16384
ALL_SLOTS = (Step(at.CRITICAL), Step(at.GOOD, SLOTS))

MASTER, SLAVE = 'role="master"', 'role="slave"'

roles = of("redis_instance_info")
masters = of("redis_instance_info", MASTER)
memory_used = f"{of('redis_memory_used_bytes')} / ({of('redis_memory_max_bytes')} > 0)"
hits, misses = total(rate("redis_keyspace_hits_total")), total(rate("redis_keyspace_misses_total"))
without_replica = (
    f"count({of('redis_connected_slaves')} == 0 and on (job, instance) {masters}"
    f" and on (job, instance) {of('redis_cluster_enabled')} == 1) or vector(0)"
)
# A master that was a replica at some time shown: each failover makes one.
were_replicas = f"last_over_time({of('redis_instance_info', SLAVE)}[$__range])"
promoted = f"count({masters} and on (job, instance) {were_replicas}) or vector(0)"


def of_masters(expression: str) -> str:
    """Of the nodes that are masters, so of each shard once."""
    return f"{expression} and on (job, instance) {masters}"


HEADLINE = Row(
    "",
    [
        number(
            "Slots served",
            f"min({of('redis_cluster_slots_ok')})",
            "Of 16384 slots, how many are served, as the node sees it that sees least. A key whose slot is not served can be "
            "neither read nor written.",
            "Ask `redis_cluster_info` for the slots and their masters. A master that is down needs its replica promoted: "
            "`redis_failover.yml`.",
            unit="none",
            limits=ALL_SLOTS,
            alerts=["RedisClusterSlotsNotOk", "RedisClusterStateFail"],
            width=3,
        ),
        number(
            "Nodes down",
            f"count({of('redis_up')} == 0) or vector(0)",
            "How many nodes do not answer the exporter.",
            "Look at the node's service and log. The cluster goes on as long as each master or its replica lives.",
            unit="none",
            limits=at.ANY,
            alerts=["RedisDown", "RedisExporterDown"],
            width=3,
        ),
        number(
            "Masters alone",
            without_replica,
            "Masters without a replica: when one of them dies, its slots are gone, and what is in them.",
            "Bring the replica back, or run the playbook of the cluster again: it gives every master its replicas.",
            unit="none",
            limits=at.ANY,
            alerts=["RedisMasterWithoutReplica"],
            width=3,
        ),
        number(
            "Promoted in the time shown",
            promoted,
            "Masters that were replicas before, in the time shown: failovers, planned or not.",
            "After one that nobody planned, look for what happened to the old master: its log, and its host.",
            unit="none",
            alerts=["RedisFailoverHappened"],
            graph=False,
            width=3,
        ),
        number(
            "Commands",
            total(rate("redis_commands_processed_total")),
            "Commands a second over all nodes, with those of replication.",
            "A sudden fall with nodes up means that clients do not get through; a rise is a client that asks in a loop.",
            unit="ops",
            width=3,
        ),
        number(
            "Hit rate",
            f"{hits} / ({hits} + {misses} > 0)",
            "The share of reads that find their key.",
            "Low after a restart is normal. When it stays low, keys are evicted (see Memory) or expire too soon.",
            unit="percentunit",
            decimals=1,
            empty=Empty.IDLE,
            width=3,
        ),
        number(
            "Fullest node",
            f"max({memory_used})",
            "The share of maxmemory in use on the node that has least left. At the end keys are evicted, or writes refused.",
            "Raise maxmemory where the host has room, or add a shard: `redis_scale.yml`.",
            unit="percentunit",
            limits=at.above("redis_memory"),
            alerts=["RedisMemoryNearLimit"],
            absent=NO_LIMIT,
            decimals=1,
            width=3,
        ),
        alert_count(ALERTS, width=3),
        alert_rows(ALERTS),
    ],
)

CLUSTER = Row(
    "Cluster",
    [
        lines(
            "Slots by state",
            [
                Query(f"min({of('redis_cluster_slots_ok')})", "served"),
                Query(f"max({of('redis_cluster_slots_pfail')})", "master perhaps down"),
                Query(f"max({of('redis_cluster_slots_fail')})", "master down"),
                Query(f"{SLOTS} - min({of('redis_cluster_slots_assigned')})", "nobody's"),
            ],
            "How many slots are served, in doubt, down, or given to nobody, each as the node sees it that sees worst.",
            "Slots in doubt are decided within cluster-node-timeout. Slots that stay down need a failover, nobody's a fix.",
            unit="none",
            looks={
                "served": Look(color=at.GOOD),
                "master perhaps down": Look(color=at.WARNING),
                "master down": Look(color=at.CRITICAL),
                "nobody's": Look(color="dark-red"),
            },
            alerts=["RedisClusterSlotsNotOk"],
            steps=True,
        ),
        lines(
            "Nodes and epoch",
            [
                Query(f"min({of('redis_cluster_known_nodes')})", "nodes known"),
                Query(f"min({of('redis_cluster_size')})", "masters with slots"),
                Query(f"max({of('redis_cluster_current_epoch')})", "epoch"),
            ],
            "How many nodes know each other, how many masters have slots, and the cluster's epoch. Each failover is an epoch.",
            "Fewer nodes than there should be is a node that was forgotten; an epoch that climbs is masters that come and go.",
            unit="none",
            alerts=["RedisClusterStateFail", "RedisFailoverHappened"],
            steps=True,
        ),
        rows(
            "Nodes",
            [f"{roles} * on (job, instance) group_left () {of('redis_uptime_in_seconds')}"],
            [
                Column("instance", "Node"),
                Column("role", "Role"),
                Column("redis_version", "Version"),
                Column("Value", "Up for", "s"),
            ],
            "Every node with its role (a slave is a replica), its version, and for how long it has run.",
            "A node that is missing does not answer. Two versions side by side is a rolling restart that has stopped halfway.",
            alerts=["RedisDown"],
            width=8,
            height=8,
        ),
    ],
)

SHARDS = Row(
    "Shards",
    [
        lines(
            "Memory of each shard",
            [Query(of_masters(of("redis_memory_used_bytes")), NODE)],
            "Memory that each master uses. Shards hold about the same share of keys, so they should use about the same.",
            "One far above the others has large keys, or a hash tag that draws too many to it: `redis-cli --bigkeys`.",
            unit="bytes",
            width=6,
        ),
        lines(
            "Commands of each shard",
            [Query(of_masters(rate("redis_commands_processed_total")), NODE)],
            "Commands a second that each master processes.",
            "One far above the others has a hot key: cache it nearer to its readers, or split it.",
            unit="ops",
            width=6,
        ),
        lines(
            "Keys of each shard",
            [Query(of_masters(total(of("redis_db_keys"), "job", "instance", "host")), NODE)],
            "How many keys each master holds.",
            "Growth without end is keys that never expire: look at the share with an expiry in Cache.",
            unit="short",
            width=6,
        ),
        lines(
            "Processor of each node",
            [Query(f"{rate('redis_cpu_sys_seconds_total')} + {rate('redis_cpu_user_seconds_total')}", NODE)],
            "Cores that each node uses. Redis runs commands in one thread: near 1 it is full, however many cores there are.",
            "Find the expensive command in Latency, or add a shard to spread the work.",
            unit="short",
            width=6,
        ),
    ],
)

REPLICATION = Row(
    "Replication",
    [
        lines(
            "Replication lag",
            [Query(of("redis_connected_slave_lag_seconds"), "{{slave_ip}}:{{slave_port}}")],
            "How long ago a master last heard from each of its replicas. What is written in that time is lost if it dies now.",
            "The replica is busy, its disk is slow, or the network between the two is full.",
            unit="s",
            limits=at.above("redis_replication_lag"),
            alerts=["RedisReplicationLag"],
        ),
        lines(
            "Replicas with a master",
            [Query(of("redis_master_link_up"), NODE)],
            "1 for a replica that is connected to its master, 0 for one that is not and gets older by the second.",
            "Its log says why: the login (masterauth), the network, or a master that is down.",
            unit="none",
            alerts=["RedisReplicationBroken"],
            steps=True,
            full=1,
        ),
        lines(
            "Synchronised again",
            [
                Query(
                    total(increase("redis_replica_resyncs_full", over="$__rate_interval"), "instance"), f"{NODE} whole"
                ),
                Query(
                    total(increase("redis_replica_partial_resync_accepted", over="$__rate_interval"), "instance"),
                    f"{NODE} partly",
                ),
            ],
            "How often replicas were sent everything again, or only what they had missed.",
            "Whole ones cost memory and network: make repl-backlog-size larger than what is written in an interruption.",
            unit="none",
        ),
    ],
)

CACHE = Row(
    "Cache",
    [
        lines(
            "Hits and misses",
            [Query(hits, "hits"), Query(misses, "misses")],
            "Reads a second that find their key, and that do not.",
            "Misses that grow with hits unchanged are new keys; hits that turn into misses are keys that went.",
            unit="ops",
            looks={"hits": Look(color=at.GOOD), "misses": Look(color="blue")},
        ),
        lines(
            "Keys that go",
            [
                Query(total(rate("redis_evicted_keys_total")), "evicted"),
                Query(total(rate("redis_expired_keys_total")), "expired"),
            ],
            "Keys that end in their time (expired), and those thrown out since memory was full (evicted), a second.",
            "Evictions mean that the cache is too small for what is asked of it: give it memory, or shorter lives.",
            unit="ops",
            looks={"evicted": Look(color=at.WARNING), "expired": Look(color="blue")},
            alerts=["RedisEvictingKeys"],
        ),
        lines(
            "Memory in use",
            [Query(memory_used, NODE)],
            "The share of maxmemory that each node uses.",
            "At the end keys are evicted, or writes refused, as maxmemory-policy says. Raise maxmemory or add a shard.",
            unit="percentunit",
            limits=at.above("redis_memory"),
            alerts=["RedisMemoryNearLimit"],
            absent=NO_LIMIT,
            full=1,
        ),
    ],
)

CLIENTS = Row(
    "Clients",
    [
        lines(
            "Connections in use",
            [Query(f"{of('redis_connected_clients')} / {of('redis_config_maxclients')}", NODE)],
            "The share of maxclients that is connected to each node.",
            "At the end new clients are refused. Look for a client that does not reuse its connections: `CLIENT LIST`.",
            unit="percentunit",
            limits=at.above("redis_connections"),
            alerts=["RedisConnectionsNearLimit"],
            width=6,
        ),
        lines(
            "Clients",
            [
                Query(total(of("redis_connected_clients")), "connected"),
                Query(total(of("redis_blocked_clients")), "waiting in a blocking command"),
                Query(total(rate("redis_rejected_connections_total")), "refused a second"),
            ],
            "Clients that are connected, those that wait in a blocking command, and connections refused.",
            "Any that are refused: raise maxclients, or find who opens them.",
            unit="short",
            looks={"refused a second": Look(color=at.CRITICAL)},
            alerts=["RedisRejectingConnections"],
            width=6,
        ),
        lines(
            "Received and sent",
            [
                Query(f"8 * {total(rate('redis_net_input_bytes_total'))}", "received"),
                Query(f"8 * {total(rate('redis_net_output_bytes_total'))}", "sent"),
            ],
            "Bits a second over all nodes, with replication.",
            "More sent without more commands is larger values: `redis-cli --bigkeys`.",
            unit="bps",
            looks={"received": Look(color=IN), "sent": Look(color=OUT)},
            width=6,
        ),
        lines(
            "Errors by kind",
            [Query(f"{total(rate('redis_errors_total'), 'err')} > 0", "{{err}}")],
            "Error replies a second by kind. MOVED and ASK only tell a client where a slot is.",
            "NOAUTH and WRONGPASS are a login; OOM is a full node; CLUSTERDOWN is slots that nobody serves.",
            unit="ops",
            absent="No errors",
            empty=Empty.FAULTLESS,
            width=6,
        ),
    ],
)

LATENCY = Row(
    "Latency and saving",
    [
        lines(
            "Time of a command, the ten slowest",
            [
                Query(
                    f"topk(10, {total(rate('redis_commands_duration_seconds_total'), 'cmd')}"
                    f" / ({total(rate('redis_commands_total'), 'cmd')} > 0))",
                    "{{cmd}}",
                )
            ],
            "How long a command takes inside Redis on average. While one runs, all others wait.",
            "Milliseconds are a command over a whole large key: KEYS, SMEMBERS, a script. `SLOWLOG GET` has its arguments.",
            unit="s",
        ),
        lines(
            "Changes not saved",
            [Query(of("redis_rdb_changes_since_last_save"), NODE)],
            "Writes since the last snapshot. Without an append only file, they are lost when the process dies.",
            "When it only grows, saving fails or is switched off: see beside it, and the log.",
            unit="short",
        ),
        lines(
            "Saving works",
            [
                Query(of("redis_rdb_last_bgsave_status"), f"{NODE} snapshot"),
                Query(of("redis_aof_last_write_status"), f"{NODE} append only file"),
            ],
            "1 when the last snapshot, or the last write to the append only file, went well; 0 when not.",
            "The disk is full or fails, or there is no memory for the fork: the log says which.",
            unit="none",
            alerts=["RedisPersistenceFailing"],
            steps=True,
            full=1,
        ),
    ],
)

BOARD = Board(
    "redis",
    "OmniMind / Redis Cluster",
    "The cluster as a whole first: slots, masters, replicas. Then its shards side by side, replication, the cache it is, and "
    "its clients.",
    "redis_up",
    ALERTS,
    [HEADLINE, CLUSTER, SHARDS, REPLICATION, CACHE, CLIENTS, LATENCY],
)
