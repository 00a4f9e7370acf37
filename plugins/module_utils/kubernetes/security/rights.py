# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an account must be allowed to for each state of the role."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Optional

_WORKLOADS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job")
_GUARDS = ("PodDisruptionBudget", "ResourceQuota", "LimitRange")
_LOOKED_AT = ("NetworkPolicy", "Pod", "HorizontalPodAutoscaler", *_GUARDS, *_WORKLOADS)


class Right(NamedTuple):
    """To do something with objects of a kind, of a namespace or, when that is None, of the cluster."""

    verb: str
    kind: str
    namespace: Optional[str] = None


def rights(
    state: str, namespace: str, exists: bool, config_maps: bool, others: Sequence[str] = (), probes: bool = False
) -> Iterator[Right]:
    """All that a state needs.

    Args:
        exists: whether the namespace is there.
        config_maps: whether there are any to keep.
        others: namespaces whose pods are looked at.
        probes: whether connections are tried, for which pods are made.
    """
    yield Right("list", "Namespace")
    yield Right("get", "Namespace")
    if state == "present":
        yield Right("patch" if exists else "create", "Namespace")
    elif state == "absent" and exists:
        yield Right("patch", "Namespace")
    for kind in _LOOKED_AT if state != "absent" else ("NetworkPolicy", *_GUARDS):
        yield Right("list", kind, namespace)
    if state == "present":
        # A DaemonSet asks a quota for as many pods as there are nodes.
        yield Right("list", "Node")
    if state != "absent":
        for other in others:
            yield Right("list", "Pod", other)
    if state == "audit":
        return
    verbs = ("create", "update", "delete") if state == "present" else ("delete",)
    for kind in ("NetworkPolicy", *_GUARDS):
        for verb in verbs:
            yield Right(verb, kind, namespace)
    for verb in ("list", "create", "patch", "delete") if config_maps else ():
        yield Right(verb, "ConfigMap", namespace)
    for verb in ("get", "create", "delete") if probes and state == "present" else ():
        yield Right(verb, "Pod", namespace)
