"""A directory of configuration: what differs, what is told of it, and what may be in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.omnimind.platform.plugins.module_utils.host import directories
from ansible_collections.omnimind.platform.plugins.module_utils.host.directories import Changes, Entry

PATHS = st.lists(st.sampled_from(["a", "b/c", "b/d", "e/f/g", "x.yml"]), unique=True)


def entries(**texts: str) -> dict[str, Entry]:
    return {name: Entry(text.encode()) for name, text in texts.items()}


def test_nothing_to_do() -> None:
    done = directories.changes(entries(a="1"), {"a": b"1"})
    assert not done and done == Changes()


def test_what_differs() -> None:
    present = {**entries(same="1", other="2", gone="3"), "owner": Entry(b"4", fits=False), "link": Entry(None)}
    wanted = {"same": b"1", "other": b"22", "new": b"5", "owner": b"4", "link": b"6"}
    done = directories.changes(present, wanted)
    assert done == Changes(created=("new",), replaced=("link", "other"), owned=("owner",), removed=("gone",))
    assert done.written == ["link", "new", "other"]


def test_what_is_somebody_elses_stays() -> None:
    done = directories.changes(entries(**{"own": "1", "theirs.key": "2"}), {}, kept=["*.key"])
    assert done.removed == ("own",)


@given(PATHS, PATHS)
def test_after_the_changes_only_what_is_wanted_is_there(before: list[str], after: list[str]) -> None:
    present = {path: Entry(b"old") for path in before}
    wanted = {path: b"new" for path in after}
    done = directories.changes(present, wanted)
    left = (set(before) | set(done.written)) - set(done.removed)
    assert left == set(after) and set(done.written) == set(after)


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../up", "a/../b", "a//b", "./a", "a/", "a\0b"])
def test_paths_that_lead_out(path: str) -> None:
    assert directories.path_complaints([path, "fine/file.yml"]) != []


def test_a_file_cannot_be_a_directory_too() -> None:
    assert directories.path_complaints(["a", "a/b"]) == ["files: 'a' is both a file and a directory"]
    assert directories.path_complaints(["a/b", "a/c", "ab"]) == []


def test_folders_come_parents_first() -> None:
    assert directories.folders_of(["a", "b/c/d", "b/e"]) == ["b", "b/c"]


def test_a_diff_shows_no_secret() -> None:
    present = {**entries(**{"open": "one\n", "key": "tiger", "left": "hunter2"}), "mode": Entry(b"x", fits=False)}
    wanted = {"open": b"two\n", "key": b"lion", "fresh": b"wolf", "mode": b"x"}
    done = directories.changes(present, wanted)
    shown = directories.differences(present, wanted, ["key", "fresh"], done)
    assert {"before": "one\n", "after": "two\n", "before_header": "open", "after_header": "open"} in shown
    assert len(shown) == 5
    assert not [text for one in shown for text in one.values() if any(word in text for word in ("tiger", "lion", "hunter2", "wolf"))]


PROMTOOL = """\
Checking prometheus/prometheus.yml
  SUCCESS: 1 rule files found
 SUCCESS: prometheus/prometheus.yml is valid prometheus config file syntax

Checking prometheus/rules/user_shop.yml
  FAILED:
prometheus/rules/user_shop.yml: 5:11: group "shop", rule 1, "ShopClosed": could not parse expression: 1:7: parse error
"""
PROMTOOL_CONFIG = """\
Checking prometheus/prometheus.yml
  FAILED: parsing YAML file prometheus/prometheus.yml: found multiple scrape configs with job name "x"
"""
AMTOOL = "Checking 'alertmanager/alertmanager.yml'  FAILED: undefined receiver \"nobody\" used in route"


@pytest.mark.parametrize(
    ("output", "names"),
    [(PROMTOOL, ["rules"]), (PROMTOOL_CONFIG, ["scrape_configs", "remote_write"]), (AMTOOL, ["receivers"]), ("other", [])],
)
def test_who_is_to_blame(output: str, names: list[str]) -> None:
    sources = {
        "rules/user_*.yml": "rules",
        "prometheus/prometheus.yml": ["scrape_configs", "remote_write"],
        "alertmanager/alertmanager.yml": ["receivers"],
    }
    assert directories.blamed(output, sources) == names


def test_only_what_is_wrong_is_told() -> None:
    assert directories.telling(PROMTOOL) == ["FAILED:", PROMTOOL.splitlines()[-1]]
    assert directories.telling(AMTOOL) == [AMTOOL]
