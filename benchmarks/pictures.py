"""Run as a script: one way of making a picture smaller, in a process of its own; prints a line of JSON.

Arguments: the way (ours, naive, loop-ours, loop-naive) and the file. `ours` and `naive` tell the milliseconds of CPU,
the MiB by which the memory grew, and the bytes of the result; `loop-...` by how many milliseconds an event loop
beside it comes late, in 99 of 100 cases at most.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from omnimind_backend.images.limits import Limits
from omnimind_backend.images.optimizer import optimize
from omnimind_backend.images.options import Options
from omnimind_backend.tasks.pool import Pool
from PIL import Image

SIDE = 1024


def ours(body: bytes) -> bytes:
    return optimize(body, Options(width=SIDE, height=SIDE), Limits()).data


def naive(body: bytes) -> bytes:
    """As the plan sketches it."""
    picture = Image.open(BytesIO(body))
    picture = picture.resize((SIDE, SIDE * picture.height // picture.width), Image.Resampling.LANCZOS)
    file = BytesIO()
    picture.save(file, "WEBP", quality=85, method=6)
    return file.getvalue()


def cost(way: Callable[[bytes], bytes], body: bytes, warm: bytes) -> dict[str, float]:
    way(warm)  # loads the codecs
    grown, started = memory("VmRSS"), time.process_time()
    result = way(body)
    milliseconds = (time.process_time() - started) * 1000
    return {"cpu": milliseconds, "growth": memory("VmHWM") - grown, "bytes": len(result)}


def memory(name: str) -> float:
    """MiB: VmRSS now, VmHWM at most so far."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(name))) / 1024


async def lag(optimized: Callable[[], object], pictures: int = 4) -> dict[str, float]:
    """How late a loop comes that wants to run every millisecond, while pictures are optimised."""
    late: list[float] = []
    over = False

    async def tick() -> None:
        while not over:
            started = time.perf_counter()
            await asyncio.sleep(0.001)
            late.append(time.perf_counter() - started - 0.001)

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0.05)
    await asyncio.gather(*(optimized() for _picture in range(pictures)))
    over = True
    await ticking
    return {"lag": sorted(late)[int(len(late) * 0.99)] * 1000}


def main() -> None:
    way, path = sys.argv[1:]
    body = Path(path).read_bytes()
    file = BytesIO()
    Image.new("RGB", (64, 48)).save(file, "JPEG")
    pool = Pool(workers=2)

    async def on_the_loop() -> bytes:
        return naive(body)

    result = {
        "ours": lambda: cost(ours, body, file.getvalue()),
        "naive": lambda: cost(naive, body, file.getvalue()),
        "loop-ours": lambda: asyncio.run(lag(lambda: pool.run("image", lambda: ours(body), 30))),
        "loop-naive": lambda: asyncio.run(lag(on_the_loop)),
    }[way]()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
