"""The page of messages has every refusal of a preflight, and no message that the source does not have.

A refusal is a sentence that tells what would be right, or one that begins with the name of a variable, in a file of
module_utils that speaks of complaints. Left out are those that a program of somebody else puts into words, and those of
modules in the middle of an act, of which the page has those that are met most.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from quality.tools import ROOT

PAGE = ROOT / "docs" / "troubleshooting.rst"
TOLD = re.compile(r"^   ``(.+)``$", re.MULTILINE)
SLOT = "\0"  # where a sentence has a name, a number or words that come from elsewhere
OF_A_VARIABLE = re.compile(rf"[a-z_.\[\]{SLOT}]+: (?=\S)")
RIGHT = "right would be"
# A sentence that has fewer words of its own could be any.
LEAST_WORDS = 2


def test_every_refusal_is_explained() -> None:
    told = messages()
    missing = [text.replace(SLOT, "...") for text in refusals() if not any(is_of(one, text) for one in told)]
    assert not missing


def test_every_message_is_one_of_ours() -> None:
    known = [text for text in {*sentences(), *of_roles()} if words(text) >= LEAST_WORDS]
    assert [one for one in messages() if not any(is_of(one, text) for text in known)] == []


def messages() -> list[str]:
    found = TOLD.findall(PAGE.read_text(encoding="utf-8"))
    assert len(found) == len(set(found))
    return found


def refusals() -> set[str]:
    found = set()
    for path in sorted((ROOT / "plugins" / "module_utils").rglob("*.py")):
        judges = "complaint" in path.read_text(encoding="utf-8")
        for text in of_file(path):
            beginning = OF_A_VARIABLE.match(text) if judges else None
            if RIGHT in text or (beginning and words(text[beginning.end() :]) > LEAST_WORDS):
                found.add(text)
    assert len(found) > 200, "has the shape of refusals changed?"
    return found


def sentences() -> set[str]:
    """Every text in the source of plugins."""
    return {text for path in (ROOT / "plugins").rglob("*.py") for text in of_file(path)}


def of_file(path: Path) -> Iterator[str]:
    """Texts of one line, those of f-strings with a slot for each of their values."""
    return (text for text in texts(ast.parse(path.read_text(encoding="utf-8"))) if "\n" not in text)


def texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.JoinedStr):
        yield "".join(part.value if isinstance(part, ast.Constant) else SLOT for part in node.values)
    elif isinstance(node, ast.Constant):
        yield from [node.value] if isinstance(node.value, str) else []
    else:
        for child in ast.iter_child_nodes(node):
            yield from texts(child)


def of_roles() -> Iterator[str]:
    """Texts with which tasks of roles fail."""
    for path in ROOT.glob("roles/*/tasks/*.yml"):
        for text in values(yaml.safe_load(path.read_text(encoding="utf-8")), ("fail_msg", "msg")):
            yield re.sub(r"\{\{.*?\}\}", SLOT, text)


def values(tree: Any, keys: Sequence[str]) -> Iterator[str]:
    """Every text under one of the keys, at any depth."""
    if isinstance(tree, dict):
        yield from (value for key, value in tree.items() if key in keys and isinstance(value, str))
    for child in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from values(child, keys)


def words(text: str) -> int:
    return len(re.findall(r"[A-Za-z]+", text))


def is_of(message: str, text: str) -> bool:
    """Whether the message is what the text becomes when its slots are filled."""
    parts = text.split(SLOT)
    return all(part in message for part in parts) and bool(re.fullmatch(".*".join(map(re.escape, parts)), message))
