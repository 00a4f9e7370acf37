# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a module fails with, whatever its domain."""
from __future__ import annotations

from typing import Any


class Failure(Exception):
    """What a user must know when a module cannot do its work. Each domain has a kind of its own.

    Args:
        message: the sentence that the user reads.
        details: more keys of the module's answer, plain data.
    """

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details
