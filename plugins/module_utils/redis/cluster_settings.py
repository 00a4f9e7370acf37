# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The settings of a node of a cluster, wherever it runs: one truth for hosts and for Kubernetes."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .acl.users import DEFAULT, parse_users
from .settings import SECRETS, config_lines

# Variables of a role, without its prefix, that are settings as they are.
_AS_THEY_ARE = (
    "cluster-require-full-coverage",
    "cluster-replica-validity-factor",
    "cluster-allow-replica-migration",
    "cluster-migration-barrier",
)
_OF_A_SERVER = ("maxmemory", "maxmemory-policy", "maxclients", "save", "appendonly", "appendfsync")


def cluster_settings(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by their names in redis.conf, of the variables that hosts and Kubernetes have in common."""
    found: dict[str, Any] = {
        "masterauth": variables["password"],
        "cluster-enabled": True,
        "cluster-config-file": "nodes.conf",
        "cluster-node-timeout": variables["node_timeout"],
    }
    found.update({name: variables[name.replace("cluster-", "", 1).replace("-", "_")] for name in _AS_THEY_ARE})
    found.update({name: variables[name.replace("-", "_")] for name in _OF_A_SERVER})
    found["client-output-buffer-limit"] = variables["client_output_buffer_limits"]
    return found


def default_user(password: str, others: Sequence[str] = ()) -> dict[str, Any]:
    """The user who may do everything, as an entry of users.

    Not by requirepass: set in a running server, it takes every other password from that user.
    """
    return {"name": DEFAULT, "role": "administrator", "passwords": [password, *others]}


def public_text(settings: Mapping[str, Any]) -> str:
    """A file of the settings that anybody may read."""
    return _text(config_lines({name: value for name, value in settings.items() if name not in SECRETS}))


def secret_text(settings: Mapping[str, Any], users: Sequence[Mapping[str, Any]]) -> str:
    """A file of those that nobody may, and of the users. Raises RedisFailure when these are not right."""
    lines = config_lines({name: value for name, value in settings.items() if name in SECRETS})
    return _text([*lines, *(user.config_line() for user in parse_users(users))])


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
