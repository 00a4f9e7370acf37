# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with routes, alone and together with the receivers that they lead to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .alertmanager import LEVELS
from .alertmanager_settings import GROUPING, INTERVALS, SEVERITIES
from .alertmanager_value_checks import (
    as_list,
    check_each,
    check_grouping,
    check_intervals,
    check_matchers,
    check_once,
    check_options,
    check_truth,
    is_named,
)
from .matchers import Matcher, covers, parse_matcher

_ROUTE = ("matchers", "receivers", "continue", *GROUPING, *INTERVALS)


def route_complaints(
    routes: Sequence[Any], receivers: Sequence[Any], intervals: set[str], fixed: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    """Everything that is wrong with them, and receivers that nothing gets to.

    Args:
        receivers: as users have set them, sound or not.
        intervals: names of the time intervals that there are.
        fixed: the routes before them, which are the role's own.
    """
    names = [one["name"] for one in receivers if is_named(one)]
    yield from check_each("routes", routes, lambda where, one: _route(where, one, names, intervals))
    yield from _unreachable(routes, fixed)
    yield from _always_mute(receivers, routes)
    yield from _never_told(receivers, routes)


def _route(where: str, entry: Mapping[str, Any], receivers: Sequence[str], intervals: set[str]) -> Iterator[str]:
    yield from check_options(where, entry, _ROUTE)
    yield from check_matchers(f"{where}.matchers", entry.get("matchers"))
    told = entry.get("receivers", [])
    if not isinstance(told, list):
        yield f"{where}.receivers: {told!r} is no list; right would be a list of names, even of one"
        told = []
    right = f"one of {', '.join(receivers)}" if receivers else "one that receivers has, which is empty"
    yield from (
        f"{where}.receivers: {name!r} is no receiver; right would be {right}" for name in told if name not in receivers
    )
    yield from check_once(f"{where}.receivers", [name for name in told if isinstance(name, str)])
    yield from check_truth(f"{where}.continue", entry.get("continue"))
    yield from check_intervals(where, entry, intervals)
    yield from check_grouping(f"{where}.", entry)


def _unreachable(routes: Sequence[Any], fixed: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Routes that no alert gets to: what they match ends at one before them, or cannot be."""
    ended = [(f"the role's own route of {', '.join(one['matchers'])}", _parsed(one) or []) for one in fixed]
    for index, route in enumerate(routes):
        matchers = _parsed(route)
        if matchers is None:
            continue
        where = f"routes[{index}]"
        contrary = _contrary(matchers)
        if contrary:
            yield f"{where}.matchers: no alert has {contrary[0]} and {contrary[1]}; right would be a route for each"
        before = next((name for name, earlier in ended if covers(earlier, matchers)), "")
        if before:
            yield f"{where}: no alert gets here, as {before} ends with all of them; right would be to have it first, or not at all"
        if not route.get("continue"):
            ended.append((where, matchers))


def _contrary(matchers: Sequence[Matcher]) -> tuple[Matcher, Matcher] | None:
    equal = [one for one in matchers if one.operator == "="]
    for one in equal:
        for other in matchers:
            differs = other.operator == "=" and other.value != one.value
            excludes = other.operator == "!=" and other.value == one.value
            if other.label == one.label and (differs or excludes):
                return one, other
    return None


def _parsed(route: Any) -> list[Matcher] | None:
    """The matchers of a route that are sound."""
    try:
        return [parse_matcher(text) for text in route["matchers"]] or None
    except (KeyError, TypeError, ValueError):
        return None


def _always_mute(receivers: Sequence[Any], routes: Sequence[Any]) -> Iterator[str]:
    """Receivers, and routes to them, that are mute whenever they are active. What a route says goes before."""
    own = {entry["name"]: entry for entry in receivers if is_named(entry)}
    called = [(f"receivers[{index}]", entry, {}) for index, entry in enumerate(receivers) if isinstance(entry, Mapping)]
    for index, route in enumerate(routes):
        if isinstance(route, Mapping):
            names = [name for name in as_list(route.get("receivers")) if isinstance(name, str) and name in own]
            called += [(f"routes[{index}]", own[name], route) for name in names]
    for where, receiver, route in called:
        active, mute = (as_list(route.get(key) or receiver.get(key)) for key in INTERVALS)
        if active and all(name in mute for name in active):
            yield f"{where}.mute_time_intervals: it is mute whenever it is active; right would be other intervals"


def _never_told(receivers: Sequence[Any], routes: Sequence[Any]) -> Iterator[str]:
    named = [name for route in routes if isinstance(route, Mapping) for name in as_list(route.get("receivers"))]
    for index, entry in enumerate(receivers):
        if not is_named(entry) or entry["name"] in named or not isinstance(entry.get("type"), str):
            continue
        usual = SEVERITIES.get(entry["type"], LEVELS)
        severities = entry.get("severities")
        if not (usual if severities is None else severities):
            yield f"receivers[{index}]: nothing is told to {entry['name']!r}; right would be severities, or a route that names it"
