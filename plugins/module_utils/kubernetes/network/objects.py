# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The cluster that talks, out of objects as the API gives them: pods, what makes pods, namespaces and nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Optional

from ..errors import ManifestError
from ..fields import is_number, read_labels, read_mapping
from ..resources import ENDED
from .endpoints import Cluster, Endpoint, NamedPort, read_addresses


def read_cluster(objects: Iterable[Any], others: Iterable[Endpoint] = (), namespace: str = "default") -> Cluster:
    """The cluster of these objects; kinds that neither talk nor have labels of namespaces are passed over.

    Args:
        others: endpoints that are no objects of the API, such as addresses outside.
        namespace: where objects are whose manifests do not say so.
    """
    found: list[Endpoint] = []
    namespaces: dict[str, Mapping[str, str]] = {}
    for value in objects:
        fields = read_mapping("object", value, required=("kind", "metadata"))
        metadata = read_mapping(f"{fields['kind']}.metadata", fields["metadata"], required=("name",))
        if fields["kind"] == "Namespace":
            namespaces[metadata["name"]] = read_labels("Namespace.metadata.labels", metadata.get("labels"))
        elif fields["kind"] == "Node":
            found.append(_node(fields, metadata))
        else:
            found += _pods(fields, metadata, metadata.get("namespace", namespace))
    return Cluster((*found, *others), namespaces)


def _node(fields: Mapping[str, Any], metadata: Mapping[str, Any]) -> Endpoint:
    name = metadata["name"]
    entries = (fields.get("status") or {}).get("addresses") or []
    values = [entry["address"] for entry in entries if entry.get("type") in ("InternalIP", "ExternalIP")]
    return Endpoint(f"node {name}", addresses=read_addresses(f"Node {name}: status.addresses", values), node=name)


def _pods(fields: Mapping[str, Any], metadata: Mapping[str, Any], namespace: str) -> Iterator[Endpoint]:
    """The pod that it is, unless that is over; or one for the pods that it makes, which are alike."""
    kind, name, spec = fields["kind"], metadata["name"], fields.get("spec") or {}
    status: Mapping[str, Any] = fields.get("status") or {}
    labels: Optional[Any] = metadata.get("labels")
    if kind == "CronJob":
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    if kind != "Pod":
        template = spec.get("template")
        if not isinstance(template, Mapping) or not isinstance(template.get("spec"), Mapping):
            return
        labels, spec, status = (template.get("metadata") or {}).get("labels"), template["spec"], {}
    if status.get("phase") in ENDED:
        return
    where = f"{kind} {namespace}/{name}"
    addresses = [entry["ip"] for entry in status.get("podIPs") or [] if entry.get("ip")]
    ports = list(_ports(where, spec))
    yield Endpoint(
        name=name,
        namespace=namespace,
        labels=read_labels(f"{where}: labels", labels),
        addresses=read_addresses(f"{where}: status.podIPs", addresses or filter(None, [status.get("podIP")])),
        ports=tuple(port for port in ports if port.name),
        node=spec.get("nodeName") or "",
        host_network=bool(spec.get("hostNetwork")),
        several=kind != "Pod",
        unnamed_ports=tuple(port for port in ports if not port.name),
    )


def _ports(where: str, spec: Mapping[str, Any]) -> Iterator[NamedPort]:
    # An init container that is always restarted runs as long as the others.
    beside = [one for one in spec.get("initContainers") or [] if one.get("restartPolicy") == "Always"]
    for container in [*(spec.get("containers") or []), *beside]:
        for port in container.get("ports") or []:
            called, number = port.get("name") or "", port.get("containerPort")
            if not is_number(number):
                raise ManifestError(f"{where}: port {called}".rstrip(), "its containerPort is no number")
            yield NamedPort(called, int(number), port.get("protocol") or "TCP")
