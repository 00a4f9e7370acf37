# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which server may take over the data and the replicas of which other, one node at a time.

Replicas are replaced first, so a new server must be able to follow an old master, and to read its files. Both
engines promise that from one major version to the next. Valkey left Redis at 7.2: it reads what Redis wrote
until then, and neither reads what the other writes since (RDB versions 12 and 80 in their sources).
"""
from __future__ import annotations

import re
from typing import NamedTuple

LAST_COMMON = (7, 2)


class Version(NamedTuple):
    """An engine, "redis" or "valkey", and its version, the most important number first."""

    engine: str
    numbers: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.engine} {'.'.join(map(str, self.numbers))}"


def parse_version(engine: str, text: str) -> Version:
    """A version as INFO or a Debian package ("5:7.0.15-1~deb12u9") has it; ValueError for anything else."""
    found = re.match(r"(?:\d+:)?(\d+(?:\.\d+)*)", text)
    if not found:
        raise ValueError(f"{text!r} is no version of {engine}")
    return Version(engine, tuple(map(int, found.group(1).split("."))))


def path_objection(running: Version, target: Version) -> str:
    """Why the target must not replace the running server; empty where it may."""
    if running.engine == "valkey" and target.engine == "redis":
        return f"{running} cannot be replaced by {target}: Redis does not read what Valkey writes"
    if running.engine != target.engine and running.numbers[:2] > LAST_COMMON:
        return f"{running} cannot be replaced by {target}: Valkey reads what Redis wrote until 7.2"
    known = min(len(target.numbers), len(running.numbers))  # a pin may say "7.0*"
    if target.numbers[:known] < running.numbers[:known]:
        reason = "that is a downgrade, and an older server reads neither the files nor the stream of a newer one"
        return f"{running} cannot be replaced by {target}: {reason}"
    if target.numbers[0] > running.numbers[0] + 1:
        return f"{running} cannot be replaced by {target} at once: go through version {running.numbers[0] + 1} first"
    return ""
