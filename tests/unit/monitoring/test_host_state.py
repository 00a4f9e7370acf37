"""Where the Grafana of a host is, in packages and archives of all versions."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.host_state import grafana_command

# Files below a root, and what starts it; opt is where the role looks first, usr where packages have it.
LAYOUTS = {
    "a new archive": (["opt/bin/grafana", "opt/bin/grafana-server", "opt/public/x"], "opt", "opt/bin/grafana server"),
    "an old archive": (["opt/bin/grafana-server", "opt/public/x"], "opt", "opt/bin/grafana-server"),
    "a new package": (["usr/bin/grafana", "usr/public/x", "sbin/grafana-server"], "usr", "usr/bin/grafana server"),
    "an old package": (["usr/public/x", "sbin/grafana-server"], "usr", "sbin/grafana-server"),
    "both": (["opt/bin/grafana", "opt/public/x", "usr/bin/grafana", "usr/public/x"], "opt", "opt/bin/grafana server"),
    "a part, and a package": (["opt/bin/grafana", "usr/public/x", "sbin/grafana-server"], "usr", "sbin/grafana-server"),
}


def find(root: Path) -> tuple[str, str]:
    return grafana_command(f"{root}/opt", f"{root}/usr", f"{root}/sbin/grafana-server")


def lay(root: Path, files: list[str]) -> None:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_found(layout: str, tmp_path: Path) -> None:
    files, home, command = LAYOUTS[layout]
    lay(tmp_path, files)
    assert find(tmp_path) == (f"{tmp_path}/{home}", f"{tmp_path}/{command}")


@pytest.mark.parametrize("files", [[], ["opt/bin/grafana"], ["opt/public/x"], ["sbin/grafana-server"], ["opt/bin/grafana/x", "opt/public/x"]])
def test_none(files: list[str], tmp_path: Path) -> None:
    lay(tmp_path, files)
    assert find(tmp_path) == ("", "")
