# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which pods of a set are there, and what the others wait for. Whether they are Ready is not asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .resources import ENDED


@dataclass(frozen=True)
class Standing:
    """How far a pod has come.

    Args:
        address: its IP address; empty while it has none.
        node: where it runs; empty while it has no node.
        leaving: why it does not count any more; else empty.
        obstacle: why it does not run yet; else empty.
        waits: what its containers wait for, even if it runs; else empty.
    """

    name: str
    address: str = ""
    node: str = ""
    leaving: str = ""
    obstacle: str = ""
    waits: str = ""

    @property
    def stands(self) -> bool:
        return not self.leaving and not self.obstacle


def read_standing(manifest: Mapping[str, Any]) -> Standing:
    """From a pod as the API gives it."""
    metadata, status = manifest["metadata"], manifest.get("status") or {}
    node, phase = manifest.get("spec", {}).get("nodeName") or "", status.get("phase") or "Pending"
    address, leaving, obstacle = status.get("podIP") or "", "", ""
    if metadata.get("deletionTimestamp"):
        leaving = "is on its way out"
    elif phase in ENDED:
        leaving = _because(f"has ended ({phase})", status)
    elif phase != "Running" or not address:
        obstacle = _obstacle(phase, node, status)
    return Standing(metadata["name"], address, node, leaving, obstacle, _waiting(status))


def missing(pods: Sequence[Standing], size: int) -> list[dict[str, str]]:
    """What keeps them from being `size` pods that run, as {node, reason}; empty when they are."""
    counted = [pod for pod in pods if not pod.leaving]
    reasons = [{"node": pod.name, "reason": pod.obstacle} for pod in counted if pod.obstacle]
    if len(counted) != size:
        there = f"{len(counted)} of {size} pods are there" if len(counted) < size else _too_many(counted, size)
        reasons.append({"node": "", "reason": there})
        reasons += [{"node": pod.name, "reason": pod.leaving} for pod in pods if pod.leaving]
    return reasons


def _too_many(counted: Sequence[Standing], size: int) -> str:
    return f"{len(counted)} pods are there, and {size} are expected: {', '.join(pod.name for pod in counted)}"


def _obstacle(phase: str, node: str, status: Mapping[str, Any]) -> str:
    if not node:
        unscheduled = (one for one in status.get("conditions") or () if one.get("type") == "PodScheduled")
        return _because("has no node", next(unscheduled, {}))
    beginning = "has no address yet" if phase == "Running" else f"does not run yet ({phase})"
    return _waiting(status) or _because(beginning, status)


def _waiting(status: Mapping[str, Any]) -> str:
    waits = (one for one in _containers(status) if (one.get("state") or {}).get("waiting"))
    return "; ".join(_because(f"container {one.get('name')} waits", one["state"]["waiting"]) for one in waits)


def _containers(status: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for kind in ("initContainerStatuses", "containerStatuses"):
        yield from status.get(kind) or ()


def _because(what: str, told: Mapping[str, Any]) -> str:
    """With the API's own reason and message, as far as there are any."""
    why = ": ".join(told[name] for name in ("reason", "message") if told.get(name))
    return f"{what}: {why}" if why else what
