"""What the API refuses in a NetworkPolicy and in a PodDisruptionBudget."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Any

from .errors import Complaint, forbidden_field, invalid_value, required, unsupported

Object = dict[str, Any]
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
_PORT_NAME = re.compile(r"(?=.{1,15}$)(?!.*--)(?=.*[a-z])[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_QUALIFIED = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_KEY_WORDS = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)


def label_selector(where: str, selector: Object) -> Iterator[Complaint]:
    for key in selector.get("matchLabels", {}):
        if not _QUALIFIED.fullmatch(key):
            yield invalid_value(f"{where}.matchLabels", key, _KEY_WORDS)
    for index, one in enumerate(selector.get("matchExpressions", [])):
        path, operator = f"{where}.matchExpressions[{index}]", one.get("operator")
        if operator not in _OPERATORS:
            yield invalid_value(f"{path}.operator", operator, "not a valid selector operator")
        elif operator in ("In", "NotIn") and not one.get("values"):
            yield required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'")
        elif operator in ("Exists", "DoesNotExist") and one.get("values"):
            yield forbidden_field(
                f"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            )


def port_number(where: str, port: Any) -> Iterator[Complaint]:
    if isinstance(port, int) and not 1 <= port <= 65535:
        yield invalid_value(where, port, "must be between 1 and 65535, inclusive")


def network_policy(found: Object) -> Iterator[Complaint]:
    spec = found["spec"]
    yield from label_selector("spec.podSelector", spec["podSelector"])
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(spec.get(direction, [])):
            path = f"spec.{direction}[{index}]"
            for at, port in enumerate(rule.get("ports", [])):
                yield from _port(f"{path}.ports[{at}]", port)
            for at, peer in enumerate(rule.get(peers, [])):
                yield from _peer(f"{path}.{peers}[{at}]", peer)
    types = spec["policyTypes"]
    if len(types) > 2:
        yield invalid_value("spec.policyTypes", types, "may not specify more than two policyTypes")
    for index, name in enumerate(types):
        if name not in ("Ingress", "Egress"):
            yield unsupported(f"spec.policyTypes[{index}]", name, ["Ingress", "Egress"])


def _port(where: str, port: Object) -> Iterator[Complaint]:
    if port["protocol"] not in ("TCP", "UDP", "SCTP"):
        yield unsupported(f"{where}.protocol", port["protocol"], ["TCP", "UDP", "SCTP"])
    number, end = port.get("port"), port.get("endPort")
    if isinstance(number, str):
        if not _PORT_NAME.fullmatch(number):
            yield invalid_value(
                f"{where}.port", number, "must contain only alphanumeric characters (a-z, 0-9), and hyphens (-)"
            )
        if end is not None:
            yield forbidden_field(f"{where}.endPort", "may not be specified when `port` is non-numeric")
    elif number is None:
        if end is not None:
            yield forbidden_field(f"{where}.endPort", "may not be specified when `port` is not specified")
    else:
        yield from port_number(f"{where}.port", number)
        if end is not None:
            if end < number:
                yield invalid_value(f"{where}.endPort", end, "must be greater than or equal to `port`")
            yield from port_number(f"{where}.endPort", end)


def _peer(where: str, peer: Object) -> Iterator[Complaint]:
    for name in ("podSelector", "namespaceSelector"):
        yield from label_selector(f"{where}.{name}", peer.get(name, {}))
    if not peer:
        yield required(where, "must specify a peer")
    elif "ipBlock" in peer and len(peer) > 1:
        yield forbidden_field(where, "may not specify both ipBlock and another peer")
    if "ipBlock" in peer:
        yield from _block(f"{where}.ipBlock", peer["ipBlock"])


def _block(where: str, block: Object) -> Iterator[Complaint]:
    words = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
    if not block.get("cidr"):
        yield required(f"{where}.cidr")
        return
    whole = _network(block["cidr"])
    if whole is None:
        yield invalid_value(f"{where}.cidr", block["cidr"], words)
    for index, text in enumerate(block.get("except", [])):
        part = _network(text)
        if part is None:
            yield invalid_value(f"{where}.except[{index}]", text, words)
        elif whole is not None and (part.version != whole.version or part == whole or not part.subnet_of(whole)):
            yield invalid_value(f"{where}.except[{index}]", text, "must be a strict subset of `cidr`")


def _network(text: str) -> Any:
    try:
        return ipaddress.ip_network(text, strict=False) if "/" in text else None
    except ValueError:
        return None


def disruption_budget(found: Object) -> Iterator[Complaint]:
    spec = found.get("spec", {})
    if {"minAvailable", "maxUnavailable"} <= set(spec):
        yield invalid_value("spec", spec, "minAvailable and maxUnavailable cannot be both set")
    for name in ("minAvailable", "maxUnavailable"):
        value = spec.get(name)
        if isinstance(value, str) and not re.fullmatch(r"\d+%", value):
            words = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', "
            yield invalid_value(f"spec.{name}", value, words + "regex used for validation is '[0-9]+%')")
        elif isinstance(value, str) and int(value[:-1]) > 100:
            yield invalid_value(f"spec.{name}", value, "must not be greater than 100%")
        elif isinstance(value, int) and value < 0:
            yield invalid_value(f"spec.{name}", value, "must be greater than or equal to 0")
    yield from label_selector("spec.selector", spec.get("selector", {}))
    policy = spec.get("unhealthyPodEvictionPolicy")
    if policy not in (None, "AlwaysAllow", "IfHealthyBudget"):
        yield unsupported("spec.unhealthyPodEvictionPolicy", policy, ["AlwaysAllow", "IfHealthyBudget"])
