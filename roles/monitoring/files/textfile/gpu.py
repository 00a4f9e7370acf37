"""Figures of NVIDIA's GPUs for the node exporter: gpu.py FILE NVIDIA_SMI

Asks nvidia-smi once and writes FILE in Prometheus' text format. A figure that a GPU does not have is left out.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

MIB = 1024 * 1024
# Field of nvidia-smi: metric, what it says, and what a figure is multiplied by.
FIELDS = {
    "utilization.gpu": ("omnimind_gpu_utilization_ratio", "Share of time in which a kernel ran.", 0.01),
    "memory.used": ("omnimind_gpu_memory_used_bytes", "Memory in use.", MIB),
    "memory.total": ("omnimind_gpu_memory_total_bytes", "Memory that there is.", MIB),
    "temperature.gpu": ("omnimind_gpu_temperature_celsius", "Temperature of the core.", 1),
    "power.draw": ("omnimind_gpu_power_watts", "Power drawn by the board.", 1),
}
QUERY = f"--query-gpu=index,name,{','.join(FIELDS)}"


def main() -> None:
    file, program = Path(sys.argv[1]), sys.argv[2]
    command = [program, QUERY, "--format=csv,noheader,nounits"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    new = file.with_suffix(".new")
    new.write_text(exposition(done.stdout.splitlines()), encoding="utf-8")
    os.replace(new, file)


def exposition(lines: Iterable[str]) -> str:
    """What nvidia-smi printed, as Prometheus' text format; no GPU gives an empty text."""
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines, skipinitialspace=True) if len(row) == len(FIELDS) + 2]
    out = []
    for column, (metric, words, factor) in enumerate(FIELDS.values(), start=2):
        samples = [(row[:2], number(row[column])) for row in rows]
        told = [
            f'{metric}{{gpu="{escaped(gpu)}",name="{escaped(name)}"}} {value * factor:.15g}'
            for (gpu, name), value in samples
            if value is not None
        ]
        if told:
            out += [f"# HELP {metric} {words}", f"# TYPE {metric} gauge", *told]
    return "".join(f"{line}\n" for line in out)


def number(text: str) -> float | None:
    """A figure; None for [N/A], [Not Supported] and the like."""
    try:
        return float(text)
    except ValueError:
        return None


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


if __name__ == "__main__":
    main()
