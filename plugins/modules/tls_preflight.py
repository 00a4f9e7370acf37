#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: tls_preflight
short_description: Refuse a certificate that would not work
description:
  - Lets a server and a client shake hands in memory, with the certificate, its key and the authorities. So what is
    refused is what a client would refuse, or a node that another connects to.
  - Refused are a certificate that expires soon, is not for the host, is not signed by the authorities, or must not be
    used by both servers and clients, a key that does not belong to it or is encrypted, and what is no PEM.
  - It needs nothing but Python, and changes nothing.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.reads_only
options:
  certificate:
    description: The certificate, intermediate ones behind it. PEM, or the absolute path of a file.
    type: str
    required: true
  key:
    description: Its private key. PEM, or the absolute path of a file.
    type: str
    required: true
  ca:
    description: The authorities that are trusted. PEM, or the absolute path of a file.
    type: str
    required: true
  names:
    description: Host names and addresses that the certificate must be for.
    type: list
    elements: str
    default: []
  min_hours:
    description: Hours that the certificate must be valid from now on.
    type: float
    default: 24.0
  variable_prefix:
    description: What is put before the names of options in messages.
    type: str
    default: ""
seealso:
  - module: omnimind.platform.tls_local_certificate
"""

EXAMPLES = r"""
- name: The certificate is fit for the host
  omnimind.platform.tls_preflight:
    certificate: "{{ playbook_dir }}/files/{{ inventory_hostname }}.crt"
    key: "{{ playbook_dir }}/files/{{ inventory_hostname }}.key"
    ca: "{{ playbook_dir }}/files/ca.crt"
    names: ["{{ ansible_host }}"]
  delegate_to: localhost
"""

RETURN = r"""
digest:
  description: A short name for exactly this certificate, key and authorities.
  returned: success
  type: str
  sample: 0d7a31b9f2c4e586
valid_until:
  description: When the certificate expires.
  returned: success
  type: str
  sample: "2027-01-31T12:00:00Z"
days_left:
  description: Whole days until then.
  returned: success
  type: int
complaints:
  description: Every reason to refuse, in words.
  returned: failure
  type: list
  elements: str
  sample: ["certificate: it is not for 10.0.0.1, but for 10.0.0.2"]
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.tls.rehearsal import Bundle, Unfit, judge, pem_text

PARTS = ("certificate", "key", "ca")

ARGUMENTS = {
    "certificate": {"type": "str", "required": True},
    "key": {"type": "str", "required": True, "no_log": True},
    "ca": {"type": "str", "required": True},
    "names": {"type": "list", "elements": "str", "default": []},
    "min_hours": {"type": "float", "default": 24.0},
    "variable_prefix": {"type": "str", "default": ""},
}


def read(params: dict) -> Bundle:
    """The three parts as text. Raises Unfit for those that are missing."""
    texts, missing = {}, []
    for part in PARTS:
        try:
            texts[part] = pem_text(params[part])
        except (OSError, UnicodeDecodeError) as error:
            missing.append(f"{part}: {error}")
    if missing:
        raise Unfit(*missing)
    return Bundle(**texts)


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    params, now = module.params, time.time()
    try:
        bundle = read(params)
        ends = judge(bundle, params["names"], now, params["min_hours"] * 3600)
    except Unfit as unfit:
        complaints = [params["variable_prefix"] + text for text in unfit.complaints]
        module.fail_json(msg="; ".join(complaints), complaints=complaints)
    module.exit_json(
        changed=False,
        digest=bundle.digest,
        valid_until=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ends)),
        days_left=int((ends - now) // (24 * 3600)),
    )


if __name__ == "__main__":
    main()
