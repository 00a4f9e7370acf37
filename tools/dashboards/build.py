"""All dashboards to files, and beside them where the number of each threshold stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .board import Board
from .boards import BOARDS
from .portable import portable

FILES = Path(__file__).resolve().parents[2] / "roles" / "monitoring" / "files"


def text(document: Any) -> str:
    """JSON, the same bytes whenever it says the same."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def files() -> dict[Path, str]:
    """What is kept: the text of each file."""
    found = {FILES / "dashboards" / f"{board.file}.json": text(portable(board.document())) for board in BOARDS}
    return found | {FILES / "dashboard_thresholds.json": text({board.file: places(board) for board in BOARDS})}


def places(board: Board) -> list[dict[str, Any]]:
    """For each threshold of each panel, where in the panel its number stands, and what it is called."""
    return [
        {"panel": number, "path": list(place.path), "threshold": place.threshold}
        | ({"complement": True} if place.complement else {})
        for number, drawing in board.drawings()
        for place in drawing.places
    ]


def main() -> None:
    for path, content in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
