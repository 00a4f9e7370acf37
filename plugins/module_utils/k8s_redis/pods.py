# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pods as nodes of a Redis Cluster: where the two domains meet.

This room lies above both: the domain of Redis knows addresses and a way to dial them, the domain of Kubernetes knows
pods and ports, and only here is known that a node is a pod. Neither of them may know of the other, or of this.
"""
from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from ..kubernetes.client import Client
from ..kubernetes.standing import Standing, missing, read_standing
from ..redis.connection import Gone, Session
from ..redis.nodes import Address, ListedNode
from ..redis.survey import trouble_of

# What passes by itself while a server starts. Other troubles are for the plan to refuse.
_PASSING = ("node_unreachable", "node_loading")


class Pods:
    """The pods that a selector names, as they were at the last `look`.

    Args:
        size: how many there must be; None for as many as there are.
        port: where their Redis listens.
        connect_timeout: seconds for each connection to a pod.
    """

    def __init__(
        self,
        client: Client,
        namespace: str,
        label_selector: str,
        size: int | None = None,
        port: int = 6379,
        connect_timeout: float = 5.0,
    ) -> None:
        self.client, self.namespace, self.label_selector = client, namespace, label_selector
        self.size, self.port, self.connect_timeout = size, port, connect_timeout
        self.all: Sequence[Standing] = ()
        self._standing: Mapping[str, Standing] = {}

    def look(self) -> list[dict[str, str]]:
        """Ask which pods there are; what is missing, as {node, reason}."""
        found = self.client.list("Pod", self.namespace, label_selector=self.label_selector)
        self.all = [read_standing(one) for one in found]
        self._standing = {_canonical(pod.address): pod for pod in self.all if pod.stands}
        # None at all is never as many as there should be.
        size = self.size if self.size is not None else max(1, sum(not pod.leaving for pod in self.all))
        return missing(self.all, size)

    @property
    def nodes(self) -> list[ListedNode]:
        """Those that run. The failure domain of each is the node of Kubernetes that it runs on."""
        return [ListedNode(Address(host, self.port), pod.node) for host, pod in self._standing.items()]

    def dial(self, address: Address) -> socket.socket:
        """A socket to the pod that has an address; as `Login.dial` must be."""
        pod = self._standing.get(_canonical(address.host))
        if pod is None:
            raise Gone(f"is at an address that no running pod with {self.label_selector} has")
        return self.client.forward(pod.name, self.namespace, address.port, self.connect_timeout)

    def silent(self, session: Session) -> list[dict[str, str]]:
        """The pods that run and whose Redis does not answer yet, as {node, reason}."""
        found = []
        for address, answer in session.ask_all([node.address for node in self.nodes], ("PING",)).items():
            error = answer if isinstance(answer, Exception) else answer[0]
            trouble = trouble_of(error) if isinstance(error, Exception) else None
            if trouble and trouble.code in _PASSING:
                pod = self._standing[address.host]
                reason = "; ".join(filter(None, [trouble.reason, pod.waits]))
                found.append({"node": self.title(address), "reason": reason})
        return found

    def title(self, address: Address) -> str:
        """As a refusal names a pod: with the address by which the plan does."""
        return f"{self.name(address.host)} ({address})"

    def name(self, host: str) -> str:
        """Name of the pod at an address; empty when there is none."""
        pod = self._standing.get(_canonical(host))
        return pod.name if pod else ""

    def rows(self) -> list[dict[str, Any]]:
        """The pods that count, as modules return them."""
        counted = sorted((pod for pod in self.all if not pod.leaving), key=lambda pod: pod.name)
        return [{"name": pod.name, "address": pod.address, "node": pod.node} for pod in counted]


def _canonical(address: str) -> str:
    """An address in the one form that both Kubernetes and Redis may give it."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address
