# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bad input for a backend whose instances are pods. Each complaint names the variable at fault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .cache_url import NONE, parse_url
from .errors import BackendFailure
from .preflight import as_numbers, compression_complaints, setting_complaints

_AUTOSCALING = ("min", "max", "cpu_percent")


def complaints(variables: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with settings of the backend, its number and its cache."""
    variables = as_numbers(variables)
    found = [*compression_complaints(variables["compression"]), *setting_complaints(variables)]
    return found + _autoscaling_complaints(variables["autoscaling"]) + _cache_complaints(variables["cache_url"])


def _autoscaling_complaints(autoscaling: Mapping[str, Any]) -> list[str]:
    found = [
        f"autoscaling.{name}: there is no such setting; right would be one of {', '.join(_AUTOSCALING)}"
        for name in autoscaling
        if name not in _AUTOSCALING
    ]
    if not autoscaling or found:
        return found
    found = [
        f"autoscaling.{name}: {autoscaling.get(name)!r} is not possible; right would be a whole number of 1 or more"
        for name in _AUTOSCALING
        if not isinstance(autoscaling.get(name), int) or autoscaling[name] < 1
    ]
    if not found and autoscaling["min"] > autoscaling["max"]:
        found.append(
            f"autoscaling.max: {autoscaling['max']} is less than min; right would be {autoscaling['min']} or more"
        )
    return found


def _cache_complaints(url: str) -> list[str]:
    try:
        parse_url(url or NONE)
    except BackendFailure as failure:
        return [failure.message]
    return []
