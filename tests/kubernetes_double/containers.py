"""Runs what pods of one task run, as processes of this machine, where the network's policies hold."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

Object = dict[str, Any]
Reaches = Callable[[Object, str, int], "tuple[str, int]"]  # a pod, a host and a port to where it gets
_ATTEMPTS, _ANSWER = "OMNIMIND_ATTEMPTS", "OMNIMIND_ANSWER"


def run(pod: Object, reaches: Reaches) -> tuple[int, str]:
    """The exit status of a pod's only container, and what it left as its last words.

    Its environment is the pod's. Each target of OMNIMIND_ATTEMPTS is where the network leads from that pod.
    """
    (container,) = pod["spec"]["containers"]
    environment = {one["name"]: one.get("value", "") for one in container.get("env", [])}
    wish = json.loads(environment.get(_ATTEMPTS, "{}"))
    for target in wish.get("targets", []):
        target["host"], target["port"] = reaches(pod, target["host"], target["port"])
    environment[_ATTEMPTS] = json.dumps(wish)
    with tempfile.TemporaryDirectory() as scratch:
        words = Path(scratch, "words")
        done = subprocess.run(
            [*container["command"], *container.get("args", [])],
            env={"PATH": os.environ["PATH"], **environment, _ANSWER: str(words)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
        return done.returncode, words.read_text(encoding="utf-8")[:4096] if words.exists() else ""
