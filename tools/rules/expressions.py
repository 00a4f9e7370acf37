"""What a PromQL expression is made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import promql_parser as promql

COMPARISONS = frozenset({"==", "!=", ">", "<", ">=", "<="})
SETS = frozenset({"and", "or", "unless"})


def walk(node: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Every node of a parsed expression, with those that it stands in, the outermost first."""
    yield node, above
    for part in _parts(node):
        yield from walk(part, (*above, node))


def selectors(node: Any) -> list[Any]:
    """Every vector selector."""
    return [part for part, _above in walk(node) if isinstance(part, promql.VectorSelector)]


def metrics(node: Any) -> set[str]:
    """The names of all metrics."""
    return {selector.name for selector in selectors(node) if selector.name}


def kept_labels(node: Any) -> set[str] | None:
    """The labels that the result can have; None for whatever labels the metrics have."""
    if isinstance(node, promql.AggregateExpr):
        return _aggregated(node)
    if isinstance(node, promql.BinaryExpr):
        return _combined(node)
    if isinstance(node, promql.Call):
        name, arguments = node.func.name, node.args
        if name in ("vector", "time", "scalar", "absent", "absent_over_time"):
            return set()
        if name == "label_replace":
            below = kept_labels(arguments[0])
            return below if below is None else below | {arguments[1].val}
        vectors = [argument for argument in arguments if not _is_number(argument)]
        return kept_labels(vectors[0]) if vectors else set()
    if isinstance(node, (promql.ParenExpr, promql.UnaryExpr, promql.SubqueryExpr)):
        return kept_labels(node.expr)
    return set() if _is_number(node) else None


def _aggregated(node: Any) -> set[str] | None:
    if node.modifier is None:
        return set()
    below = kept_labels(node.expr)
    names = set(node.modifier.labels)
    if node.modifier.type == promql.AggModifierType.By:
        return names if below is None else names & below
    return None if below is None else below - names


def _combined(node: Any) -> set[str] | None:
    left, right = kept_labels(node.lhs), kept_labels(node.rhs)
    if _is_number(node.lhs):
        return right
    if _is_number(node.rhs) or str(node.op) in ("and", "unless"):
        return left
    if str(node.op) == "or":
        return None if left is None or right is None else left | right
    modifier = node.modifier
    if modifier is not None and modifier.matching is not None:
        if modifier.card == promql.VectorMatchCardinality.ManyToOne:
            return left if left is None else left | set(modifier.group_labels.labels if modifier.group_labels else ())
        if modifier.card == promql.VectorMatchCardinality.OneToOne and str(node.op) not in COMPARISONS:
            return _matched(modifier.matching, left)
    return left


def _matched(matching: Any, left: set[str] | None) -> set[str] | None:
    if matching.type == promql.LabelModifierType.Include:
        return set(matching.labels)
    return None if left is None else left - set(matching.labels)


def _is_number(node: Any) -> bool:
    if isinstance(node, (promql.ParenExpr, promql.UnaryExpr)):
        return _is_number(node.expr)
    if isinstance(node, promql.BinaryExpr):
        return _is_number(node.lhs) and _is_number(node.rhs)
    if isinstance(node, promql.Call):
        return node.func.name in ("time", "scalar")
    return isinstance(node, (promql.NumberLiteral, promql.StringLiteral))


def _parts(node: Any) -> list[Any]:
    if isinstance(node, promql.BinaryExpr):
        return [node.lhs, node.rhs]
    if isinstance(node, promql.Call):
        return list(node.args)
    if isinstance(node, promql.MatrixSelector):
        return [node.vector_selector]
    if isinstance(node, promql.AggregateExpr):
        return [node.expr] + ([node.param] if node.param is not None else [])
    if isinstance(node, (promql.ParenExpr, promql.UnaryExpr, promql.SubqueryExpr)):
        return [node.expr]
    return []
