"""What is done to a running cluster, in an order in which each act begins where the one before ended.

An act is what a user does: a change of the inventory, and a playbook.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

NODE_TIMEOUT = 5.0  # seconds, as tests/day_two/inventory.yml has it


class Act(NamedTuple):
    """One act.

    Args:
        name: the state that holds after it.
        playbook: its name in the collection.
        tasks: about how many tasks it takes, so that it can be killed all over its course.
        heart: how the name of the task begins in which it can do most harm.
        variables: of the group, as the inventory has them from now on.
        hosts: of the group, as the inventory has them from now on, with their variables.
        options: of this run only.
        stall: seconds without an acknowledged write that it may cost.
    """

    name: str
    playbook: str
    tasks: int
    heart: str
    variables: Mapping[str, Any] = {}
    hosts: Mapping[str, Mapping[str, Any]] = {}
    options: tuple[str, ...] = ()
    stall: float = 1.0


REPLACED = "Instances run anew"
SETTLED = "Every node of this host runs with"
MOVED = "All nodes are members"
ADMITTED = "Every node has the users"
SWITCHED = "Nodes and clients use TLS"


def _inventory(**variables: Any) -> dict[str, Any]:
    """Variables by their names without the role's prefix."""
    return {f"redis_cluster_{name}": value for name, value in variables.items()}


RESTART = Act("every node restarted", "redis_restart", 57, REPLACED, options=("-e", "redis_cluster_restart=all"))
WAITING_SETTING = Act(
    "a setting that needs a restart", "redis_restart", 57, REPLACED, _inventory(extra_settings={"io-threads": 2})
)
WITHOUT_PERSISTENCE = Act("no persistence", "redis", 35, SETTLED, _inventory(appendonly=False, save=[]))
ADD_HOST = Act("a host added, with its share of slots", "redis_scale", 42, MOVED, hosts={"host4": {}})
REMOVE_HOST = Act("a host removed", "redis_scale", 42, MOVED, hosts={"host4": _inventory(leaving=True)})
ROTATE = Act(
    "password rotated",
    "redis",
    35,
    ADMITTED,
    _inventory(password="the next one", former_passwords=["for these hosts only"]),
)
DROP = Act("former password dropped", "redis", 35, ADMITTED, _inventory(former_passwords=[]))
OFFER_TLS = Act("TLS offered", "redis", 40, SWITCHED, _inventory(tls="offered"), stall=NODE_TIMEOUT)
REQUIRE_TLS = Act("TLS required", "redis", 40, SWITCHED, _inventory(tls="required"), stall=NODE_TIMEOUT)
TO_VALKEY = Act("upgraded to Valkey 8.1", "redis_upgrade", 70, REPLACED, _inventory(version="", flavor="valkey"))
UPGRADE = Act("upgraded to Redis 8.0", "redis_upgrade", 70, REPLACED, _inventory(version=""))

# All of them, and those that between them go through everything, for a run in a few minutes.
ACTS = (RESTART, WAITING_SETTING, ADD_HOST, REMOVE_HOST, ROTATE, DROP, OFFER_TLS, REQUIRE_TLS, UPGRADE)
FEW = (ADD_HOST, REMOVE_HOST, ROTATE, OFFER_TLS, UPGRADE)
