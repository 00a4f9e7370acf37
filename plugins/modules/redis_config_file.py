#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_config_file
short_description: Write a redis.conf that a server is known to start with
description:
  - Writes settings as C(redis.conf). Before the old file is replaced, a server of its own is started with the new
    one, on nothing but a private socket, so that a wrong setting never waits for the next restart.
  - The file belongs to root, is readable for the group only, and its directory is made. Redis cannot rewrite it.
  - It changes no running server. The module M(omnimind.platform.redis_config) does that.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.redis_users
options:
  path:
    description: The file.
    type: path
    required: true
  settings:
    description:
      - Settings by their name in C(redis.conf). Booleans stand for V(yes) and V(no), a list for words in a row.
    type: dict
    required: true
  users:
    description: ACL users that a server starts with, each as a line C(user) with the SHA-256 sums of its passwords. The
      module M(omnimind.platform.redis_acl) brings them to running servers.
    default: []
  server:
    description: Path of the server's program. Without it, as in check mode on a fresh host, the file is not tried.
    type: path
    default: /usr/bin/redis-server
  sentinel:
    description: Whether the file is for Sentinels, and so is tried on one.
    type: bool
    default: false
  group:
    description: The group that may read the file.
    type: str
    default: root
attributes:
  check_mode:
    support: full
    description: The new file is tried, and not written.
  diff_mode:
    support: full
    description: Shows the lines before and after; passwords are not shown.
requirements:
  - redis-py 4.3 or newer on the host that runs the module (Debian C(python3-redis))
seealso:
  - module: omnimind.platform.redis_acl
  - module: omnimind.platform.redis_config
"""

EXAMPLES = r"""
- name: Configuration is written
  omnimind.platform.redis_config_file:
    path: /etc/redis-cluster/redis.conf
    group: redis
    settings:
      bind: [127.0.0.1, 10.0.0.1]
      cluster-enabled: true
      maxmemory: 4gb
    users:
      - name: default
        passwords: ["{{ redis_password }}"]
        role: administrator
"""

RETURN = r"""
tried:
  description: Whether a server was started with the file.
  returned: success
  type: bool
"""

import grp
import os
import shutil
import tempfile
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.redis.acl.arguments import USERS_ARGUMENT
from ansible_collections.omnimind.platform.plugins.module_utils.redis.acl.users import parse_users
from ansible_collections.omnimind.platform.plugins.module_utils.redis.arguments import failures_reported
from ansible_collections.omnimind.platform.plugins.module_utils.redis.connection import REDIS_IMPORT_ERROR
from ansible_collections.omnimind.platform.plugins.module_utils.redis.scratch import settings_of_file
from ansible_collections.omnimind.platform.plugins.module_utils.redis.settings import config_lines, public_lines

ARGUMENTS = {
    "path": {"type": "path", "required": True},
    "settings": {"type": "dict", "required": True, "no_log": False},
    "users": {**USERS_ARGUMENT, "default": []},
    "server": {"type": "path", "default": "/usr/bin/redis-server"},
    "sentinel": {"type": "bool", "default": False},
    "group": {"type": "str", "default": "root"},
}

HEADER = """\
# Ansible managed
# Every node of this host reads this file; its port and directory are on its command line. Redis cannot
# rewrite it: settings that may change live are set in the running servers as well.
"""


def belongs_to(path: Path, group: str) -> bool:
    """Whether the file is there for the group; a group that does not exist yet has nothing."""
    try:
        return path.stat().st_gid == grp.getgrnam(group).gr_gid
    except (KeyError, FileNotFoundError):
        return False


def write(path: Path, text: str, group: str) -> None:
    """Replace the file at once, readable for root and the group."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(number, "w") as new:
        new.write(text)
    shutil.chown(name, "root", group)
    os.chmod(name, 0o640)
    os.replace(name, path)


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    params = module.params
    path, server, settings = Path(params["path"]), params["server"], params["settings"]
    with failures_reported(module, asks=False):
        users = parse_users(params["users"])
    lines = [*config_lines(settings), *(user.config_line() for user in users)]
    text = HEADER + "".join(f"{line}\n" for line in lines)
    present = path.read_text() if path.exists() else ""
    # In check mode the client library may be yet to come, as the server may.
    tried = text != present and Path(server).exists() and not (module.check_mode and REDIS_IMPORT_ERROR)
    if tried:
        with failures_reported(module), tempfile.NamedTemporaryFile("w", suffix=".conf") as candidate:
            candidate.write(text)
            candidate.flush()
            settings_of_file(server, candidate.name, params["sentinel"])
    changed = text != present or not belongs_to(path, params["group"])
    if changed and not module.check_mode:
        write(path, text, params["group"])
    diff = {"before": public_lines(present), "after": public_lines(text)}
    module.exit_json(changed=changed, tried=tried, diff=diff)


if __name__ == "__main__":
    main()
