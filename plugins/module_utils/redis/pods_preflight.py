# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bad input for a cluster whose nodes are pods. Each complaint names the variable at fault."""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .acl.users import DEFAULT, hash_of, user_complaints
from .preflight import password_complaints

# Of what the role itself says: the port by which probes and Services come, where data and users are.
_OWN = (
    "aclfile",
    "bind",
    "cluster-announce-ip",
    "cluster-config-file",
    "dir",
    "port",
    "requirepass",
    "tls-port",
    "user",
)
_DEFAULT_LINE = re.compile(rf"^user {DEFAULT} (.*)$", re.MULTILINE)
_MASTERAUTH = re.compile(r'^masterauth (?:"((?:[^"\\]|\\.)*)"|(\S+))$', re.MULTILINE)


def complaints(variables: Mapping[str, Any], present: str) -> list[str]:
    """Everything that is wrong with passwords, users, settings and the shape.

    Args:
        present: the secret part of the configuration that pods run with; empty where none do.
    """
    found = [*password_complaints(variables["password"]), *user_complaints(variables["users"])]
    if any(not password for password in variables["further_passwords"]):
        found.append("further_passwords: one is empty")
    if any(user["name"] == DEFAULT for user in variables["users"]):
        found.append(f"users: {DEFAULT!r} is the user of the variable password, give this one another name")
    found += [
        f"extra_settings: {name} is the role's own, leave it out"
        for name in _OWN
        if name in variables["extra_settings"]
    ]
    if variables["shards"] < 3:
        found.append(
            f"shards: {variables['shards']} masters cannot agree that one has failed; right would be 3 or more"
        )
    if variables["replicas"] < 0:
        found.append(f"replicas: {variables['replicas']} is negative; right would be 1 or more")
    return found or _rotation_complaints(variables["password"], variables["further_passwords"], present)


def _rotation_complaints(password: str, further: Sequence[str], present: str) -> list[str]:
    """Pods start anew one after the other, and those before and after must take each other's password."""
    line, login = _DEFAULT_LINE.search(present), _MASTERAUTH.search(present)
    if not line or not login:
        return []
    taken = set(re.findall(r"#([0-9a-f]{64})", line[1]))
    former = re.sub(r"\\(.)", r"\1", login[1]) if login[1] is not None else login[2]
    if hash_of(password) not in taken:
        return [
            "password: pods that run do not take it yet, and replicas would be shut out; right would be a run with it "
            "in further_passwords first"
        ]
    if hash_of(former) not in {hash_of(one) for one in (password, *further)}:
        return [
            "further_passwords: pods that run log in with another password; right would be that one in here, until "
            "a run has replaced it everywhere"
        ]
    return []
