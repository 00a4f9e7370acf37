# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a drain is asked to do."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

from ..budgets.eligibility import Permissions
from ..errors import KubernetesFailure


@dataclass(frozen=True)
class Order:
    """A drain.

    Args:
        try_anyway: begin though the rehearsal names what blocks, and hope that it mends itself until the deadline.
        keep_cordoned: leave nodes cordoned that could not be drained.
        grace_period: seconds that pods get to end; None for what each has for itself.
        timeout: seconds until all must be done.
        interval: seconds between two looks at the cluster.
    """

    nodes: tuple[str, ...]
    permissions: Permissions = Permissions()
    try_anyway: bool = False
    keep_cordoned: bool = False
    grace_period: Optional[int] = None
    timeout: float = 300.0
    interval: float = 2.0


def read_order(params: dict[str, Any]) -> Order:
    """From the options of a module; KubernetesFailure names the one that is wrong."""
    # Not "<= 0", as what is no number at all is neither.
    for name in ("timeout", "interval"):
        if not params[name] > 0:
            raise KubernetesFailure(f"{name}: it is a number of seconds above 0, not {params[name]}")
    if params["grace_period"] is not None and params["grace_period"] < 0:
        raise KubernetesFailure(f"grace_period: it must not be negative, as {params['grace_period']} is")
    if not params["nodes"] or not all(params["nodes"]):
        raise KubernetesFailure("nodes: it is a list of at least one name of a node, and none is empty")
    permissions = Permissions(params["ignore_daemon_sets"], params["delete_emptydir_data"], params["delete_bare_pods"])
    return Order(
        tuple(dict.fromkeys(params["nodes"])),
        permissions,
        params["on_blockers"] == "try",
        params["on_failure"] == "leave",
        params["grace_period"],
        params["timeout"],
        params["interval"],
    )
