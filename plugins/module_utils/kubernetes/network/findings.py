# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What may be wrong with policies, and what every rule about that looks at."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from .endpoints import Cluster, Endpoint
from .evaluation import Evaluator
from .imagined import with_imagined_pods
from .policies import PEERS, Policy
from .rules import Peer, Rule
from .selection import Selection

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True)
class Finding:
    """An error means that a policy does not do what it says; a warning that it may not do what was meant.

    `policy` is the namespace and the name, `where` the path in its manifest.
    """

    code: str
    severity: str
    message: str
    policy: str = ""
    where: str = ""

    def plain(self) -> dict[str, Any]:
        return asdict(self)


class Case:
    """Policies over the pods that are known, and where none is, over such as the policies speak of."""

    def __init__(self, policies: Iterable[Policy], cluster: Cluster) -> None:
        self.policies = tuple(sorted(policies, key=str))
        self.cluster = cluster
        self.evaluator = Evaluator(self.policies, with_imagined_pods(cluster, self.policies))
        self.selection = Selection(self.policies, cluster)

    def rules(self) -> Iterator[tuple[Policy, str, Rule]]:
        """All rules that count, with their directions."""
        for policy in self.policies:
            for direction in policy.directions:
                for rule in policy.rules(direction):
                    yield policy, direction, rule

    def peers(self) -> Iterator[tuple[Policy, str, Rule, Peer]]:
        """All peers of rules that count, with their paths."""
        for policy, direction, rule in self.rules():
            for index, peer in enumerate(rule.peers):
                yield policy, f"{rule.where}.{PEERS[direction]}[{index}]", rule, peer

    @cached_property
    def pods(self) -> list[Endpoint]:
        """Those that are known, and that policies can be about."""
        return [endpoint for endpoint in self.cluster.endpoints if endpoint.policed]

    @cached_property
    def namespaces(self) -> list[str]:
        """Those that have a policy."""
        return list(dict.fromkeys(policy.namespace for policy in self.policies))

    def selected(self, policy: Policy, pods: Iterable[Endpoint]) -> list[Endpoint]:
        """The pods that a policy is about."""
        return [pod for pod in pods if pod.namespace == policy.namespace and policy.pods.matches(pod.labels)]

    def kinds(self, endpoints: Iterable[Endpoint]) -> list[Endpoint]:
        """One of each kind that the policies tell apart."""
        return list({self.evaluator.selection.kind(endpoint): endpoint for endpoint in endpoints}.values())


def listing(names: Sequence[Any], most: int = 3) -> str:
    """The first few, and how many more there are."""
    words = [str(name) for name in names[:most]]
    return ", ".join(words) + (f" and {len(names) - most} more" if len(names) > most else "")
