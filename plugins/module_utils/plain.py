# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Values as Python has them."""
from __future__ import annotations

from typing import Any


def plain(value: Any) -> Any:
    """Without the types that Ansible has of its own for texts, lists and mappings: copies by type fail."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return str(value) if isinstance(value, str) else value
