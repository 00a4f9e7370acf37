"""A photograph of 12 megapixels to a WebP of 1024 pixels: CPU, memory, and what the event loop feels of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image

from benchmarks.figures import Figure, Sample, Table, number
from benchmarks.options import Options, tell

HERE = Path(__file__).resolve()
BACKEND = HERE.parents[1] / "files" / "backend" / "src"
# By what is measured: its name, its unit, and the target.
FIGURES = {"cpu": ("CPU", "ms", 150.0), "growth": ("memory growth", "MiB", 40.0), "bytes": ("result", "KiB", None)}
LAG = 30.0  # ms


def measure(options: Options) -> Table:
    table = Table("12 MP JPEG to 1024 px WebP", "the plan's sketch (open, resize, save q85 method 6)")
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "photograph.jpg"
        path.write_bytes(photograph())
        table.notes = [
            f"The JPEG is made by code: 4000 x 3000 pixels, {path.stat().st_size / 2**20:.1f} MiB. Each measurement is",
            "a process of its own. How late the event loop comes is the 99th percentile of sleeps of 1 ms while four",
            "pictures are optimised: ours by the pool's two workers, the sketch's on the loop itself.",
        ]
        ways = {"ours": "naive", "loop-ours": "loop-naive"}
        found: dict[str, list[dict[str, float]]] = {way: [] for pair in ways.items() for way in pair}
        for _turn in range(3 * options.rounds):
            for way, results in found.items():
                results.append(_run(way, path))
    for key, (name, unit, target) in FIGURES.items():
        divisor = 1024 if key == "bytes" else 1
        samples = [Sample(tuple(one[key] / divisor for one in found[way]), unit) for way in ("ours", "naive")]
        table.figures.append(Figure(name, *samples, at_most=target))
    samples = [Sample(tuple(one["lag"] for one in found[way]), "ms") for way in ("loop-ours", "loop-naive")]
    table.figures.append(Figure("the loop comes late", *samples, at_most=LAG))
    tell(f"images: {number(table.figures[0].ours.median)} ms of CPU a picture")
    return table


def photograph() -> bytes:
    """A JPEG with what a photograph has: large shapes, detail in each, and the grain of a sensor."""
    size = (4000, 3000)
    bands = []
    for _band in range(3):
        shapes = Image.effect_noise((16, 12), 120).resize(size, Image.Resampling.BICUBIC)
        detail = Image.effect_noise((800, 600), 90).resize(size, Image.Resampling.BICUBIC)
        grain = Image.effect_noise(size, 40)
        bands.append(Image.blend(Image.blend(shapes, detail, 0.15), grain, 0.1))
    file = BytesIO()
    Image.merge("RGB", bands).save(file, "JPEG", quality=92)
    return file.getvalue()


def _run(way: str, path: Path) -> dict[str, float]:
    """What `pictures.py` says of one way; RuntimeError when it fails."""
    command = [sys.executable, str(HERE.with_name("pictures.py")), way, str(path)]
    environment = {**os.environ, "PYTHONPATH": str(BACKEND)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"pictures.py {way}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)
