"""What rules read of a dashboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import promql_parser

# Grafana's variables, as durations that nobody writes.
STANDINS = {"$__rate_interval": "4m17s", "$__range": "3h21m7s", "$__interval": "1m13s"}


class Finding(NamedTuple):
    """One thing that is wrong, and the id of the panel that it is wrong with; 0 for the dashboard."""

    what: str
    panel: int = 0


Rule = Callable[[Mapping[str, Any]], Iterator[Finding]]


class Target(NamedTuple):
    """One query of a panel."""

    panel: Mapping[str, Any]
    expression: str

    def wrong(self, what: str) -> Finding:
        return Finding(f"{self.panel['title']}: {what} in {self.expression}", self.panel["id"])


class Selector(NamedTuple):
    """A selector in an expression; `over` is its range as a duration, `function` what the range is an argument of."""

    metric: str
    matchers: dict[str, list[tuple[str, str]]]
    over: str = ""
    function: str = ""


def data_panels(dashboard: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All but the headings of rows."""
    yield from (panel for panel in dashboard["panels"] if panel["type"] != "row")


def targets(dashboard: Mapping[str, Any]) -> Iterator[Target]:
    for panel in data_panels(dashboard):
        for target in panel.get("targets", []):
            yield Target(panel, target.get("expr", ""))


def filled(expression: str) -> str:
    """Without Grafana's own durations; `$job` and `$instance` are strings to PromQL."""
    for name, standin in STANDINS.items():
        expression = expression.replace(name, standin)
    return expression


def parsed(expression: str) -> promql_parser.Expr:
    """ValueError when it is no PromQL."""
    return promql_parser.parse(filled(expression))


def selectors(expression: str) -> list[Selector]:
    """All in it; ValueError when it is no PromQL."""
    found: list[Selector] = []
    _walk(parsed(expression), "", found)
    return found


def _walk(node: Any, function: str, found: list[Selector]) -> None:
    if isinstance(node, promql_parser.VectorSelector):
        found.append(_selector(node))
    elif isinstance(node, promql_parser.MatrixSelector):
        found.append(_selector(node.vector_selector)._replace(over=_duration(node.range), function=function))
    elif isinstance(node, promql_parser.Call):
        for argument in node.args:
            _walk(argument, node.func.name, found)
    else:
        for name in ("lhs", "rhs", "expr", "param"):
            if getattr(node, name, None) is not None:
                _walk(getattr(node, name), function, found)


def _selector(node: Any) -> Selector:
    matchers: dict[str, list[tuple[str, str]]] = {}
    for matcher in node.matchers.matchers:
        matchers.setdefault(matcher.name, []).append((OPERATORS[str(matcher.op)], matcher.value))
    return Selector(node.name or "", matchers)


OPERATORS = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}


def _duration(range_: Any) -> str:
    """As Grafana's variable when it stands for one."""
    text = promql_parser.display_duration(range_)
    return next((name for name, standin in STANDINS.items() if standin == text), text)
