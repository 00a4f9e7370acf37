"""The tables of docs/metrics.md, and what a process exports, in the same words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

PAGE = Path(__file__).resolve().parents[4] / "docs" / "metrics.md"
ROW = re.compile(r"^\| `(\w+)` \| (counter|gauge|histogram) \|(.*)\|$", re.MULTILINE)
LABEL = re.compile(r"^`(\w+)`: (.+)$")


@dataclass(frozen=True)
class Metric:
    """Type, and the values of each label; None where any is allowed."""

    kind: str
    labels: Mapping[str, frozenset[str] | None] = field(default_factory=dict)

    @property
    def is_closed(self) -> bool:
        """Whether all of its series can be known before anything happens."""
        return None not in self.labels.values()


def documented(beginning: str = "## The backend", end: str = "## Questions") -> dict[str, Metric]:
    """The metrics of a part of the page, by name."""
    text = PAGE.read_text(encoding="utf-8")
    part = text[text.index(f"\n{beginning}") : text.index(f"\n{end}")]
    found = {}
    for name, kind, rest in ROW.findall(part):
        assert name not in found, f"{name} has two rows"
        _unit, labels, *more = (cell.strip() for cell in rest.split("|"))
        assert all(more), f"{name}: a cell is empty"
        found[name] = Metric(kind, dict(_labels(labels)))
    assert found, "there are no tables"
    return found


def _labels(cell: str) -> Iterator[tuple[str, frozenset[str] | None]]:
    # A bracket explains, and may have a semicolon of its own.
    for part in filter(None, re.sub(r"\([^)]*\)", "", cell).split(";")):
        label = LABEL.match(part.strip())
        assert label, f"{part!r} is no label with its values"
        values = label[2].strip()
        yield label[1], None if values.startswith("any") else frozenset(values.split(", "))


def exported(text: str) -> dict[str, Metric]:
    """The metrics of a page for Prometheus, by the name that a dashboard would use; label values are those there are."""
    found = {}
    for family in text_string_to_metric_families(text):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        rows = [{key: value for key, value in sample.labels.items() if key != "le"} for sample in family.samples]
        assert rows, f"{name} has no series: it is not seen before something happens"
        assert len({tuple(sorted(row)) for row in rows}) == 1, f"{name} has series with different labels"
        found[name] = Metric(family.type, {label: frozenset(row[label] for row in rows) for label in rows[0]})
    return found


def shapes(metrics: Mapping[str, Metric]) -> dict[str, tuple[str, list[str]]]:
    """Type and label names, by metric."""
    return {name: (metric.kind, sorted(metric.labels)) for name, metric in metrics.items()}


def undocumented(metrics: Mapping[str, Metric], page: Mapping[str, Metric]) -> list[str]:
    """Label values that are exported and that the page does not know."""
    return sorted(
        f"{name}: {label}={value}"
        for name, metric in metrics.items()
        for label, values in metric.labels.items()
        for value in values or ()
        if (known := page[name].labels[label]) is not None and value not in known
    )


def names_of(expressions: Iterable[str]) -> set[str]:
    """Metrics that expressions of PromQL speak of, histograms by their own name."""
    words = {word for text in expressions for word in re.findall(r"\b(?:omnimind|process|python)_\w+", text)}
    return {re.sub(r"_(bucket|sum|count)$", "", word) for word in words}
