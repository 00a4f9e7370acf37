#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: service_instances
short_description: Instances of one service, all at once
description:
  - Makes all instances of a service that is described to systemd or supervisor run, now and after a boot,
    with a state directory for each, in one call however many there are.
  - An instance that runs is not restarted, not even when its description changed, unless that is asked for.
  - The role P(omnimind.platform.managed_service#role) writes the description and calls this module.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.service
options:
  file:
    description: The file in which the service is described to the manager.
    type: path
    required: true
  state:
    description:
      - V(restarted) stops the instances, gives their directories to O(owner) and O(group), and starts them by their
        description as it is now.
      - V(reloaded) sends the instances the signal HUP, by which programs that know it read their settings again.
      - V(absent) stops and removes all instances there are, with the file, and keeps their directories.
    type: str
    choices: [started, restarted, reloaded, absent]
    default: started
  prune:
    description: Whether V(started) stops and removes instances that are none of O(instances).
    type: bool
    default: false
  command_lines:
    description: Command lines of processes, by the names of their instances. One that runs with another is in RV(outdated).
    type: dict
    default: {}
  read_at_start:
    description: Lists of files, by the names of instances that read them when they start. One that was started before such
      a file changed is in RV(outdated).
    type: dict
    default: {}
  state_directory:
    description: Directory that holds a directory for each instance, or belongs to the service without instances.
    type: path
  owner:
    description: Owner of the directories.
    type: str
    default: root
  group:
    description: Group of the directories.
    type: str
    default: root
attributes:
  check_mode:
    support: full
    description: Returns what would be started or removed.
  diff_mode:
    support: none
    description: Returns lists instead.
"""

EXAMPLES = r"""
- name: One node runs anew
  omnimind.platform.service_instances:
    name: omnimind-redis
    instances: ["7000"]
    manager: systemd
    file: /etc/systemd/system/omnimind-redis@.service
    state: restarted

- name: Both nodes run
  omnimind.platform.service_instances:
    name: omnimind-redis
    instances: ["7000", "7001"]
    manager: systemd
    file: /etc/systemd/system/omnimind-redis@.service
    state_directory: /var/lib/omnimind/redis
    owner: redis
    group: redis
"""

RETURN = r"""
started:
  description: Instances that were started.
  returned: success
  type: list
  elements: str
enabled:
  description: Instances that were enabled for the next boot.
  returned: success
  type: list
  elements: str
removed:
  description: Instances that were stopped and removed.
  returned: success
  type: list
  elements: str
outdated:
  description: Instances that ran already, and must be restarted to be what is described. Known for those in
    O(command_lines) and O(read_at_start).
  returned: success
  type: list
  elements: str
directories:
  description: Directories that were made.
  returned: success
  type: list
  elements: str
"""

import os
import shlex
import shutil
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.host.processes import (
    command_line,
    is_replaced,
    started_at,
)
from ansible_collections.omnimind.platform.plugins.module_utils.host.services import (
    MANAGERS,
    SERVICE_ARGUMENTS,
    ServiceError,
)
from ansible_collections.omnimind.platform.plugins.module_utils.reporting import refuse_old_ansible

ARGUMENTS = {
    **SERVICE_ARGUMENTS,
    "file": {"type": "path", "required": True},
    "state": {"type": "str", "choices": ["started", "restarted", "reloaded", "absent"], "default": "started"},
    "prune": {"type": "bool", "default": False},
    "command_lines": {"type": "dict", "default": {}},
    "read_at_start": {"type": "dict", "default": {}},
    "state_directory": {"type": "path"},
    "owner": {"type": "str", "default": "root"},
    "group": {"type": "str", "default": "root"},
}


def make_directories(params: dict, check_mode: bool) -> list[str]:
    """The directories that were missing."""
    if not params["state_directory"]:
        return []
    parent = Path(params["state_directory"])
    wanted = [parent, *(parent / instance for instance in params["instances"])]
    missing = [path for path in wanted if not path.is_dir()]
    for path in missing if not check_mode else ():
        path.mkdir(parents=True, mode=0o750)
        # A directory of instances is no instance's own, and every instance gets to what is its own in it.
        shared = path == parent and bool(params["instances"])
        shutil.chown(path, *(("root", "root") if shared else (params["owner"], params["group"])))
        os.chmod(path, 0o755 if shared else 0o750)
    return [str(path) for path in missing]


def start_all(manager, params: dict, check_mode: bool) -> dict:
    directories = make_directories(params, check_mode)
    instances = params["instances"] or [""]
    states = manager.states(instances)
    enabled = [i for i in instances if i not in states.enabled]
    started = [i for i in instances if i not in states.active]
    surplus = manager.surplus(instances) if params["prune"] else []
    if not check_mode:
        if len(states.known) < len(instances):
            manager.learn()
        if enabled:
            manager.enable(enabled)
        if started:
            manager.start(started)
        if surplus:
            manager.drop(surplus)
    outdated = find_outdated(manager, params, [i for i in instances if i in states.active])
    changed = bool(directories or enabled or started or surplus)
    lists = {"started": started, "enabled": enabled, "removed": surplus, "directories": directories}
    return {"changed": changed, "outdated": outdated, **lists}


def find_outdated(manager, params: dict, instances: list[str]) -> list[str]:
    """Instances that run by another description, of another program, or with files as they were."""
    watched = [i for i in instances if i in params["command_lines"] or i in params["read_at_start"]]
    processes = manager.processes(watched) if watched else {}
    return [i for i, process in processes.items() if is_outdated(params, i, process)]


def is_outdated(params: dict, instance: str, process: int) -> bool:
    files = [Path(file) for file in params["read_at_start"].get(instance, [])]
    words = shlex.split(params["command_lines"].get(instance, ""))
    try:
        began = started_at(process)
        newer = any(file.stat().st_mtime > began for file in files if file.exists())
        return newer or is_replaced(process) or bool(words and command_line(process) != words)
    except FileNotFoundError:  # it has just ended, and whoever starts it again reads everything
        return False


def restart(manager, params: dict, check_mode: bool) -> dict:
    instances = params["instances"] or [""]
    if not check_mode:
        manager.stop(instances)
        for instance in instances:
            own_directory(params, instance)
        manager.start_anew(instances)
    return {"changed": True, "started": instances, "enabled": [], "removed": [], "outdated": [], "directories": []}


def reload(manager, params: dict, check_mode: bool) -> dict:
    if not check_mode:
        manager.reload(params["instances"] or [""])
    return {"changed": True, "started": [], "enabled": [], "removed": [], "outdated": [], "directories": []}


def own_directory(params: dict, instance: str) -> None:
    """Another program of the same service may run as another user."""
    if params["state_directory"]:
        directory = Path(params["state_directory"], instance)
        for path in (directory, *directory.rglob("*")):
            shutil.chown(path, params["owner"], params["group"])


def remove_all(manager, check_mode: bool) -> dict:
    removed = manager.present() if manager.file.exists() else []
    if removed and not check_mode:
        manager.remove(removed)
    return {"changed": bool(removed), "started": [], "enabled": [], "removed": removed, "outdated": [], "directories": []}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    refuse_old_ansible(module)  # what takes a site down begins here, without a preflight
    params = module.params

    def run(command):
        try:
            status, out, err = module.run_command(list(command), handle_exceptions=False)
        except OSError as error:  # the manager itself is not installed, as in check mode on a fresh host
            return 127, str(error)
        return status, out + err

    manager = MANAGERS[params["manager"]](run, params["name"], Path(params["file"]))
    try:
        if params["state"] == "absent":
            answer = remove_all(manager, module.check_mode)
        elif params["state"] == "restarted":
            answer = restart(manager, params, module.check_mode)
        elif params["state"] == "reloaded":
            answer = reload(manager, params, module.check_mode)
        else:
            answer = start_all(manager, params, module.check_mode)
    except ServiceError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
