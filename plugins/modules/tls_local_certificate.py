#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: tls_local_certificate
short_description: Certificates of a small local authority
description:
  - Makes an authority in a directory, unless there is one, and has it issue a certificate. A certificate is made anew
    when it is about to expire, or is for other names.
  - It is for demonstrations and tests, and for those who know what it means to keep the key of an authority in a file.
    The keys are readable for the owner only, and not encrypted.
  - Run it where the directory is, such as on the controller, with its own Python.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
options:
  directory:
    description: Where the authority keeps its files.
    type: path
    required: true
  name:
    description: What to call the certificate. The name of its directory below O(directory).
    type: str
    required: true
  names:
    description: Host names and addresses that the certificate is for.
    type: list
    elements: str
    required: true
  days:
    description: Days that a new certificate is valid.
    type: int
    default: 90
  renew_days:
    description: A certificate that is valid for fewer days is made anew.
    type: int
    default: 30
  authority_days:
    description: Days that a new authority is valid. It is never made anew.
    type: int
    default: 3650
attributes:
  check_mode:
    support: full
    description: Says whether a certificate would be made.
  diff_mode:
    support: none
    description: Keys are not shown.
requirements:
  - cryptography 3.4 or newer
seealso:
  - module: omnimind.platform.tls_preflight
"""

EXAMPLES = r"""
- name: Every host has a certificate
  omnimind.platform.tls_local_certificate:
    directory: "{{ inventory_dir }}/.secrets/authority"
    name: "{{ inventory_hostname }}"
    names: ["{{ ansible_host }}", localhost, 127.0.0.1]
  delegate_to: localhost
  vars:
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
"""

RETURN = r"""
certificate:
  description: Path of the certificate.
  returned: success
  type: str
key:
  description: Path of its private key.
  returned: success
  type: str
ca:
  description: Path of the authority's certificate.
  returned: success
  type: str
digest:
  description: A short name for exactly these three. In check mode, that of a certificate that is not kept.
  returned: success
  type: str
reason:
  description: Why the certificate was made. Empty where the one that was there will do.
  returned: success
  type: str
  sample: it is for other names
"""

from datetime import datetime, timezone
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.omnimind.platform.plugins.module_utils.tls.authority import CRYPTOGRAPHY_IMPORT_ERROR
from ansible_collections.omnimind.platform.plugins.module_utils.tls.store import Order, provide

ARGUMENTS = {
    "directory": {"type": "path", "required": True},
    "name": {"type": "str", "required": True},
    "names": {"type": "list", "elements": "str", "required": True},
    "days": {"type": "int", "default": 90},
    "renew_days": {"type": "int", "default": 30},
    "authority_days": {"type": "int", "default": 3650},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    if CRYPTOGRAPHY_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("cryptography"), exception=CRYPTOGRAPHY_IMPORT_ERROR)
    params = module.params
    if params["days"] <= params["renew_days"]:
        module.fail_json(
            msg=f"days: {params['days']} is not more than renew_days: {params['renew_days']}, "
            "so every run would make a new certificate"
        )
    if not params["names"] or not all(params["names"]):
        module.fail_json(msg="names: at least one is needed, and none may be empty")
    directory, name = Path(params["directory"]), params["name"]
    order = Order(name, params["names"], params["days"], params["renew_days"], params["authority_days"])
    bundle, reason = provide(directory, order, datetime.now(timezone.utc), module.check_mode)
    module.exit_json(
        changed=bool(reason),
        reason=reason,
        digest=bundle.digest,
        certificate=str(directory / name / "node.crt"),
        key=str(directory / name / "node.key"),
        ca=str(directory / "ca.crt"),
    )


if __name__ == "__main__":
    main()
