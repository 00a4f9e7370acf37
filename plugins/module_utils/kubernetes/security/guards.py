# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Budgets, a quota and a limit range, made of what a user declares."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Dict, List

from ..budgets.amounts import Amount, read_amount
from ..budgets.budgets import ALWAYS_ALLOW, IF_HEALTHY_BUDGET
from ..errors import ManifestError
from ..fields import meant, read_mapping
from ..limit_ranges import read_limit_range
from ..quantities import read_quantities, read_quantity

Object = Dict[str, Any]
_AMOUNTS = {"min_available": "minAvailable", "max_unavailable": "maxUnavailable"}
# What LimitRanges have of a resource, each at most as much as the next.
_RISING = ("min", "defaultRequest", "default", "max")


def budget(metadata: Object, component: str, wanted: Any, components: Mapping[str, Any]) -> Object:
    """A PodDisruptionBudget of a component; ManifestError when it is none, or lets no pod go whatever there is."""
    where = f"budgets.{component}"
    if component not in components:
        raise ManifestError(where, f"there is no component {component!r}; {meant(component, sorted(components))}")
    fields = read_mapping(where, wanted, (*_AMOUNTS, "unhealthy"))
    given = [name for name in _AMOUNTS if name in fields]
    if len(given) != 1:
        raise ManifestError(where, "it has one of min_available and max_unavailable")
    (bound,) = given
    amount = _amount(f"{where}.{bound}", fields[bound])
    unhealthy = fields.get("unhealthy", ALWAYS_ALLOW)
    if unhealthy not in (ALWAYS_ALLOW, IF_HEALTHY_BUDGET):
        complaint = f"it is {ALWAYS_ALLOW} or {IF_HEALTHY_BUDGET}, not {unhealthy!r}"
        raise ManifestError(f"{where}.unhealthy", complaint)
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata,
        "spec": {
            "selector": {"matchLabels": dict(components[component]["labels"])},
            _AMOUNTS[bound]: str(amount) if amount.is_percentage else amount.number,
            "unhealthyPodEvictionPolicy": unhealthy,
        },
    }


def _amount(where: str, value: Any) -> Amount:
    # A template makes a text of a number.
    amount = read_amount(where, int(value) if isinstance(value, str) and value.isdecimal() else value, at_most=100)
    if where.endswith("max_unavailable") and amount.number == 0:
        raise ManifestError(where, f"{amount} lets no pod go, ever, so that no node can be drained; right is 1 or more")
    if where.endswith("min_available") and amount.is_percentage and amount.number == 100:
        raise ManifestError(where, f"{amount} lets no pod go, ever, so that no node can be drained; right is less")
    return amount


def quota(metadata: Object, wanted: Any) -> Object:
    """A ResourceQuota; ManifestError when an amount is none."""
    read_quantities("quota", wanted)
    hard = {name: str(amount) for name, amount in wanted.items() if amount is not None}
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": {"hard": hard}}


def limit_range(metadata: Object, wanted: Any) -> Object:
    """A LimitRange of its entries; ManifestError when one of them is none."""
    made = {"apiVersion": "v1", "kind": "LimitRange", "metadata": metadata, "spec": {"limits": wanted}}
    try:
        read_limit_range(made)
    except ManifestError as error:
        text = error.message.partition("spec.limits")[2]
        raise ManifestError("limit_range" + text.partition(": ")[0], text.partition(": ")[2]) from error
    limits = [
        {key: _texts(content) if isinstance(content, Mapping) else content for key, content in one.items()}
        for one in wanted
    ]
    return {**made, "spec": {"limits": limits}}


def limit_range_complaints(wanted: Any) -> List[str]:
    """Amounts that the API would not take beside each other; what is no limit range at all is told elsewhere."""
    found = []
    for index, one in enumerate(wanted if isinstance(wanted, (list, tuple)) else ()):
        known = [(name, one[name]) for name in _RISING if isinstance(one, Mapping) and isinstance(one.get(name), dict)]
        for resource in sorted({resource for _name, amounts in known for resource in amounts}):
            found += _falling(f"limit_range[{index}]", resource, [(n, a[resource]) for n, a in known if resource in a])
    return found


def _falling(where: str, resource: str, amounts: List[Any]) -> List[str]:
    try:
        read = [(name, amount, read_quantity(where, amount)) for name, amount in amounts]
    except ManifestError:
        return []
    return [
        f"{where}.{less[0]}.{resource}: {less[1]} is more than {more[0]}, which is {more[1]}"
        for less, more in zip(read, read[1:])
        if less[2] > more[2]
    ]


def _texts(amounts: Mapping[str, Any]) -> Dict[str, str]:
    return {name: str(amount) for name, amount in amounts.items()}
