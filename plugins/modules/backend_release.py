#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: backend_release
short_description: Releases of a backend, a revision with its configuration each
description:
  - A release is a directory with everything that an instance starts with but the program itself. A link leads to the
    one in force, another to the one before, so a release is in force as a whole or not at all.
  - V(prepared) writes a release that differs from the one in force beside it, when the new revision has judged its
    files.
  - V(in_force) leads the link to it. Nothing is started or stopped.
  - V(proved) notes that it was seen to work, and removes releases and revisions that nobody needs.
  - V(absent) leaves no release in force.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
options:
  directory:
    description: Where the configuration is.
    type: path
    required: true
  state:
    description: What shall be so.
    type: str
    choices: [prepared, in_force, proved, absent]
    default: prepared
  name:
    description: Name of the release, for V(in_force) and V(proved).
    type: str
    default: ""
  group:
    description: The group that may read the files. Only root may write them.
    type: str
    default: root
  launch:
    description: How instances are started. C(revision) is shown as part of the version; what else is in it makes
      another release when it changes.
    type: dict
    default: {}
  settings:
    description: Settings of the backend by their names, which become variables C(OMNIMIND_NAME). Empty ones are left
      out.
    type: dict
    default: {}
  compression:
    description: Content of C(compression.yaml).
    type: str
    default: ""
  cache_url:
    description: Where Redis is, with the login. It is kept in a file of its own. Empty for none.
    type: str
    default: ""
  cache_ca:
    description: The authorities by which Redis is known, PEM.
    type: str
    default: ""
  seen_at:
    description: Where the backend sees the release in force. The link C(current) in O(directory) when it is not given.
    type: path
  check:
    description: Command that ends well when the settings in its environment are right. None is run where it is empty.
    type: list
    elements: str
    default: []
  ports:
    description: Ports of the instances, noted for V(in_force).
    type: list
    elements: int
    default: []
  revisions:
    description: Directory of revisions, of which V(proved) removes old ones.
    type: path
  keep:
    description: How many of them are kept.
    type: int
    default: 3
attributes:
  check_mode:
    support: full
    description: The new files are judged where the revision is there, and not written.
  diff_mode:
    support: full
    description: Shows the files before and after; of secrets only that they are others.
seealso:
  - module: omnimind.platform.backend_release_info
"""

EXAMPLES = r"""
- name: Release is prepared
  omnimind.platform.backend_release:
    directory: /etc/omnimind-backend
    group: omnimind-backend
    launch: {revision: 5f0c2f6f9d1e, runtime: venv, server: uvicorn, address: 127.0.0.1}
    settings: {log_level: info, task_workers: 4}
    compression: "{{ {'codings': ['br', 'gzip']} | to_nice_yaml }}"
    cache_url: redis+cluster://:secret@10.0.0.1:7000
  register: release

- name: Release is in force
  omnimind.platform.backend_release:
    directory: /etc/omnimind-backend
    state: in_force
    name: "{{ release.name }}"
    ports: [8000]
"""

RETURN = r"""
name:
  description: Name of the release. Empty in check mode for one that would be written.
  returned: success
  type: str
  sample: 20261130T031500Z-4f21aa
version:
  description: What instances of the release say they are. The same where only settings of compression differ.
  returned: success
  type: str
  sample: 5f0c2f6f9d1e+8a41c6
files:
  description: Files that differ from those in force.
  returned: success
  type: list
  elements: str
launch:
  description: How instances of the release are started.
  returned: success
  type: dict
fallback:
  description: The release to go back to, with C(name), C(version) and C(launch). Empty names where there is none.
  returned: success
  type: dict
since:
  description: When the release came into force, in seconds since 1970.
  returned: success
  type: float
former_ports:
  description: Ports that were noted before.
  returned: success
  type: list
  elements: int
removed:
  description: Revisions that were removed.
  returned: success
  type: list
  elements: str
"""

import json
import secrets
import shutil
import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.backend.cache_url import NONE
from ansible_collections.omnimind.platform.plugins.module_utils.backend.releases import (
    CACHE_CA,
    CACHE_URL,
    COMPRESSION,
    CURRENT,
    ENVIRONMENT,
    LAUNCH,
    PREVIOUS,
    Shelf,
    check,
    compare,
    difference,
    environment_text,
    summary,
)
from ansible_collections.omnimind.platform.plugins.module_utils.backend.revisions import prunable
from ansible_collections.omnimind.platform.plugins.module_utils.reporting import failures_reported

ARGUMENTS = {
    "directory": {"type": "path", "required": True},
    "state": {"type": "str", "choices": ["prepared", "in_force", "proved", "absent"], "default": "prepared"},
    "name": {"type": "str", "default": ""},
    "group": {"type": "str", "default": "root"},
    "launch": {"type": "dict", "default": {}},
    "settings": {"type": "dict", "default": {}},
    "compression": {"type": "str", "default": ""},
    "cache_url": {"type": "str", "default": "", "no_log": True},
    "cache_ca": {"type": "str", "default": ""},
    "seen_at": {"type": "path"},
    "check": {"type": "list", "elements": "str", "default": []},
    "ports": {"type": "list", "elements": "int", "default": []},
    "revisions": {"type": "path"},
    "keep": {"type": "int", "default": 3},
}


def prepare(shelf: Shelf, params: dict, check_mode: bool) -> dict:
    """Write the release, unless it is in force already."""
    seen_at = params["seen_at"] or str(shelf.directory / CURRENT)
    files = {
        ENVIRONMENT: environment_text(params["settings"], seen_at),
        COMPRESSION: params["compression"],
        CACHE_URL: (params["cache_url"] or NONE) + "\n",
        **({CACHE_CA: params["cache_ca"]} if params["cache_ca"] else {}),
    }
    current = shelf.linked(CURRENT)
    change = compare(files, params["launch"], current, secrets.token_hex(3))
    launch = {**params["launch"], "version": change.version}
    files[LAUNCH] = json.dumps(launch, indent=2, sort_keys=True) + "\n"
    name = current.name if current and not change.changed else ""
    if change.changed and params["check"]:
        check(params["check"], files, seen_at)
    if change.changed and not check_mode:
        name = shelf.write(files)
    return {
        "changed": bool(change.changed),
        "name": name,
        "version": change.version,
        "files": sorted(change.changed),
        "launch": launch,
        "fallback": summary(shelf.fallback(name)),
        "diff": difference(files, current, change.changed),
    }


def put_in_force(shelf: Shelf, params: dict, check_mode: bool) -> dict:
    """Lead the link there; in check mode the release need not be on the disk."""
    current = shelf.linked(CURRENT)
    changed, former_ports = not (current and current.name == params["name"]), shelf.ports()
    if not check_mode:
        shelf.note_ports(params["ports"])
        shelf.put_in_force(params["name"])
    since = time.time() if check_mode and changed else shelf.in_force_since()
    return {"changed": changed, "name": params["name"], "since": since, "former_ports": former_ports}


def prove(shelf: Shelf, params: dict, check_mode: bool) -> dict:
    """Note it, and tidy up."""
    needed = [release.launch.get("revision", "") for release in map(shelf.linked, (CURRENT, PREVIOUS)) if release]
    surplus = prunable(Path(params["revisions"]), params["keep"], needed) if params["revisions"] else []
    if not check_mode:
        shelf.prove(params["name"])
        shelf.sweep()
        for path in surplus:
            shutil.rmtree(path)
    return {"changed": bool(surplus), "removed": [path.name for path in surplus]}


def withdraw(shelf: Shelf, params: dict, check_mode: bool) -> dict:
    """Leave no release in force."""
    return {"changed": shelf.linked(CURRENT) is not None if check_mode else shelf.withdraw()}


ACTS = {"prepared": prepare, "in_force": put_in_force, "proved": prove, "absent": withdraw}


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_if=[("state", "prepared", ("launch",))],
        supports_check_mode=True,
    )
    params = module.params
    with failures_reported(module):
        answer = ACTS[params["state"]](Shelf(Path(params["directory"]), params["group"]), params, module.check_mode)
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
