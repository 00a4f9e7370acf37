"""What is done to a running cluster, in an order in which each act begins where the one before ended.

An act is what a user does: a change of the inventory, and a playbook.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from hosts.site import Point

NODE_TIMEOUT = 5.0  # seconds, as tests/day_two/cluster.yml has it


class Act(NamedTuple):
    """One act.

    Args:
        name: the state that holds after it.
        playbook: its name in the collection.
        tasks: about how many tasks it takes, so that it can be killed all over its course.
        heart: how the name of the task begins in which it can do most harm.
        variables: of the group, as the inventory has them from now on.
        hosts: of the group, as the inventory has them from now on, with their variables.
        options: of the command, whenever the act is carried out.
        once: more options, which would do it all again once it is done.
        stall: seconds without an acknowledged write that it may cost.
    """

    name: str
    playbook: str
    tasks: int
    heart: str
    variables: Mapping[str, Any] = {}
    hosts: Mapping[str, Mapping[str, Any]] = {}
    options: tuple[str, ...] = ()
    once: tuple[str, ...] = ()
    stall: float = 1.0

    def points(self, kills: int | None) -> list[Point]:
        """So many moments all over its course, later ones in a task that has several; or one in its heart."""
        if not kills:
            return [Point(self.heart)]
        tasks = [1 + self.tasks * (number + 1) // (kills + 1) for number in range(kills)]
        return [Point(task, 1.0 + 0.5 * tasks[:number].count(task)) for number, task in enumerate(tasks)]


REPLACED = "Instances run anew"
SETTLED = "Every node of this host runs with"
MOVED = "All nodes are members"
ADMITTED = "Every node has the users"
SWITCHED = "Nodes and clients use TLS"


def _inventory(**variables: Any) -> dict[str, Any]:
    """Variables by their names without the role's prefix."""
    return {f"redis_cluster_{name}": value for name, value in variables.items()}


ROLL_OUT = Act("rolled out", "redis", 40, MOVED)
RESTART = Act("every node restarted", "redis_restart", 50, REPLACED, once=("-e", "redis_cluster_restart=all"))
MASTERS_AWAY = Act(
    "no master on a host",
    "redis_failover",
    5,
    "Masters are where they shall be",
    options=("-e", '{"redis_cluster_demote": ["198.18.15.11"]}'),
)
WAITING_SETTING = Act(
    "a setting that needs a restart", "redis_restart", 50, REPLACED, _inventory(extra_settings={"io-threads": 2})
)
WITHOUT_PERSISTENCE = Act("no persistence", "redis", 35, SETTLED, _inventory(appendonly=False, save=[]))
ADD_HOST = Act("a host added, with its share of slots", "redis_scale", 42, MOVED, hosts={"host4": {}})
LOOK_AT_NEW_HOST = ADD_HOST._replace(name="a host that would be added", options=("--check",))
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
TO_VALKEY = Act("upgraded to Valkey 8.1", "redis_upgrade", 46, REPLACED, _inventory(version="", flavor="valkey"))
UPGRADE = Act("upgraded to Redis 8.0", "redis_upgrade", 52, REPLACED, _inventory(version=""))

BACKUP = Act("backed up", "redis_backup", 5, "A proved backup")
RESTORE = Act("restored", "redis_restore", 10, "Every key is where its slot is")
TEARDOWN = Act("torn down", "teardown", 15, "Nodes are stopped")

ROLL_OUT_SENTINELS = Act("rolled out with Sentinels", "redis_sentinel", 35, "Every Sentinel watches the master")
ANOTHER_MASTER = Act(
    "another master",
    "redis_sentinel_failover",
    3,
    "Another data node is master",
    options=("-e", "redis_sentinel_failover_to=198.18.16.13:6379"),
)
RESTART_SENTINELS = Act(
    "every server and Sentinel restarted",
    "redis_sentinel_restart",
    60,
    REPLACED,
    once=("-e", "redis_sentinel_restart=all"),
    stall=4.0,  # A new master every time: a second or so, each.
)

# All of them, and those that between them go through everything, for a run in a few minutes.
ACTS = (RESTART, MASTERS_AWAY, WAITING_SETTING, ADD_HOST, REMOVE_HOST, ROTATE, DROP, OFFER_TLS, REQUIRE_TLS, UPGRADE)
# Hosts that come and go, and TLS, are killed midway on loopback too (tests/integration): quicker.
FEW = (ROTATE, UPGRADE)
