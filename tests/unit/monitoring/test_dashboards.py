"""The dashboards that are kept are those that are made, whole, and coloured by the numbers of the alerts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.dashboards import (
    RUNBOOKS,
    dashboard_thresholds,
)
from tools.dashboards import limits, panels
from tools.dashboards.board import Board
from tools.dashboards.boards import BOARDS
from tools.dashboards.build import FILES, files
from tools.dashboards.lint import findings
from tools.dashboards.lint.panels import steps
from tools.dashboards.portable import typed

THRESHOLDS = yaml.safe_load((FILES / "thresholds.yml").read_text(encoding="utf-8"))
PLACES = json.loads((FILES / "dashboard_thresholds.json").read_text(encoding="utf-8"))
NUMBERS = {name: threshold["value"] for name, threshold in THRESHOLDS.items()}
# Of what is counted, not measured: one is too many, and all slots are enough.
COUNTED = {1, 16384}

every_board = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.file)


def kept(board: Board) -> dict[str, Any]:
    return json.loads((FILES / "dashboards" / f"{board.file}.json").read_text(encoding="utf-8"))


def test_they_are_what_is_made() -> None:
    """Making them again changes no byte, and none is left over."""
    made = files()
    assert {path: path.read_text(encoding="utf-8") for path in made} == made
    assert set((FILES / "dashboards").iterdir()) == {path for path in made if path.parent.name == "dashboards"}


@every_board
def test_nothing_is_wrong(board: Board) -> None:
    assert findings(kept(board), board.reasons()) == []


@every_board
def test_grafana_knows_every_key(board: Board) -> None:
    """What goes through the types of Grafana's own SDK comes back whole: a misspelt key would not."""
    document = typed(kept(board))
    read = json.loads(json.dumps(Dashboard.from_json(document), cls=JSONEncoder))
    assert list(lost(document, read)) == []


def lost(before: Any, after: Any, where: str = "") -> Iterator[str]:
    """What is in one document and not the same in the other."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name, value in before.items():
            yield from lost(value, after.get(name, "nothing"), f"{where}/{name}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after)):
            yield from lost(one, other, f"{where}/{index}")
    elif before != after:
        yield f"{where}: {before!r} became {after!r}"


def test_a_misspelt_key_would_be_lost() -> None:
    document = typed(kept(BOARDS[0]))
    panel = document["panels"][0]
    panel["fieldConfig"]["defaults"]["unti"] = panel["fieldConfig"]["defaults"].pop("unit")
    read = json.loads(json.dumps(Dashboard.from_json(document), cls=JSONEncoder))
    assert list(lost(document, read)) == ["/panels/0/fieldConfig/defaults/unti: 'none' became 'nothing'"]


@every_board
def test_colours_change_where_alerts_fire(board: Board) -> None:
    """Every number at which a colour changes is the one in thresholds.yml, or of something that is counted."""
    named = {(place["panel"], *place["path"]): place for place in PLACES[board.file]}
    for panel in kept(board)["panels"]:
        if panel["type"] == "row":
            continue
        for way, step in all_steps(panel):
            place = named.pop((panel["id"], *way, "value"), None)
            if place is None:
                assert step["value"] is None or step["value"] in COUNTED, panel["title"]
            else:
                number = NUMBERS[place["threshold"]]
                assert step["value"] == pytest.approx(1 - number if place.get("complement") else number)
    assert named == {}


def all_steps(panel: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    for index, step in enumerate(steps(panel)):
        yield ("fieldConfig", "defaults", "thresholds", "steps", index), step
    for number, override in enumerate(panel["fieldConfig"]["overrides"]):
        for property_, value in enumerate(override["properties"]):
            if value["id"] == "thresholds":
                for index, step in enumerate(value["value"]["steps"]):
                    way = ("fieldConfig", "overrides", number, "properties", property_, "value", "steps", index)
                    yield way, step


@every_board
def test_numbers_rise(board: Board) -> None:
    """Grafana takes the last step that a value has reached, so they must be in order."""
    for panel in kept(board)["panels"]:
        if panel["type"] != "row":
            numbers = [step["value"] for step in steps(panel)]
            assert numbers[:1] in ([], [None]) and numbers[1:] == sorted(numbers[1:]), panel["title"]


@every_board
def test_units_are_those_of_the_thresholds(board: Board) -> None:
    """A ratio is drawn as a ratio, seconds as seconds: otherwise the number would be compared with something else."""
    shown = {number: drawing.panel.build().field_config for number, drawing in board.drawings()}
    for place in PLACES[board.file]:
        unit, wanted = shown[place["panel"]].defaults.unit, limits.unit(place["threshold"])
        if "overrides" in place["path"]:
            override = shown[place["panel"]].overrides[place["path"][2]]
            unit = next(value.value for value in override.properties if value.id_val == "unit")
        assert unit == wanted or (unit, wanted) == ("short", "none"), place


@every_board
def test_own_numbers(board: Board) -> None:
    """A user's number reaches every panel that it is about, and nothing else changes."""
    document = kept(board)
    assert dashboard_thresholds(document, PLACES[board.file], NUMBERS) == document
    assert dashboard_thresholds(document, PLACES[board.file], {}) == document
    for name in {place["threshold"] for place in PLACES[board.file]}:
        changed = dashboard_thresholds(document, PLACES[board.file], {name: 0.125})
        found = list(lost(document, changed))
        about = [place for place in PLACES[board.file] if place["threshold"] == name]
        assert len(found) == len(about) > 0
        assert all(line.endswith((" became 0.125", " became 0.875")) for line in found)
    assert document == kept(board), "what was given is left as it was"


@given(st.dictionaries(st.sampled_from(sorted(NUMBERS)), st.floats(0, 1)))
def test_what_is_put_in_can_be_taken_out(numbers: dict[str, float]) -> None:
    board = BOARDS[0]
    changed = dashboard_thresholds(kept(board), PLACES[board.file], numbers)
    assert dashboard_thresholds(changed, PLACES[board.file], NUMBERS) == kept(board)


@every_board
def test_own_runbooks(board: Board) -> None:
    """Every link to a runbook leads to where the user has them, and no other link does."""
    mine = "https://wiki.example.com/runbooks/"
    changed = dashboard_thresholds(kept(board), [], {}, mine)
    before, after = json.dumps(kept(board)), json.dumps(changed)
    assert after == before.replace(RUNBOOKS, mine) and mine in after
    assert RUNBOOKS == panels.RUNBOOKS
