#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: backend_info
short_description: Ask instances of a backend what they are and whether they are fit
description:
  - Asks C(/ready) and C(/api/status) of every instance at once.
  - An instance is fit when it is ready, is the version it should be, has everything it needs, and follows the settings
    of compression.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.reads_only
options:
  address:
    description: Address that the instances listen on.
    type: str
    default: 127.0.0.1
  ports:
    description: Ports of the instances.
    type: list
    elements: int
    required: true
  version:
    description: What an instance must say it is. Any will do where it is empty.
    type: str
    default: ""
  missing:
    description: Names of what an instance may be without, as they stand in C(missing) of C(/ready).
    type: list
    elements: str
    default: []
  read_since:
    description: When an instance must have read the settings of compression, in seconds since 1970.
    type: float
    default: 0
  wait_for:
    description: Ask again until all instances are so. Ask once when it is not given.
    type: str
    choices: [fit]
  timeout:
    description: Seconds to wait.
    type: float
    default: 30
"""

EXAMPLES = r"""
- name: Both instances are ready
  omnimind.platform.backend_info:
    ports: [8000, 8001]
    wait_for: fit
"""

RETURN = r"""
fit:
  description: Whether all instances are fit.
  returned: always
  type: bool
instances:
  description: The instances in the order of O(ports).
  returned: always
  type: list
  elements: dict
  contains:
    port:
      description: Its port.
      type: int
    url:
      description: Its address.
      type: str
    answers:
      description: Whether it answers.
      type: bool
    ready:
      description: Whether C(/ready) answers 200.
      type: bool
    version:
      description: What it says it is.
      type: str
    uptime_seconds:
      description: Seconds since it was started.
      type: float
    missing:
      description: What it is without, and why.
      type: dict
    cache:
      description: What it says of its cache.
      type: dict
    compression:
      description: What it says of compression.
      type: dict
    objection:
      description: Why it is not fit. Empty when it is.
      type: str
outdated:
  description: Ports of instances that do not answer, or are another version.
  returned: always
  type: list
  elements: int
unread:
  description: Ports of the others that have older settings of compression.
  returned: always
  type: list
  elements: int
missing:
  description: What any instance is without.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.backend.answers import Expected
from ansible_collections.omnimind.platform.plugins.module_utils.backend.asking import survey
from ansible_collections.omnimind.platform.plugins.module_utils.reporting import failures_reported

ARGUMENTS = {
    "address": {"type": "str", "default": "127.0.0.1"},
    "ports": {"type": "list", "elements": "int", "required": True},
    "version": {"type": "str", "default": ""},
    "missing": {"type": "list", "elements": "str", "default": []},
    "read_since": {"type": "float", "default": 0},
    "wait_for": {"type": "str", "choices": ["fit"]},
    "timeout": {"type": "float", "default": 30},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    params = module.params
    expected = Expected(params["version"], frozenset(params["missing"]), params["read_since"])
    timeout = params["timeout"] if params["wait_for"] else None
    with failures_reported(module):
        module.exit_json(changed=False, **survey(params["address"], params["ports"], expected, timeout))


if __name__ == "__main__":
    main()
