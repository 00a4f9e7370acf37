# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the kernel knows of a process (man 5 proc)."""
from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

# A prefix of a command that is killed when the thread that started it ends, however that comes: nobody else would end
# it. Empty where util-linux is missing.
_setpriv = shutil.which("setpriv")
ENDS_WITH_US = [_setpriv, "--pdeathsig", "KILL", "--"] if _setpriv else []


def started_at(process: int) -> float:
    """When a process was started, in seconds since 1970, to a hundredth; OSError when there is none."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    since_boot = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return time.time() - (time.clock_gettime(time.CLOCK_BOOTTIME) - since_boot)


def command_line(process: int) -> list[str]:
    """The words that a program was started with; OSError when there is no such process."""
    return Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]


def is_replaced(process: int) -> bool:
    """Whether the program's file is another one now, as after an update of its package; OSError when there is none."""
    try:
        return os.readlink(f"/proc/{process}/exe").endswith(" (deleted)")
    except PermissionError:  # In most containers root may not look there.
        words = command_line(process)  # None when it has just ended.
        return bool(words) and Path(words[0]).stat().st_ctime > started_at(process)


def open_files_limit(process: int) -> int:
    """How many files and sockets a process may open, if it raises its limit itself as far as it may."""
    lines = Path(f"/proc/{process}/limits").read_text().splitlines()
    words = next(line for line in lines if line.startswith("Max open files")).split()
    return sys.maxsize if words[4] == "unlimited" else int(words[4])
