# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options of redis_cluster_scale, and what they mean."""
from __future__ import annotations

from typing import Any

from ..errors import RedisFailure
from .acting import Limits
from .asking import Leaving
from .balance import BALANCES, MEMORY_EVENLY
from .batches import Pace
from .members import ScaleWish

SCALING_ARGUMENTS: dict[str, dict[str, Any]] = {
    "replicas": {"type": "int", "default": 1},
    "anti_affinity": {"type": "str", "choices": ["none", "preferred", "required"], "default": "preferred"},
    "leaving": {"type": "list", "elements": "raw", "default": []},
    "balance": {"type": "str", "choices": list(BALANCES), "default": "slots"},
    "tolerance": {"type": "float", "default": 0},
    "batch_keys": {"type": "int", "default": 100, "no_log": False},
    "batch_kb": {"type": "int", "default": 1024},
    "keys_per_second": {"type": "float", "default": 0, "no_log": False},
    "mb_per_second": {"type": "float", "default": 0},
    "move_timeout": {"type": "float", "default": 10.0},
    "timeout": {"type": "float", "default": 120.0},
}

MEMORY_TOLERANCE = 10.0  # an estimate is no better, and what was just balanced shall count as balanced


def wish_of(params: dict[str, Any], leaving: Leaving) -> ScaleWish:
    """The wish of a module's options. Raises RedisFailure naming the option that makes no sense."""
    _must_be(params, "replicas", 0)
    _must_be(params, "tolerance", 0)
    tolerance = max(params["tolerance"], MEMORY_TOLERANCE if params["balance"] == MEMORY_EVENLY else 0)
    return ScaleWish(params["replicas"], params["anti_affinity"], leaving.names, params["balance"], tolerance)


def pace_of(params: dict[str, Any]) -> Pace:
    """The pace of a module's options. Raises RedisFailure naming the option that makes no sense."""
    for name, least in (("batch_keys", 1), ("batch_kb", 1), ("keys_per_second", 0), ("mb_per_second", 0)):
        _must_be(params, name, least)
    _must_be(params, "move_timeout", 0.1)
    return Pace(
        params["batch_keys"],
        params["batch_kb"] * 1024,
        params["keys_per_second"],
        params["mb_per_second"] * 2**20,
        params["move_timeout"],
    )


def limits_of(params: dict[str, Any]) -> Limits:
    _must_be(params, "slice_seconds", 0)
    return Limits(params["timeout"], params["slice_seconds"] or None)


def _must_be(params: dict[str, Any], name: str, least: float) -> None:
    value = params[name]
    if value < least:
        raise RedisFailure(f"{name}: {value} is below {least}, the least that makes sense")
