# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes a revision of a configuration, and removes those that nobody needs."""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..client import Client
from ..errors import ApiRefusal
from .references import referred_to
from .revisions import Object, Order, changes_of, differences, surplus

_NEEDING = ("Pod", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet")


def make_revision(client: Client, order: Order, rehearsed: bool) -> dict[str, Any]:
    """The revision is there; the module's answer."""
    revisions = client.list("ConfigMap", order.namespace, order.selector)
    found = client.get("ConfigMap", order.config_map, order.namespace)
    diff: list[dict[str, str]] = []
    if found is None:
        _create(client, order, rehearsed)
        diff = differences(order, revisions)
    changes = changes_of(order, found) if found else {}
    if changes:
        client.patch("ConfigMap", order.config_map, changes, order.namespace)
    living = [one for kind in _NEEDING for one in client.list(kind, order.namespace)]
    removed = _remove(client, order, surplus(order, revisions, referred_to(living)))
    return {
        "changed": found is None or bool(changes or removed),
        "config_map": order.config_map,
        "removed": removed,
        "diff": diff + [_gone(name) for name in removed],
    }


def remove_revisions(client: Client, order: Order) -> dict[str, Any]:
    """None is there, whoever needs it; the module's answer."""
    removed = _remove(client, order, client.list("ConfigMap", order.namespace, order.selector))
    diff = [_gone(name) for name in removed]
    return {"changed": bool(removed), "config_map": "", "removed": removed, "diff": diff}


def _create(client: Client, order: Order, rehearsed: bool) -> None:
    try:
        client.create(order.manifest)
    except ApiRefusal as refusal:
        # A namespace that an earlier task makes is not there in check mode.
        if not rehearsed or refusal.status != 404:
            raise


def _remove(client: Client, order: Order, revisions: Iterable[Object]) -> list[str]:
    names = []
    for one in revisions:
        name = one["metadata"]["name"]
        if client.delete("ConfigMap", name, order.namespace, one["metadata"].get("uid")):
            names.append(name)
    return sorted(names)


def _gone(name: str) -> dict[str, str]:
    return {"before_header": name, "after_header": name, "before": f"ConfigMap {name}\n", "after": ""}
