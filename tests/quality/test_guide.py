"""The guide explains every kind of problem that the slot check knows, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from quality.tools import ROOT

CORE = ROOT / "plugins" / "module_utils" / "redis"
PAGE = ROOT / "docs" / "guide" / "slot_check.rst"
# A node that gives no answer is an error, whatever the reason: problems.silent_nodes.
UNANSWERED = "error"
SECTION = re.compile(
    r"^([a-z_]+)\n~+\n\n:Severity: (\w+)\n:Means: \S.*(?:\n   .*)*\n:Cause: \S.*(?:\n   .*)*\n:Remedy: \S.*$",
    re.MULTILINE,
)


def test_guide_explains_every_problem() -> None:
    """Code and severity are those of the source, and each has its meaning, cause and remedy."""
    page = PAGE.read_text(encoding="utf-8")
    explained = SECTION.findall(page)
    titles = re.findall(r"^(\w+)\n~+$", page, re.MULTILINE)
    assert [code for code, severity in explained] == titles
    assert sorted(explained) == sorted({*problems(), *refusals()})


def problems() -> Iterator[tuple[str, str]]:
    """Code and severity of each Problem(...) in problems.py.

    A code that is not written in the call comes from the rows of a `for code, ... in (...)`, or is
    that of a node that gave no answer.
    """
    tree = parse("problems.py")
    looped = {row.elts[0].value for loop in loops_over_codes(tree) for row in loop.iter.elts}
    for call in calls(tree, "Problem"):
        code, severity = call.args[:2]
        level = severity.id.lower()
        if isinstance(code, ast.Constant):
            yield code.value, level
        elif isinstance(code, ast.Name):
            assert looped, "where does this code come from?"
            yield from ((value, level) for value in looped)
        else:
            assert ast.unparse(code) == "trouble.code" and level == UNANSWERED


def loops_over_codes(tree: ast.Module) -> Iterator[ast.For]:
    for node in ast.walk(tree):
        if isinstance(node, ast.For) and ast.unparse(node.target).startswith("(code,"):
            yield node


def refusals() -> Iterator[tuple[str, str]]:
    """Codes, with severity, of what keeps a node from answering: survey.py."""
    tree = parse("survey.py")
    (table,) = (
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "REFUSALS"
    )
    yield from ((code, UNANSWERED) for _beginning, code, _reason in ast.literal_eval(table))
    for call in calls(tree, "Trouble"):
        if isinstance(call.args[0], ast.Constant):
            yield call.args[0].value, UNANSWERED


def parse(name: str) -> ast.Module:
    return ast.parse(Path(CORE / name).read_text(encoding="utf-8"))


def calls(tree: ast.Module, name: str) -> Iterator[ast.Call]:
    """Every call of the function or class of this name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node
