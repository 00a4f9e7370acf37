"""One molecule scenario, on Debian hosts under systemd."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / ".cache" / "molecule"


def prove(scenario: str, docker: dict[str, str]) -> None:
    """Run the whole sequence of a scenario; AssertionError when it fails. .cache/molecule/SCENARIO.log tells how it went.

    Args:
        docker: variables of the environment that lead to an engine with the host images.
    """
    environment = {**os.environ, **docker, "NO_COLOR": "1"}
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{scenario}.log"
    finished = False
    try:
        status = _molecule("test", scenario, environment, log)
        finished = True  # With success or not, molecule has destroyed what it created.
    finally:
        if not finished:
            _molecule("destroy", scenario, environment, LOGS / f"{scenario}-destroy.log")
    text = log.read_text(encoding="utf-8")
    assert status == 0, f"{log}:\n{text[-20000:]}"
    assert "side_effect: Executed: Missing playbook" not in text, "molecule left out the faults"


def _molecule(command: str, scenario: str, environment: dict[str, str], log: Path) -> int:
    """Run a command of molecule on a scenario, what it prints goes to `log`; return its status."""
    with open(log, "w", encoding="utf-8") as file:
        return subprocess.run(
            ["molecule", command, "--scenario-name", scenario],
            cwd=ROOT,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            timeout=2400,
            check=False,
        ).returncode
