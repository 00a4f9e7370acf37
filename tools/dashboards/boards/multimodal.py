"""Multi-modal: seeing, hearing, bringing both together, and acting on it; a row each, all alike."""

from __future__ import annotations

from .. import limits as at
from ..board import Board, Row, alert_rows
from ..panels import P50, P95, P99, Drawing, Look, Query, heat, lines, number
from ..promql import of, quantile, rate, total

ALERTS = "Modality.+"
OPERATIONS, SECONDS = "omnimind_modality_operations_total", "omnimind_modality_operation_seconds"
FAILED = 'outcome="failed"'
QUANTILES = {"p50": Look(color=P50), "p95": Look(color=P95), "p99": Look(color=P99)}
# What each is, and where to look when it is not well.
MODALITIES = {
    "vision": (
        "Vision",
        "pictures are read, fitted and encoded",
        "the pictures that fail: damaged, too large, or of a new format",
    ),
    "audio": (
        "Audio",
        "sound is taken in, recognised and made",
        "the microphone or the source, its sample rate, and the model",
    ),
    "fusion": (
        "Fusion",
        "what was seen and heard is brought together",
        "the modality that comes late: fusion waits for the slowest",
    ),
    "embodied": (
        "Embodied",
        "actions are planned and carried out in the world",
        "the body's own log, and its emergency stop",
    ),
}
QUIET = "No operations"


def of_one(modality: str) -> str:
    return f'modality="{modality}"'


def failing(*matchers: str, labels: tuple[str, ...] = ()) -> str:
    """The share of operations that fail; nothing where there are none."""
    every = total(rate(OPERATIONS, *matchers), *labels)
    return f"{total(rate(OPERATIONS, *matchers, FAILED), *labels)} / ({every} > 0)"


def headline(modality: str) -> Drawing:
    name, does, look = MODALITIES[modality]
    it = of_one(modality)
    return number(
        name,
        [
            Query(total(rate(OPERATIONS, it)), "operations"),
            Query(quantile(0.95, SECONDS, it), "p95"),
            Query(failing(it), "failing"),
        ],
        f"{name}, where {does}: operations a second, within which time 95 of 100 end, and the share that fails.",
        f"See its row below for the operation, then {look}.",
        unit="ops",
        looks={
            "p95": Look("s", limits=at.above("modality_p95")),
            "failing": Look("percentunit", limits=at.above("modality_failure")),
        },
        alerts=["ModalityFailing", "ModalitySlow"],
        graph=False,
        width=6,
        height=5,
    )


def row(modality: str) -> Row:
    name, does, look = MODALITIES[modality]
    it = of_one(modality)
    lower = name.lower()
    return Row(
        name,
        [
            lines(
                f"{name}: operations",
                [Query(total(rate(OPERATIONS, it), "operation"), "{{operation}}")],
                f"How much of {lower} is done, a second by operation: where {does}.",
                "An operation that stops while others go on is broken, or has nobody who asks for it.",
                unit="ops",
                absent=QUIET,
                width=6,
            ),
            lines(
                f"{name}: share that fails",
                [Query(failing(it, labels=("operation",)), "{{operation}}")],
                f"The share of operations of {lower} that fail.",
                f"Look at {look}.",
                unit="percentunit",
                limits=at.above("modality_failure"),
                alerts=["ModalityFailing"],
                absent=QUIET,
                width=6,
            ),
            lines(
                f"{name}: latency",
                [Query(quantile(share, SECONDS, it), f"p{share * 100:.0f}") for share in (0.5, 0.95, 0.99)],
                f"Within which time half, 95 and 99 of 100 operations of {lower} end.",
                "See whether agents or the GPU are full (business, system); when not, the input got larger.",
                unit="s",
                limits=at.above("modality_p95"),
                looks=QUANTILES,
                alerts=["ModalitySlow"],
                absent=QUIET,
                width=6,
            ),
            heat(
                f"{name}: latency of all operations",
                total(rate(f"{SECONDS}_bucket", it), "le"),
                f"How many operations of {lower} took how long: the darker, the more.",
                "A band that moves up is a slower model or larger input; a new band is a new kind of operation.",
                alerts=["ModalitySlow"],
                absent=QUIET,
                width=6,
            ),
        ],
    )


HEADLINE = Row("", [*(headline(modality) for modality in MODALITIES), alert_rows(ALERTS)])

TOGETHER = Row(
    "All modalities",
    [
        lines(
            "Operations by modality",
            [Query(total(rate(OPERATIONS), "modality"), "{{modality}}")],
            "How much each modality does, a second. Fusion follows what it is fed by.",
            "When one falls and fusion with it, mend that one first.",
            unit="ops",
        ),
        lines(
            "Under way by modality",
            [Query(total(of("omnimind_modality_operations_active"), "modality"), "{{modality}}")],
            "Operations that have begun and not ended.",
            "One that climbs while its rate does not is stuck: look for what it waits for.",
            unit="none",
        ),
        lines(
            "Latency by modality, p95",
            [Query(quantile(0.95, SECONDS, labels=("modality",)), "{{modality}}")],
            "Within which time 95 of 100 operations of a modality end: side by side, to see which one holds up the others.",
            "Go to the row of the highest.",
            unit="s",
            limits=at.above("modality_p95"),
            alerts=["ModalitySlow"],
        ),
    ],
)

BOARD = Board(
    "multimodal",
    "OmniMind / Multi-modal",
    "Vision, audio, fusion and embodied actions: how much each does, how fast, and how much of it fails.",
    "omnimind_modality_operations_active",
    ALERTS,
    [HEADLINE, TOGETHER, *(row(modality) for modality in MODALITIES)],
)
