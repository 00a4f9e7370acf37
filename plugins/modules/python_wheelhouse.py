#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: python_wheelhouse
short_description: The wheels of a lock, in a directory
description:
  - Makes a directory hold a wheel for each package of a lock (C(NAME==VERSION --hash=sha256:...)), and nothing else,
    so that an image can be built of them without a network.
  - The wheels are for the Python that is named, whichever Python the host has. Only files whose hashes the lock
    knows are taken, and those that are there are kept.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
options:
  lock:
    description: The lock, on the host.
    type: path
    required: true
  directory:
    description: The directory of wheels.
    type: path
    required: true
  python:
    description: Minor version of the Python that wheels are for.
    type: str
    required: true
  machine:
    description: Architecture that wheels are for, as the kernel calls it.
    type: str
    choices: [x86_64, aarch64]
    required: true
  wheels:
    description: Directory or address to take wheels from, instead of the index that pip is configured to use.
    type: str
    default: ""
  pip:
    description: The command that is pip. That of the Python that runs the module when it is not given.
    type: list
    elements: str
attributes:
  check_mode:
    support: full
    description: Returns what is lacking.
  diff_mode:
    support: none
    description: Returns lists instead.
"""

EXAMPLES = r"""
- name: Every wheel is there
  omnimind.platform.python_wheelhouse:
    lock: /var/cache/backend/context/requirements.txt
    directory: /var/cache/backend/context/wheelhouse
    python: "3.11"
    machine: x86_64
"""

RETURN = r"""
fetched:
  description: Packages that had no wheel, with their versions.
  returned: success
  type: list
  elements: str
  sample: ["brotli==1.2.1"]
removed:
  description: Files that no package of the lock needs.
  returned: success
  type: list
  elements: str
"""

import sys
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.container_image.wheelhouse import fill
from ansible_collections.omnimind.platform.plugins.module_utils.reporting import failures_reported

ARGUMENTS = {
    "lock": {"type": "path", "required": True},
    "directory": {"type": "path", "required": True},
    "python": {"type": "str", "required": True},
    "machine": {"type": "str", "choices": ["x86_64", "aarch64"], "required": True},
    "wheels": {"type": "str", "default": ""},
    "pip": {"type": "list", "elements": "str"},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    params = module.params

    def run(command):
        status, out, err = module.run_command(list(command))
        return status, out + err

    target, pip = (params["python"], params["machine"]), params["pip"] or [sys.executable, "-m", "pip"]
    lock, directory = Path(params["lock"]), Path(params["directory"])
    with failures_reported(module):
        found = fill(lock, directory, *target, pip, params["wheels"], run, module.check_mode)
    module.exit_json(changed=bool(found), fetched=found.packages, removed=found.strays)


if __name__ == "__main__":
    main()
