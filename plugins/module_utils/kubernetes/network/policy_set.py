# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the policies that a namespace has to those that it shall have, in steps that cut no flow on their way."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Dict

from ..errors import ManifestError
from ..fields import read_list
from .declarations import read_name
from .endpoints import Cluster
from .findings import listing
from .flows import OWN_LABEL
from .policies import DIRECTIONS, Policy, read_policy
from .selection import Selection

Object = Dict[str, Any]
CREATE, REPLACE, REMOVE = "create", "replace", "remove"


@dataclass(frozen=True)
class Step:
    """One request. The manifest is what is there afterwards, or of what is removed only tells the name."""

    action: str
    manifest: Object

    @property
    def name(self) -> str:
        return self.manifest["metadata"]["name"]


@dataclass(frozen=True)
class Plan:
    """What becomes of policies, by their names, and by which steps."""

    created: tuple[str, ...]
    replaced: tuple[str, ...]
    removed: tuple[str, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Cut:
    """Pods that several policies begin, or cease, to isolate: not all at once, so that flows are cut for a moment."""

    direction: str
    policies: tuple[str, ...]
    verb: str
    pods: tuple[str, ...]

    def __str__(self) -> str:
        names = " and ".join(self.policies)
        what = f"{self.direction} of {listing(self.pods)}"
        return f"until {names} are all {self.verb}, {what} is cut that only one of them allows"


def read_set(name: Any, namespace: Any, policies: Any) -> dict[str, Object]:
    """The manifests of a set by their names, with the label that says that they are of it; ManifestError if one is bad.

    Args:
        name: of the set.
    """
    name, namespace = read_name("name", name), read_name("namespace", namespace)
    found: dict[str, Object] = {}
    for index, manifest in enumerate(read_list("policies", policies)):
        where = f"policies[{index}]"
        try:
            policy = read_policy(manifest, namespace)
        except ManifestError as error:
            raise ManifestError(where, error.message) from error
        metadata = {key: value for key, value in manifest["metadata"].items() if value is not None}
        labels = metadata.get("labels") or {}
        if policy.namespace != namespace:
            raise ManifestError(where, f"{policy} is not in the namespace {namespace}, whose set this is")
        if labels.get(OWN_LABEL, name) != name:
            raise ManifestError(where, f"its label {OWN_LABEL} says that it is of the set {labels[OWN_LABEL]!r}")
        if policy.name in found:
            raise ManifestError(where, f"{policy} is there twice")
        metadata = {**metadata, "namespace": namespace, "labels": {**labels, OWN_LABEL: name}}
        found[policy.name] = {**manifest, "metadata": metadata}
    return found


def intended(
    live: Mapping[str, Object], wanted: Mapping[str, Object], name: str, adopt: bool = False
) -> dict[str, Object]:
    """All policies that the namespace shall have: those of the set as wanted, those of others as they are.

    Of what others have noted on a policy, in labels and annotations, nothing is lost. ManifestError when a policy of
    others has the name of one that is wanted, unless it shall be adopted.
    """
    own = {one for one, manifest in live.items() if _labels(manifest).get(OWN_LABEL) == name}
    for one in sorted(wanted.keys() & live.keys() - own):
        if not adopt:
            owner = _labels(live[one]).get(OWN_LABEL)
            whose = f"of the set {owner!r}" if owner else "of no set"
            raise ManifestError("policies", f"there is a {one} already, {whose}; with adopt it becomes one of {name!r}")
    kept = {one: manifest for one, manifest in live.items() if one in wanted or one not in own}
    return {**kept, **{one: _merged(live.get(one), manifest) for one, manifest in wanted.items()}}


def plan_steps(live: Mapping[str, Object], after: Mapping[str, Object]) -> Plan:
    """How one becomes the other. What an end of a flow allows before and afterwards, it allows after every step.

    Nor does it allow anything in between that it allows neither before nor afterwards. Pods of which the first does not
    hold are told by `find_cuts`: no order of steps could spare them.
    """
    made = [one for one in after if one not in live]
    replaced = [one for one in after if one in live and not _same(live[one], after[one])]
    # What moves from one to another is allowed, and isolated, twice for a while.
    moving = len(replaced) > 1 or (replaced and any(_denies(after[one]) for one in made))
    doubles = [_double(after[one], {*live, *after}) for one in replaced] if moving else []
    # What denies is made last and removed first.
    created = sorted([*(after[one] for one in made), *doubles], key=_denies)
    removed = sorted((live[one] for one in live if one not in after), key=_denies, reverse=True)
    steps = [
        *(Step(CREATE, one) for one in created),
        *(Step(REPLACE, after[one]) for one in replaced),
        *(Step(REMOVE, one) for one in [*doubles, *removed]),
    ]
    gone = tuple(one for one in live if one not in after)
    return Plan(tuple(made), tuple(replaced), gone, tuple(steps))


def find_cuts(live: Mapping[str, Object], steps: Iterable[Step], cluster: Cluster) -> list[Cut]:
    """Pods that lose flows for a moment, because several policies begin, or cease, to isolate them."""
    states = [Selection(tuple(state.values()), cluster) for state in _states(live, steps)]
    found: dict[tuple[Any, ...], list[str]] = {}
    for pod in cluster.endpoints:
        for direction in DIRECTIONS if pod.policed else ():
            isolating = [state.isolating(pod, direction) for state in states]
            ends = [_granted(policies, direction) for policies in (isolating[0], isolating[-1]) if policies]
            if any(
                policies and not any(end <= _granted(policies, direction) for end in ends) for policies in isolating
            ):
                verb = "made" if not isolating[0] else "removed"
                names = tuple(one.name for one in (isolating[-1] or isolating[0]))
                found.setdefault((direction, names, verb), []).append(str(pod))
    return [Cut(*about, tuple(pods)) for about, pods in found.items()]


def _states(live: Mapping[str, Object], steps: Iterable[Step]) -> Iterator[dict[str, Policy]]:
    """What is there before the first step and after each."""
    now = {name: meaning(one) for name, one in live.items()}
    yield dict(now)
    for step in steps:
        now.pop(step.name, None)
        if step.action != REMOVE:
            now[step.name] = meaning(step.manifest)
        yield dict(now)


def _granted(policies: Iterable[Policy], direction: str) -> set[tuple[Any, ...]]:
    """What they allow, by their rules."""
    return {(rule.peers, rule.ports) for policy in policies for rule in policy.rules(direction)}


def meaning(manifest: Object) -> Policy:
    """What a policy of the API, or of a set, means, however it is written."""
    plain = {key: manifest[key] for key in ("apiVersion", "kind", "metadata", "spec") if key in manifest}
    return read_policy(plain).normal


def shown(policies: Mapping[str, Object], names: Sequence[str]) -> dict[str, Any]:
    """What a person compares: the label of the set, and the specification."""
    return {
        one: {"set": _labels(policies[one]).get(OWN_LABEL), "spec": policies[one].get("spec")}
        for one in sorted(names)
        if one in policies
    }


def _labels(manifest: Object) -> Mapping[str, str]:
    return manifest["metadata"].get("labels") or {}


def _denies(manifest: Object) -> int:
    """In how many directions it isolates pods and allows them nothing."""
    policy = meaning(manifest)
    return sum(not policy.rules(direction) for direction in policy.directions)


def _merged(live: Any, manifest: Object) -> Object:
    """A manifest with what is noted on the object in whose place it comes, and that object's version."""
    if not live:
        return manifest
    metadata = {**live["metadata"], **manifest["metadata"]}
    for notes in ("labels", "annotations"):
        both = {**(live["metadata"].get(notes) or {}), **(manifest["metadata"].get(notes) or {})}
        if both:
            metadata[notes] = both
    metadata.pop("managedFields", None)
    return {**manifest, "metadata": metadata}


def _same(one: Object, other: Object) -> bool:
    """Whether nothing that counts differs, however the API writes it."""
    if one is other:
        return True
    notes = all(
        (one["metadata"].get(key) or {}) == (other["metadata"].get(key) or {}) for key in ("labels", "annotations")
    )
    return notes and meaning(one) == meaning(other)


def _double(manifest: Object, names: Container[str]) -> Object:
    """The same under a name that is free. It is of the set, so that the next run removes it if this one cannot."""
    metadata = {key: manifest["metadata"][key] for key in ("namespace", "labels")}
    metadata["name"] = f"{manifest['metadata']['name']}.next"
    while metadata["name"] in names:
        metadata["name"] += ".next"
    return {**manifest, "metadata": metadata}
