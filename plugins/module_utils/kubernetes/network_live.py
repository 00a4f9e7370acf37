# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a cluster tells of who talks in some namespaces, and what is allowed to them."""
from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from .client import Client
from .errors import KubernetesFailure
from .network.declarations import read_names
from .sending import Object

NAMESPACES, POLICIES, PODS, TEMPLATES, NODES = "namespaces", "policies", "pods", "templates", "nodes"
LIVE = (NAMESPACES, POLICIES, PODS, TEMPLATES, NODES)
_MAKE_PODS = ("Deployment", "StatefulSet", "DaemonSet", "Job")


def read_live(client: Client, namespaces: Sequence[str], what: Collection[str]) -> list[Object]:
    """Objects of the kinds that are asked for; KubernetesFailure when there is no such namespace."""
    found: list[Object] = []
    if NAMESPACES in what:
        # All of them: a selector may be about any, and one about none of them is a mistake.
        found += client.list("Namespace")
        read_names("namespaces", namespaces, [one["metadata"]["name"] for one in found], "namespace")
    if NODES in what:
        found += client.list("Node")
    for namespace in namespaces:
        if not namespace:
            raise KubernetesFailure("namespaces: one of them has no name")
        found += _inside(client, namespace, what)
    return found


def _inside(client: Client, namespace: str, what: Collection[str]) -> Iterator[Any]:
    if POLICIES in what:
        yield from client.list("NetworkPolicy", namespace)
    if PODS in what:
        yield from client.list("Pod", namespace)
    if TEMPLATES in what:
        for kind in _MAKE_PODS:
            # A job that is over makes no more.
            yield from (
                one for one in client.list(kind, namespace) if not (one.get("status") or {}).get("completionTime")
            )
