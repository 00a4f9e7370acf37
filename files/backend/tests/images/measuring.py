"""Run as a script: what each file costs that is named on the command line, each in a process of its own.

Prints a line of JSON a file: the milliseconds of CPU until it is refused or done, by how many MiB the memory grew
meanwhile, and the status and title of the problem (null when there was none).
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from images.pictures import animation, noise, refusal, saved


def memory(name: str) -> float:
    """MiB: VmRSS now, VmHWM at most so far."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(name))) / 1024


def measured(body: bytes) -> dict[str, object]:
    before, started = memory("VmRSS"), time.process_time()
    problem = refusal(body, width=640)
    milliseconds = (time.process_time() - started) * 1000
    told = {"status": problem.status, "title": problem.title} if problem else {"status": None, "title": None}
    return {"milliseconds": milliseconds, "growth": memory("VmHWM") - before, **told}


def main() -> None:
    # All plugins and codecs are loaded once, before anything is measured.
    for name in ("JPEG", "PNG", "GIF", "WEBP", "AVIF"):
        refusal(saved(noise(16, 16), name))
        refusal(animation(name)) if name != "JPEG" else None
    for path in sys.argv[1:]:
        body = Path(path).read_bytes()
        child = os.fork()
        if not child:
            print(json.dumps(measured(body)), flush=True)
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
