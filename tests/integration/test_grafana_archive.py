"""An archive of Grafana on its way into its place. The stand-ins have its layout, and nothing else of it."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest
import yaml
from integration.ansible_run import run, run_module

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="what is unpacked belongs to root: run the tests as root")


def pack(archive: Path, *files: str) -> None:
    """An archive with one directory that holds all of it, as vendors pack theirs."""
    with tarfile.open(archive, "w:gz") as tar:
        for file in files:
            member = tarfile.TarInfo(f"grafana-v1.2.3/{file}")
            member.size, member.mode = 5000, 0o755
            tar.addfile(member, io.BytesIO(os.urandom(5000)))


def unpack(archive: Path, home: Path) -> str:
    """Run the role's tasks; what went wrong, in their words."""
    variables = {"monitoring_grafana_package": str(archive), "monitoring_grafana_home": str(home)}
    role = {"name": "omnimind.platform.monitoring", "tasks_from": "grafana_archive"}
    tasks = [{"block": [{"ansible.builtin.include_role": role}],
              "rescue": [{"ansible.builtin.fail": {"msg": "told: {{ ansible_failed_result.msg }} :told"}}]}]  # fmt: skip
    play = archive.with_suffix(".yml")
    play.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": tasks}]))
    played = run(["ansible-playbook", str(play)])
    assert played.returncode in (0, 2), played.stdout + played.stderr
    return played.stdout.partition("told: ")[2].partition(":told")[0]


def test_what_is_none_or_broken_is_told_and_a_good_one_gets_there(tmp_path: Path) -> None:
    home, archive = tmp_path / "home", tmp_path / "grafana.tar.gz"
    pack(archive, "README.md")
    assert f"there is no Grafana in {home}.new" in unpack(archive, home)
    pack(archive, "bin/grafana", "public/index.html")
    archive.write_bytes(archive.read_bytes()[:-3000])
    assert unpack(archive, home)
    assert not home.exists()
    pack(archive, "bin/grafana", "public/index.html")
    assert unpack(archive, home) == ""
    answer = run_module("monitoring_grafana_info", {"home": str(home)})
    assert (answer["home"], answer["command"]) == (str(home), f"{home}/bin/grafana server")
    # Nothing is left of the others.
    assert sorted(path.name for path in home.iterdir()) == [".omnimind-unpacked", "bin", "public"]
    assert not Path(f"{home}.new").exists()
