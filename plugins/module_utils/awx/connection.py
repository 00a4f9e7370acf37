# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How AWX is reached: what modules of awx.awx are given, for its lookup, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

# Options of modules, and what the lookup calls them.
_LOOKUP_NAMES = {
    "controller_host": "host",
    "controller_oauthtoken": "oauth_token",
    "controller_username": "username",
    "controller_password": "password",
    "validate_certs": "verify_ssl",
    "request_timeout": "request_timeout",
}


def lookup_options(connection: Mapping[str, Any]) -> dict[str, Any]:
    """The same connection for the lookup plugin."""
    return {_LOOKUP_NAMES[name]: value for name, value in connection.items() if name in _LOOKUP_NAMES}


def connection_complaints(connection: Mapping[str, Any], environment: Mapping[str, str]) -> Iterator[str]:
    """What keeps anybody from talking to AWX. Modules themselves would try 127.0.0.1, without a login."""
    for name in connection:
        if name not in _LOOKUP_NAMES:
            yield f"connection: {name} is no part of it; right would be {', '.join(_LOOKUP_NAMES)}"
    host = connection.get("controller_host") or environment.get("CONTROLLER_HOST")
    if not host:
        yield "connection: the address of AWX is missing; set CONTROLLER_HOST, or controller_host in awx_connection"
    token = connection.get("controller_oauthtoken") or environment.get("CONTROLLER_OAUTH_TOKEN")
    user = connection.get("controller_username") or environment.get("CONTROLLER_USERNAME")
    password = connection.get("controller_password") or environment.get("CONTROLLER_PASSWORD")
    if not token and not (user and password):
        yield (
            "connection: a login is missing; make a token in AWX (your name, top right, then Tokens) and set "
            "CONTROLLER_OAUTH_TOKEN, or controller_oauthtoken in awx_connection"
        )
