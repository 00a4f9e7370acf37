"""Rules of each expression."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .reading import Finding, Rule, Selector, Target, selectors, targets

COUNTERS = ("_total", "_bucket", "_count", "_sum")
OF_COUNTERS = {"rate", "irate", "increase"}
RANGES = {"rate": {"$__rate_interval"}, "irate": {"$__rate_interval"}, "increase": {"$__rate_interval", "$__range"}}


def target_promql(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """Each is PromQL."""
    for target in targets(dashboard):
        try:
            selectors(target.expression)
        except ValueError as error:
            yield target.wrong(f"{error}")


def target_job(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """Each selector follows the variable `job`."""
    yield from _without("job", dashboard)


def target_instance(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """Each selector follows the variable `instance`."""
    yield from _without("instance", dashboard)


def _without(label: str, dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    for target, selector in _all_selectors(dashboard):
        # What a rule made has these labels only where its source has.
        variable = f"${label}|" if ":" in selector.metric or selector.metric == "ALERTS" else f"${label}"
        if ("=~", variable) not in selector.matchers.get(label, []):
            yield target.wrong(f'{selector.metric or "a selector"} without {label}=~"{variable}"')


def target_counter_agg(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """A counter is read by what it gains."""
    for target, selector in _all_selectors(dashboard):
        if selector.metric.endswith(COUNTERS) and selector.function not in OF_COUNTERS:
            yield target.wrong(f"{selector.metric} without rate or increase")


def target_rate_interval(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """A rate is taken over what the resolution asks for; other ranges are all the time shown."""
    for target, selector in _all_selectors(dashboard):
        if selector.over and selector.over not in RANGES.get(selector.function, {"$__range"}):
            yield target.wrong(f"{selector.function} over {selector.over}")


def target_named(dashboard: Mapping[str, Any]) -> Iterator[Finding]:
    """A selector has a name: others read everything there is."""
    for target, selector in _all_selectors(dashboard):
        if not selector.metric:
            yield target.wrong("a selector without a metric")


def _all_selectors(dashboard: Mapping[str, Any]) -> Iterator[tuple[Target, Selector]]:
    for target in targets(dashboard):
        try:
            yield from ((target, selector) for selector in selectors(target.expression))
        except ValueError:
            continue  # told by target-promql


RULES: Mapping[str, Rule] = {
    "target-promql": target_promql,
    "target-job": target_job,
    "target-instance": target_instance,
    "target-counter-agg": target_counter_agg,
    "target-rate-interval": target_rate_interval,
    "target-named": target_named,
}
