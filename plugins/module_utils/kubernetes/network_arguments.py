# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options that the modules about network policies share. Documented in doc_fragments/kubernetes_network.py."""
from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from .. import reporting
from .arguments import CONNECTION_ARGUMENTS, REQUIRED_TOGETHER, cluster_opened
from .manifest_files import YAML_IMPORT_ERROR, read_manifests
from .network.parties import Parties
from .network.policies import Policy
from .network.situations import Given, Situation, read_policies_of, read_situation
from .network_live import LIVE, NAMESPACES, POLICIES, PODS, read_live

_ENDPOINT: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "namespace": {"type": "str"},
    "labels": {"type": "dict"},
    "addresses": {"type": "list", "elements": "str"},
    "ports": {"type": "dict"},
    "unnamed_ports": {"type": "list", "elements": "raw"},
    "node": {"type": "str"},
    "host_network": {"type": "bool"},
    "several": {"type": "bool"},
}
NETWORK_ARGUMENTS: dict[str, dict[str, Any]] = {
    **CONNECTION_ARGUMENTS,
    "namespaces": {"type": "list", "elements": "str"},
    "live": {"type": "list", "elements": "str", "choices": list(LIVE), "default": [NAMESPACES, POLICIES, PODS]},
    "definitions": {"type": "list", "elements": "dict"},
    "src": {"type": "list", "elements": "path"},
    "default_namespace": {"type": "str", "default": "default"},
    "endpoints": {"type": "list", "elements": "dict", "options": _ENDPOINT},
}
# Of modules that judge policies, which are supposed to be so, and may name whom they are about.
SUPPOSED_ARGUMENTS: dict[str, dict[str, Any]] = {
    "absent": {"type": "list", "elements": "str"},
    "components": {"type": "dict", "default": {}},
    "peers": {"type": "dict", "default": {}},
}

__all__ = [
    "NETWORK_ARGUMENTS",
    "REQUIRED_TOGETHER",
    "SUPPOSED_ARGUMENTS",
    "found_policies",
    "named_parties",
    "situation_read",
]


@contextmanager
def situation_read(module: AnsibleModule, policies: Optional[bool] = None) -> Iterator[Situation]:
    """What a module's options are about. Without `namespaces` no cluster is asked, and no library is needed for one.

    Failures are the module's from here on.

    Args:
        policies: whether live ones are read; None leaves that to the options.
    """
    params = module.params
    what = {*params["live"], POLICIES} if policies else {*params["live"]} - ({POLICIES} if policies is False else set())
    if not params["namespaces"]:
        with reporting.failures_reported(module):
            yield _situation(module, [], (), params.get("absent"))
        return
    with reporting.failures_reported(module):
        # What is wrong with manifests is told before anybody is asked.
        _situation(module, [], ())
    with cluster_opened(module, read_only=True) as client:
        yield _situation(module, read_live(client, params["namespaces"], what), what, params.get("absent"))


def _situation(
    module: AnsibleModule, live: list[Any], what: Collection[str], absent: Optional[list[str]] = None
) -> Situation:
    params = module.params
    return read_situation(
        live,
        _given_objects(module),
        params["endpoints"] or [],
        absent or [],
        params["default_namespace"],
        POLICIES in what,
        NAMESPACES in what,
    )


def _given_objects(module: AnsibleModule) -> list[Given]:
    """Manifests from `definitions` and from the files of `src`."""
    params = module.params
    found = [Given(f"definitions[{index}]", one) for index, one in enumerate(params["definitions"] or [])]
    if params["src"] and YAML_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("PyYAML"), exception=YAML_IMPORT_ERROR)
    for path in params["src"] or []:
        found += [Given(where, document) for where, document in read_manifests("src", path)]
    return found


def found_policies(module: AnsibleModule, situation: Situation) -> Mapping[str, Policy]:
    """The live ones, or those that a module was given in their place."""
    found = module.params["found"]
    if found is None:
        return situation.live
    given = [Given(f"found[{index}]", one) for index, one in enumerate(found)]
    return read_policies_of(given, module.params["default_namespace"])


def named_parties(module: AnsibleModule, situation: Situation) -> Parties:
    """Those whom `components` and `peers` name, and all endpoints."""
    params = module.params
    return Parties(params["components"], params["peers"], situation.cluster, params["default_namespace"])
