"""What AWX accepts as a survey, and as answers to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .errors import ApiError

Element = dict[str, Any]

_TYPES: dict[str, type | tuple[type, ...]] = {
    "text": str,
    "textarea": str,
    "password": str,
    "multiplechoice": str,
    "multiselect": str,
    "integer": int,
    "float": (float, int),
}


def check_survey(survey: dict[str, Any]) -> None:
    """ApiError when AWX would not store it."""
    for name, kind in (("name", str), ("description", str), ("spec", list)):
        if not isinstance(survey.get(name), kind):
            raise _wrong(f"Field '{name}' is missing from survey spec or is no {kind.__name__}.")
    if not survey["spec"]:
        raise _wrong("'spec' doesn't contain any items.")
    variables: set[str] = set()
    for number, element in enumerate(survey["spec"]):
        _check_element(number, element)
        if element["variable"] in variables:
            raise _wrong(f"'variable' '{element['variable']}' duplicated in survey question {number}.")
        variables.add(element["variable"])


def _check_element(number: int, element: Element) -> None:
    for name, kind in (("type", str), ("question_name", str), ("variable", str), ("required", bool)):
        if not isinstance(element.get(name), kind):
            raise _wrong(f"'{name}' missing from survey question {number}, or no {kind.__name__}.")
    kind_of = element["type"]
    if kind_of not in _TYPES:
        raise _wrong(f"'{kind_of}' in survey question {number} is not one of '{', '.join(_TYPES)}'.")
    default = element.get("default", "")
    if default != "" and not isinstance(default, _TYPES[kind_of]):
        raise _wrong(f"Default value {default} in survey question {number} expected to be {kind_of}.")
    for limit in ("min", "max"):
        if not isinstance(element.get(limit), int | None):
            raise _wrong(f"The {limit} limit in survey question {number} expected to be integer.")
    if kind_of in ("multiselect", "multiplechoice"):
        if "choices" not in element:
            raise _wrong(f"Survey question {number} of type {kind_of} must specify choices.")
        chosen = default.splitlines()
        if kind_of == "multiplechoice" and len(chosen) > 1:
            raise _wrong("Multiple Choice (Single Select) can only have one default value.")
        if any(one not in element["choices"] for one in chosen):
            raise _wrong("Default choice must be answered from the choices listed.")


def errors_in(element: Element, answers: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the answer to one question."""
    variable = element["variable"]
    if variable not in answers:
        if element["required"]:
            yield f"'{variable}' value missing"
        return
    value, kind = answers[variable], element["type"]
    if kind in ("text", "textarea", "password"):
        if not isinstance(value, str):
            yield f"Value {value} for '{variable}' expected to be a string."
        else:
            yield from _out_of_range(element, value, len(value))
    elif kind in ("integer", "float"):
        if isinstance(value, bool) or not isinstance(value, _TYPES[kind]):
            yield f"Value {value} for '{variable}' expected to be a number."
        else:
            yield from _out_of_range(element, value, value)
    else:
        values = value if kind == "multiselect" else [value]
        if not isinstance(values, list):
            yield f"'{variable}' value is expected to be a list."
        else:
            choices = element["choices"].splitlines() if isinstance(element["choices"], str) else element["choices"]
            wrong = [one for one in values if one not in choices]
            yield from (f"Value {one} for '{variable}' expected to be one of {choices}." for one in wrong)


def _out_of_range(element: Element, value: Any, size: float) -> Iterator[str]:
    least, most = element.get("min"), element.get("max")
    if least is not None and size < least:
        yield f"'{element['variable']}' value {value} is too small (must be at least {least})."
    if most is not None and size > most:
        yield f"'{element['variable']}' value {value} is too large (must be no more than {most})."


def _wrong(message: str) -> ApiError:
    return ApiError(400, {"error": message})
