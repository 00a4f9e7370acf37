#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: kernel_settings
short_description: Kernel settings as far as the host lets us
description:
  - Sets kernel parameters now, and for the next boot in a file of its own below C(/etc/sysctl.d).
  - A host may forbid it, as a container's does. Such settings are left out and returned in RV(refused),
    so that a roll-out to containers and to machines can be the same.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
options:
  name:
    description: Name of the file, without C(.conf).
    type: str
    required: true
  settings:
    description: Parameters and their values.
    type: dict
    default: {}
  state:
    description: V(absent) removes the file, and gives the running kernel back the values from before it.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    support: full
    description: Returns what would be set.
  diff_mode:
    support: full
    description: Shows running values before and after.
"""

EXAMPLES = r"""
- name: The server may fork whatever its memory
  omnimind.platform.kernel_settings:
    name: 60-redis
    settings:
      vm.overcommit_memory: 1
"""

RETURN = r"""
refused:
  description: Settings that differ and that this host does not let us set, with their running values.
  returned: success
  type: dict
  sample: {"vm.overcommit_memory": "0"}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.host.kernel import (
    former_values,
    is_writable,
    read_running,
    set_running,
    sysctl_file,
    sysctl_text,
)

ARGUMENTS = {
    "name": {"type": "str", "required": True},
    "settings": {"type": "dict", "default": {}},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    file = sysctl_file(module.params["name"])
    present = file.read_text() if file.exists() else ""
    if module.params["state"] == "absent":
        if present and not module.check_mode:
            file.unlink()
            for name, value in former_values(present).items():
                set_running(name, value)
        module.exit_json(changed=bool(present), refused={})
    wanted = {name: " ".join(str(value).split()) for name, value in module.params["settings"].items()}
    running = {name: read_running(name) for name in wanted}
    unknown = [name for name in wanted if running[name] is None]
    if unknown:
        module.fail_json(msg=f"settings: this kernel has no {', '.join(unknown)}")
    different = [name for name in wanted if running[name] != wanted[name]]
    refused = [name for name in different if not is_writable(name)]
    if not module.check_mode:
        refused += [n for n in different if n not in refused and not set_running(n, wanted[n])]
    kept = {name: value for name, value in wanted.items() if name not in refused}
    changes = [name for name in different if name in kept]
    former = {**{name: running[name] for name in changes}, **former_values(present)}
    text = sysctl_text(kept, former) if kept else ""
    if text != present and not module.check_mode:
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    module.exit_json(
        changed=text != present or bool(changes),
        refused={name: running[name] for name in refused},
        diff={
            "before": "".join(f"{name} = {running[name]}\n" for name in changes),
            "after": "".join(f"{name} = {wanted[name]}\n" for name in changes),
        },
    )


if __name__ == "__main__":
    main()
