# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""LimitRanges: what they give to containers that ask for nothing, and which pods they refuse."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .budgets.metadata import read_metadata
from .errors import ManifestError
from .fields import read_list, read_mapping
from .pod_resources import LIMITS, REQUESTS, Amounts, Container, PodResources
from .quantities import format_quantity, read_quantities

_TYPES = ("Container", "Pod", "PersistentVolumeClaim")
_AMOUNTS = ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio")


@dataclass(frozen=True)
class Bound:
    """One entry of a LimitRange, for each "Container" or each "Pod"."""

    type: str
    least: Amounts = field(default_factory=dict)
    most: Amounts = field(default_factory=dict)
    limits: Amounts = field(default_factory=dict)
    requests: Amounts = field(default_factory=dict)
    ratio: Amounts = field(default_factory=dict)


@dataclass(frozen=True)
class LimitRange:
    """What its entries ask, in their order."""

    namespace: str
    name: str
    bounds: tuple[Bound, ...]


def read_limit_range(manifest: Any) -> LimitRange:
    """A LimitRange, with what the API adds to it; ManifestError if it is none."""
    metadata = read_metadata(manifest, ("LimitRange",))
    where = f"{metadata.where}spec"
    spec = read_mapping(where, manifest.get("spec") or {}, ("limits",), required=("limits",))
    entries = read_list(f"{where}.limits", spec["limits"])
    bounds = tuple(_bound(f"{where}.limits[{index}]", entry) for index, entry in enumerate(entries))
    return LimitRange(metadata.namespace, metadata.name, bounds)


def _bound(where: str, value: Any) -> Bound:
    fields = read_mapping(where, value, ("type", *_AMOUNTS), required=("type",))
    if fields["type"] not in _TYPES:
        raise ManifestError(f"{where}.type", f"it is one of {', '.join(_TYPES)}, not {fields['type']!r}")
    most, least, limits, requests, ratio = (read_quantities(f"{where}.{name}", fields.get(name)) for name in _AMOUNTS)
    if fields["type"] == "Container":
        # What is not said is taken from what is: the highest limit is the usual one, and so on.
        limits = {**most, **limits}
        requests = {**least, **limits, **requests}
    elif limits or requests:
        raise ManifestError(f"{where}.type", f"only a Container has a default, not a {fields['type']}")
    return Bound(fields["type"], least, most, limits, requests, ratio)


def with_defaults(pod: PodResources, ranges: Iterable[LimitRange]) -> PodResources:
    """The pod as it is once the API has filled in what its containers leave out."""
    for bound in (bound for one in ranges for bound in one.bounds if bound.type == "Container"):
        containers = (
            replace(one, requests={**bound.requests, **one.requests}, limits={**bound.limits, **one.limits})
            for one in pod.containers
        )
        pod = replace(pod, containers=tuple(containers))
    return pod


def objections(pod: PodResources, ranges: Sequence[LimitRange]) -> list[str]:
    """Why the API refuses a pod that has its defaults, as sentences; none when it does not."""
    found = [text for container in pod.containers for text in _above_limits(container)]
    for one in ranges:
        for bound in one.bounds:
            for name, requests, limits in _measured(pod, bound.type):
                found += [
                    f"{name}: {text} by LimitRange {one.namespace}/{one.name}"
                    for text in _breaches(bound, requests, limits)
                ]
    return found


def _above_limits(container: Container) -> Iterator[str]:
    for name, amount in container.requests.items():
        limit = container.limits.get(name)
        if limit is not None and amount > limit:
            texts = format_quantity(name, amount), format_quantity(name, limit)
            yield f"container {container.name}: {name} {texts[0]} is requested, above the limit {texts[1]}"


def _measured(pod: PodResources, type_: str) -> Iterator[tuple[str, Amounts, Amounts]]:
    if type_ == "Container":
        for container in pod.containers:
            yield f"container {container.name}", container.requests, container.limits
    elif type_ == "Pod":
        yield "the pod", pod.total(REQUESTS, with_overhead=False), pod.total(LIMITS, with_overhead=False)


def _breaches(bound: Bound, requests: Amounts, limits: Amounts) -> Iterator[str]:
    for name, least in bound.least.items():
        asked, limit, text = requests.get(name), limits.get(name), format_quantity(name, least)
        if asked is None:
            yield f"{name} must be requested, {text} at least"
        elif asked < least or (limit is not None and limit < least):
            yield f"{name} must be {text} at least"
    for name, most in bound.most.items():
        asked, limit, text = requests.get(name), limits.get(name), format_quantity(name, most)
        if limit is None:
            yield f"{name} must have a limit, {text} at most"
        elif limit > most or (asked is not None and asked > most):
            yield f"{name} must be {text} at most"
    for name, ratio in bound.ratio.items():
        asked, limit = requests.get(name), limits.get(name)
        if not asked or not limit:
            yield f"{name} must have a request and a limit, which must be at most {ratio} times as much"
        elif limit / asked > ratio:
            yield f"the limit of {name} must be at most {ratio} times what is requested"
