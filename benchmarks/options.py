"""How much is measured."""

from __future__ import annotations

import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """How often and how long.

    Args:
        rounds: for all but the largest clusters, of which one round tells enough.
        load_seconds: of writing, with the failure in the middle.
        largest: whether the largest clusters are formed.
    """

    rounds: int = 3
    load_seconds: float = 60.0
    largest: bool = True

    @classmethod
    def quick(cls) -> Options:
        """Enough to see that all of it works, and about where the figures are."""
        return cls(rounds=1, load_seconds=30.0, largest=False)


def tell(message: str) -> None:
    """Say on the terminal, beside the report, what goes on."""
    print(message, file=sys.stderr, flush=True)
