"""Expressions with the matchers that every selector has, so that the variables of a dashboard hold everywhere."""

from __future__ import annotations

CHOSEN = 'job=~"$job", instance=~"$instance"'
CHOSEN_IF_ANY = 'job=~"$job|", instance=~"$instance|"'
RATE = "$__rate_interval"
RANGE = "$__range"


def of(metric: str, *matchers: str) -> str:
    """A selector of the chosen jobs and instances, with more matchers."""
    return f"{metric}{{{', '.join([CHOSEN, *matchers])}}}"


def rate(metric: str, *matchers: str) -> str:
    """What a counter gains a second."""
    return f"rate({of(metric, *matchers)}[{RATE}])"


def increase(metric: str, *matchers: str, over: str = RANGE) -> str:
    """What a counter has gained, usually in all the time that is shown."""
    return f"increase({of(metric, *matchers)}[{over}])"


def total(expression: str, *labels: str) -> str:
    """The sum, by labels."""
    return f"sum by ({', '.join(labels)}) ({expression})" if labels else f"sum({expression})"


def quantile(share: float, histogram: str, *matchers: str, labels: tuple[str, ...] = ()) -> str:
    """The value that this share of a histogram's observations does not exceed."""
    return f"histogram_quantile({share}, {total(rate(f'{histogram}_bucket', *matchers), 'le', *labels)})"


def recorded(name: str, *matchers: str) -> str:
    """A series of a rule, which has a job and an instance only where its source has: those without are shown too."""
    return f"{name}{{{', '.join([CHOSEN_IF_ANY, *matchers])}}}"
