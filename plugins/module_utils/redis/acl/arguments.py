# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The option `users`, declared once. Documented in doc_fragments/redis_users.py."""
from __future__ import annotations

from typing import Any

from .users import ROLES

USERS_ARGUMENT: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "options": {
        "name": {"type": "str", "required": True},
        "passwords": {"type": "list", "elements": "str", "no_log": True},
        "password_hashes": {"type": "list", "elements": "str", "no_log": True},
        "role": {"type": "str", "choices": list(ROLES)},
        "keys": {"type": "list", "elements": "str", "no_log": False},
        "channels": {"type": "list", "elements": "str"},
        "rules": {"type": "list", "elements": "str"},
        "enabled": {"type": "bool", "default": True},
    },
}
