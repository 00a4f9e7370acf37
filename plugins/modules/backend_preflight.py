#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: backend_preflight
short_description: Refuse a roll-out of a backend that cannot end well
description:
  - Checks, before anything is changed, what is asked of this host, and fails with every reason at once, each beginning
    with the variable at fault, its value and what would be right.
  - Refused are ports that are none, given twice or taken by another program, codings that are unknown, levels out of
    range, sizes that are none, a Python that is too old, an image that is not there, and a Redis that cannot be reached
    with the login that the backend will use.
  - It needs no client of Redis on the host.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.preflight
options:
  name:
    description: Name of the service.
    type: str
    default: omnimind-backend
  runtime:
    description: What runs the instances.
    type: str
    choices: [venv, container]
    default: venv
  ports:
    description: Ports of this host's instances.
    type: list
    elements: raw
    required: true
  address:
    description: Address that instances listen on.
    type: str
    default: 127.0.0.1
  compression:
    description: Settings of compression, as in C(compression.yaml). What is not given is left to the backend.
    type: dict
    default: {}
  images:
    description: Limits of pictures, by C(body_mib), C(megapixels), C(side) and C(seconds).
    type: dict
    default: {}
  tasks:
    description: Bounds of the pool of tasks, by C(workers) and C(queue).
    type: dict
    default: {}
  shutdown_seconds:
    description: Seconds that requests have to end in.
    type: raw
    default: 20
  keep_revisions:
    description: How many revisions are kept.
    type: raw
    default: 3
  cache_url:
    description: Where Redis is, with the login, as the backend will read it. Empty for none.
    type: str
    default: ""
  cache_ca:
    description: The authorities by which Redis is known, PEM. Those of the host where it is empty.
    type: str
    default: ""
  config_directory:
    description: Where the configuration is or will be. It tells which ports are the backend's own.
    type: path
    required: true
  python:
    description: The Python that revisions are made of.
    type: path
    default: /usr/bin/python3
  wheelhouse:
    description: Directory on the host with all wheels.
    type: str
    default: ""
  container_image:
    description: The image that containers run.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
    description: The module only reads. A Redis that cannot be reached is a warning, as it may be yet to come.
  diff_mode:
    support: none
    description: The module changes nothing.
seealso:
  - module: omnimind.platform.backend_info
"""

EXAMPLES = r"""
- name: Host and variables are fit for the backend
  omnimind.platform.backend_preflight:
    ports: [8000, 8001]
    compression: {codings: [br, gzip], levels: {br: 5}}
    cache_url: "redis+cluster://:{{ redis_password | urlencode }}@10.0.0.1:7000,10.0.0.2:7000"
    config_directory: /etc/omnimind-backend
"""

RETURN = r"""
compression:
  description: The settings of compression that were given, numbers as numbers.
  returned: success
  type: dict
  sample: {codings: [br, gzip], levels: {br: 5}}
venv_ready:
  description: Whether the Python can make virtual environments with pip.
  returned: success
  type: bool
image:
  description: The identity of the image. Empty where none was asked for.
  returned: success
  type: str
complaints:
  description: Every reason to refuse, in words.
  returned: failure
  type: list
  elements: str
  sample: ["backend_compression.levels.br: 12 is not possible; right would be a whole number from 0 to 11"]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.backend.cache_url import NONE, parse_url
from ansible_collections.omnimind.platform.plugins.module_utils.backend.host_state import can_make_venv, read_host_state
from ansible_collections.omnimind.platform.plugins.module_utils.backend.preflight import complaints, given
from ansible_collections.omnimind.platform.plugins.module_utils.reporting import (
    PREFLIGHT_ARGUMENTS,
    failures_reported,
    refuse_if,
)

ARGUMENTS = {
    **PREFLIGHT_ARGUMENTS,
    "name": {"type": "str", "default": "omnimind-backend"},
    "runtime": {"type": "str", "choices": ["venv", "container"], "default": "venv"},
    "ports": {"type": "list", "elements": "raw", "required": True},
    "address": {"type": "str", "default": "127.0.0.1"},
    "compression": {"type": "dict", "default": {}},
    "images": {"type": "dict", "default": {}},
    "tasks": {"type": "dict", "default": {}},
    "shutdown_seconds": {"type": "raw", "default": 20},
    "keep_revisions": {"type": "raw", "default": 3},
    "cache_url": {"type": "str", "default": "", "no_log": True},
    "cache_ca": {"type": "str", "default": ""},
    "config_directory": {"type": "path", "required": True},
    "python": {"type": "path", "default": "/usr/bin/python3"},
    "wheelhouse": {"type": "str", "default": ""},
    "container_image": {"type": "str", "default": ""},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    params = module.params
    container = params["runtime"] == "container"
    with failures_reported(module):
        host = read_host_state(
            params["config_directory"],
            params["address"],
            parse_url(params["cache_url"] or NONE),
            params["cache_ca"],
            python="" if container else params["python"],
            wheelhouse=params["wheelhouse"],
            image=params["container_image"] if container else "",
        )
    found, warnings = complaints(params, host, module.check_mode)
    refuse_if(module, found)
    for text in warnings:
        module.warn(params["variable_prefix"] + text)
    module.exit_json(
        changed=False,
        compression=given(params["compression"]),
        venv_ready=not container and can_make_venv(params["python"]),
        image=host.image or "",
    )


if __name__ == "__main__":
    main()
