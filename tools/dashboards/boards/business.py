"""Business: does the work get done? Tasks, the agents that do them, how well and how fast."""

from __future__ import annotations

from .. import limits as at
from ..board import Board, Row, alert_count, alert_rows
from ..panels import MUTED, P50, P95, P99, Empty, Look, Query, bars, heat, lines, number
from ..promql import increase, of, quantile, rate, total

ALERTS = "BackendTasks.+|BackendAgentsBusy|AnomalyDetected"
TASKS, SECONDS, WAIT = "omnimind_tasks_total", "omnimind_task_seconds", "omnimind_task_wait_seconds"
DONE, FAILED, JUDGED, OVERLOADED = (
    'outcome="done"',
    'outcome="failed"',
    'outcome=~"done|failed"',
    'outcome="overloaded"',
)
NO_TASKS = "No tasks"
QUANTILES = {"p50": Look(color=P50), "p95": Look(color=P95), "p99": Look(color=P99)}

busy = f"{total(of('omnimind_task_workers_busy'))} / {total(of('omnimind_task_workers'))}"

succeeded = f"1 - {total(increase(TASKS, FAILED))} / ({total(increase(TASKS, JUDGED))} > 0)"
# The histogram's own bounds, in steps that people think in.
STEPS = [("up to 0.1 s", "", "0.1"), ("0.1 to 0.5 s", "0.1", "0.5"), ("0.5 to 1 s", "0.5", "1"), ("1 to 5 s", "1", "5"),
         ("5 to 30 s", "5", "30"), ("longer", "30", r"\\+Inf")]  # fmt: skip


def share(above: str, up_to: str) -> str:
    """The share of tasks that took longer than one bound and no longer than another."""
    every = total(increase(f"{SECONDS}_count"))
    parts = [total(increase(f"{SECONDS}_bucket", f'le=~"{bound}([.]0)?"')) for bound in (up_to, above) if bound]
    return f"({' - '.join(parts)}) / ({every} > 0)"


HEADLINE = Row(
    "",
    [
        number(
            "Tasks done",
            total(increase(TASKS, DONE)),
            "How many tasks were done in all the time shown.",
            "Compare with the same hours of last week: fewer tasks are fewer orders, or orders that are not taken.",
            unit="short",
            graph=False,
            decimals=0,
        ),
        number(
            "Success rate",
            succeeded,
            "Of the tasks that were worked on in the time shown, the share that was done. Tasks refused for their input are "
            "the sender's mistake and do not count.",
            "The log names each task that failed and why; see below which kind it is.",
            unit="percentunit",
            limits=at.share_left_of("task_failure"),
            alerts=["BackendTasksFailing"],
            absent=NO_TASKS,
            empty=Empty.IDLE,
            graph=False,
            decimals=2,
        ),
        number(
            "Processing time, p95",
            quantile(0.95, SECONDS),
            "95 of 100 tasks take no longer than this once they are begun.",
            "See below which kind got slower, and whether its input got larger.",
            unit="s",
            absent=NO_TASKS,
            empty=Empty.IDLE,
        ),
        number(
            "Agents at work",
            busy,
            "The share of agents that work on a task now. The agents of the reference backend are the workers of its pool.",
            "Add workers or instances before the queue is full: from then on tasks are turned away.",
            unit="percentunit",
            limits=at.above("agents"),
            alerts=["BackendAgentsBusy"],
            decimals=0,
        ),
        number(
            "Tasks waiting",
            total(of("omnimind_task_queue")),
            "Tasks that were accepted and that no agent has begun.",
            "A queue that does not empty between bursts needs more agents.",
            unit="none",
        ),
        alert_count(ALERTS),
        alert_rows(ALERTS),
    ],
)

THROUGHPUT = Row(
    "Tasks",
    [
        lines(
            "Tasks done by kind",
            [Query(total(rate(TASKS, DONE), "kind"), "{{kind}}")],
            "What the platform delivers: tasks done a second, by kind.",
            "A kind that stops while others go on has a problem of its own, or nobody who sends it.",
            unit="ops",
        ),
        lines(
            "Tasks by outcome",
            [Query(total(rate(TASKS), "outcome"), "{{outcome}}")],
            "How tasks end, a second: done, refused for their input, failed by our fault, turned away as all was full, or "
            "cancelled before they began.",
            "Failed and overloaded are ours to mend. Refused ones belong to whoever sends them: ask for their input.",
            unit="ops",
            looks={
                "done": Look(color=at.GOOD),
                "refused": Look(color="blue"),
                "failed": Look(color=at.CRITICAL),
                "overloaded": Look(color=at.WARNING),
                "cancelled": Look(color=MUTED),
            },
            alerts=["BackendTasksFailing", "BackendTasksRefused"],
            stacked=True,
        ),
        lines(
            "Share that fails",
            [Query(f"{total(rate(TASKS, FAILED), 'kind')} / ({total(rate(TASKS, JUDGED), 'kind')} > 0)", "{{kind}}")],
            "Of the tasks that agents worked on, the share that failed through no fault of their sender, by kind.",
            "Find the task ids in the log and try one again: does it fail every time, or only under load?",
            unit="percentunit",
            limits=at.above("task_failure"),
            alerts=["BackendTasksFailing"],
            absent=NO_TASKS,
            empty=Empty.IDLE,
        ),
    ],
)

TIMES = Row(
    "Processing time",
    [
        lines(
            "Processing time",
            [Query(quantile(share, SECONDS), f"p{share * 100:.0f}") for share in (0.5, 0.95, 0.99)],
            "Within which time half, 95 and 99 of 100 tasks end once they are begun.",
            "When p99 moves alone, few tasks are slow: look at the largest inputs.",
            unit="s",
            looks=QUANTILES,
            width=6,
        ),
        heat(
            "Processing time of all tasks",
            total(rate(f"{SECONDS}_bucket"), "le"),
            "How many tasks took how long: the darker, the more.",
            "A band that moves up is work that got heavier; two bands are two kinds of tasks.",
            width=6,
        ),
        bars(
            "Distribution in the time shown",
            [Query(share(above, up_to), name) for name, above, up_to in STEPS],
            "The share of tasks by how long they took, over all the time shown.",
            "A long tail is what the slowest customers see: mend that before the mean.",
            unit="percentunit",
            absent=NO_TASKS,
            empty=Empty.IDLE,
            full=1,
            width=6,
        ),
        lines(
            "Processing time by kind, p95",
            [Query(quantile(0.95, SECONDS, labels=("kind",)), "{{kind}}")],
            "Within which time 95 of 100 tasks of a kind end once they are begun.",
            "Compare with the deployments drawn into the graph: did it get slower with one?",
            unit="s",
            width=6,
        ),
    ],
)

AGENTS = Row(
    "Agents and queue",
    [
        lines(
            "Agents",
            [
                Query(total(of("omnimind_task_workers_busy")), "at work"),
                Query(total(of("omnimind_task_workers")), "there are"),
            ],
            "How many agents work, and how many there are.",
            "When the lines touch for long, tasks wait: add workers or instances.",
            unit="none",
            looks={"at work": Look(color="blue"), "there are": Look(color=MUTED, dashed=True)},
            steps=True,
            width=6,
        ),
        lines(
            "Agent utilisation",
            [Query(f"{of('omnimind_task_workers_busy')} / {of('omnimind_task_workers')}", "{{instance}}")],
            "The share of each backend's agents that work.",
            "One backend alone at the top gets more than its share: see how requests are spread.",
            unit="percentunit",
            limits=at.above("agents"),
            alerts=["BackendAgentsBusy"],
            full=1,
            width=6,
        ),
        lines(
            "Queue",
            [
                Query(total(of("omnimind_task_queue")), "waiting"),
                Query(total(of("omnimind_task_queue_limit")), "places"),
                Query(total(rate(TASKS, OVERLOADED)), "turned away a second"),
            ],
            "Tasks that wait, how many may, and those that are turned away since no place is free.",
            "A full queue is told to senders as 503 with Retry-After. Add agents, or a longer queue for short bursts.",
            unit="short",
            looks={
                "waiting": Look(color="blue"),
                "places": Look(color=MUTED, dashed=True),
                "turned away a second": Look(color=at.CRITICAL),
            },
            alerts=["BackendTasksRefused"],
            width=6,
        ),
        lines(
            "Time in the queue",
            [Query(quantile(share, WAIT), f"p{share * 100:.0f}") for share in (0.5, 0.95, 0.99)],
            "How long tasks wait before an agent begins them. Senders feel it on top of the processing time.",
            "It grows long before agents are all busy at every moment: bursts need headroom.",
            unit="s",
            looks=QUANTILES,
            width=6,
        ),
    ],
)

BOARD = Board(
    "business",
    "OmniMind / Business",
    "Whether the work gets done: tasks processed, how many succeed, how long they take, and whether the agents keep up.",
    "omnimind_backend_info",
    ALERTS,
    [HEADLINE, THROUGHPUT, TIMES, AGENTS],
)
