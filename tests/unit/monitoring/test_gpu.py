"""Figures of GPUs, out of what nvidia-smi prints."""

from __future__ import annotations

import importlib.util
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[3] / "roles" / "monitoring" / "files" / "textfile" / "gpu.py"
# nvidia-smi --query-gpu=index,name,utilization.gpu,memory.used,memory.total,temperature.gpu,power.draw
#   --format=csv,noheader,nounits
TWO = """\
0, NVIDIA A100-SXM4-80GB, 87, 40536, 81920, 61, 312.45
1, NVIDIA GeForce GTX 1050 Ti, 3, 512, 4096, 38, [N/A]
"""


def load():
    spec = importlib.util.spec_from_file_location("gpu", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_figures_in_base_units() -> None:
    lines = load().exposition(TWO.splitlines()).splitlines()
    assert 'omnimind_gpu_utilization_ratio{gpu="0",name="NVIDIA A100-SXM4-80GB"} 0.87' in lines
    assert 'omnimind_gpu_memory_used_bytes{gpu="0",name="NVIDIA A100-SXM4-80GB"} 42505076736' in lines
    assert float(lines[lines.index("# TYPE omnimind_gpu_memory_total_bytes gauge") + 1].split()[-1]) == 80 * 1024**3
    assert 'omnimind_gpu_temperature_celsius{gpu="1",name="NVIDIA GeForce GTX 1050 Ti"} 38' in lines


def test_a_figure_that_a_gpu_does_not_have_is_left_out() -> None:
    power = [line for line in load().exposition(TWO.splitlines()).splitlines() if line.startswith("omnimind_gpu_power")]
    assert power == ['omnimind_gpu_power_watts{gpu="0",name="NVIDIA A100-SXM4-80GB"} 312.45']


def test_no_gpu_and_no_figures() -> None:
    assert load().exposition([]) == ""
    assert load().exposition(["No devices were found"]) == ""


def test_names_are_escaped() -> None:
    assert '{gpu="0",name="a \\"b\\" \\\\ c"}' in load().exposition(['0, "a ""b"" \\ c", 1, 1, 1, 1, 1'])


def test_it_asks_for_what_it_reads() -> None:
    gpu = load()
    assert gpu.QUERY.removeprefix("--query-gpu=").split(",") == ["index", "name", *gpu.FIELDS]
