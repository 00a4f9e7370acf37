# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The whole set of what guards a namespace's resources, and what must be done for it to be as wanted."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Dict, List, Tuple

from ..budgets.budgets import read_budget
from ..errors import KubernetesFailure, ManifestError
from ..limit_ranges import read_limit_range
from ..quota_scopes import read_quota
from ..resources import title

Object = Dict[str, Any]
# In the order of what is made: a quota refuses pods that only a limit range gives their requests.
READERS: Mapping[str, Callable[[Any], Any]] = {
    "LimitRange": read_limit_range,
    "ResourceQuota": read_quota,
    "PodDisruptionBudget": lambda one: read_budget(one).normal,
}
LABELS = {
    "LimitRange": "omnimind.platform/limit-set",
    "ResourceQuota": "omnimind.platform/quota-set",
    "PodDisruptionBudget": "omnimind.platform/budget-set",
}


@dataclass
class Work:
    """What is to be done, in this order: objects to make, to replace (as they will be, as they are), to remove."""

    create: List[Object] = field(default_factory=list)
    replace: List[Tuple[Object, Object]] = field(default_factory=list)
    remove: List[Object] = field(default_factory=list)


def in_set(live: Mapping[str, Any], name: str) -> bool:
    """Whether an object is of the set of this name."""
    return (live["metadata"].get("labels") or {}).get(LABELS[live["kind"]]) == name


def wanted_objects(definitions: Sequence[Any], namespace: str, name: str, kinds: Sequence[str]) -> List[Object]:
    """Definitions with namespace and label; ManifestError for one that the API would not take."""
    found: Dict[Tuple[str, str], Object] = {}
    for index, one in enumerate(definitions):
        where = f"definitions[{index}]"
        kind = one.get("kind")
        if kind not in kinds:
            raise ManifestError(f"{where}.kind", f"it is {' or '.join(kinds)}, not {kind!r}")
        metadata = {"namespace": namespace, **(one.get("metadata") or {})}
        if metadata["namespace"] != namespace:
            raise ManifestError(f"{where}.metadata.namespace", f"it is {namespace}, not {metadata['namespace']!r}")
        metadata["labels"] = {**(metadata.get("labels") or {}), LABELS[kind]: name}
        whole = {**one, "metadata": metadata}
        try:
            READERS[kind](whole)
        except ManifestError as error:
            raise ManifestError(where, error.message) from error
        if (kind, metadata["name"]) in found:
            raise ManifestError(where, f"{title(kind, metadata['name'], namespace)} is there twice")
        found[kind, metadata["name"]] = whole
    order = list(READERS)
    return sorted(found.values(), key=lambda one: (order.index(one["kind"]), one["metadata"]["name"]))


def work_to_do(wanted: Iterable[Object], live: Iterable[Object], name: str, adopt: bool) -> Work:
    """KubernetesFailure for an object of somebody else under a name that is wanted, unless it is adopted."""
    there = {(one["kind"], one["metadata"]["name"]): one for one in live}
    work, others = Work(), []
    for one in wanted:
        found = there.pop((one["kind"], one["metadata"]["name"]), None)
        if found is None:
            work.create.append(one)
        elif not in_set(found, name) and not adopt:
            others.append(title(one["kind"], one["metadata"]["name"], one["metadata"]["namespace"]))
        elif not _same(found, one):
            work.replace.append((_over(found, one), found))
    if others:
        raise KubernetesFailure(
            f"adopt: {', '.join(others)} is there and not of the set {name!r}; remove it, or adopt it"
        )
    # Who refuses goes before who helps.
    work.remove = [one for one in reversed(list(there.values())) if in_set(one, name)]
    return work


def _same(found: Object, one: Object) -> bool:
    """By what they mean: the API writes 1000m as 1."""
    labels = found["metadata"].get("labels") or {}
    read = READERS[one["kind"]]
    return one["metadata"]["labels"].items() <= labels.items() and bool(read(found) == read(one))


def _over(found: Object, one: Object) -> Object:
    """In the place of what is there. Labels and annotations of others stay, all of the rest goes."""
    there = found["metadata"]
    metadata = {
        **one["metadata"],
        "labels": {**(there.get("labels") or {}), **one["metadata"]["labels"]},
        "resourceVersion": there["resourceVersion"],
    }
    if there.get("annotations"):
        metadata["annotations"] = {**there["annotations"], **one["metadata"].get("annotations", {})}
    return {**one, "metadata": metadata}


def name_of(one: Mapping[str, Any]) -> str:
    """As answers name it, `ResourceQuota omnimind`."""
    return f"{one['kind']} {one['metadata']['name']}"


def difference(work: Work) -> Dict[str, Dict[str, Any]]:
    """Before and after, of what is changed."""

    def shown(one: Mapping[str, Any]) -> Object:
        return {"labels": one["metadata"].get("labels") or {}, "spec": one["spec"]}

    gone = [*work.remove, *(former for _new, former in work.replace)]
    come = [*work.create, *(new for new, _former in work.replace)]
    return {
        "before": {name_of(one): shown(one) for one in sorted(gone, key=name_of)},
        "after": {name_of(one): shown(one) for one in sorted(come, key=name_of)},
    }
