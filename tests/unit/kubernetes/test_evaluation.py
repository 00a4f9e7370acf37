"""What NetworkPolicies allow, by the words of the API's reference."""

from __future__ import annotations

import pytest
from unit.kubernetes.talking import ENDPOINTS, NAMESPACES, policies, verdict

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.endpoints import (
    Cluster,
    Endpoint,
    NamedPort,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.evaluation import Evaluator
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.matrix import Matrix

# Specs of policies in the namespace `shop`, and flows with whether they are allowed.
CASES: list[tuple[str, tuple[str, ...], dict[str, bool]]] = [
    ("without policies everything is allowed", (), {"web api TCP 8000": True, "out web TCP 80": True}),
    # --- which pods ------------------------------------------------------------------------------
    (
        "an empty pod selector selects every pod of the policy's own namespace",
        ("{podSelector: {}}",),
        {"web api TCP 8000": False, "web bare TCP 1": False, "web far TCP 8000": True, "far api TCP 8000": False},
    ),
    ("an absent pod selector is an empty one", ("{policyTypes: [Ingress]}",), {"web api TCP 8000": False}),
    (
        "pods that it does not select are not isolated",
        ("{podSelector: {matchLabels: {app: api}}}",),
        {"web api TCP 8000": False, "api web TCP 80": True, "far web TCP 80": True},
    ),
    (
        "labels and expressions of a selector must all be met",
        ("{podSelector: {matchLabels: {app: api}, matchExpressions: [{key: age, operator: DoesNotExist}]}}",),
        {"web api TCP 8000": False, "web old TCP 8001": True},
    ),
    (
        "a selector that selects no pod isolates none",
        ("{podSelector: {matchLabels: {app: none}}}",),
        {"web api TCP 8000": True},
    ),
    # --- directions ------------------------------------------------------------------------------
    (
        "without policyTypes, rules or none, ingress is isolated",
        ("{podSelector: {matchLabels: {app: web}}}",),
        {"api web TCP 80": False, "web api TCP 8000": True},
    ),
    (
        "without policyTypes egress is isolated, too, when there are rules of it",
        ("{podSelector: {matchLabels: {app: web}}, egress: [{ports: [{port: 53, protocol: UDP}]}]}",),
        {"api web TCP 80": False, "web api TCP 8000": False, "web dns UDP 53": True},
    ),
    (
        "an empty list of egress rules does not isolate egress by itself",
        ("{podSelector: {matchLabels: {app: web}}, egress: []}",),
        {"api web TCP 80": False, "web api TCP 8000": True},
    ),
    (
        "an empty list of policyTypes is an absent one",
        ("{podSelector: {matchLabels: {app: web}}, policyTypes: [], egress: [{}]}",),
        {"api web TCP 80": False, "web api TCP 8000": True},
    ),
    (
        "policyTypes Egress leaves ingress alone",
        ("{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]}",),
        {"api web TCP 80": True, "web api TCP 8000": False},
    ),
    (
        "policyTypes Ingress leaves egress alone, and its rules have no effect",
        ("{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], egress: [{ports: [{port: 1}]}]}",),
        {"api web TCP 80": False, "web api TCP 8000": True},
    ),
    (
        "rules of ingress do not count when policyTypes is Egress alone",
        ("{podSelector: {}, policyTypes: [Ingress]}", "{podSelector: {}, policyTypes: [Egress], ingress: [{}]}"),
        {"far web TCP 80": False},
    ),
    (
        "both types without rules deny both",
        ("{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress, Egress]}",),
        {"api web TCP 80": False, "web api TCP 8000": False, "api old TCP 8001": True},
    ),
    # --- empty and absent lists ------------------------------------------------------------------
    (
        "no list of ingress rules, or an empty one, allows nothing",
        ("{podSelector: {matchLabels: {app: api}}, ingress: []}",),
        {"web api TCP 8000": False, "out api TCP 8000": False},
    ),
    (
        "an empty rule allows everything",
        ("{podSelector: {matchLabels: {app: api}}, ingress: [{}]}",),
        {"web api TCP 8000": True, "out api UDP 1": True, "far api SCTP 65535": True},
    ),
    (
        "an absent `from` is everyone",
        ("{podSelector: {matchLabels: {app: api}}, ingress: [{ports: [{port: 8000}]}]}",),
        {"web api TCP 8000": True, "out api TCP 8000": True, "web api TCP 8001": False},
    ),
    (
        "an empty `from` is everyone",
        ("{podSelector: {matchLabels: {app: api}}, ingress: [{from: [], ports: [{port: 8000}]}]}",),
        {"far api TCP 8000": True, "out api TCP 8000": True, "two web TCP 80": True},
    ),
    (
        "absent ports are all ports",
        ("{podSelector: {matchLabels: {app: api}}, ingress: [{from: [{podSelector: {}}]}]}",),
        {"web api TCP 1": True, "web api UDP 65535": True, "web api SCTP 9": True, "far api TCP 8000": False},
    ),
    (
        "an empty list of ports is all ports",
        ("{podSelector: {matchLabels: {app: api}}, ingress: [{ports: []}]}",),
        {"web api TCP 1": True, "out api SCTP 9": True},
    ),
    (
        "fields that are null are absent",
        ("{podSelector: null, policyTypes: null, ingress: [{from: null, ports: null}], egress: null}",),
        {"web api TCP 1": True, "api far TCP 8000": True},
    ),
    (
        "an empty rule of egress allows everything out, and nothing in",
        ("{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress, Ingress], egress: [{}]}",),
        {"web out TCP 443": True, "web api TCP 8000": True, "api web TCP 80": False},
    ),
    # --- peers -----------------------------------------------------------------------------------
    (
        "a pod selector alone is about the policy's own namespace",
        ("{podSelector: {matchLabels: {app: api}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}",),
        {"web api TCP 8000": True, "far api TCP 8000": False, "old api TCP 8000": False, "out api TCP 8000": False},
    ),
    (
        "an empty pod selector as a peer is every pod of the own namespace",
        ("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}",),
        {"web api TCP 8000": True, "bare api TCP 8000": True, "far api TCP 8000": False, "out api TCP 8000": False},
    ),
    (
        "a namespace selector alone is every pod of these namespaces",
        ("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}}]}]}",),
        {"far api TCP 8000": True, "web api TCP 8000": False, "dns api TCP 8000": False},
    ),
    (
        "an empty namespace selector is every pod of every namespace, and no address outside",
        ("{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}",),
        {"far api TCP 8000": True, "web api TCP 8000": True, "dns api TCP 1": True, "out api TCP 8000": False},
    ),
    (
        "both selectors in one peer must be met",
        (
            "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}},"
            " podSelector: {matchLabels: {app: web}}}]}]}",
        ),
        {"web api TCP 8000": True, "far api TCP 8000": False, "old api TCP 8000": False},
    ),
    (
        "two peers are alternatives",
        (
            "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}},"
            " {podSelector: {matchLabels: {app: api}}}]}]}",
        ),
        {"far api TCP 8000": True, "old api TCP 8000": True, "web api TCP 8000": False, "dns api TCP 1": False},
    ),
    (
        "every namespace has the label of its name",
        (
            "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels:"
            " {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {k8s-app: dns}}}]}]}",
        ),
        {"web dns UDP 53": True, "web dns TCP 53": True, "web far TCP 8000": False},
    ),
    (
        "a label `name` is no label of namespaces by itself",
        ("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {name: store}}}]}]}",),
        {"far api TCP 8000": False},
    ),
    (
        "expressions select namespaces",
        (
            "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchExpressions:"
            " [{key: team, operator: NotIn, values: [a]}]}}]}]}",
        ),
        {"far api TCP 8000": True, "dns api TCP 8000": True, "web api TCP 8000": False},
    ),
    (
        "expressions select pods",
        (
            "{podSelector: {}, ingress: [{from: [{podSelector: {matchExpressions:"
            " [{key: tier, operator: Exists}, {key: app, operator: In, values: [web, job]}]}}]}]}",
        ),
        {"web api TCP 8000": True, "old api TCP 8000": False, "bare api TCP 8000": False},
    ),
    (
        "rules are alternatives, and a rule's ports are its own",
        (
            "{podSelector: {matchLabels: {app: api}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}],"
            " ports: [{port: 1}]}, {from: [{podSelector: {matchLabels: {app: api}}}], ports: [{port: 2}]}]}",
        ),
        {"web api TCP 1": True, "web api TCP 2": False, "old api TCP 2": True, "old api TCP 1": False},
    ),
    # --- blocks of addresses ---------------------------------------------------------------------
    (
        "a block is about addresses outside",
        ("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 203.0.113.0/24}}]}]}",),
        {"out api TCP 8000": True, "out6 api TCP 8000": False, "web api TCP 8000": False},
    ),
    (
        "exceptions are not in a block",
        (
            "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0,"
            " except: [203.0.113.0/29, 10.0.0.0/8]}}]}]}",
        ),
        {"web out TCP 443": False, "web far TCP 8000": False, "web out TCP 443 4": False},
    ),
    (
        "what another peer allows is allowed although a block excepts it",
        (
            "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 203.0.113.0/24,"
            " except: [203.0.113.7/32]}}, {ipBlock: {cidr: 203.0.113.7/32}}]}]}",
        ),
        {"web out TCP 443": True},
    ),
    (
        "a block of IPv4 is not about IPv6",
        ("{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}",),
        {"web out TCP 443 4": True, "web out TCP 443 6": False, "web out6 TCP 443": False},
    ),
    (
        "a block of IPv6 is not about IPv4",
        ("{policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: '::/0', except: ['fd00::/8']}}]}]}",),
        {"web out TCP 443 4": False, "web out TCP 443 6": True, "web out6 TCP 443": True, "web far TCP 8000 6": False},
    ),
    (
        "pods have addresses, too",
        ("{podSelector: {matchLabels: {app: api}}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/31}}]}]}",),
        {"web api TCP 8000": True, "web api TCP 8000 6": False, "far api TCP 8000": False},
    ),
    (
        "a block is about nobody whose address is not known",
        ("{podSelector: {matchLabels: {app: api}}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}",),
        {"bare api TCP 8000": False, "web api TCP 8000": True},
    ),
    (
        "bits after the prefix do not count",
        ("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 203.0.113.99/24}}]}]}",),
        {"out api TCP 8000": True},
    ),
    ("there is no way between IPv4 and IPv6", (), {"old out6 TCP 443": False, "bare out6 TCP 443": True}),
    # --- ports -----------------------------------------------------------------------------------
    (
        "the protocol is TCP unless it is given",
        ("{podSelector: {matchLabels: {app: api}}, ingress: [{ports: [{port: 53}]}]}",),
        {"web api TCP 53": True, "web api UDP 53": False, "web api SCTP 53": False},
    ),
    (
        "a protocol without a port is all its ports",
        ("{podSelector: {matchLabels: {app: api}}, ingress: [{ports: [{protocol: UDP}]}]}",),
        {"web api UDP 53": True, "web api UDP 65535": True, "web api TCP 53": False},
    ),
    (
        "an empty entry of ports is all of TCP",
        ("{podSelector: {matchLabels: {app: api}}, ingress: [{ports: [{}]}]}",),
        {"web api TCP 53": True, "web api UDP 53": False},
    ),
    (
        "SCTP is a protocol",
        ("{podSelector: {matchLabels: {app: api}}, ingress: [{ports: [{protocol: SCTP, port: 9000}]}]}",),
        {"web api SCTP 9000": True, "web api TCP 9000": False},
    ),
    (
        "endPort is the last port of a range, which both ends belong to",
        ("{podSelector: {matchLabels: {app: api}}, ingress: [{ports: [{port: 30, endPort: 40}]}]}",),
        {"web api TCP 29": False, "web api TCP 30": True, "web api TCP 40": True, "web api TCP 41": False},
    ),
    (
        "a range may be of one port, and of UDP",
        ("{podSelector: {}, ingress: [{ports: [{protocol: UDP, port: 7, endPort: 7}]}]}",),
        {"web api UDP 7": True, "web api UDP 8": False, "web api TCP 7": False},
    ),
    (
        "a named port is what the pod that receives calls so",
        ("{podSelector: {matchLabels: {app: api}}, ingress: [{ports: [{port: http}]}]}",),
        {"web api TCP 8000": True, "web old TCP 8001": True, "web api TCP 8001": False, "web api TCP 80": False},
    ),
    (
        "a named port has a protocol",
        ("{podSelector: {}, ingress: [{ports: [{port: names, protocol: UDP}, {port: signal}]}]}",),
        {"web api UDP 53": True, "web api TCP 53": False, "web api SCTP 9000": False, "web api TCP 9000": False},
    ),
    (
        "a named port of egress is what each destination calls so",
        ("{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{ports: [{port: http}]}]}",),
        {"web api TCP 8000": True, "web old TCP 8001": True, "web old TCP 8000": False, "web far TCP 8000": True},
    ),
    (
        "no address outside has named ports",
        ("{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{ports: [{port: http}]}]}",),
        {"web out TCP 80": False, "web bare TCP 80": False},
    ),
    (
        "several ports are alternatives",
        ("{podSelector: {}, ingress: [{ports: [{port: 1}, {port: http}, {port: 5, endPort: 6}]}]}",),
        {"web api TCP 1": True, "web api TCP 8000": True, "web api TCP 6": True, "web api TCP 2": False},
    ),
    # --- several policies, and both halves -------------------------------------------------------
    (
        "what one policy allows no other takes away",
        ("{podSelector: {}, policyTypes: [Ingress]}", "{podSelector: {matchLabels: {app: api}}, ingress: [{}]}"),
        {"web api TCP 8000": True, "web bare TCP 1": False},
    ),
    (
        "policies add up",
        (
            "{podSelector: {matchLabels: {app: api}}, ingress: [{ports: [{port: 1}]}]}",
            "{podSelector: {matchLabels: {tier: back}}, ingress: [{ports: [{port: 2}]}]}",
        ),
        {"web api TCP 1": True, "web api TCP 2": True, "web old TCP 2": False, "web api TCP 3": False},
    ),
    (
        "that ingress is allowed is not enough when egress is not",
        (
            "{podSelector: {}, policyTypes: [Ingress, Egress]}",
            "{podSelector: {matchLabels: {app: api}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}",
        ),
        {"web api TCP 8000": False, "far api TCP 8000": False},
    ),
    (
        "that egress is allowed is not enough when ingress is not",
        (
            "{podSelector: {}, policyTypes: [Ingress, Egress]}",
            "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{}]}",
        ),
        {"web api TCP 8000": False, "web far TCP 8000": True, "web out TCP 443": True},
    ),
    (
        "with both it is",
        (
            "{podSelector: {}, policyTypes: [Ingress, Egress]}",
            "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{ports: [{port: http}]}]}",
            "{podSelector: {matchLabels: {app: api}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}",
        ),
        {"web api TCP 8000": True, "api web TCP 80": False, "web api TCP 8001": False},
    ),
    (
        "answers need no rule of their own: a connection has one direction",
        ("{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}",),
        {"web api TCP 8000": True, "api web TCP 80": False},
    ),
    # --- what policies are not about -------------------------------------------------------------
    (
        "a pod always reaches itself",
        ("{podSelector: {}, policyTypes: [Ingress, Egress]}",),
        {"web web TCP 80": True, "bare bare UDP 1": True},
    ),
    (
        "a pod and the node that it runs on always reach each other",
        ("{podSelector: {}, policyTypes: [Ingress, Egress]}",),
        {"one web TCP 80": True, "web one TCP 22": True, "two web TCP 80": False, "web two TCP 22": False},
    ),
    (
        "another node is an address",
        ("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.9.0.2/32}}]}]}",),
        {"two web TCP 80": True, "one api TCP 8000": False},
    ),
    (
        "a pod in its node's network is not isolated",
        ("{podSelector: {}, policyTypes: [Ingress, Egress]}",),
        {"out host TCP 80": True, "host out TCP 443": True, "far host TCP 80": True},
    ),
    (
        "a pod in its node's network is found by no selector, but by its node's address",
        (
            "{podSelector: {matchLabels: {app: api}}, ingress: [{from: [{podSelector: {}}, {namespaceSelector: {}}]}]}",
            "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{ipBlock: {cidr: 10.9.0.1/32}}]}]}",
        ),
        {"host api TCP 8000": False, "host web TCP 80": True, "web api TCP 8000": True},
    ),
    ("addresses outside reach each other", ("{podSelector: {}}",), {"out6 out TCP 1": True, "out two TCP 22": True}),
]
FLOWS = [(title, specs, flow, allowed) for title, specs, flows in CASES for flow, allowed in flows.items()]


@pytest.mark.parametrize(("title", "specs", "flow", "allowed"), FLOWS, ids=[f"{case[0]}: {case[2]}" for case in FLOWS])
def test_allows(title: str, specs: tuple[str, ...], flow: str, allowed: bool) -> None:
    found = verdict(specs, flow)
    assert found.allowed == allowed, found.reason
    assert found.reason and found.plain()["allowed"] == allowed


def test_pods_with_the_same_labels_may_call_their_ports_differently() -> None:
    pods = [Endpoint(f"pod-{port}", "shop", {"app": "a"}, ports=(NamedPort("http", port),)) for port in (80, 81)]
    cluster = Cluster((*pods, ENDPOINTS["web"]), NAMESPACES)
    evaluator = Evaluator(policies("{ingress: [{ports: [{port: http}]}]}"), cluster)
    found = [evaluator.verdict(ENDPOINTS["web"], pod, port).allowed for pod in pods for port in (80, 81)]
    assert found == [True, False, False, True]


def test_pods_on_one_node_do_not_always_reach_each_other() -> None:
    """But what is in the node's network reaches them, whoever of them comes first."""
    names = ("host", "web", "far", "one")
    for order in (names, names[::-1]):
        cluster = Cluster(tuple(ENDPOINTS[name] for name in order), NAMESPACES)
        matrix = Matrix(Evaluator(policies("{policyTypes: [Ingress, Egress]}"), cluster))
        denied = {(cell.source.name, cell.destination.name) for cell in matrix.cells(80) if not cell.allowed}
        assert denied == {("web", "far"), ("far", "web")}
