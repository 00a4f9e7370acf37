"""The matrix as users see it, expectations held against it, and drift."""

from __future__ import annotations

from typing import Any

import pytest
from unit.kubernetes.platform import CLUSTER, DECLARED, PORTS, may
from unit.kubernetes.talking import manifest

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.errors import ManifestError
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.drift import (
    complaints,
    describe_drift,
    refuse_elsewhere,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.expectations import Judgement
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.flows import network_policies
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.judging import judge_flows
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.parties import Parties
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.reachability import (
    describe_reachability,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.situations import (
    Given,
    Situation,
    read_situation,
)

SET = network_policies(DECLARED["flows"], "omnimind", DECLARED["components"], DECLARED["peers"])
DNS = {"namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}}
NAMES = {"from": list(DECLARED["components"]), "to": DNS, "ports": [53, {"port": 53, "protocol": "UDP"}]}
HOLE = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "hole", "namespace": "omnimind"},
    "spec": {"podSelector": {"matchLabels": {"component": "redis"}}, "ingress": [{}]},
}
PODS: list[dict[str, Any]] = [
    {"name": "web", "namespace": "shop", "labels": {"app": "web"}},
    {"name": "api", "namespace": "shop", "labels": {"app": "api"}, "ports": {"http": 8000}, "unnamed_ports": [9000]},
]
CLOSED = manifest({"podSelector": {}}, "closed")
OPEN = manifest({"podSelector": {"matchLabels": {"app": "api"}}, "ingress": [{"ports": [{"port": 8000}]}]}, "open")


def platform(*more: Any) -> Situation:
    situation = read_situation((), [Given(f"definitions[{i}]", one) for i, one in enumerate([*SET, *more])])
    return Situation(given=situation.given, cluster=CLUSTER)


def judged(situation: Situation, *flows: Any, nothing_else: bool = False) -> Judgement:
    parties = Parties(DECLARED["components"], DECLARED["peers"], situation.cluster, "omnimind")
    return judge_flows(situation, parties, flows, nothing_else)


def shop(*given: Any, live: Any = (), **more: Any) -> Situation:
    return read_situation(live, [Given(f"definitions[{i}]", one) for i, one in enumerate(given)], PODS, **more)


def test_the_platform_is_as_declared_and_nothing_else() -> None:
    found = judged(platform(), *DECLARED["flows"], NAMES, nothing_else=True)
    assert found.complaints == [] and found.checked > 40


def test_what_no_flow_declares_is_found() -> None:
    assert judged(platform(HOLE), *DECLARED["flows"], NAMES).complaints == [], "nobody asked"
    found = judged(platform(HOLE), *DECLARED["flows"], NAMES, nothing_else=True)
    assert {one.flow for one in found.wrong} == {"others"}
    assert {one.policies for one in found.wrong} == {("omnimind/hole",)}
    assert {one.destination for one in found.wrong} == {"omnimind/redis-0", "omnimind/redis-1"}
    # Of the namespace the egress is denied still; everybody else comes in.
    sources = {one.source for one in found.wrong}
    assert {"default/copy-0", "internet-0", "monitoring/grafana-0"} <= sources
    assert not any(source.startswith("omnimind/") for source in sources)
    assert any(str(one).startswith("others: default/copy-0 to omnimind/redis-0, TCP 1-65535 ") for one in found.wrong)


def test_a_flow_that_is_forgotten_is_not_expected() -> None:
    found = judged(platform(), *DECLARED["flows"][:-1], NAMES, nothing_else=True)
    assert {(one.protocol, one.ports) for one in found.wrong} == {("TCP", "443")}
    assert all(one.source.startswith("omnimind/backend") for one in found.wrong)


def test_every_wrong_flow_is_told_with_its_reason() -> None:
    denied = {"from": "frontend", "to": "backend", "port": 8000, "allowed": False}
    allowed = {"from": {"namespace": "default"}, "to": "omnimind/redis-0", "port": 6379}
    found = judged(platform(), denied, allowed)
    assert len([one for one in found.wrong if one.flow == "flows[0]"]) == 5, "two by two, one pair by IPv6 as well"
    first, last = found.wrong[0], found.wrong[-1]
    assert str(first).startswith(
        "flows[0]: omnimind/frontend-0 to omnimind/backend-0, TCP 8000 by IPv4, is allowed and "
    )
    assert first.policies == ("omnimind/allow-frontend", "omnimind/allow-backend")
    assert "is denied and shall be allowed: the ingress of the destination is isolated by" in str(last)
    assert found.message.splitlines() == ["flows: 7 are not as expected:", *map(str, found.wrong)]
    assert found.plain()["wrong"][0]["ports"] == "8000"


def test_an_expectation_is_of_every_port_that_it_names() -> None:
    spans = {"from": "redis", "to": "redis", "ports": [{"port": 6379, "endPort": 16379}]}
    wrong = judged(platform(), spans).wrong
    assert {one.ports for one in wrong} == {
        "6380-7999", "8000", "8001-8079", "8080", "8081", "8082-9120", "9121", "9122-16378",
    }  # fmt: skip
    assert len(wrong) == 8 * 2, "from each of both to the other"
    every = {"from": "frontend", "to": "redis", "allowed": False}
    assert judged(platform(), every).complaints == []
    assert judged(platform(HOLE), {**every, "from": "internet"}).wrong


def test_what_is_about_nobody_proves_nothing() -> None:
    nobody = {"from": {"labels": {"component": "none"}}, "to": "redis", "allowed": False}
    assert judged(platform(), nobody).complaints == [
        "flows[0].from: labels {'component': 'none'} is no pod that is known, which proves nothing"
    ]
    itself = {"from": "omnimind/redis-0", "to": "omnimind/redis-0", "port": 1}
    assert "no two that can talk" in judged(platform(), itself).complaints[0]
    unnamed = {"from": "gateway", "to": "redis", "port": "http"}
    assert "the destination calls no port http" in judged(platform(), unnamed).complaints[0]
    assert "proves nothing" in judged(platform(), {**unnamed, "allowed": False}).complaints[0]


@pytest.mark.parametrize(
    ("flow", "complaint"),
    [
        (
            {"from": "frontent", "to": "redis"},
            "flows[0].from: there is no component, peer or endpoint 'frontent'; is it ",
        ),
        ({"from": "frontend", "to": ["redis", 7]}, "flows[0].to: there is no component, peer or endpoint 7"),
        ({"from": "frontend", "to": []}, "flows[0].to: it is nobody"),
        ({"from": "frontend"}, "flows[0].to: it is missing"),
        (
            {"from": "frontend", "to": "redis", "port": 70000},
            "flows[0].port: it is a number from 1 to 65535, not 70000",
        ),
        ({"from": "frontend", "to": "redis", "ports": [0]}, "flows[0].ports[0].port: it is a number from 1 to 65535"),
        ({"from": "frontend", "to": "redis", "ports": []}, "flows[0].ports: it is empty"),
        ({"from": "frontend", "to": "redis", "port": 1, "ports": [1]}, "flows[0]: it has one of port and ports"),
        ({"from": "frontend", "to": "redis", "protocol": "tcp"}, "flows[0].protocol: it is one of TCP, UDP, SCTP"),
        ({"from": "frontend", "to": "redis", "allowed": "no"}, "flows[0].allowed: it is true or false, not 'no'"),
        ({"from": "frontend", "to": "redis", "allow": False}, "flows[0].allow: there is no such field; is it allowed?"),
        ({"from": {"label": {}}, "to": "redis"}, "flows[0].from.label: there is no such field; is it labels?"),
    ],
)
def test_an_expectation_that_is_none(flow: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ManifestError) as refused:
        judged(platform(), flow)
    assert refused.value.message.startswith(complaint)


def test_cells_are_what_was_written_by_hand() -> None:
    ports = [{"port": port, "protocol": protocol} for port, protocol in PORTS]
    cells = describe_reachability(platform(), ports)["cells"]
    ours = [one for one in cells if "omnimind/" in one["source"] + one["destination"]]
    assert len(ours) > 5000
    for cell in ours:
        ends = [cell[end].rpartition("/")[2] for end in ("source", "destination")]
        # The hand wrote of pods that policies isolate: others may do to others what they like.
        assert cell["allowed"] == may(*ends, cell["port"], cell["protocol"]), cell


def test_ports_are_those_that_endpoints_declare() -> None:
    found = describe_reachability(shop(CLOSED, OPEN))
    told = [(one["source"], one["port"], one["allowed"], one["policies"]) for one in found["cells"]]
    assert told == [("shop/web", 8000, True, ["shop/open"]), ("shop/web", 9000, False, ["shop/closed", "shop/open"])]
    assert (found["allowed"], found["denied"]) == (1, 1)
    assert [one["port"] for one in describe_reachability(shop(CLOSED, OPEN), show="denied")["cells"]] == [9000]
    assert [one["port"] for one in describe_reachability(shop(CLOSED, OPEN), ["http"])["cells"]] == [8000]
    for asked, complaint in (
        (["htp"], r"ports\[0\]: nobody calls a port TCP htp"),
        ([{"port": 1, "endPort": 2}], r"ports\[0\]: TCP 1-2: it is one port"),
        ([{"protocol": "UDP"}], r"ports\[0\]: UDP of every port: it is one port"),
        ([65536], r"ports\[0\].port: it is a number from 1 to 65535, not 65536"),
    ):
        with pytest.raises(ManifestError, match=complaint):
            describe_reachability(shop(CLOSED), asked)
    with pytest.raises(ManifestError, match="ports: none is asked for"):
        describe_reachability(read_situation((), [Given("x", CLOSED)], PODS[:1]))


def test_ends_are_chosen() -> None:
    situation = shop(CLOSED)
    parties = Parties({"web": {"labels": {"app": "web"}, "namespace": "shop"}}, {}, situation.cluster, "default")
    cells = describe_reachability(situation, [1], parties, destinations=["web"], world=True)["cells"]
    assert {(one["source"], one["destination"]) for one in cells} == {
        (source, "shop/web") for source in ("shop/api", "outside by IPv4", "outside by IPv6")
    }
    with pytest.raises(ManifestError, match=r"sources: .* is no pod that is known"):
        describe_reachability(situation, [1], parties, sources=[{"labels": {"app": "web"}}])
    named = describe_reachability(situation, [1], parties, sources=[{"cidrs": ["192.0.2.0/24"]}])["cells"]
    assert {one["source"] for one in named} == {"outside in 192.0.2.0/24"}


def test_what_is_given_is_laid_over_what_is_live() -> None:
    assert "supposed" not in describe_reachability(shop(live=[CLOSED], observed=True))
    supposed = describe_reachability(shop(OPEN, live=[CLOSED], observed=True))["supposed"]
    assert (supposed["extra"], supposed["closed"]) == (["shop/open"], [])
    assert supposed["opened"][0]["causes"] == ["shop/open"]
    less = shop(live=[CLOSED], absent=["closed"], namespace="shop", observed=True)
    assert less.policies == () and describe_reachability(less)["supposed"]["missing"] == ["shop/closed"]
    assert describe_reachability(shop(CLOSED, observed=True))["supposed"]["closed"], "where no policy was"
    with pytest.raises(ManifestError, match="absent: there is no live policy 'shop/close'; is it shop/closed?"):
        shop(live=[CLOSED], absent=["close"], namespace="shop")


def test_a_declared_pod_takes_the_place_of_a_live_one() -> None:
    live = {"kind": "Pod", "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "old"}}, "spec": {}}
    made = {
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}},
    }
    listed = {"apiVersion": "v1", "kind": "List", "items": [made, CLOSED]}
    situation = shop(listed, live=[live])
    assert sorted((str(one), one.labels["app"], one.several) for one in situation.cluster.endpoints) == [
        ("shop/api", "api", False),
        ("shop/web", "web", False),
        ("shop/web", "web", True),
    ]
    assert list(situation.given) == ["shop/closed"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({**CLOSED, "kind": "Networkpolicy"}, "definitions[1]: NetworkPolicy.kind: it is NetworkPolicy"),
        (
            {**CLOSED, "apiVersion": "projectcalico.org/v3"},
            "definitions[1]: NetworkPolicy.apiVersion: it is networking",
        ),
        (
            {**CLOSED, "spec": {"podSelectorr": {}}},
            "definitions[1]: NetworkPolicy shop/closed: spec.podSelectorr: there",
        ),
        (CLOSED, "definitions[1]: NetworkPolicy shop/closed is there twice"),
        ({"kind": "List", "items": [OPEN, {}]}, "definitions[1].items[1]: object.kind: it is missing"),
        (
            {"kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": ["x"]}},
            "definitions[1]: the API would not",
        ),
        ("text", "definitions[1]: object: it is a mapping"),
    ],
)
def test_a_manifest_that_is_wrong_is_named(content: Any, complaint: str) -> None:
    with pytest.raises(ManifestError) as refused:
        shop(CLOSED, content)
    assert refused.value.message.startswith(complaint)


def test_findings_say_nothing_of_namespaces_that_nobody_knows() -> None:
    far = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "far"}}}
    policy = manifest({"podSelector": {}, "ingress": [{"from": [far]}]})
    here = {"kind": "Namespace", "metadata": {"name": "shop"}}
    for complete in (True, False):
        codes = {one.code for one in shop(policy, here, complete=complete).findings()}
        assert ("absent_namespace" in codes) == complete


def test_drift_is_told_by_policy() -> None:
    wanted, found = platform().given, dict(platform(HOLE).given)
    del found["omnimind/allow-sentinel"]
    drift = describe_drift(wanted, found, CLUSTER)
    assert [(one["name"], one["change"], bool(one["opens"]), bool(one["closes"])) for one in drift["policies"]] == [
        ("omnimind/hole", "extra", True, False),
        ("omnimind/allow-sentinel", "missing", False, True),
    ]
    assert drift["summary"][:2] == ["omnimind/hole is extra", "omnimind/allow-sentinel is missing"]
    assert complaints(drift, []) == [] and complaints(drift, ["edited"]) == []
    assert complaints(drift, ["extra"]) == ["omnimind/hole is extra"]
    opened = complaints(drift, ["opened"])
    assert opened and all(line.startswith("opened: ") and "omnimind/hole spec.ingress[0]" in line for line in opened)
    assert describe_drift(wanted, wanted, CLUSTER)["drifted"] is False


def test_what_is_wanted_elsewhere_is_refused() -> None:
    refuse_elsewhere(platform().given, None)
    with pytest.raises(ManifestError, match="namespaces: NetworkPolicy omnimind/allow-.* omnimind is not among them"):
        refuse_elsewhere(platform().given, ["shop"])
