"""Plays a page on its stage from top to bottom."""

from __future__ import annotations

import re
import shlex
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker

from guides.pages import Command, Example, read
from guides.plan import PagePlan, left_out, page_plan
from guides.stages import FOUND_NO_HOST, Stage

_FOUND_NOTHING = 1  # of grep, at the end of a pipe or in it
_CUT_OFF = 141  # of what `head` has heard enough of
# What ends well for the shell, and is not what anybody wanted. A playbook may show files that have such words.
_REFUSED = re.compile(r"NOAUTH|WRONGPASS|AUTH failed|^\(?error|^ERR |Unauthorized", re.MULTILINE)


def play(page: str, stage: Stage) -> int:
    """Run every command of the page that is run here; return how many. AssertionError at the first that does not do
    what the page says."""
    plan = page_plan(page)
    assert plan
    ran = 0
    with stage.page(plan):
        for part in read(page):
            if isinstance(part, Example):
                if not part.text.startswith(plan.only_read):
                    stage.take(part, plan)
            elif not left_out(part):
                _run(part, plan, stage)
                ran += 1
    return ran


def _run(command: Command, plan: PagePlan, stage: Stage) -> None:
    script = plan.resolved(command.text)
    if command.text in plan.stays:
        stage.stay(script, plan, plan.stays[command.text])
        return
    done = stage.run(script, plan, plan.at.get(shlex.split(script)[0], ""))
    said = f"{command}\nas: {script}\nexit status {done.returncode}\n{done.stdout[-8000:]}"
    nothing_found = done.returncode == _FOUND_NOTHING and "grep" in script
    assert done.returncode in (0, _CUT_OFF) or nothing_found and not done.stdout.strip(), said
    refused = FOUND_NO_HOST if script.startswith("ansible-playbook") else _REFUSED
    assert not refused.search(done.stdout), said
    if command.output:
        shown = re.sub(r"\d+", "0", command.output) + "\n"
        got = re.sub(r"\d+", "0", done.stdout)
        same = OutputChecker().check_output(shown, got, ELLIPSIS | NORMALIZE_WHITESPACE)
        assert same, f"{said}\nThe page shows:\n{shown}"
