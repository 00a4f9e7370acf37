#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: service_log_info
short_description: What instances of a service printed last
description:
  - Returns the last lines of each instance, from the journal or from supervisor's files.
  - The role P(omnimind.platform.managed_service#role) calls this module.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.service
  - omnimind.platform.reads_only
options:
  lines:
    description: How many lines of each.
    type: int
    default: 20
seealso:
  - module: omnimind.platform.service_instances
"""

EXAMPLES = r"""
- name: The last words of a node are known
  omnimind.platform.service_log_info:
    name: omnimind-redis
    instances: ["7000"]
    manager: systemd
"""

RETURN = r"""
logs:
  description: Lines by the name of the instance, the latest last.
  returned: success
  type: dict
  sample: {"7000": ["Ready to accept connections"]}
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.host.services import MANAGERS, SERVICE_ARGUMENTS

ARGUMENTS = {
    **SERVICE_ARGUMENTS,
    "lines": {"type": "int", "default": 20},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    params = module.params

    def run(command):
        status, out, err = module.run_command(list(command))
        return status, out + err

    manager = MANAGERS[params["manager"]](run, params["name"], Path())
    logs = {instance: manager.log(instance, params["lines"]) for instance in params["instances"] or [""]}
    module.exit_json(changed=False, logs=logs)


if __name__ == "__main__":
    main()
