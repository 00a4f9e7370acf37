# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Programs that judge a directory of configuration before anybody reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..failures import Failure
from .directories import blamed, telling

ARGUMENTS = {
    "validate": {"type": "list", "elements": "list", "default": []},
    "sources": {"type": "dict", "default": {}},
    "variable_prefix": {"type": "str", "default": ""},
}


def judged(module: Any, staged: Path, where: str = "", spared: str = "nothing was replaced") -> list[str]:
    """Have every program that is there judge a directory; return those that did.

    Args:
        module: with the parameters `validate`, `sources` and `variable_prefix`.
        where: what is blamed when nothing in `sources` is.
        spared: what has not happened when one refuses, which is a Failure.
    """
    judges = []
    for command in module.params["validate"]:
        words = [str(word).replace("%s", str(staged)) for word in command]
        program = words[0] if "/" in words[0] else module.get_bin_path(words[0])
        if not program or not Path(program).exists():
            continue
        status, out, err = module.run_command([program, *words[1:]], cwd=str(staged))
        output = (out + err).replace(f"{staged}/", "")
        if status:
            names = [module.params["variable_prefix"] + name for name in blamed(output, module.params["sources"])]
            said = f"{Path(program).name} refuses it, and {spared}: {' '.join(telling(output))}"
            raise Failure(f"{', '.join(names) or where}: {said}", output=output)
        judges.append(program)
    return judges
