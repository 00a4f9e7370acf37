"""Label selectors, by the words of the API's reference."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.errors import ManifestError
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.selectors import read_selector


def expression(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("selector", "labels", "selects"),
    [
        ({}, {}, True),
        ({}, {"a": "1"}, True),
        ({"matchLabels": {}}, {}, True),
        ({"matchLabels": None, "matchExpressions": None}, {}, True),
        ({"matchLabels": {"a": "1"}}, {"a": "1", "b": "2"}, True),
        ({"matchLabels": {"a": "1"}}, {"a": "2"}, False),
        ({"matchLabels": {"a": "1"}}, {}, False),
        ({"matchLabels": {"a": "1", "b": "2"}}, {"a": "1"}, False),
        ({"matchLabels": {"a": ""}}, {}, False),
        (expression("a", "In", "1", "2"), {"a": "2"}, True),
        (expression("a", "In", "1", "2"), {}, False),
        (expression("a", "NotIn", "1"), {"a": "2"}, True),
        (expression("a", "NotIn", "1"), {"a": "1"}, False),
        (expression("a", "NotIn", "1"), {}, True),
        (expression("a", "Exists"), {"a": ""}, True),
        (expression("a", "Exists"), {}, False),
        (expression("a", "DoesNotExist"), {}, True),
        (expression("a", "DoesNotExist"), {"a": "1"}, False),
        ({"matchLabels": {"b": "2"}, **expression("a", "Exists")}, {"a": "1"}, False),
        ({"matchLabels": {"b": "2"}, **expression("a", "Exists")}, {"a": "1", "b": "2"}, True),
    ],
)
def test_selects(selector: dict[str, Any], labels: dict[str, str], selects: bool) -> None:
    read = read_selector("here", selector)
    assert read.matches(labels) == selects == (read.unmet(labels) is None)


@pytest.mark.parametrize(
    ("selector", "complaint"),
    [
        (None, "here: it is a mapping, not None"),
        ({"matchLabel": {}}, "here.matchLabel: there is no such field; is it matchLabels?"),
        ({"app": "web"}, "here.app: there is no such field; there are matchLabels, matchExpressions"),
        ({"matchLabels": {"a": 1}}, "here.matchLabels.a: a label is a text, not 1"),
        ({"matchLabels": ["a"]}, "here.matchLabels: it is a mapping, not ['a']"),
        (expression("a", "in", "1"), "here.matchExpressions[0].operator: it is one of In, NotIn, Exists, DoesNotExist"),
        (expression("a", "In"), "here.matchExpressions[0].values: In has at least one"),
        (expression("a", "Exists", "1"), "here.matchExpressions[0].values: Exists has none"),
        ({"matchExpressions": [{"key": "a"}]}, "here.matchExpressions[0].operator: it is missing"),
    ],
)
def test_refused_by_the_path_of_the_field(selector: Any, complaint: str) -> None:
    with pytest.raises(ManifestError) as refused:
        read_selector("here", selector)
    assert refused.value.message.startswith(complaint)


def test_the_condition_that_is_not_met_is_named() -> None:
    selector = read_selector("here", {"matchLabels": {"a": "1"}, **expression("b", "NotIn", "2", "3")})
    assert str(selector) == "a=1, b not in (2, 3)"
    assert str(selector.unmet({"a": "1", "b": "3"})) == "b not in (2, 3)"
    assert str(read_selector("here", {})) == "everything"
