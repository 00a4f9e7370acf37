# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a backend finds Redis, as one text that it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode

from .errors import BackendFailure

NONE = "none:"


@dataclass(frozen=True)
class Place:
    """What such a text says. Passwords are never shown."""

    scheme: str
    nodes: tuple[tuple[str, int], ...] = ()
    service: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    sentinel_password: str = field(default="", repr=False)
    ca_file: str = ""

    @property
    def tls(self) -> bool:
        return self.scheme.startswith("rediss")

    @property
    def kind(self) -> str:
        """cluster, sentinel, single, none."""
        return self.scheme.partition("+")[2] or ("none" if self.scheme == "none" else "single")


def cache_url(nodes: Sequence[Mapping[str, Any]], kind: str, login: Mapping[str, Any] | None = None) -> str:
    """The text for nodes with `host` and `port`.

    Args:
        nodes: of a cluster, or the Sentinels of a master.
        kind: cluster or sentinel.
        login: user, password, sentinel_password, service, tls, ca_file, and `more` settings of the backend's cache.
    """
    if not nodes:
        return NONE
    given = {"user": "", "password": "", "service": "", "sentinel_password": "", "ca_file": "", **(login or {})}
    user, password, service = (quote(str(given[name]), safe="") for name in ("user", "password", "service"))
    sentinel = kind == "sentinel"
    more = {**given.get("more", {}), "ca_file": given["ca_file"]}
    more["sentinel_password"] = given["sentinel_password"] if sentinel else ""
    query = urlencode(
        {name: value for name, value in more.items() if value not in (None, "")}, safe="/", quote_via=quote
    )
    return "".join([
        f"redis{'s' if given.get('tls') else ''}+{kind}://",
        f"{user}:{password}@" if password else "",
        ",".join(_place(node["host"], node["port"]) for node in nodes),
        f"/{service}" if sentinel else "",
        f"?{query}" if query else "",
    ])  # fmt: skip


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def parse_url(url: str) -> Place:
    """The parts of such a text; BackendFailure, without the text, when it has not that form."""
    scheme, rest = url.partition(":")[::2]
    if scheme == "none":
        return Place("none")
    schemes = [f"redis{tls}{kind}" for tls in ("", "s") for kind in ("", "+cluster", "+sentinel")]
    if scheme not in schemes:
        raise BackendFailure(
            f"cache_url: it begins with {scheme[:20]!r}; right would be one of none, {', '.join(schemes)}"
        )
    place, query = rest.partition("//")[2].partition("?")[::2]
    login, authority = place.rpartition("@")[::2]
    hosts, service = authority.partition("/")[::2]
    user, password = login.partition(":")[::2]
    more = parse_qs(query)
    usual = 26379 if scheme.endswith("sentinel") else 6379
    return Place(
        scheme,
        tuple(_address(host, usual) for host in hosts.split(",") if host),
        unquote(service),
        unquote(user),
        unquote(password),
        more.get("sentinel_password", [""])[0],
        more.get("ca_file", [""])[0],
    )


def _address(text: str, usual: int) -> tuple[str, int]:
    host, colon, port = text.rpartition(":") if ":" in text.rpartition("]")[2] else (text, "", str(usual))
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise BackendFailure(f"cache_url: {text!r} is no node; right would be host:port")
    return host.strip("[]"), int(port)
