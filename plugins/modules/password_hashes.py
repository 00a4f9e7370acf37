#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: password_hashes
short_description: bcrypt hashes of passwords, the same in every run
description:
  - Makes bcrypt hashes, as Prometheus and its exporters want them for logins. A hash has a random part, so one that
    is in a file already and fits the password is returned again, and that file need not change.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
options:
  passwords:
    description: Passwords by the names of their users. bcrypt takes 72 bytes of each at most.
    type: dict
    required: true
  kept_in:
    description: File that may have hashes already, anywhere in it.
    type: path
    required: true
  rounds:
    description: Work factor of a new hash. One more doubles the time that a check of the password takes.
    type: int
    default: 10
attributes:
  check_mode:
    support: full
    description: The module only reads. On a host where the library is yet to come, as on a fresh one, hashes that fit no
      password stand in.
  diff_mode:
    support: none
    description: The module changes nothing.
requirements:
  - bcrypt on the host that runs the module (Debian C(python3-bcrypt))
seealso:
  - module: omnimind.platform.config_directory
"""

EXAMPLES = r"""
- name: Hashes of logins are known
  omnimind.platform.password_hashes:
    passwords: {scraper: "{{ password }}"}
    kept_in: /etc/omnimind-monitoring/web.yml
  register: logins
  no_log: true
"""

RETURN = r"""
hashes:
  description: A hash for each user.
  returned: success
  type: dict
  sample: {scraper: $2b$10$...}
kept:
  description: Users whose hash was in the file.
  returned: success
  type: list
  elements: str
"""

import re
import traceback
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

try:
    import bcrypt

    BCRYPT_IMPORT_ERROR = None
except ImportError:
    BCRYPT_IMPORT_ERROR = traceback.format_exc()

ARGUMENTS = {
    "passwords": {"type": "dict", "required": True, "no_log": True},
    "kept_in": {"type": "path", "required": True},
    "rounds": {"type": "int", "default": 10},
}
HASH = re.compile(r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}")
STAND_IN = "$2b$10$" + 53 * "."
LONGEST = 72  # bytes; what is behind them would not count


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    passwords = {user: str(password).encode() for user, password in module.params["passwords"].items()}
    if BCRYPT_IMPORT_ERROR:
        if not module.check_mode:
            module.fail_json(msg=missing_required_lib("bcrypt"), exception=BCRYPT_IMPORT_ERROR)
        module.exit_json(changed=False, hashes=dict.fromkeys(passwords, STAND_IN), kept=[])
    long = [user for user, password in passwords.items() if len(password) > LONGEST]
    if long:
        module.fail_json(msg=f"passwords: {', '.join(long)}: longer than {LONGEST} bytes, which bcrypt does not take")
    file = Path(module.params["kept_in"])
    present = HASH.findall(file.read_text()) if file.is_file() else []
    hashes, kept = {}, []
    for user, password in passwords.items():
        fitting = [found for found in present if bcrypt.checkpw(password, found.encode())]
        kept += [user] if fitting else []
        made = bcrypt.gensalt(module.params["rounds"])
        hashes[user] = fitting[0] if fitting else bcrypt.hashpw(password, made).decode()
    module.exit_json(changed=False, hashes=hashes, kept=kept)


if __name__ == "__main__":
    main()
