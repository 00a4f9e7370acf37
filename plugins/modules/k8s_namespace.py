#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_namespace
short_description: Keep a namespace of Kubernetes with some labels
description:
  - Makes a namespace, or gives labels to one that is there. Labels that it gave, and that are no longer wanted, it
    removes; those of others it leaves alone.
  - Removes a namespace only when it made it and when nobody else has anything in it, of whatever kind the cluster
    knows. Else it only takes its labels off.
  - A label that was there with another value is overwritten, and is not put back.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.kubernetes
attributes:
  check_mode:
    support: full
    description: Tells what would be changed, and changes nothing.
  diff_mode:
    support: full
    description: Shows the labels.
options:
  name:
    description: Name of the namespace.
    type: str
    required: true
  labels:
    description: Labels that it shall have, such as those of Pod Security.
    type: dict
    default: {}
  state:
    description: V(absent) takes off the labels, and removes the namespace where that takes nothing from anybody.
    type: str
    choices: [present, absent]
    default: present
  force:
    description: Remove the namespace with O(state=absent), whoever made it, and B(with everything in it).
    type: bool
    default: false
  leaving:
    description: Labels, as C(NAME) or C(NAME=VALUE). In check mode what has one of them does not keep the namespace, as
      it would be gone by then.
    type: list
    elements: str
    default: []
seealso:
  - module: omnimind.platform.k8s_guard_set
"""

EXAMPLES = r"""
- name: Pods of the shop are of the level restricted
  omnimind.platform.k8s_namespace:
    name: shop
    labels:
      pod-security.kubernetes.io/enforce: restricted
"""

RETURN = r"""
created:
  description: Whether the namespace was made, or would be in check mode.
  returned: always
  type: bool
removed:
  description: Whether it was removed, or would be.
  returned: always
  type: bool
labels:
  description: The labels that were changed, by what they are now; null for those that were removed.
  returned: always
  type: dict
kept:
  description: Why a namespace that shall be absent stays; empty when it does not.
  returned: always
  type: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes import namespaces
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.arguments import (
    CONNECTION_ARGUMENTS,
    REQUIRED_TOGETHER,
    cluster_opened,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.client import Client
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.sending import Object

ARGUMENTS = {
    **CONNECTION_ARGUMENTS,
    "name": {"type": "str", "required": True},
    "labels": {"type": "dict", "default": {}},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "force": {"type": "bool", "default": False},
    "leaving": {"type": "list", "elements": "str", "default": []},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, required_together=REQUIRED_TOGETHER, supports_check_mode=True)
    params = module.params
    with cluster_opened(module) as client:
        live = client.get("Namespace", params["name"])
        if live is not None and "deletionTimestamp" in live["metadata"] and params["state"] == "present":
            module.fail_json(msg=f"name: Namespace {params['name']} is being removed. Wait until it is gone")
        answer = {"created": False, "removed": False, "labels": {}, "kept": "", "changed": False}
        if params["state"] == "present":
            answer.update(_present(client, live, params, module.check_mode))
        elif live is not None and "deletionTimestamp" not in live["metadata"]:
            answer.update(_absent(client, live, params, module.check_mode))
    module.exit_json(**answer)


def _present(client: Client, live: Any, params: Object, check: bool) -> Object:
    labels = {name: str(value) for name, value in params["labels"].items()}
    if live is None:
        wanted = namespaces.manifest(params["name"], labels)
        if not check:
            client.create(wanted)
        diff = {"before": {}, "after": {"labels": wanted["metadata"]["labels"]}}
        return {"created": True, "changed": True, "labels": labels, "diff": diff}
    return _labelled(client, live, labels, check)


def _labelled(client: Client, live: Object, labels: Object, check: bool) -> Object:
    changed = namespaces.changes(live, labels)
    if not changed and namespaces.noted(live, labels):
        return {}
    if not check:
        client.patch("Namespace", live["metadata"]["name"], namespaces.patch(changed, labels))
    before = live["metadata"].get("labels") or {}
    after = {name: value for name, value in {**before, **changed}.items() if value is not None}
    return {"changed": True, "labels": changed, "diff": {"before": {"labels": before}, "after": {"labels": after}}}


def _absent(client: Client, live: Object, params: Object, check: bool) -> Object:
    name = params["name"]
    kept = "" if params["force"] else _reason_to_keep(client, live, params["leaving"] if check else [])
    if kept:
        return {"kept": kept, **_labelled(client, live, {}, check)}
    if not check:
        client.delete("Namespace", name, uid=live["metadata"].get("uid"))
    diff = {"before": {"labels": live["metadata"].get("labels") or {}}, "after": {}}
    return {"removed": True, "changed": True, "diff": diff}


def _reason_to_keep(client: Client, live: Object, leaving: list) -> str:
    if not namespaces.is_ours(live):
        return "it was there before"
    found = namespaces.inhabitants(client, live["metadata"]["name"], leaving)
    return f"there is {', '.join(found)}" if found else ""


if __name__ == "__main__":
    main()
