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
ADD_HOST = Act("a host added, with its share of slots", "redis_scale", 45, hosts={"host4": {}})
REMOVE_HOST = Act("a host removed", "redis_scale", 45, hosts={"host4": {"redis_cluster_leaving": True}})
ROTATE = Act(
    "password rotated",
    "redis",
    25,
    variables={"redis_cluster_password": "the next one", "redis_cluster_former_passwords": ["for these hosts only"]},
)
DROP = Act("former password dropped", "redis", 25, variables={"redis_cluster_former_passwords": []})
OFFER_TLS = Act("TLS offered", "redis", 30, variables={"redis_cluster_tls": "offered"}, stall=NODE_TIMEOUT)
REQUIRE_TLS = Act("TLS required", "redis", 30, variables={"redis_cluster_tls": "required"}, stall=NODE_TIMEOUT)
UPGRADE = Act("upgraded to Redis 8.0", "redis_upgrade", 60, variables={"redis_cluster_version": ""})

ACTS = (
    RESTART, WAITING_SETTING, ADD_HOST, REMOVE_HOST, ROTATE, DROP, OFFER_TLS, REQUIRE_TLS, UPGRADE,
)  # fmt: skip
