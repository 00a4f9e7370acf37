# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Label selectors, as the API's LabelSelector has them."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from .errors import ManifestError
from .fields import read_labels, read_list, read_mapping

_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


@dataclass(frozen=True)
class Requirement:
    """One condition. `operator` is In, NotIn, Exists or DoesNotExist; the last two have no `values`."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """NotIn holds for what has no such label, too."""
        if self.operator == "Exists":
            return self.key in labels
        if self.operator == "DoesNotExist":
            return self.key not in labels
        return (labels.get(self.key) in self.values) == (self.operator == "In")

    def __str__(self) -> str:
        if self.operator == "In" and len(self.values) == 1:
            return f"{self.key}={self.values[0]}"
        words = {"In": "in", "NotIn": "not in", "Exists": "exists", "DoesNotExist": "does not exist"}
        return " ".join([self.key, words[self.operator], *([f"({', '.join(self.values)})"] if self.values else [])])


@dataclass(frozen=True)
class Selector:
    """Conditions that must all hold; without any it selects everything."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        return all(requirement.matches(labels) for requirement in self.requirements)

    @property
    def normal(self) -> Selector:
        """With its conditions in one order: the API gives labels back in one of its own."""
        return Selector(tuple(sorted(self.requirements, key=str)))

    def unmet(self, labels: Mapping[str, str]) -> Optional[Requirement]:
        """The first condition that these labels do not meet; None when it selects them."""
        return next((requirement for requirement in self.requirements if not requirement.matches(labels)), None)

    def __str__(self) -> str:
        return ", ".join(map(str, self.requirements)) or "everything"


def read_selector(where: str, value: Any) -> Selector:
    """A selector from a mapping with `matchLabels` and `matchExpressions`; ManifestError when it is none.

    Whether an absent selector selects everything or nothing is for the caller to know.
    """
    fields = read_mapping(where, value, ("matchLabels", "matchExpressions"))
    labels = read_labels(f"{where}.matchLabels", fields.get("matchLabels"))
    expressions = read_list(f"{where}.matchExpressions", fields.get("matchExpressions", []))
    return Selector(
        tuple(Requirement(key, "In", (content,)) for key, content in labels.items())
        + tuple(_requirement(f"{where}.matchExpressions[{index}]", entry) for index, entry in enumerate(expressions))
    )


def _requirement(where: str, value: Any) -> Requirement:
    fields = read_mapping(where, value, ("key", "operator", "values"), required=("key", "operator"))
    key, operator = fields["key"], fields["operator"]
    values = read_list(f"{where}.values", fields.get("values", []))
    if not isinstance(key, str) or not key:
        raise ManifestError(f"{where}.key", f"it is the name of a label, not {key!r}")
    if operator not in _OPERATORS:
        raise ManifestError(f"{where}.operator", f"it is one of {', '.join(_OPERATORS)}, not {operator!r}")
    if bool(values) != (operator in ("In", "NotIn")):
        raise ManifestError(f"{where}.values", f"{operator} has {'none' if values else 'at least one'}")
    for content in values:
        if not isinstance(content, str):
            raise ManifestError(f"{where}.values", f"a label is a text, not {content!r}")
    return Requirement(key, operator, tuple(values))
