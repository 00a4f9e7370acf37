# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Values as Python has them."""
from __future__ import annotations

from typing import Any


def plain(value: Any) -> Any:
    """Without the types that Ansible has of its own for texts, lists and mappings: copies by type fail."""
    if isinstance(value, dict):
        return {_text(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return _text(value) if isinstance(value, str) else value


def _text(value: Any) -> str:
    # Up to ansible-core 2.18 what str() makes of an untrusted text is untrusted as well.
    return str.__str__(value) if isinstance(value, str) else str(value)
