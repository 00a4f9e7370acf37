# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Looks at backups that are there: what they hold, and whether they still do."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import RedisFailure
from .proof import prove_all
from .storage import find_backups, opened, read_manifest
from .taking import manifest_facts


@dataclass(frozen=True)
class Order:
    """What the user asked for: a backup or the directory of several, whether files are read and loaded, where archives
    are unpacked, the program that loads them, and how many at once."""

    path: Path
    verify: bool = False
    scratch: Path = Path("/var/tmp")
    server: str = "/usr/bin/redis-server"
    parallel: int = 0


def check_backups(order: Order, deadline: float) -> dict[str, Any]:
    """The module's answer. Raises RedisFailure where the path is nothing."""
    found = [_check(path, order, deadline) for path in find_backups(order.path)]
    return {"sound": all(backup["sound"] for backup in found), "backups": found}


def _check(path: Path, order: Order, deadline: float) -> dict[str, Any]:
    answer: dict[str, Any] = {"path": str(path), "sound": False, "problem": "", "verified": False, "manifest": {}}
    try:
        manifest = read_manifest(path)
        answer["manifest"] = manifest_facts(manifest)
        if order.verify:
            with opened(path, manifest, order.scratch) as directory:
                proofs = prove_all(order.server, directory, manifest, order.parallel, deadline)
            answer.update(verified=True, expired=sum(proof.expired for proof in proofs))
        answer["sound"] = True
    except RedisFailure as failure:
        answer["problem"] = failure.message
    return answer
