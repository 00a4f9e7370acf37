"""Commands of this machine, and the failure that ends a build."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "execution_environment"


class BuildFailure(Exception):
    """The execution environment cannot be built; the message says why."""


def run(*command: str | Path, **environment: str) -> str:
    """What a command prints; BuildFailure with its last words when it fails."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, env={**os.environ, **environment})
    except OSError as error:
        raise BuildFailure(f"{words[0]}: {error.strerror}") from error
    if done.returncode:
        raise BuildFailure(f"{' '.join(words)}: exit {done.returncode}\n{(done.stdout + done.stderr)[-4000:]}")
    return done.stdout
