"""What is done to a running cluster, in an order in which each act begins where the one before ended.

An act is what a user does: a change of the inventory, and a playbook.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Act(NamedTuple):
    """One act.

    Args:
        name: the state that holds after it.
        playbook: its name in the collection.
        tasks: about how many tasks it takes, so that it can be killed all over its course.
        variables: of the group, as the inventory has them from now on.
        hosts: of the group, as the inventory has them from now on, with their variables.
        options: of this run only.
        stall: seconds without an acknowledged write that it may cost.
    """

    name: str
    playbook: str
    tasks: int
    variables: Mapping[str, Any] = {}
    hosts: Mapping[str, Mapping[str, Any]] = {}
    options: tuple[str, ...] = ()
    stall: float = 1.0


RESTART = Act("every node restarted", "redis_restart", 57, options=("-e", "redis_cluster_restart=all"))
WAITING_SETTING = Act(
    "a setting that needs a restart", "redis_restart", 57, variables={"redis_cluster_extra_settings": {"io-threads": 2}}
)
WITHOUT_PERSISTENCE = Act(
    "no persistence", "redis", 20, variables={"redis_cluster_appendonly": False, "redis_cluster_save": []}
)
UPGRADE = Act("upgraded to Redis 8.0", "redis_upgrade", 57, variables={"redis_cluster_version": ""})

ACTS = (RESTART, WAITING_SETTING, UPGRADE)
