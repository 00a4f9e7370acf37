# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options that all modules on Sentinels share, declared once. Documented in doc_fragments/redis_sentinel.py and
tls_client.py."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..arguments import CONNECTION_ARGUMENTS, failures_reported, login_of
from ..nodes import Address, parse_nodes
from .group import Group, group_opened, login_for, numeric

SENTINEL_ARGUMENTS: dict[str, dict[str, Any]] = {
    "sentinels": {"type": "list", "elements": "raw", "required": True},
    "sentinel_username": {"type": "str"},
    "sentinel_password": {"type": "str", "no_log": True},
    **{name: argument for name, argument in CONNECTION_ARGUMENTS.items() if name != "nodes"},
}


def parse_addresses(nodes: list[Any], option: str) -> list[Address]:
    """The numeric addresses of an option's nodes. Raises RedisFailure naming the option and the bad entry."""
    return [numeric(node.address) for node in parse_nodes(nodes, option)]


@contextmanager
def sentinels_opened(module: AnsibleModule) -> Iterator[Group]:
    """The Sentinels that a module's options name, with sessions for them and for the nodes they watch."""
    with failures_reported(module):
        params = module.params
        addresses = parse_addresses(params["sentinels"], "sentinels")
        login = login_of(params)
        sentinel_login = login_for(login, params["sentinel_username"], params["sentinel_password"])
        with group_opened(addresses, sentinel_login, login) as group:
            yield group
