# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with budgets: one small rule for each kind of mistake.

A rule looks at workloads as they are when all is well, so that it says before a roll-out what a drain would meet
later. An error means that a drain is blocked for ever, or that what must not fail is let go; a warning means that
something should be better.
"""
from __future__ import annotations

from collections.abc import Iterable

from .budget_rules import BUDGET_RULES
from .budgets import Budget
from .declared import Declared
from .findings import Problem
from .needs import Autoscaler, Quorum
from .pods import Pod
from .workload_rules import WORKLOAD_RULES
from .workloads import Workload


def find_problems(
    budgets: Iterable[Budget],
    workloads: Iterable[Workload],
    pods: Iterable[Pod] = (),
    autoscalers: Iterable[Autoscaler] = (),
    quorums: Iterable[Quorum] = (),
) -> list[Problem]:
    """All problems, errors first.

    Args:
        workloads: every one of the namespaces that the budgets are in.
        pods: those that run; only the ones that no workload makes are looked at.
    """
    declared = Declared(tuple(budgets), tuple(workloads), tuple(pods), tuple(autoscalers), tuple(quorums))
    found = [problem for rule in BUDGET_RULES + WORKLOAD_RULES for problem in rule(declared)]
    return sorted(found, key=lambda problem: problem.severity)
