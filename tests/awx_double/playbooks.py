"""Which files of a project AWX offers as playbooks."""

from __future__ import annotations

import os
import re
from pathlib import Path

_PLAY = re.compile(r"\s*-?\s*(hosts|(ansible\.builtin\.)?(include|import_playbook)):")
_LEFT_OUT = {"roles", "tasks", "group_vars", "host_vars"}


def playbooks(project: Path) -> list[str]:
    """YAML files with a line that names hosts or imports a playbook, or encrypted ones, outside of some directories."""
    found = []
    for directory, below, files in os.walk(project):
        below[:] = [name for name in below if name not in _LEFT_OUT and not name.startswith(".")]
        paths = [Path(directory, name) for name in files if name.endswith((".yml", ".yaml"))]
        found += [str(path.relative_to(project)) for path in paths if _is_playbook(path)]
    return sorted(found)


def _is_playbook(path: Path) -> bool:
    lines = path.read_text(encoding="utf-8", errors="ignore").splitlines()
    return any(_PLAY.match(line) for line in lines) or bool(lines and lines[0].startswith("$ANSIBLE_VAULT;"))
