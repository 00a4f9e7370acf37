"""Dashboards and alerts lead to each other, and nothing leads to where nothing is."""

from __future__ import annotations

import json
import re

import pytest
from unit.monitoring import rendered

from tools.dashboards.board import Board
from tools.dashboards.boards import BOARDS
from tools.dashboards.panels import RUNBOOKS

ROOT = rendered.ROOT
ALWAYS = {"Watchdog"}  # it fires to say that alerts arrive
EXISTING = {rule["alert"] for rule in rendered.alerts()}
BY_UID = {board.uid: board for board in BOARDS}

every_board = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.file)


@pytest.mark.parametrize("alert", rendered.alerts(), ids=lambda rule: rule["alert"])
def test_an_alert_is_on_the_dashboard_that_it_names(alert: dict) -> None:
    """In its table, and drawn into its graphs."""
    if alert["alert"] not in ALWAYS:
        board = BY_UID[alert["annotations"]["dashboard_url"].rpartition("/")[2]]
        assert re.fullmatch(board.alerts, alert["alert"]), board.file


def test_every_alert_is_explained_by_a_panel() -> None:
    explained = {name for board in BOARDS for _number, drawing in board.drawings() for name in drawing.alerts}
    assert explained == EXISTING - ALWAYS


@every_board
def test_every_runbook_is_there(board: Board) -> None:
    links = set(re.findall(rf"{re.escape(RUNBOOKS)}(\w+)[.]md", json.dumps(board.document())))
    assert links and [name for name in links if not (ROOT / "docs" / "runbooks" / f"{name}.md").is_file()] == []


@every_board
def test_a_table_names_alerts_that_exist(board: Board) -> None:
    """Each part of its pattern is the name of one, at least."""
    for pattern in board.alerts.split("|"):
        assert any(re.fullmatch(pattern, name) for name in EXISTING), pattern
