"""A directory of configuration on a real file system, judged by real programs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from integration.ansible_run import run_module

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="files belong to root: run the tests as root")

JUDGE = ["/bin/sh", "-c", "! grep --recursive --with-filename broken %s"]


@pytest.fixture
def top(tmp_path: Path) -> Path:
    return tmp_path / "configuration"


def write(top: Path, files: dict[str, str], *options: str, **more: Any) -> dict[str, Any]:
    return run_module("config_directory", {"path": str(top), "files": files, "validate": [JUDGE], **more}, *options)


def contents(top: Path) -> dict[str, str]:
    return {str(path.relative_to(top)): path.read_text() for path in top.rglob("*") if path.is_file()}


def test_from_nothing_and_again(top: Path) -> None:
    files, secret = {"main.yml": "one\n", "rules/a.yml": "two\n"}, {"secrets/key": "tiger in the night"}
    first = write(top, files, "--diff", "-vvv", secret_files=secret)
    assert first["changed"] and first["written"] == ["main.yml", "rules/a.yml", "secrets/key"]
    assert first["validated"] == ["/bin/sh"]
    assert "+one" in first["output"] and "tiger in the night" not in first["output"]
    assert contents(top) == {**files, **secret}
    modes = {path.name: oct(path.stat().st_mode & 0o7777) for path in [top, *top.rglob("*")]}
    assert modes == {
        "configuration": "0o750", "rules": "0o750", "secrets": "0o750", "main.yml": "0o640", "a.yml": "0o640", "key": "0o640",
    }  # fmt: skip
    again = write(top, files, secret_files=secret)
    assert not again["changed"] and again["validated"] == []
    assert list(top.parent.iterdir()) == [top], "nothing else is left"


def test_what_the_judge_refuses_replaces_nothing(top: Path) -> None:
    write(top, {"main.yml": "one\n", "rules/own.yml": "fine\n"})
    before = {path: path.stat().st_mtime_ns for path in top.rglob("*")}
    files = {"main.yml": "two\n", "rules/own.yml": "broken\n"}
    refused = write(top, files, sources={"rules/own.yml": "rules"}, variable_prefix="shop_")
    assert refused["failed"]
    assert refused["msg"].startswith("shop_rules: sh refuses it, and nothing was replaced: rules/own.yml:broken")
    assert {path: path.stat().st_mtime_ns for path in top.rglob("*")} == before
    assert list(top.parent.iterdir()) == [top]


def test_what_nobody_asked_for_goes(top: Path) -> None:
    """Files, links, and what stands in the way; what is somebody else's stays."""
    write(top, {"main.yml": "one\n", "old/deep/er.yml": "two\n"})
    (top / "link.yml").symlink_to("/etc/hostname")
    (top / "swapped.yml").mkdir()
    (top / "swapped.yml" / "inner").write_text("x")
    (top / "folder").write_text("x")
    (top / "theirs.key").write_text("x")
    (top / "main.yml").chmod(0o666)
    files = {"main.yml": "one\n", "link.yml": "three\n", "swapped.yml": "four\n", "folder/file.yml": "five\n"}
    done = write(top, files, "--diff", keep=["*.key"])
    assert done["changed"] and not done["failed"], done
    assert contents(top) == {**files, "theirs.key": "x"}
    assert not (top / "link.yml").is_symlink() and not (top / "old").exists()
    assert oct((top / "main.yml").stat().st_mode & 0o777) == "0o640"


def test_check_mode_judges_and_writes_nothing(top: Path) -> None:
    told = write(top, {"main.yml": "one\n"}, "--check", group="yet-to-come")
    assert told["changed"] and told["validated"] == ["/bin/sh"] and not top.exists()
    assert write(top, {"main.yml": "broken\n"}, "--check")["failed"]
    assert write(top, {"main.yml": "one\n"}, group="yet-to-come")["failed"]
    assert not top.exists()
