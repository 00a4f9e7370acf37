"""The report: plain text on the terminal, and as text and JSON in `.cache/bench/`."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, Sample, Table
from benchmarks.options import Options

DIRECTORY = Path(__file__).resolve().parent.parent / ".cache" / "bench"


class Report:
    """Grows by a topic at a time; the files hold at any moment what is known."""

    def __init__(self, options: Options) -> None:
        self._text = ""
        self._data: dict[str, Any] = {"machine": machine(), "options": asdict(options), "topics": {}, "failures": {}}
        self._met: list[bool] = []
        facts = ", ".join(f"{name} {value}" for name, value in self._data["machine"].items())
        self._say(f"{facts}\nMedian (smallest-largest, n measurements); no brackets: measured once")

    def add(self, topic: str, table: Table) -> None:
        self._met += [figure.met for figure in table.figures if figure.met is not None]
        self._data["topics"][topic] = {
            "title": table.title,
            "figures": [as_data(figure) for figure in table.figures],
            "notes": table.notes,
            "load_average": os.getloadavg()[0],
        }
        self._say("\n" + as_text(table))

    def add_failure(self, topic: str, reason: str) -> None:
        self._data["failures"][topic] = reason
        self._say(f"\n{topic}: could not be measured\n{reason}")

    def finish(self) -> int:
        """Say how it went; return the exit status."""
        failures = self._data["failures"]
        missing = f", not measured: {', '.join(failures)}" if failures else ""
        self._say(f"\n{sum(self._met)} of {len(self._met)} targets met{missing}")
        return 1 if failures else 0

    def _say(self, text: str) -> None:
        print(text, flush=True)
        self._text += text + "\n"
        DIRECTORY.mkdir(parents=True, exist_ok=True)
        (DIRECTORY / "report.txt").write_text(self._text, encoding="utf-8")
        (DIRECTORY / "report.json").write_text(json.dumps(self._data, indent=2) + "\n", encoding="utf-8")


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    server = subprocess.run(["redis-server", "--version"], capture_output=True, text=True, check=True).stdout
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return {
        "time": datetime.now(timezone.utc).isoformat(timespec="minutes"),
        "commit": commit.stdout.strip() or "unknown",
        "system": platform.freedesktop_os_release()["PRETTY_NAME"],
        "cores": os.cpu_count(),
        "load average": round(os.getloadavg()[0], 1),
        "redis": server.split("v=")[1].split()[0],
    }


def as_text(table: Table) -> str:
    """The table with its columns aligned, then its notes."""
    rows = [["", "ours", table.peer, "ratio", "target", ""]]
    for figure in table.figures:
        ratio = f"{figure.ratio:.1f}x" if figure.ratio else ""
        verdict = {True: "met", False: "MISSED", None: ""}[figure.met]
        rows.append([figure.name, str(figure.ours), str(figure.peer), ratio, figure.target, verdict])
    kept = [column for column in zip(*rows) if any(column[1:])]
    widths = [max(map(len, column)) for column in kept]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in zip(*kept)]
    rule = "-" * max(map(len, lines))
    return "\n".join([table.title, rule, *lines, rule, *table.notes])


def as_data(figure: Figure) -> dict[str, Any]:
    def values(sample: Sample | str) -> Any:
        return list(sample.values) if isinstance(sample, Sample) else sample

    return {
        "name": figure.name, "unit": figure.ours.unit, "ours": values(figure.ours), "peer": values(figure.peer),
        "at_most": figure.at_most, "at_least": figure.at_least, "met": figure.met,
    }  # fmt: skip
