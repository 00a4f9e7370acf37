# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Roll-outs: how many pods a workload takes down at once by itself, and how many more than wanted it makes."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ManifestError
from ..fields import read_mapping
from .amounts import Amount, read_amount, read_count


def read_rollout(where: str, kind: str, spec: Mapping[str, Any], replicas: int) -> tuple[int, int]:
    """Pods that may be down, and pods beyond the replicas; ManifestError where the strategy is none.

    Args:
        where: the path of the spec.
        replicas: how many pods there are; for a DaemonSet the nodes that have one.
    """
    if kind == "Deployment":
        strategy = read_mapping(f"{where}.strategy", spec.get("strategy", {}), ("type", "rollingUpdate"))
        if read_choice(f"{where}.strategy.type", strategy, ("RollingUpdate", "Recreate")) == "Recreate":
            return replicas, 0
        return _deployment(f"{where}.strategy.rollingUpdate", strategy.get("rollingUpdate", {}), replicas)
    if kind in ("StatefulSet", "DaemonSet"):
        where = f"{where}.updateStrategy"
        strategy = read_mapping(where, spec.get("updateStrategy", {}), ("type", "rollingUpdate"))
        if read_choice(f"{where}.type", strategy, ("RollingUpdate", "OnDelete")) == "OnDelete":
            return 0, 0
        read = _stateful_set if kind == "StatefulSet" else _daemon_set
        return read(f"{where}.rollingUpdate", strategy.get("rollingUpdate", {}), replicas)
    return 0, 0


def read_choice(where: str, fields: Mapping[str, Any], known: tuple[str, str]) -> str:
    """The field that the path ends with, which is one of two; the first where it is absent."""
    found = fields.get(where.rpartition(".")[2], known[0])
    if found not in known:
        raise ManifestError(where, f"it is {known[0]} or {known[1]}, not {found!r}")
    return str(found)


def _deployment(where: str, value: Any, replicas: int) -> tuple[int, int]:
    usual = Amount(25, is_percentage=True)
    down, more = _amounts(where, read_mapping(where, value, ("maxUnavailable", "maxSurge")), usual, usual)
    unavailable, surge = down.down(replicas), more.up(replicas)
    if not unavailable and not surge:
        unavailable = 1
    return min(replicas, unavailable), surge


def _daemon_set(where: str, value: Any, nodes: int) -> tuple[int, int]:
    down, more = _amounts(where, read_mapping(where, value, ("maxUnavailable", "maxSurge")), Amount(1), Amount(0))
    return min(nodes, down.up(nodes)), more.up(nodes)


def _amounts(where: str, fields: Mapping[str, Any], down: Amount, more: Amount) -> tuple[Amount, Amount]:
    if "maxUnavailable" in fields:
        down = read_amount(f"{where}.maxUnavailable", fields["maxUnavailable"], at_most=100)
    if "maxSurge" in fields:
        more = read_amount(f"{where}.maxSurge", fields["maxSurge"])
    if not down.number and not more.number:
        raise ManifestError(f"{where}.maxUnavailable", "it must not be 0 when maxSurge is 0: nothing could be replaced")
    return down, more


def _stateful_set(where: str, value: Any, replicas: int) -> tuple[int, int]:
    fields = read_mapping(where, value, ("partition", "maxUnavailable"))
    most = read_amount(f"{where}.maxUnavailable", fields.get("maxUnavailable", 1), at_most=100)
    if not most.number:
        raise ManifestError(f"{where}.maxUnavailable", "it must not be 0: nothing could be replaced")
    # Pods with lower numbers than the partition stay as they are. One must go for the next to come.
    replaced = replicas - read_count(f"{where}.partition", fields.get("partition", 0))
    return max(0, min(replaced, max(1, most.down(replicas)))), 0
