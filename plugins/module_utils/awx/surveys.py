# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Surveys of AWX, completed from what roles say of their variables.

AWX stores a survey as it is sent and returns it so, and awx.awx compares both key by key: what is made here is all that
AWX keeps of a question, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# How AWX asks for a type of Ansible, where there is nothing to choose from.
_ASKED_AS = {
    "bool": "multiplechoice",
    "int": "integer",
    "float": "float",
    "list": "text",
    "str": "text",
    "path": "text",
}
_TRUTHS = ["false", "true"]
_LONGEST_TEXT = 1024
_MARKUP = re.compile(r"\b[A-Z]{1,2}\(([^)]*)\)")


def survey(questions: Sequence[Mapping[str, Any]], options: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The survey that asks these questions; empty without any.

    Args:
        questions: each with `variable` and `question`, and what is not as the role says: `choices`, `default`,
            `required`, `min`, `max`, `type`, `description`.
        options: what roles say of their variables, by name.
    """
    spec = [_element(question, options[question["variable"]]) for question in questions]
    return {"name": "", "description": "", "spec": spec} if spec else {}


def unasked(questions: Sequence[Mapping[str, Any]], options: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What is wrong with questions, so that no survey can be made of them."""
    for question in questions:
        variable = question.get("variable", "")
        if not variable or not question.get("question"):
            yield f"{dict(question)!r} asks nothing; right would be variable and question"
        elif variable not in options:
            yield f"{variable} is a variable of no role; right would be one of its argument specification"
        elif options[variable].get("type") not in _ASKED_AS:
            yield f"{variable} is a {options[variable].get('type')}, which AWX cannot ask for; keep it in the inventory"


def _element(question: Mapping[str, Any], option: Mapping[str, Any]) -> dict[str, Any]:
    given = {**option, **question}
    choices = given.get("choices") or (_TRUTHS if option["type"] == "bool" else [])
    kind = question.get("type") or _kind(option["type"], bool(choices))
    element = {
        "question_name": question["question"],
        "question_description": _first_sentence(given.get("description", "")),
        "variable": question["variable"],
        "type": kind,
        "required": bool(question.get("required", False)),
        "choices": [str(choice) for choice in choices],
        "min": question.get("min", 0 if kind in ("text", "textarea") else None),
        "max": question.get("max", _LONGEST_TEXT if kind in ("text", "textarea") else None),
    }
    default = given.get("default")
    # AWX hands on an empty default as an answer; where there is none, none is written.
    return element if default in (None, "", []) else {**element, "default": _default(default, kind)}


def _kind(wanted: str, chosen: bool) -> str:
    if chosen:
        return "multiselect" if wanted == "list" else "multiplechoice"
    return _ASKED_AS[wanted]


def _default(value: Any, kind: str) -> Any:
    """As AWX wants it: of several choices a text with one a line."""
    if isinstance(value, bool):
        return _TRUTHS[value]
    if isinstance(value, (list, tuple)):
        return ("\n" if kind == "multiselect" else ", ").join(str(item) for item in value)
    return value if kind in ("integer", "float") else str(value)


def _first_sentence(description: str | Sequence[str]) -> str:
    text = description if isinstance(description, str) else " ".join(description)
    return re.split(r"(?<=[.]) ", _MARKUP.sub(r"\1", text), maxsplit=1)[0]
