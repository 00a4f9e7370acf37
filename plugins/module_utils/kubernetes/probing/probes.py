# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Flows that are tried for real: who connects to whom, the pods that do it, and what their answers prove."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Dict, Optional

from ..errors import ManifestError
from ..fields import is_number, read_list, read_mapping
from ..network.declarations import read_names, read_port, read_strict_labels
from ..network.endpoints import Cluster, Endpoint
from ..network.parties import Parties
from ..resources import ENDED
from .program import ATTEMPTS, PROGRAM

Object = Dict[str, Any]
# Pods for probing have it, so that those which a kill has left can be found.
LABEL = "omnimind.platform/probe"
_MOST = 40  # targets of one pod: their answers must fit into its status
_EACH = 3  # pods of a destination that are tried


@dataclass(frozen=True)
class Probe:
    """A connection by TCP that shall come about, or not. `where` is the option, such as `probes[2]`."""

    where: str
    source: str
    destination: str
    host: str
    port: int
    allowed: bool

    def __str__(self) -> str:
        host = f" ({self.host})" if self.host != self.destination else ""
        return f"{self.where}: {self.source} to {self.destination}{host}, TCP {self.port}"


@dataclass(frozen=True)
class Maker:
    """What probing pods are made with.

    Args:
        image: has python3.
        timeout: seconds for one attempt to connect.
        seconds: for the policies to reach every node, after which an attempt counts as it is.
    """

    namespace: str
    image: str
    pull_secrets: Sequence[str] = ()
    timeout: float = 2.0
    seconds: float = 20.0


def read_probes(
    option: str,
    value: Any,
    components: Mapping[str, Any],
    parties: Parties,
    ready: Iterable[Endpoint],
    cluster: Cluster,
) -> list[Probe]:
    """All of them; ManifestError at the first that is none, or that would prove nothing.

    Args:
        components: those that a flow may begin at, as the filter network_policies has them.
        ready: the pods that are Ready, as only those answer.
        cluster: everybody, with the labels of namespaces.
    """
    answering = replace(cluster, endpoints=tuple(ready))
    found = [
        probe
        for index, entry in enumerate(read_list(option, value))
        for probe in _probes(f"{option}[{index}]", entry, components, parties, answering)
    ]
    reached = {(probe.destination, probe.port) for probe in found if probe.allowed}
    for probe in found:
        if not probe.allowed and (probe.destination, probe.port) not in reached:
            complaint = (
                f"nobody else shall reach {probe.destination} at TCP {probe.port}, so that it would prove nothing"
            )
            raise ManifestError(probe.where, complaint)
    return found


def check_probes(option: str, value: Any, components: Mapping[str, Any]) -> None:
    """ManifestError at the first that is none. Whether anybody is there to be tried is not looked at."""
    for index, entry in enumerate(read_list(option, value)):
        _fields(f"{option}[{index}]", entry, components)


def _fields(where: str, value: Any, components: Mapping[str, Any]) -> tuple[Mapping[str, Any], int, Sequence[str]]:
    """What is given of one, its port, and the components that it begins at."""
    fields = read_mapping(where, value, ("from", "to", "host", "port", "allowed"), required=("from", "port"))
    if ("to" in fields) == ("host" in fields):
        raise ManifestError(where, "it has one of to and host")
    if not isinstance(fields.get("allowed", True), bool):
        raise ManifestError(f"{where}.allowed", f"it is true or false, not {fields['allowed']!r}")
    port = read_port(f"{where}.port", fields["port"])
    if port.name or port.first != port.last:
        raise ManifestError(f"{where}.port", f"it is the number of one port, not {fields['port']!r}")
    if "host" in fields and (not isinstance(fields["host"], str) or not fields["host"]):
        raise ManifestError(f"{where}.host", f"it is a name or an address, not {fields['host']!r}")
    return fields, port.first, read_names(f"{where}.from", fields["from"], list(components), "component")


def _probes(where: str, value: Any, components: Mapping[str, Any], parties: Parties, answering: Cluster) -> list[Probe]:
    fields, port, sources = _fields(where, value, components)
    if "host" in fields:
        hosts = {fields["host"]: fields["host"]}
    else:
        hosts = _hosts(f"{where}.to", fields["to"], parties, answering)
    allowed = fields.get("allowed", True)
    return [
        Probe(where, source, destination, host, port, allowed)
        for source in sources
        for host, destination in hosts.items()
    ]


def _hosts(where: str, value: Any, parties: Parties, answering: Cluster) -> dict[str, str]:
    """Addresses of the first few pods of each who is meant, with the name of that."""
    found: dict[str, str] = {}
    for party in parties.read(where, value):
        members = [one for one in party.members(answering, ()) if one.addresses]
        if not members:
            raise ManifestError(where, f"no pod of {party.name} is Ready, so that nothing could be proved")
        found.update({str(one.addresses[0]): party.name for one in members[:_EACH]})
    return found


def pods_of(
    probes: Sequence[Probe], components: Mapping[str, Any], maker: Maker, token: str
) -> dict[str, tuple[Object, list[Probe]]]:
    """Pods by their names, each with the probes that it is for.

    Args:
        token: a part of their names that no other run has.
    """
    found = {}
    for source in dict.fromkeys(probe.source for probe in probes):
        own = [probe for probe in probes if probe.source == source]
        for number, first in enumerate(range(0, len(own), _MOST)):
            part = own[first : first + _MOST]
            name = f"omnimind-probe-{source[:30].rstrip('-')}-{token}-{number}"
            labels = read_strict_labels(f"components.{source}.labels", components[source].get("labels"))
            found[name] = _pod(name, labels, part, maker), part
    return found


def _pod(name: str, labels: Mapping[str, str], probes: Sequence[Probe], maker: Maker) -> Object:
    """Fit for the level `restricted` of Pod Security. It never becomes Ready, so that no Service sends it anything."""
    targets = [{"host": probe.host, "port": probe.port, "allowed": probe.allowed} for probe in probes]
    wish = {"targets": targets, "timeout": maker.timeout, "seconds": maker.seconds}
    container = {
        "name": "probe",
        "image": maker.image,
        "command": ["python3", "-c", PROGRAM],
        "env": [{"name": ATTEMPTS, "value": json.dumps(wish)}],
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"cpu": "500m", "memory": "128Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    spec: Object = {
        "restartPolicy": "Never",
        "activeDeadlineSeconds": int(maker.seconds + len(probes) * maker.timeout + 300),
        "terminationGracePeriodSeconds": 1,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "readinessGates": [{"conditionType": f"{LABEL}-never"}],
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
    }
    if maker.pull_secrets:
        spec["imagePullSecrets"] = [{"name": one} for one in maker.pull_secrets]
    metadata = {"name": name, "namespace": maker.namespace, "labels": {**labels, LABEL: "flows"}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def answer_of(pod: Object) -> Optional[list[str]]:
    """What a pod that is over has said, an error for each target, empty where it got through; None when it goes on."""
    status = pod.get("status") or {}
    if status.get("phase") not in ENDED:
        return None
    states = [one.get("state") or {} for one in status.get("containerStatuses") or []]
    message = next((one["terminated"].get("message") for one in states if one.get("terminated")), None)
    try:
        errors = json.loads(message or "")
    except ValueError:
        errors = None
    if isinstance(errors, list) and all(isinstance(one, str) for one in errors):
        return errors
    return []


def result(probe: Probe, error: str) -> dict[str, Any]:
    """As the module tells it."""
    return {
        "probe": probe.where,
        "source": probe.source,
        "destination": probe.destination,
        "host": probe.host,
        "port": probe.port,
        "expected": probe.allowed,
        "reached": not error,
        "error": error,
    }


def complaint(probe: Probe, error: str) -> str:
    """What is wrong about an answer; empty when it is as expected."""
    if bool(error) != probe.allowed:
        return ""
    return f"{probe} shall {'connect' if probe.allowed else 'not connect'}, and " + (
        f"does not: {error}" if error else "does"
    )


def check_times(timeout: Any, seconds: Any) -> None:
    """ManifestError when probes would never end, or never begin."""
    for name, value, most in (("probe_timeout", timeout, 60), ("probe_seconds", seconds, 3600)):
        if not isinstance(value, float) and not is_number(value) or not 0 < value <= most:
            raise ManifestError(name, f"it is a number of seconds, above 0 and up to {most}, not {value!r}")
