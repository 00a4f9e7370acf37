#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: monitoring_grafana_info
short_description: Find the Grafana of this host
description:
  - Says where Grafana is and what starts it, for packages and archives of all versions. Newer ones have a program C(grafana)
    with a command C(server), older ones a program C(grafana-server), and old packages have that in C(/usr/sbin) only.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.reads_only
options:
  home:
    description: Directory where it is looked for first. Then it is looked for where packages have it.
    type: path
    required: true
  required:
    description: Whether the module fails where none is.
    type: bool
    default: false
  assume:
    description: Where one will be that is yet to be installed, as in check mode. It is taken for there where none is found.
    type: str
    default: ""
seealso:
  - module: omnimind.platform.monitoring_preflight
"""

EXAMPLES = r"""
- name: It is known where Grafana is
  omnimind.platform.monitoring_grafana_info:
    home: /opt/grafana
  register: grafana
"""

RETURN = r"""
home:
  description: Where Grafana is. Empty where there is none.
  returned: success
  type: str
  sample: /usr/share/grafana
command:
  description: What starts it. Empty where there is none.
  returned: success
  type: str
  sample: /usr/share/grafana/bin/grafana server
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.host_state import grafana_command

ARGUMENTS = {
    "home": {"type": "path", "required": True},
    "required": {"type": "bool", "default": False},
    "assume": {"type": "str", "default": ""},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    home, command = grafana_command(module.params["home"])
    if not command and module.params["required"]:
        where = module.params["home"]
        module.fail_json(msg=f"there is no Grafana in {where}: it has no bin/grafana or bin/grafana-server, or no public")
    if not command and module.params["assume"]:
        home = module.params["assume"]
        command = f"{home}/bin/grafana server"
    module.exit_json(changed=False, home=home, command=command)


if __name__ == "__main__":
    main()
