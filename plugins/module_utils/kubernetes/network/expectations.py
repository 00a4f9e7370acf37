# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Flows that shall be allowed or denied, and each that is not so."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Optional

from ..errors import ManifestError
from ..fields import read_list, read_mapping
from .declarations import read_port
from .endpoints import Endpoint, same_node, same_pod, shared_families
from .evaluation import Evaluator, Verdict
from .parties import Parties, Party
from .rules import Ports
from .situations import Situation
from .spans import Span, outside_regions, port_spans


@dataclass(frozen=True)
class Expectation:
    """Of every source to every destination, at every one of the ports."""

    where: str
    sources: Sequence[Party]
    destinations: Sequence[Party]
    ports: Sequence[Ports]
    allowed: bool


@dataclass(frozen=True)
class Wrong:
    """A flow that is not as expected. `flow` is the expectation, such as `flows[0]`."""

    flow: str
    source: str
    destination: str
    protocol: str
    ports: str
    family: Optional[int]
    allowed: bool
    reason: str
    policies: tuple[str, ...] = ()

    def __str__(self) -> str:
        state, wanted = ("allowed", "denied") if self.allowed else ("denied", "allowed")
        family = f" by IPv{self.family}" if self.family else ""
        at = f"{self.protocol} {self.ports}{family}"
        return (
            f"{self.flow}: {self.source} to {self.destination}, {at}, is {state} and shall be {wanted}: {self.reason}"
        )

    def plain(self) -> dict[str, Any]:
        return {**asdict(self), "policies": list(self.policies)}


@dataclass
class Judgement:
    """`unproved` says of which expectations nothing could be checked, `checked` how many flows were."""

    checked: int = 0
    wrong: list[Wrong] = field(default_factory=list)
    unproved: list[str] = field(default_factory=list)

    @property
    def complaints(self) -> list[str]:
        return [*self.unproved, *map(str, self.wrong)]

    @property
    def message(self) -> str:
        return "\n".join([f"flows: {len(self.complaints)} are not as expected:", *self.complaints])

    def plain(self) -> dict[str, Any]:
        wrong = [one.plain() for one in self.wrong]
        return {"checked": self.checked, "wrong": wrong, "unproved": self.unproved}


def read_expectations(value: Any, parties: Parties) -> list[Expectation]:
    """Expectations from a list of flows; ManifestError at the first that is none."""
    return [_expectation(f"flows[{index}]", entry, parties) for index, entry in enumerate(read_list("flows", value))]


def _expectation(where: str, value: Any, parties: Parties) -> Expectation:
    known = ("name", "from", "to", "port", "ports", "protocol", "allowed")
    fields = read_mapping(where, value, known, required=("from", "to"))
    where = str(fields.get("name", where))
    if "port" in fields and "ports" in fields:
        raise ManifestError(where, "it has one of port and ports")
    if not isinstance(fields.get("allowed", True), bool):
        raise ManifestError(f"{where}.allowed", f"it is true or false, not {fields['allowed']!r}")
    protocol = {"protocol": fields["protocol"]} if "protocol" in fields else {}
    if "ports" in fields:
        entries = read_list(f"{where}.ports", fields["ports"])
        if not entries:
            raise ManifestError(f"{where}.ports", "it is empty")
        ports = [
            read_port(f"{where}.ports[{index}]", {**protocol, **(one if isinstance(one, Mapping) else {"port": one})})
            for index, one in enumerate(entries)
        ]
    else:
        ports = [read_port(where, {**protocol, "port": fields.get("port")})]
    ends = [parties.read(f"{where}.{end}", fields[end]) for end in ("from", "to")]
    return Expectation(where, ends[0], ends[1], ports, fields.get("allowed", True))


class Judge:
    """Holds expectations against policies.

    Args:
        others: parties of which networks are known as well, so that addresses are told apart by them, too.
    """

    def __init__(self, situation: Situation, expectations: Sequence[Expectation], others: Iterable[Party] = ()) -> None:
        self.expectations = expectations
        self.cluster = situation.cluster
        every = [*others, *(one for entry in expectations for one in (*entry.sources, *entry.destinations))]
        self.regions = outside_regions(situation.policies, [block for party in every for block in party.blocks])
        asked = [ports for entry in expectations for ports in entry.ports if not ports.name]
        self.spans = port_spans(situation.policies, self.cluster.endpoints, asked)
        self.evaluator = Evaluator(situation.policies, situation.cluster)
        self._quick = Evaluator(situation.policies, situation.cluster, explain=False)
        self.judgement = Judgement()

    def judge(self) -> Judgement:
        for expectation in self.expectations:
            before = self.judgement.checked
            ends = [
                self.members(f"{expectation.where}.{name}", parties)
                for name, parties in (("from", expectation.sources), ("to", expectation.destinations))
            ]
            for source in ends[0]:
                for destination in ends[1]:
                    # About these no policy is.
                    if not same_pod(source, destination) and not same_node(source, destination):
                        self._judge(expectation, source, destination)
            if all(ends) and self.judgement.checked == before:
                complaint = "it is about no two that can talk to each other at such a port, and proves nothing"
                self.judgement.unproved.append(f"{expectation.where}: {complaint}")
        return self.judgement

    def members(self, where: str, parties: Iterable[Party]) -> list[Endpoint]:
        """Each of them once. A flow of nobody is always as expected, which is no proof."""
        found: dict[Endpoint, None] = {}
        for party in parties:
            members = party.members(self.cluster, self.regions)
            if not members:
                self.judgement.unproved.append(f"{where}: {party.name} is no pod that is known, which proves nothing")
            found.update(dict.fromkeys(members))
        return list(found)

    def spans_of(self, ports: Ports, destination: Endpoint) -> Iterator[Span]:
        """Parts of what is asked that nothing tells apart."""
        if ports.name:
            for port in destination.ports:
                if (port.name, port.protocol) == (ports.name, ports.protocol):
                    yield Span(port.protocol, port.number, port.number)
            return
        for span in self.spans:
            if span.protocol == ports.protocol and ports.first <= span.first and span.last <= ports.last:
                yield span

    def _judge(self, expectation: Expectation, source: Endpoint, destination: Endpoint) -> None:
        families: tuple[Optional[int], ...] = shared_families(source, destination)
        if not families and source.namespace and destination.namespace:
            families = (None,)  # two pods shall be able to talk, while addresses outside are of one version each
        for ports in expectation.ports:
            spans = list(self.spans_of(ports, destination))
            if families and not spans and expectation.allowed:
                self.judgement.checked += 1
                reason = f"the destination calls no port {ports.name}"
                ends = (str(source), str(destination))
                self.judgement.wrong.append(
                    Wrong(expectation.where, *ends, ports.protocol, ports.name, None, False, reason)
                )
            for family in families:
                for span in spans:
                    asked = (source, destination, span.first, span.protocol, family)
                    self.judgement.checked += 1
                    if self._quick.verdict(*asked).allowed != expectation.allowed:
                        verdict = self.evaluator.verdict(*asked)
                        self.judgement.wrong.append(
                            wrong(expectation.where, source, destination, span, family, verdict)
                        )


def wrong(
    where: str, source: Endpoint, destination: Endpoint, span: Span, family: Optional[int], verdict: Verdict
) -> Wrong:
    """What a verdict that is not as expected tells a user."""
    halves = [half for half in (verdict.egress, verdict.ingress) if half.allowed == verdict.allowed]
    policies = tuple(dict.fromkeys(name for half in halves for name in half.policies))
    ends = (str(source), str(destination))
    return Wrong(where, *ends, span.protocol, str(span), family, verdict.allowed, verdict.reason, policies)
