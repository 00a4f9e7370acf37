# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Dashboards as they are kept, made those of one installation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

# Where the links of the kept dashboards lead.
RUNBOOKS = "https://github.com/omnimind/platform/blob/main/docs/runbooks/"


def dashboard_thresholds(
    dashboard: Mapping[str, Any],
    places: Sequence[Mapping[str, Any]],
    thresholds: Mapping[str, float],
    runbooks: str = RUNBOOKS,
) -> dict[str, Any]:
    """The dashboard with these numbers where its colours change.

    Args:
        dashboard: a mapping as Grafana reads it; left as it is.
        places: where numbers stand: `panel` (its id), `path` (keys and indices from the panel on), `threshold` (its name),
            and `complement` where the number is 1 minus the threshold's.
        thresholds: numbers by name; a name that is missing leaves what stands there.
        runbooks: address that runbooks are under, with its last slash.
    """
    found = deepcopy(dict(dashboard))
    panels = {panel["id"]: panel for panel in found["panels"]}
    for place in places:
        if place["threshold"] in thresholds:
            *way, last = place["path"]
            holder: Any = panels[place["panel"]]
            for step in way:
                holder = holder[step]
            number = thresholds[place["threshold"]]
            holder[last] = round(1 - number, 9) if place.get("complement") else number
    return found if runbooks == RUNBOOKS else _led_to(found, runbooks)


def _led_to(value: Any, runbooks: str) -> Any:
    """With every link to a runbook leading to another place."""
    if isinstance(value, dict):
        return {
            name: (
                runbooks + item[len(RUNBOOKS) :]
                if name == "url" and isinstance(item, str) and item.startswith(RUNBOOKS)
                else _led_to(item, runbooks)
            )
            for name, item in value.items()
        }
    return [_led_to(item, runbooks) for item in value] if isinstance(value, list) else value
