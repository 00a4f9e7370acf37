# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is asked for with a namespace's set of NetworkPolicies, judged before anything is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Optional

from .client import Client
from .errors import ApiRefusal, KubernetesFailure
from .namespaces import is_there
from .network.difference import Difference, compare
from .network.endpoints import Cluster, Endpoint
from .network.judging import judge_flows
from .network.parties import Parties
from .network.policy_set import Cut, Object, Plan, find_cuts, intended, meaning, plan_steps, read_set, shown
from .network.situations import Given, Situation, read_situation
from .network_live import NAMESPACES, PODS, read_live
from .probing.probes import Maker, Probe, read_probes
from .probing.probing import try_flows
from .policy_sets import apply, live_policies, put_back_on_failure, rehearse

_ATTEMPTS = 3
_FORBIDDEN, _CONFLICT = 403, 409


@dataclass(frozen=True)
class Order:
    """The options of the module, of whose documentation these are the words. `policies` are none when it is absent."""

    namespace: str
    name: str
    policies: Sequence[Any] = ()
    adopt: bool = False
    expected: Sequence[Any] = ()
    others: str = "ignored"
    components: Mapping[str, Any] = field(default_factory=dict)
    peers: Mapping[str, Any] = field(default_factory=dict)
    namespaces: Sequence[str] = ()
    endpoints: Sequence[Any] = ()
    probes: Sequence[Any] = ()
    maker: Optional[Maker] = None

    def wanted(self) -> dict[str, Object]:
        return read_set(self.name, self.namespace, self.policies)


@dataclass(frozen=True)
class Outlook:
    """What an order comes to: the steps, what they change, and who shall connect to whom then."""

    live: Mapping[str, Object]
    after: Mapping[str, Object]
    plan: Plan
    difference: Difference
    cuts: Sequence[Cut]
    probes: Sequence[Probe] = ()
    tried: Sequence[Mapping[str, Any]] = ()

    def answer(self) -> dict[str, Any]:
        plan = self.plan
        names = [*plan.created, *plan.replaced, *plan.removed]
        return {
            "changed": bool(plan.steps),
            "created": list(plan.created),
            "replaced": list(plan.replaced),
            "removed": list(plan.removed),
            "steps": [f"{step.action} {step.name}" for step in plan.steps],
            "opened": [one.plain() for one in self.difference.opened],
            "closed": [one.plain() for one in self.difference.closed],
            "cuts": list(map(str, self.cuts)),
            "probes": list(self.tried),
            "diff": {"before": shown(self.live, names), "after": shown(self.after, names)},
        }


def fulfil(client: Client, order: Order, check_mode: bool) -> Outlook:
    """Bring it about; in check mode only look what it comes to. KubernetesFailure, with nothing changed or all back."""
    wanted = order.wanted()
    there = is_there(client, order.namespace)
    if not there and wanted and not check_mode:
        raise KubernetesFailure(f"namespace: there is no {order.namespace!r}; it must be made first")
    for left in reversed(range(_ATTEMPTS)):
        outlook = _look(client, order, wanted, there)
        try:
            if there:
                rehearse(client, outlook.plan)
                _try(client, order, outlook, check_mode=True)
            if check_mode:
                return outlook
            with put_back_on_failure(client, order.namespace, outlook.live, outlook.plan):
                apply(client, outlook.plan)
                return replace(outlook, tried=_try(client, order, outlook, check_mode=False))
        except ApiRefusal as refusal:
            # Somebody else was quicker: what they did is looked at.
            if refusal.status != _CONFLICT or not left:
                raise
    raise AssertionError("the last attempt returns or raises")


def _look(client: Client, order: Order, wanted: Mapping[str, Object], there: bool) -> Outlook:
    live = live_policies(client, order.namespace) if there else {}
    after = intended(live, wanted, order.name, order.adopt)
    plan = plan_steps(live, after)
    situation, pods = _situation(client, order, live, after, there)
    parties = Parties(order.components, order.peers, situation.cluster, order.namespace)
    if order.expected or order.others == "denied":
        _prove(order, situation, parties)
    ready = _ready(pods, situation.cluster)
    probes = read_probes("probes", order.probes, order.components, parties, ready, situation.cluster) if there else ()
    if not plan.steps:
        return Outlook(live, after, plan, Difference(), (), probes)
    difference = compare(map(meaning, live.values()), map(meaning, after.values()), situation.cluster)
    return Outlook(live, after, plan, difference, find_cuts(live, plan.steps, situation.cluster), probes)


def _ready(pods: Sequence[Object], cluster: Cluster) -> list[Endpoint]:
    """Endpoints of pods that are Ready."""
    names = {
        f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        for pod in pods
        if any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions") or [])
    }
    return [endpoint for endpoint in cluster.endpoints if str(endpoint) in names]


def _try(client: Client, order: Order, outlook: Outlook, check_mode: bool) -> list[dict[str, Any]]:
    if not order.maker or not outlook.probes:
        return []
    return try_flows(client, outlook.probes, order.components, order.maker, check_mode)


def _situation(
    client: Client, order: Order, live: Mapping[str, Object], after: Mapping[str, Object], there: bool
) -> tuple[Situation, list[Object]]:
    """What there will be: the policies afterwards, over pods that run now and endpoints that are declared; the pods."""
    namespaces = [*([order.namespace] if there else []), *(one for one in order.namespaces if one != order.namespace)]
    talking = _talking(client, namespaces)
    changed = [Given("", one) for one in after.values()]
    situation = read_situation(talking, changed, order.endpoints, (), order.namespace)
    return replace(situation, observed=bool(live)), [one for one in talking if one["kind"] == "Pod"]


def _talking(client: Client, namespaces: Sequence[str]) -> list[Object]:
    """Pods, and the labels of namespaces as far as the account may see them."""
    try:
        return read_live(client, namespaces, {NAMESPACES, PODS})
    except ApiRefusal as refusal:
        if refusal.status != _FORBIDDEN:
            raise
        return read_live(client, namespaces, {PODS})


def _prove(order: Order, situation: Situation, parties: Parties) -> None:
    judgement = judge_flows(situation, parties, order.expected, order.others == "denied")
    if judgement.complaints:
        message = judgement.message.replace("flows: ", "expected: ", 1)
        raise KubernetesFailure(message, **judgement.plain())
