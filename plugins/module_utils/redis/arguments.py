# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options that all modules of this domain share, declared once. Documented in doc_fragments/redis.py and
tls_client.py."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from .. import reporting
from ..tls.client import CLIENT_ARGUMENTS, CLIENT_TOGETHER
from .connection import REDIS_IMPORT_ERROR, Login, Session
from .nodes import ListedNode, parse_nodes

CONNECTION_ARGUMENTS: dict[str, dict[str, Any]] = {
    "nodes": {"type": "list", "elements": "raw", "required": True},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "tls": {"type": "bool", "default": False},
    **CLIENT_ARGUMENTS,
    "connect_timeout": {"type": "float", "default": 5.0},
}
REQUIRED_TOGETHER = [CLIENT_TOGETHER]


def login_of(params: dict[str, Any]) -> Login:
    """The login that a module's options describe. An empty password, as of a variable that is not set, is none."""
    return Login(
        username=params["username"],
        password=params["password"] or None,
        tls=params["tls"],
        validate_certs=params["validate_certs"],
        ca_certs=params["ca_certs"],
        client_cert_file=params["client_cert_file"],
        client_key_file=params["client_key_file"],
        timeout=params["connect_timeout"],
    )


@contextmanager
def failures_reported(module: AnsibleModule, asks: bool = True) -> Iterator[None]:
    """Turn every RedisFailure, and a missing redis-py where servers are asked, into the module's failure."""
    if asks and REDIS_IMPORT_ERROR:
        library = missing_required_lib("redis (Debian: python3-redis)")
        module.fail_json(msg=library, exception=REDIS_IMPORT_ERROR)
    with reporting.failures_reported(module):
        yield


@contextmanager
def nodes_opened(module: AnsibleModule) -> Iterator[tuple[list[ListedNode], Session]]:
    """The nodes that a module's options name, and a session that logs in to them as the options say."""
    with failures_reported(module):
        nodes = parse_nodes(module.params["nodes"])
        with Session(login_of(module.params)) as session:
            yield nodes, session
