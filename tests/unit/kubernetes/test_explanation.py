"""Who cannot talk is told which rule comes nearest, and what that one lacks."""

from __future__ import annotations

import pytest
from unit.kubernetes.talking import CLUSTER, policies, verdict

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.evaluation import Evaluator
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.matrix import Matrix

CLOSED = "{podSelector: {}, policyTypes: [Ingress, Egress]}"
FROM_WEB = "from: [{podSelector: {matchLabels: {app: web}}}]"


def api(rule: str) -> str:
    return f"{{podSelector: {{matchLabels: {{app: api}}}}, ingress: [{rule}]}}"


@pytest.mark.parametrize(
    ("specs", "flow", "reason"),
    [
        (("{podSelector: {}}",), "web api TCP 80", ", and no rule allows any"),
        ((api(f"{{{FROM_WEB}}}"),), "bare api TCP 80", "from[0]: the source has no label app"),
        ((api(f"{{{FROM_WEB}}}"),), "old api TCP 80", "from[0]: the source has app=api, not app=web"),
        ((api(f"{{{FROM_WEB}}}"),), "far api TCP 80", "it is about pods of shop alone, and the source is in store"),
        ((api(f"{{{FROM_WEB}, ports: [{{port: 80}}]}}"),), "web api TCP 81", "it is about TCP 80, not TCP 81"),
        (
            (api(f"{{{FROM_WEB}, ports: [{{port: 80, endPort: 90}}, {{protocol: UDP}}]}}"),),
            "web api TCP 91",
            "it is about TCP 80-90, UDP of every port, not TCP 91",
        ),
        (
            (api(f"{{{FROM_WEB}, ports: [{{port: web}}]}}"),),
            "web api TCP 80",
            "it is about TCP web, not TCP 80 (the destination calls no such port web)",
        ),
        (
            (api("{from: [{namespaceSelector: {matchLabels: {name: store}}}]}"),),
            "far api TCP 80",
            "from[0]: no namespace has name=store",
        ),
        (
            (api("{from: [{namespaceSelector: {matchLabels: {team: b}}}]}"),),
            "web api TCP 80",
            "from[0]: the namespace of the source, shop, has team=a, not team=b",
        ),
        (
            (api("{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: DoesNotExist}]}}]}"),),
            "web api TCP 80",
            "from[0]: the namespace of the source, shop, has team=a, where it is asked for: team does not exist",
        ),
        (
            (api("{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/24]}}]}"),),
            "web api TCP 80",
            "from[0]: the address of the source is not in 10.0.0.0/8 except 10.0.0.0/24",
        ),
        (
            (api("{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}"),),
            "bare api TCP 80",
            "from[0]: the address of the source is not known, only that it shall be in 10.0.0.0/8",
        ),
        (
            (api("{from: [{podSelector: {}}, {namespaceSelector: {}}]}"),),
            "out api TCP 80",
            "from[1]: the source is not in the network of pods, where only an ipBlock finds it",
        ),
        (
            (CLOSED, api(f"{{{FROM_WEB}}}"), "{podSelector: {matchLabels: {app: wep}}, egress: [{}]}"),
            "web api TCP 80",
            "shop/rule-2 spec.egress[0] would allow it, but it does not select the source, which has app=web,"
            " not app=wep",
        ),
    ],
)
def test_what_lacks(specs: tuple[str, ...], flow: str, reason: str) -> None:
    found = verdict(specs, flow)
    assert not found.allowed
    assert found.reason.endswith(reason)


def test_the_nearest_rule_is_named() -> None:
    """One that only lacks the port before one that lacks the peer as well."""
    other = "from: [{podSelector: {matchLabels: {a: b}}}]"
    rules = f"{{{FROM_WEB}, ports: [{{port: 1}}]}}, {{{other}, ports: [{{port: 2}}]}}"
    assert "spec.ingress[0] would" in verdict((api(rules),), "web api TCP 3").reason
    assert "spec.ingress[1] would" in verdict((api(rules),), "bare api TCP 2").reason


def test_what_decides_is_named() -> None:
    found = verdict((CLOSED, api(f"{{{FROM_WEB}}}"), "{policyTypes: [Egress], egress: [{}]}"), "web api TCP 1")
    assert found.plain() == {
        "allowed": True,
        "reason": "shop/rule-2 spec.egress[0] allows the egress; shop/rule-1 spec.ingress[0] allows the ingress",
        "egress": {
            "allowed": True,
            "reason": "shop/rule-2 spec.egress[0] allows the egress",
            "policies": ["shop/rule-2"],
            "rule": "spec.egress[0]",
        },
        "ingress": {
            "allowed": True,
            "reason": "shop/rule-1 spec.ingress[0] allows the ingress",
            "policies": ["shop/rule-1"],
            "rule": "spec.ingress[0]",
        },
    }
    matrix = Matrix(Evaluator(policies("{podSelector: {}}"), CLUSTER))
    cell = next(cell for cell in matrix.cells(80, "UDP") if str(cell.destination) == "shop/api")
    assert {**cell.plain(matrix.verdict(cell)), "egress": {}, "ingress": {}} == {
        "source": "shop/web",
        "destination": "shop/api",
        "port": 80,
        "protocol": "UDP",
        "family": 4,
        "allowed": False,
        "reason": "the ingress of the destination is isolated by shop/rule-0, and no rule allows any",
        "egress": {},
        "ingress": {},
    }
    denied = verdict((CLOSED, "{podSelector: {}}"), "far api TCP 1")
    assert (denied.egress.allowed, denied.ingress.policies) == (True, ("shop/rule-0", "shop/rule-1"))
    assert denied.reason.startswith("the ingress of the destination is isolated by shop/rule-0, shop/rule-1, and no")
