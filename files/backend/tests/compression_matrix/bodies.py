"""Bodies that the cases ask for."""

from __future__ import annotations

import json
import random

_RANDOM = random.Random(5)

ROWS = [{"id": i, "name": f"node-{_RANDOM.randrange(999)}", "load": round(_RANDOM.random(), 4)} for i in range(4000)]
JSON = json.dumps(ROWS[:200]).encode()  # about 10 KB
LONG = json.dumps(ROWS * 4).encode()[: 800 * 1024]
MEGABYTE = json.dumps(ROWS * 6).encode()[: 1024 * 1024]
SMALL = b'{"status": "up", "node": "alpha", "slots": "0-5460 ok"}'
NOISE = _RANDOM.randbytes(10_000)
CHUNKS = [f"line {i}: {json.dumps(ROWS[i])}\n".encode() for i in range(4)]
LINES = [f"{json.dumps(ROWS[i : i + 15])}\n".encode() for i in range(8)]


def of_size(size: int) -> bytes:
    return JSON[:size]
