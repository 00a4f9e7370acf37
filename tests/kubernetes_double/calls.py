"""How a request asks: who it is, whether it only rehearses, how strict it is."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field


@dataclass
class Call:
    """Options of one request.

    Args:
        validation: Strict, Warn or Ignore, of unknown and doubled fields.
        manager: who owns the fields that are written.
        warnings: what the answer's Warning headers say.
    """

    user: str = "system:controllers"
    manager: str = "controllers"
    dry_run: bool = False
    validation: str = "Ignore"
    force: bool = False
    warnings: list[str] = field(default_factory=list)

    def warn(self, text: str) -> None:
        if self.validation != "Ignore":
            self.warnings.append(text)


def now() -> str:
    """The time as the API writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def suffix() -> str:
    """What is put behind a generateName."""
    return "".join(random.choices("bcdfghjklmnpqrstvwxz2456789", k=5))
