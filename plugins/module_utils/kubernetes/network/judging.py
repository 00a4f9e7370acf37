# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether policies allow and deny what they shall, and nothing else."""
from __future__ import annotations

from typing import Any

from ..errors import ManifestError
from .expectations import Judge, Judgement, read_expectations
from .leftovers import find_leftovers
from .parties import Parties
from .situations import Situation


def judge_flows(situation: Situation, parties: Parties, flows: Any, nothing_else: bool = False) -> Judgement:
    """ManifestError when an expectation is none.

    Args:
        nothing_else: flows of components that nobody expects to be allowed are wrong when they are, too.
    """
    components = list(parties.components.values())
    if nothing_else and not components:
        raise ManifestError("components", "others are denied to components, and there are none")
    judge = Judge(situation, read_expectations(flows, parties), components)
    judgement = judge.judge()
    if nothing_else:
        judgement.wrong += find_leftovers(judge, components)
    return judgement
