# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Manifests that a module looks at: of a cluster, of its options, or of both as the cluster would be with them."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Dict, Optional

from ansible.module_utils.basic import AnsibleModule

from .. import reporting
from .arguments import cluster_opened
from .budgets.metadata import read_metadata
from .client import Client
from .errors import KubernetesFailure, ManifestError
from .resources import RESOURCES, title

# Documented in doc_fragments/kubernetes_manifests.py.
MANIFEST_ARGUMENTS: dict[str, dict[str, Any]] = {
    "source": {"type": "str", "choices": ["live", "definitions", "both"]},
    "definitions": {"type": "list", "elements": "dict"},
    "namespaces": {"type": "list", "elements": "str"},
}
_Manifest = Dict[str, Any]


@dataclass(frozen=True)
class Gathered:
    """What was found.

    Args:
        live: manifests of the cluster.
        given: those of the options.
        ignored: what was given and is of no kind that is looked at.
    """

    live: tuple[_Manifest, ...] = ()
    given: tuple[_Manifest, ...] = ()
    ignored: tuple[str, ...] = ()

    def of(self, *kinds: str) -> list[_Manifest]:
        """Of these kinds; what is given takes the place of what is there under its name."""
        return [one for one in self.all if one["kind"] in kinds]

    @property
    def all(self) -> list[_Manifest]:
        return list({_key(one): one for one in [*self.live, *self.given]}.values())

    @property
    def imagined(self) -> list[_Manifest]:
        """What is given and not there yet."""
        there = {_key(one) for one in self.live}
        return [one for one in self.given if _key(one) not in there]


@contextmanager
def manifests_gathered(module: AnsibleModule, kinds: Sequence[str]) -> Iterator[Gathered]:
    """What the options of a module lead to, of these kinds; failures are the module's from here on."""
    params = module.params
    source = params["source"] or ("live" if params["definitions"] is None else "definitions")
    with reporting.failures_reported(module):
        if source != "live" and params["definitions"] is None:
            raise KubernetesFailure(f"definitions: source is {source}, and there are none")
        if source == "live" and params["definitions"]:
            raise KubernetesFailure("source: it is live, so that definitions would not be looked at; it may be both")
        known, ignored = [], []
        for index, one in enumerate([] if source == "live" else params["definitions"]):
            kind, name = _checked(index, one)
            if kind in kinds or _makes_pods(one):
                known.append(one)
            else:
                ignored.append(name)
        _refuse_doubles(known)
        if source == "definitions":
            yield Gathered((), tuple(known), tuple(ignored))
            return
        with cluster_opened(module, read_only=True) as client:
            live = tuple(_live(client, kinds, params["namespaces"]))
            yield Gathered(live, tuple(known), tuple(ignored))


def _checked(index: int, definition: Any) -> tuple[str, str]:
    """Its kind, and its name in messages."""
    try:
        metadata = read_metadata(definition)
    except ManifestError as error:
        raise KubernetesFailure(f"definitions[{index}]: {error.message}") from error
    return definition["kind"], title(definition["kind"], metadata.name, metadata.namespace)


def _makes_pods(definition: _Manifest) -> bool:
    """Whether it is of a kind like a Deployment, whoever made it up."""
    spec = definition.get("spec")
    return isinstance(spec, dict) and isinstance(spec.get("template"), dict)


def _refuse_doubles(definitions: Sequence[_Manifest]) -> None:
    seen = set()
    for one in definitions:
        if _key(one) in seen:
            raise KubernetesFailure(f"definitions: {title(_key(one)[0], _key(one)[2], _key(one)[1])} is there twice")
        seen.add(_key(one))


def _key(manifest: _Manifest) -> tuple[str, str, str]:
    metadata = manifest["metadata"]
    return manifest["kind"], metadata.get("namespace") or "default", metadata["name"]


def _live(client: Client, kinds: Sequence[str], namespaces: Optional[Sequence[str]]) -> Iterator[_Manifest]:
    for name in namespaces or ():
        if client.get("Namespace", name) is None:
            raise KubernetesFailure(f"namespaces: there is no {name!r}")
    for kind in filter(RESOURCES.__contains__, kinds):
        for name in namespaces if namespaces and RESOURCES[kind].namespaced else [None]:
            yield from client.list(kind, name)
