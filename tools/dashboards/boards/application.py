"""Application: what users of the backend feel. Rate, errors and duration of requests (the RED method), then why."""

from __future__ import annotations

from .. import limits as at
from ..board import Board, Row, alert_count, alert_rows
from ..panels import MUTED, P50, P95, P99, Column, Empty, Look, Query, heat, lines, number, rows
from ..promql import of, quantile, rate, recorded, total

ALERTS = (
    "BackendDown|BackendErrorRate|BackendLatency|BackendRestarting|BackendCache.+|BackendCircuitOpen"
    "|BackendSettingsRefused|Slo.+|ErrorBudgetRunningOut|AnomalyDetected"
)
SLO_ALERTS = ["SloBurnFast", "SloBurnSteady", "SloBurnTicket", "SloBurnSlow"]
# Probes and scrapes are no users: they would make every figure look better.
USERS = 'route!~"/health|/ready|/metrics"'
FAILED = 'status=~"5.."'
REQUESTS, SECONDS = "omnimind_http_requests_total", "omnimind_http_request_seconds"
LOOKUPS = "omnimind_cache_lookups_total"
ANSWERED, ASKED_CACHE = 'outcome=~"l1_hit|l2_hit"', 'outcome=~"l1_hit|l2_hit|miss"'
WANTED, ATTACHED = 'state="wanted"', 'state="attached"'
CODED = 'coding!="identity"'
CLASSES = {f"{digit}xx": f'status=~"{digit}.."' for digit in range(2, 6)}
NEEDS_RULES = "Needs the rules"

requests = total(rate(REQUESTS, USERS))
failed = total(rate(REQUESTS, USERS, FAILED))
# Where nothing has failed yet, there is no series of failures.
failure_ratio = f"({failed} or {requests} * 0) / ({requests} > 0) or {requests} * 0"
hit_ratio = f"{total(rate(LOOKUPS, ANSWERED))} / ({total(rate(LOOKUPS, ASKED_CACHE))} > 0)"
bytes_in = total(rate("omnimind_compression_bytes_in_total", CODED))
bytes_out = total(rate("omnimind_compression_bytes_out_total", CODED))
image_bytes_in, image_bytes_out = total(rate("omnimind_image_bytes_in_total")), total(
    rate("omnimind_image_bytes_out_total")
)
QUANTILES = {"p50": Look(color=P50), "p95": Look(color=P95), "p99": Look(color=P99)}


def quantiles(histogram: str, *matchers: str) -> list[Query]:
    """Median and tail."""
    return [Query(quantile(share, histogram, *matchers), f"p{share * 100:.0f}") for share in (0.5, 0.95, 0.99)]


HEADLINE = Row(
    "",
    [
        number(
            "Requests",
            requests,
            "Requests of users that end, a second. Probes and scrapes are not counted.",
            "A sudden fall means that users do not reach the backend: look at the load balancer and the network first.",
            unit="reqps",
        ),
        number(
            "Errors",
            failure_ratio,
            "The share of users' requests that the backend answers with 5xx: what they see as an outage.",
            "See below which route fails, and since when: compare with the deployments drawn into the graphs, and roll back "
            "when they agree.",
            unit="percentunit",
            limits=at.above("error_rate"),
            alerts=["BackendErrorRate"],
            decimals=2,
        ),
        number(
            "Latency, p95",
            quantile(0.95, SECONDS, USERS),
            "95 of 100 requests are answered within this time.",
            "Find the route below. Then see whether agents are busy, the cache misses, or Redis is slow.",
            unit="s",
            limits=at.above("latency_p95"),
            alerts=["BackendLatency"],
            empty=Empty.IDLE,
        ),
        number(
            "Error budget left",
            f"min({recorded('slo:error_budget:left_ratio')})",
            "How much may still go wrong in this window before a promise to users is broken, for the promise that is worst "
            "off. 100% is untouched, below 0% the promise is broken.",
            "Stop risky changes until it has grown again, and mend what spends it: see Service levels.",
            unit="percentunit",
            limits=at.below("error_budget"),
            alerts=["ErrorBudgetRunningOut"],
            absent=NEEDS_RULES,
            empty=Empty.NO_RULES,
            decimals=1,
        ),
        number(
            "Cache hits",
            hit_ratio,
            "The share of lookups that the cache answers, in the process or from Redis. Each miss is work done again.",
            "After a restart or a change of keys it is low for a while. When it stays low, entries are evicted or expire too "
            "soon: see Redis.",
            unit="percentunit",
            decimals=1,
            empty=Empty.IDLE,
        ),
        alert_count(ALERTS),
        alert_rows(ALERTS),
    ],
)

RATE = Row(
    "Rate",
    [
        lines(
            "Requests by route",
            [Query(total(rate(REQUESTS, USERS), "route"), "{{route}}")],
            "Throughput: requests a second by route.",
            "A route that grows alone is one client or one feature: its log lines carry request ids to follow.",
            unit="reqps",
        ),
        lines(
            "Requests by outcome",
            [
                Query(f"{total(rate(REQUESTS, USERS, matcher))} or {requests} * 0", name)
                for name, matcher in CLASSES.items()
            ],
            "The same requests by class of status: 4xx are mistakes of clients, 5xx are ours.",
            "Many 4xx at once is a client that was changed, or somebody who tries doors. 5xx are in the row Errors.",
            unit="reqps",
            looks={
                "2xx": Look(color=at.GOOD),
                "3xx": Look(color="light-blue"),
                "4xx": Look(color=at.WARNING),
                "5xx": Look(color=at.CRITICAL),
            },
            stacked=True,
        ),
        lines(
            "Active connections",
            [Query(of("omnimind_http_requests_active"), "{{instance}}")],
            "Requests under way in each backend, with the scrape itself: at rest it is 1.",
            "When it climbs and stays while the rate does not, requests wait for something: agents, Redis, or slow readers.",
            unit="none",
        ),
    ],
)

ERRORS = Row(
    "Errors",
    [
        lines(
            "Share of errors",
            [
                Query(
                    f"({total(rate(REQUESTS, USERS, FAILED), 'instance')} or {total(rate(REQUESTS, USERS), 'instance')} * 0)"
                    f" / ({total(rate(REQUESTS, USERS), 'instance')} > 0)",
                    "{{instance}}",
                )
            ],
            "The share of requests answered with 5xx, by backend.",
            "One backend alone: restart it, and keep its log. All of them: look for what they share, Redis or a deployment.",
            unit="percentunit",
            limits=at.above("error_rate"),
            alerts=["BackendErrorRate"],
            empty=Empty.IDLE,
        ),
        lines(
            "Errors by route and status",
            [Query(f"{total(rate(REQUESTS, USERS, FAILED), 'route', 'status')} > 0", "{{status}} {{route}}")],
            "Which routes answer with which 5xx, a second. 503 says that something is full or stopping, 500 is a bug.",
            'For 503 see the queue on the business dashboard; for 500 find `"level": "error"` in the log, with its stack.',
            unit="reqps",
            absent="No errors",
            empty=Empty.FAULTLESS,
        ),
        lines(
            "Targets that answer",
            [Query(of("up"), "{{job}} {{instance}}")],
            "1 for a backend that answers Prometheus, 0 for one that does not.",
            "`systemctl status` on its host, then its log: it may have ended, or be too busy to answer.",
            unit="none",
            alerts=["BackendDown", "BackendRestarting"],
            steps=True,
            full=1,
        ),
    ],
)

DURATION = Row(
    "Duration",
    [
        lines(
            "Latency",
            quantiles(SECONDS, USERS),
            "Within which time half, 95 and 99 of 100 requests are answered.",
            "When only p99 is high, few requests are slow: a route, a large body, a cold cache. When p50 is too, all wait.",
            unit="s",
            limits=at.above("latency_p95"),
            looks=QUANTILES,
            alerts=["BackendLatency"],
        ),
        heat(
            "Latency of all requests",
            total(rate(f"{SECONDS}_bucket", USERS), "le"),
            "How many requests took how long: the darker, the more. Two bands are two kinds of requests, as hits and misses.",
            "A band that moves up is a slower dependency; a new band is a new kind of request.",
            alerts=["BackendLatency"],
            width=8,
        ),
        lines(
            "Latency by route, p95",
            [Query(quantile(0.95, SECONDS, USERS, labels=("route",)), "{{route}}")],
            "Within which time 95 of 100 requests of a route are answered. Pictures are slower than documents by nature.",
            "Compare with last week by the time picker: a route that got slower alone points at its own code or its input.",
            unit="s",
            limits=at.above("latency_p95"),
            alerts=["BackendLatency"],
        ),
    ],
)

LEVELS = Row(
    "Service levels",
    [
        rows(
            "Promises and how they are kept",
            [
                f"max by (slo) ({recorded(name)})"
                for name in ("slo:objective:ratio", "slo:sla:ratio", "slo:error_budget:left_ratio")
            ],
            [
                Column("slo", "Service level"),
                Column("Value #A", "Promised", "percentunit"),
                Column("Value #B", "Kept", "percentunit"),
                Column("Value #C", "Budget left", "percentunit", limits=at.below("error_budget")),
            ],
            "What was promised (the objective), the share of good events over the whole window of the promise (the SLA), and "
            "how much of its error budget is left.",
            "A promise below its objective is broken: tell whom it was given to, and stop risky changes.",
            alerts=SLO_ALERTS,
            absent=NEEDS_RULES,
            empty=Empty.NO_RULES,
            width=8,
            height=8,
        ),
        lines(
            "Error budget over time",
            [Query(recorded("slo:error_budget:left_ratio"), "{{slo}}")],
            "How much of each error budget is left. It falls by what goes wrong, and grows as old faults leave the window.",
            "A steep fall pages by itself. A slow one is a choice: mend what spends it, or change the promise.",
            unit="percentunit",
            limits=at.below("error_budget"),
            alerts=["ErrorBudgetRunningOut"],
            absent=NEEDS_RULES,
            empty=Empty.NO_RULES,
            negative="a budget may be overdrawn",
            full=1,
        ),
        lines(
            "Budget spent, times too fast",
            [
                Query(recorded("slo:burn_rate:ratio", 'window="1h"'), "{{slo}} 1 h"),
                Query(recorded("slo:burn_rate:ratio", 'window="6h"'), "{{slo}} 6 h"),
                Query(recorded("slo:burn_rate:ratio", 'window="3d"'), "{{slo}} 3 d"),
            ],
            "How fast the budget is spent: at 1 it is just used up at the end of the window, at 14.4 a month's is gone in two "
            "days. Alerts ask a long and a short window together.",
            "High over 1 h only is an incident now; high over 3 d only is a fault that nobody noticed.",
            unit="short",
            alerts=SLO_ALERTS,
            absent=NEEDS_RULES,
            empty=Empty.NO_RULES,
        ),
    ],
)

CACHE = Row(
    "Cache",
    [
        lines(
            "Lookups by outcome",
            [Query(total(rate(LOOKUPS), "outcome"), "{{outcome}}")],
            "Where lookups end, a second: in the process (l1), in Redis (l2), as a miss, or beside the cache (outage, bypass).",
            "Outages say that Redis does not answer: every answer is still right, but made anew each time.",
            unit="ops",
            looks={
                "l1_hit": Look(color=at.GOOD),
                "l2_hit": Look(color="light-green"),
                "miss": Look(color="blue"),
                "bypass": Look(color=MUTED),
                "outage": Look(color=at.CRITICAL),
            },
            alerts=["BackendCacheOutage"],
            stacked=True,
            width=6,
        ),
        lines(
            "A miss costs",
            quantiles("omnimind_cache_load_seconds"),
            "How long it takes to make what the cache did not have: what a user waits for after a miss.",
            "When it grows, the work behind it does: pictures got larger, or agents are busy.",
            unit="s",
            looks=QUANTILES,
            width=6,
        ),
        lines(
            "Redis answers within",
            quantiles("omnimind_redis_command_seconds"),
            "How long a command to Redis takes as the backend sees it, with the network.",
            "Above some milliseconds: see the Redis dashboard for a slow command, and the network between the two.",
            unit="s",
            looks=QUANTILES,
            width=6,
        ),
        lines(
            "What is wrong with the cache",
            [
                Query(of("omnimind_redis_circuits_open"), "{{instance}} nodes left alone"),
                Query(of("omnimind_cache_unwritten"), "{{instance}} writes that wait"),
                Query(
                    f"{of('omnimind_cache_listeners', WANTED)} - ignoring (state) {of('omnimind_cache_listeners', ATTACHED)}",
                    "{{instance}} primaries not heard",
                ),
                Query(total(rate("omnimind_cache_errors_total"), "kind"), "{{kind}} a second"),
            ],
            "Nodes that do not answer and are left alone, writes that Redis has not got yet, primaries whose changes are not "
            "heard, and failures by kind. All are 0 when the cache is sound.",
            "The Redis dashboard tells which node is away. Entries may be stale for as long as a primary is not heard.",
            unit="short",
            alerts=["BackendCircuitOpen", "BackendCacheDeaf", "BackendCacheUnwritten"],
            width=6,
        ),
    ],
)

COMPRESSION = Row(
    "Compression and pictures",
    [
        lines(
            "Bytes saved",
            [
                Query(f"1 - {bytes_out} / ({bytes_in} > 0)", "answers"),
                Query(f"1 - {image_bytes_out} / ({image_bytes_in} > 0)", "pictures"),
            ],
            "The share of bytes that were not sent: of answers by their content coding, of pictures by their optimisation.",
            "When it falls, clients ask for no coding, or bodies are of a kind that does not compress.",
            unit="percentunit",
            full=1,
            negative="a coding may make a body larger",
        ),
        lines(
            "Answers by coding",
            [
                Query(total(rate("omnimind_compression_responses_total"), "coding"), "{{coding}}"),
                Query(total(rate("omnimind_compression_skipped_total"), "reason"), "not: {{reason}}"),
            ],
            "With which coding answers leave, a second, and why others are left as they are.",
            "A reason that grows tells what to change in compression.yaml.",
            unit="reqps",
            alerts=["BackendSettingsRefused"],
        ),
        lines(
            "Time spent compressing",
            [Query(total(rate("omnimind_compression_seconds_total"), "coding"), "{{coding}}")],
            "Seconds of processor time a second: 1 is a whole core that does nothing but compress.",
            "Lower the level of that coding in compression.yaml: it is taken up without a restart.",
            unit="short",
        ),
    ],
)

PROCESS = Row(
    "Processes",
    [
        lines(
            "Processor time of a backend",
            [Query(rate("process_cpu_seconds_total"), "{{instance}}")],
            "Cores that a backend uses.",
            "Near the number of its workers it is full: add instances, or see which route grew.",
            unit="short",
            width=6,
        ),
        lines(
            "Memory of a backend",
            [Query(of("process_resident_memory_bytes"), "{{instance}}")],
            "Memory that a backend holds, with its part of the cache.",
            "It levels out after a day. When it does not, note the slope and restart one instance to compare.",
            unit="bytes",
            width=6,
        ),
        lines(
            "Descriptors of a backend",
            [Query(f"{of('process_open_fds')} / {of('process_max_fds')}", "{{instance}}")],
            "The share of file descriptors that a backend may have open; each connection is one.",
            "Connections that are not closed: compare with the active ones, and look for slow clients.",
            unit="percentunit",
            limits=at.above("file_descriptors"),
            alerts=["HostFileDescriptorsHigh"],
            full=1,
            width=6,
        ),
        rows(
            "What runs",
            [
                f"{of('omnimind_backend_info')} * on (job, instance) group_left () (time() - {of('process_start_time_seconds')})"
            ],
            [
                Column("host", "Host"),
                Column("instance", "Instance"),
                Column("version", "Version"),
                Column("Value", "Up for", "s"),
            ],
            "Each backend with its version, and for how long it has run.",
            "Two versions for longer than a roll-out takes is a roll-out that stopped halfway: run its playbook again.",
            alerts=["BackendRestarting"],
            width=6,
            height=8,
        ),
    ],
)

EARLY = Row(
    "Early warning",
    [
        lines(
            "Not as at this time of day",
            [Query(recorded("anomaly:signal:z", 'signal=~"requests|latency|errors"'), "{{signal}} {{instance}}")],
            "How many standard deviations a signal is from what it was at this time on the last six days. Needs two days of "
            "data.",
            "Nobody is woken by it. Ask what is different today: a campaign, a client, a deployment, a fault that begins.",
            unit="short",
            limits=at.above("anomaly"),
            alerts=["AnomalyDetected"],
            absent="Needs two days of data",
            empty=Empty.NO_HISTORY,
            negative="less than usual is negative",
            width=12,
        ),
        lines(
            "Requests, and what was expected",
            [
                Query(recorded("anomaly:signal:value", 'signal="requests"'), "now"),
                Query(recorded("anomaly:signal:expected", 'signal="requests"'), "expected", rare=True),
            ],
            "Requests a second, and the mean of the same half hour of the last six days.",
            "A gap that stays is a new normal, or users who do not get through.",
            unit="reqps",
            looks={"expected": Look(color=MUTED, dashed=True)},
            absent="Needs the rules",
            empty=Empty.NO_RULES,
            width=12,
        ),
    ],
)

BOARD = Board(
    "application",
    "OmniMind / Application",
    "The backend as its users feel it, by the RED method: rate, errors and duration of requests, the promises about them, "
    "and below that what they depend on.",
    "omnimind_backend_info",
    ALERTS,
    [HEADLINE, RATE, ERRORS, DURATION, LEVELS, CACHE, COMPRESSION, PROCESS, EARLY],
)
