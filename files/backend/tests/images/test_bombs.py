"""A hostile picture is refused before it costs anything: time and memory are measured in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from images.bombs import BODY, BOMBS, NO_PICTURES
from images.pictures import saved

MILLISECONDS, GROWTH = 100, 50  # the promise; growth in MiB
HERE = Path(__file__).resolve()
Result = dict[str, object]


def measure(paths: list[Path]) -> list[Result]:
    sources = [str(HERE.parents[1]), str(HERE.parents[2] / "src")]
    command = [sys.executable, str(HERE.with_name("measuring.py")), *map(str, paths)]
    surroundings = {**os.environ, "PYTHONPATH": os.pathsep.join(sources)}
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Result]:
    """What the bomb of a name cost."""
    directory = tmp_path_factory.mktemp("bombs")
    paths = {name: directory / str(index) for index, name in enumerate([*BOMBS, *NO_PICTURES])}
    for name, path in paths.items():
        path.write_bytes(NO_PICTURES[name] if name in NO_PICTURES else BOMBS[name]())
        assert path.stat().st_size <= BODY
    return dict(zip(paths, measure(list(paths.values())), strict=True)).__getitem__


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_at_once(refused: Callable[[str], Result], name: str) -> None:
    result = refused(name)
    assert result["status"] == 422
    assert result["milliseconds"] < MILLISECONDS and result["growth"] < GROWTH, result


@pytest.mark.parametrize("name", NO_PICTURES)
def test_what_is_no_picture_is_refused_at_once(refused: Callable[[str], Result], name: str) -> None:
    result = refused(name)
    assert result["status"] == 415
    assert result["milliseconds"] < MILLISECONDS and result["growth"] < GROWTH, result


def test_the_measurement_sees_what_a_picture_costs(tmp_path: Path) -> None:
    """A picture within the limits, decoded: else all bombs could pass unseen."""
    path = tmp_path / "large.png"
    path.write_bytes(saved(Image.new("RGB", (4200, 3500)), "PNG", compress_level=1))
    (result,) = measure([path])
    assert result["status"] is None
    # It is a black one, which a quick machine has done in less than a bomb may take.
    assert result["milliseconds"] > MILLISECONDS / 4 and result["growth"] > GROWTH, result
