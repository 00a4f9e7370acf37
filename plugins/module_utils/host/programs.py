# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Programs that modules run on their host.

A module's own `run_command` waits for the end and holds in memory what is said. Programs that are started here stream,
run beside others, or are those of functions that need no module. Options are those of Python's `subprocess`.
"""
from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import Any


def run(command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, whatever that is. OSError when it cannot be started, TimeoutExpired after `timeout`."""
    return subprocess.run(command, text=True, check=False, **options)  # pylint: disable=ansible-bad-function


def start(command: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
    """Start a program that runs beside this one. OSError when it cannot be started."""
    return subprocess.Popen(command, **options)  # pylint: disable=ansible-bad-function
