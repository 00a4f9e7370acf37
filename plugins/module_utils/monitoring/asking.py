# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Asks Prometheus, Alertmanager and Grafana what they are, over HTTP, with nothing but Python."""
from __future__ import annotations

import base64
import json
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from .health import Answer

PATIENCE = 5.0  # seconds for one answer
_METRIC = re.compile(r"^([a-z_]+)(?:\{[^}]*\})? ([0-9.eE+-]+)$", re.MULTILINE)
# HTTPException: cut off in the middle, as by a restart, or no HTTP at all.
_NO_ANSWER = (OSError, HTTPException, ValueError, KeyError)


@dataclass(frozen=True)
class Login:
    """How servers are asked: a user's name and password, and the file of the authority that they are known by."""

    user: str = ""
    password: str = ""
    ca: str = ""


def get(url: str, login: Login) -> str:
    """The body of an answer; OSError, which HTTPError is, when there is none or it is no success.

    Not by Ansible's open_url: for each request, even without TLS, it reads every authority that the host trusts, for some
    50 ms of work, and servers are asked over and over until they are ready.
    """
    request = urllib.request.Request(url)
    if login.user:
        token = base64.b64encode(f"{login.user}:{login.password}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
    context = ssl.create_default_context(cafile=login.ca or None) if url.startswith("https:") else None
    # Not by a proxy of the environment: these are servers of the site.
    handlers = [urllib.request.ProxyHandler({})]
    if context:
        handlers.append(urllib.request.HTTPSHandler(context=context))
    with urllib.request.build_opener(*handlers).open(request, timeout=PATIENCE) as answer:
        return answer.read().decode(errors="replace")


def reason(error: OSError) -> str:
    """Why there was no answer, in few words."""
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code}"
    return str(getattr(error, "reason", error))


def _metrics(text: str, *names: str) -> dict[str, float]:
    """Values of metrics that have one series."""
    return {name: float(value) for name, value in _METRIC.findall(text) if name in names}


def _reading(url: str, login: Login, daemon: str) -> dict[str, Any]:
    """Whether it took its configuration when it read it last, and when it last took one, as Answer has it."""
    prefix = f"{daemon}_config_last_reload_success"
    found = _metrics(get(f"{url}/metrics", login), f"{prefix}ful", f"{prefix}_timestamp_seconds")
    return {"read": found.get(f"{prefix}ful") == 1, "read_at": found.get(f"{prefix}_timestamp_seconds", 0.0)}


def ask_prometheus(url: str, login: Login) -> Answer:
    """What a Prometheus says of itself and of its targets."""
    try:
        get(f"{url}/-/ready", login)
        reading = _reading(url, login, "prometheus")
        active = json.loads(get(f"{url}/api/v1/targets?state=active", login))["data"]["activeTargets"]
    except _NO_ANSWER as error:
        return Answer(url, problem=_words(error))
    return Answer(
        url,
        **reading,
        targets=[_target(one) for one in active],
    )


def _target(one: Mapping[str, Any]) -> dict[str, str]:
    labels = one["labels"]
    names = {"job": labels.get("job", ""), "instance": labels.get("instance", ""), "host": labels.get("host", "")}
    return {**names, "health": one["health"], "error": one.get("lastError", "")}


def ask_alertmanager(url: str, login: Login) -> Answer:
    """What an Alertmanager says of itself and of its cluster."""
    try:
        get(f"{url}/-/ready", login)
        reading = _reading(url, login, "alertmanager")
        status = json.loads(get(f"{url}/api/v2/status", login))
    except _NO_ANSWER as error:
        return Answer(url, problem=_words(error))
    return Answer(
        url,
        **reading,
        # Alone it names no peer, not even itself.
        peers=max(1, len(status.get("cluster", {}).get("peers") or [])),
    )


def ask_grafana(url: str, login: Login) -> Answer:
    """Whether a Grafana has its database. It is asked without a login."""
    try:
        found = json.loads(get(f"{url}/api/health", Login(ca=login.ca)))
    except _NO_ANSWER as error:
        return Answer(url, problem=_words(error))
    return Answer(url, problem="" if found.get("database") == "ok" else f"its database is {found.get('database')}")


def _words(error: Exception) -> str:
    return reason(error) if isinstance(error, OSError) else f"its answer is none ({str(error).strip()})"


def changed_at(directory: str, without: Sequence[str] = ()) -> float:
    """When anything below a directory changed last, in seconds since 1970; 0 when there is none.

    Args:
        without: names of directories that do not count.
    """
    top = Path(directory)
    paths = [top, *top.rglob("*")] if top.is_dir() else []
    counted = [path for path in paths if not set(path.relative_to(top).parts) & set(without)]
    return max((path.stat().st_mtime for path in counted), default=0.0)
