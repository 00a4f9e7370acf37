#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: monitoring_preflight
short_description: Refuse monitoring that cannot end well
description:
  - Checks, before anything is changed, what is asked of this host, and fails with every reason at once, each beginning
    with the variable at fault, its value and what would be right.
  - Refused are a threshold that is unknown or no number, a receiver in a route that does not exist, a file with a secret
    that is missing, lengths of time and sizes that are none, a secret in a scrape job, and ports that are none, given twice
    or taken by another program.
  - Expressions of rules are judged by Prometheus' own tool, before a file is replaced.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.preflight
  - omnimind.platform.reads_only
options:
  variables:
    description: What the role P(omnimind.platform.monitoring#role) was told, by the names of its variables without its own,
      and without what is secret.
    type: dict
    required: true
  passwords:
    description: Passwords, by C(password) and C(grafana_admin_password), and by the names of more users.
    type: dict
    default: {}
  secrets:
    description: Names of the secrets that the role writes.
    type: list
    elements: str
    default: []
  thresholds:
    description: All thresholds that there are, by name, each with its C(value) and C(unit).
    type: dict
    default: {}
  unreachable:
    description: Sentences about targets that this host cannot scrape. Each becomes a warning.
    type: list
    elements: str
    default: []
seealso:
  - module: omnimind.platform.monitoring_info
"""

EXAMPLES = r"""
- name: Host and variables are fit for monitoring
  omnimind.platform.monitoring_preflight:
    variable_prefix: monitoring_
    variables: "{{ lookup('omnimind.platform.role_variables', role_path, without=['password', 'secrets']) }}"
    passwords: {password: "{{ monitoring_password }}"}
"""

RETURN = r"""
nvidia_smi:
  description: The program that tells about GPUs. Empty where there is none.
  returned: success
  type: str
grafana_home:
  description: Where the Grafana of this host is. Empty where there is none.
  returned: success
  type: str
grafana_command:
  description: What starts it.
  returned: success
  type: str
has_grafana:
  description: Whether a Grafana of ours is described to the service manager.
  returned: success
  type: bool
complete:
  description: Whether every program, and the library for passwords, is there.
  returned: success
  type: bool
supervisor:
  description: Whether supervisor is installed.
  returned: success
  type: bool
missing_packages:
  description: Components whose program is yet to be installed.
  returned: success
  type: list
  elements: str
complaints:
  description: Every reason to refuse, in words.
  returned: failure
  type: list
  elements: str
  sample: ["monitoring_thresholds.cpu_warning: 'high' is no number; right would be one such as 0.9"]
"""

from importlib.util import find_spec
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.files import PROGRAMS
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.host_state import (
    descriptions,
    grafana_command,
    nvidia_smi,
    read_host_state,
)
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.preflight import (
    Given,
    complaints,
    files_needed,
)
from ansible_collections.omnimind.platform.plugins.module_utils.reporting import PREFLIGHT_ARGUMENTS, refuse_if

ARGUMENTS = {
    **PREFLIGHT_ARGUMENTS,
    "variables": {"type": "dict", "required": True},
    "passwords": {"type": "dict", "default": {}, "no_log": True},
    "secrets": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "thresholds": {"type": "dict", "default": {}},
    "unreachable": {"type": "list", "elements": "str", "default": []},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    params = module.params
    variables = params["variables"]
    given = Given(variables, params["passwords"], params["secrets"], params["thresholds"])
    name = str(variables["name"])
    home, command = grafana_command(str(variables["grafana_home"]))
    own = _ports(variables, "alertmanager_cluster_port", "grafana_port")
    runs = bool(command) and variables["grafana_install"] != "none"
    files = [path for _where, path in files_needed(given, grafana=bool(command))]
    host = read_host_state([name, f"{name}-grafana"], files, own, runs)
    refuse_if(module, complaints(given, host))
    for text in params["unreachable"]:
        module.warn(text)
    missing = [
        component
        for component, program in PROGRAMS.items()
        if component in variables["components"] and not Path(program).exists()
    ]
    module.exit_json(
        changed=False,
        complete=not missing and find_spec("bcrypt") is not None,
        missing_packages=missing,
        supervisor=Path("/usr/bin/supervisorctl").exists(),
        nvidia_smi=nvidia_smi(),
        grafana_home=home,
        grafana_command=command,
        has_grafana=bool(descriptions(f"{name}-grafana")),
    )


def _ports(variables: dict, *names: str) -> list[int]:
    return [int(variables[name]) for name in names if str(variables[name]).isdecimal()]


if __name__ == "__main__":
    main()
