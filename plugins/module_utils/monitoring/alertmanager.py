# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The whole configuration of Alertmanager, of what users set: who is told what, and what is not told.

It loads on 0.25 and on all that came after. No secret is in it, but files that have them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .alertmanager_receivers import heartbeat_entry, nobody, receiver_entry
from .alertmanager_settings import (
    GROUPING,
    HEARTBEAT,
    INTERVALS,
    NOBODY,
    TICKET,
    Receiver,
    receivers_of,
    tells,
    with_defaults,
)
from .durations import milliseconds
from .matchers import Matcher, parse_matcher

TEMPLATES = "templates/*.tmpl"  # beside the file
WATCHDOG, FAILING, HOST_DOWN = "Watchdog", "NotificationsFailing", "HostDown"
LEVELS = ("critical", "warning", "info")
# Two alerts that agree in all of these, where a label may be one that neither has, are about one thing.
SAME = (
    "alertname", "instance", "host", "job", "slo", "signal", "modality", "operation", "mountpoint", "device", "gpu",
    "resource", "path", "integration", "kind", "route",
)  # fmt: skip


def alertmanager_config(variables: Mapping[str, Any], version: str = "0.25") -> dict[str, Any]:
    """The mapping that alertmanager.yml is.

    Args:
        variables: sound ones, by their names without the role's prefix; alertmanager_settings.DEFAULTS has them all.
        version: of the Alertmanager that reads it.
    """
    settings = with_defaults(variables)
    receivers = receivers_of(settings)
    proxy = settings["alertmanager_proxy_url"]
    entries = [receiver_entry(receiver, proxy, version) for receiver in receivers]
    if settings["heartbeat"]:
        entries.append(heartbeat_entry(settings["heartbeat"], settings["secrets_directory"], proxy, version))
    intervals = settings["time_intervals"]
    return {
        "templates": [TEMPLATES],
        "route": route_tree(settings, receivers),
        "inhibit_rules": [*usual_inhibitions(), *map(_inhibition, settings["inhibit_rules"])],
        **({"time_intervals": [dict(interval) for interval in intervals]} if intervals else {}),
        "receivers": [nobody(), *entries],
    }


def route_tree(settings: Mapping[str, Any], receivers: Sequence[Receiver]) -> dict[str, Any]:
    """Who is told what. The first route that matches ends the search, unless it says to continue."""
    by_name = {receiver.name: receiver for receiver in receivers}
    return {
        "receiver": NOBODY,
        **{name: settings[f"alertmanager_{name}"] for name in GROUPING},
        "routes": [
            *fixed_routes(settings, receivers),
            *(_own_route(route, by_name) for route in settings["routes"]),
            _branch([Matcher("channel", "=", TICKET)], tells(receivers, TICKET)),
            *(_by_severity(receiver) for receiver in receivers if set(receiver.severities) - {TICKET}),
        ],
    }


def fixed_routes(settings: Mapping[str, Any], receivers: Sequence[Receiver]) -> list[dict[str, Any]]:
    """Those that no route of the user comes before: whether monitoring lives, and whether anybody hears of it."""
    return [_watchdog(settings["heartbeat"]), *_other_channel(receivers)]


def _watchdog(heartbeat: Mapping[str, Any]) -> dict[str, Any]:
    """It fires for ever. Told again and again, its silence is news."""
    interval = heartbeat.get("interval") or "1m"
    route = {"matchers": [str(Matcher("alertname", "=", WATCHDOG))], "receiver": HEARTBEAT if heartbeat else NOBODY}
    # With the whole interval as the least between two messages, every second flush would come a moment too early.
    repeat = f"{milliseconds(interval) * 9 // 10}ms"
    often = {"group_wait": "0s", "group_interval": interval, "repeat_interval": repeat}
    return {**route, "group_by": ["alertname"], **(often if heartbeat else {})}


def _other_channel(receivers: Sequence[Receiver]) -> Iterable[dict[str, Any]]:
    """That one kind of receiver fails is told by the others; by all that there are when it is the only kind."""
    for kind in dict.fromkeys(receiver.type for receiver in receivers):
        others = [receiver for receiver in tells(receivers, "critical") if receiver.type != kind]
        if others:
            yield _branch([Matcher("alertname", "=", FAILING), Matcher("integration", "=", kind)], others)


def _own_route(route: Mapping[str, Any], by_name: Mapping[str, Receiver]) -> dict[str, Any]:
    times = {name: route[name] for name in GROUPING if route.get(name)}
    intervals = {name: list(route[name]) for name in INTERVALS if route.get(name)}
    matchers = [parse_matcher(text) for text in route["matchers"]]
    branch = _branch(matchers, [by_name[name] for name in route.get("receivers") or ()], intervals)
    return {**branch, **times, "continue": bool(route.get("continue", False))}


def _branch(
    matchers: Sequence[Matcher], receivers: Sequence[Receiver], intervals: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A route to several receivers, each for itself: one that is down does not hold up another."""
    return {
        "matchers": [str(matcher) for matcher in matchers],
        "receiver": NOBODY,
        **(
            {"routes": [_leaf(receiver, intervals) | {"continue": True} for receiver in receivers]} if receivers else {}
        ),
    }


def _leaf(receiver: Receiver, intervals: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Intervals are not handed down from a route to those in it, so the last one has them."""
    own = {name: list(receiver.options[name]) for name in INTERVALS if receiver.options.get(name)}
    return {"receiver": receiver.name, **(own if intervals is None else {**own, **intervals})}


def _by_severity(receiver: Receiver) -> dict[str, Any]:
    """What is of no known severity is told like a warning, so no alert is lost through a word."""
    wanted = [level for level in LEVELS if level in receiver.severities]
    unwanted = [level for level in LEVELS if level not in receiver.severities]
    if "warning" in wanted:
        matchers = [_one_of("severity", unwanted, negative=True)] if unwanted else []
    else:
        matchers = [_one_of("severity", wanted)]
    return {
        **({"matchers": [str(matcher) for matcher in matchers]} if matchers else {}),
        **_leaf(receiver),
        "continue": True,
    }


def _one_of(label: str, values: Sequence[str], negative: bool = False) -> Matcher:
    plain = len(values) == 1
    operator = ("!=" if plain else "!~") if negative else ("=" if plain else "=~")
    return Matcher(label, operator, "|".join(values))


def usual_inhibitions() -> list[dict[str, Any]]:
    """What is not told because something worse is."""
    not_of_hosts = _one_of("alertname", [HOST_DOWN, WATCHDOG, FAILING], negative=True)
    critical = Matcher("severity", "=", "critical")
    return [
        # Without a host in both there would be one "host" of all alerts that have none.
        _inhibit([Matcher("alertname", "=", HOST_DOWN), Matcher("host", "!=", "")], [not_of_hosts], ["host"]),
        _inhibit([critical], [_one_of("severity", ["warning", "info"])], SAME),
    ]


def _inhibition(rule: Mapping[str, Any]) -> dict[str, Any]:
    source, target = ([parse_matcher(text) for text in rule[f"{side}_matchers"]] for side in ("source", "target"))
    return _inhibit(source, target, rule.get("equal") or ())


def _inhibit(source: Sequence[Matcher], target: Sequence[Matcher], equal: Sequence[str]) -> dict[str, Any]:
    return {
        "source_matchers": [str(one) for one in source],
        "target_matchers": [str(one) for one in target],
        "equal": list(equal),
    }
