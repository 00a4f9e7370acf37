# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is judged: policies and endpoints of a live cluster, with those laid over them that a user gives."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, NamedTuple, TypeVar

from ..errors import ManifestError
from ..fields import read_list
from .declarations import read_names
from .endpoints import Cluster, Endpoint, read_endpoint
from .findings import Finding
from .objects import read_cluster
from .policies import Policy, read_policy
from .warnings import find_warnings

_Read = TypeVar("_Read")


class Given(NamedTuple):
    """An object, and where a user has to look for it, such as `definitions[2]`; that is empty for one that is live."""

    where: str
    content: Any


@dataclass(frozen=True)
class Situation:
    """Policies by namespace and name, live ones and given ones, over everything that talks.

    `absent` are live ones that shall be gone. `observed` says whether it is known which are live, `complete` whether
    all namespaces of the cluster are.
    """

    live: Mapping[str, Policy] = field(default_factory=dict)
    given: Mapping[str, Policy] = field(default_factory=dict)
    absent: Sequence[str] = ()
    cluster: Cluster = field(default_factory=Cluster)
    observed: bool = False
    complete: bool = False

    @property
    def policies(self) -> tuple[Policy, ...]:
        """Those that count: a given one takes the place of the live one of its name."""
        kept = {name: policy for name, policy in self.live.items() if name not in self.absent}
        return tuple({**kept, **self.given}.values())

    @property
    def supposed(self) -> bool:
        """Whether it is a question of `what if`."""
        return self.observed and bool(self.given or self.absent)

    def findings(self) -> list[Finding]:
        """What may be wrong with the policies that count; nothing is said of namespaces that may well be there."""
        found = find_warnings(self.policies, self.cluster)
        return [one for one in found if self.complete or one.code != "absent_namespace"]

    def with_endpoints(self, *more: Endpoint) -> Situation:
        return replace(self, cluster=replace(self.cluster, endpoints=(*self.cluster.endpoints, *more)))


def read_situation(
    live: Iterable[Any],
    given: Iterable[Given],
    endpoints: Any = (),
    absent: Any = (),
    namespace: str = "default",
    observed: bool = False,
    complete: bool = False,
) -> Situation:
    """All of it; ManifestError at the first thing that is wrong, beginning with where it is.

    Args:
        endpoints: declared ones, as `read_endpoint` takes them; the message names them `endpoints`.
        absent: names of live policies, of those in `namespace` without it.
        namespace: where given objects are whose manifests do not say so.
    """
    talking: dict[tuple[str, bool], list[Endpoint]] = {}
    namespaces: dict[str, Mapping[str, str]] = {}
    sets: list[dict[str, Policy]] = []
    for objects in ([Given("", one) for one in live], [one for entry in given for one in _items(entry)]):
        policies, others = read_set(objects, namespace)
        sets.append(policies)
        clusters = [_told(entry, lambda content: read_cluster([content], namespace=namespace)) for entry in others]
        _lay_over(talking, [endpoint for cluster in clusters for endpoint in cluster.endpoints])
        for cluster in clusters:
            namespaces.update(cluster.namespaces)
    declared = read_list("endpoints", endpoints)
    _lay_over(talking, [read_endpoint(f"endpoints[{index}]", entry) for index, entry in enumerate(declared)])
    gone = [name if "/" in str(name) else f"{namespace}/{name}" for name in read_list("absent", absent)]
    read_names("absent", gone, sorted(sets[0]), "live policy")
    cluster = Cluster(tuple(one for entries in talking.values() for one in entries), namespaces)
    return Situation(sets[0], sets[1], gone, cluster, observed, complete)


def read_set(objects: Iterable[Given], namespace: str) -> tuple[dict[str, Policy], list[Given]]:
    """The policies among objects, and the others; ManifestError where one is there twice."""
    policies: dict[str, Policy] = {}
    others = []
    for entry in objects:
        if not _is_policy(entry):
            others.append(entry)
            continue
        policy = _told(entry, lambda content: read_policy(content, namespace))
        if str(policy) in policies:
            raise ManifestError(entry.where, f"NetworkPolicy {policy} is there twice")
        policies[str(policy)] = policy
    return policies, others


def read_policies_of(given: Iterable[Given], namespace: str) -> dict[str, Policy]:
    """Objects that are policies, all of them."""
    policies, others = read_set([one for entry in given for one in _items(entry)], namespace)
    for entry in others:
        raise ManifestError(entry.where, "it is no NetworkPolicy")
    return policies


def _items(entry: Given) -> Iterator[Given]:
    """What a list holds, which is an object itself."""
    content = entry.content
    if isinstance(content, Mapping) and str(content.get("kind", "")).endswith("List") and "items" in content:
        for index, item in enumerate(read_list(f"{entry.where}.items", content["items"])):
            # Items of a list do not always say what they are.
            kind = {"apiVersion": content.get("apiVersion"), "kind": content["kind"][: -len("List")]}
            whole = {**(kind if kind["kind"] else {}), **item} if isinstance(item, Mapping) else item
            yield Given(f"{entry.where}.items[{index}]", whole)
    else:
        yield entry


def _is_policy(entry: Given) -> bool:
    """Whether it is one, or looks like it: what is misspelt must not pass for what is none of our business."""
    kind = entry.content.get("kind") if isinstance(entry.content, Mapping) else None
    return isinstance(kind, str) and bool(get_close_matches(kind.lower(), ["networkpolicy"], cutoff=0.87))


def _told(entry: Given, read: Callable[[Any], _Read]) -> _Read:
    try:
        content = entry.content
        if not entry.where and isinstance(content, Mapping):
            # Some versions of the API had it, nobody ever wrote anything into it.
            content = {name: value for name, value in content.items() if name != "status" or not _is_policy(entry)}
        return read(content)
    except ManifestError as error:
        if not entry.where:
            raise
        raise ManifestError(entry.where, error.message) from error
    except (AttributeError, KeyError, TypeError) as error:
        raise ManifestError(entry.where or "object", f"the API would not take it ({error})") from error


def _lay_over(known: dict[tuple[str, bool], list[Endpoint]], found: Iterable[Endpoint]) -> None:
    """A pod takes the place of the one of its name, and what makes pods that of such."""
    fresh: dict[tuple[str, bool], list[Endpoint]] = {}
    for endpoint in found:
        fresh.setdefault((str(endpoint), endpoint.several), []).append(endpoint)
    known.update(fresh)
