"""The demonstration on this machine, as the README and the guides have it. `make guides` runs this."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from guides.pages import ROOT, pages
from hosts.supervisor import supervisor

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the demonstration installs packages: run the tests as root")


def run(command: str) -> str:
    """What a command prints; it must succeed."""
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env={**os.environ, "ANSIBLE_NOCOLOR": "1"}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout[-8000:]}"
    return done.stdout


def shown() -> str:
    """The page that a guide shows of the demonstration."""
    block = re.compile(r"^```\n(Redis Cluster +HEALTHY\n.*?)^```$", re.DOTALL | re.MULTILINE)
    (found,) = (one for page in pages() for one in block.findall((ROOT / page).read_text(encoding="utf-8")))
    return found


def test_demo() -> None:
    """It shows the page, changes nothing the second time, answers, stands beside Sentinels, and goes."""
    with supervisor():
        try:
            output = run("make demo")
            lines = [line.strip() for line in output.splitlines()]
            assert [line for line in shown().splitlines() if line.strip() not in lines] == []
            assert re.findall(r"changed=([1-9]\d*)", run("make demo")) == []
            status = run("curl --silent --compressed --dump-header - http://127.0.0.1:8000/api/status")
            if not Path("/run/systemd/system").exists():
                assert "RUNNING" in run("supervisorctl status")
            assert "content-encoding: " in status.lower()
            run("ansible-playbook -i inventories/local_sentinel playbooks/site.yml")
            run("ansible-playbook -i inventories/local_sentinel playbooks/redis_sentinel.yml")
        finally:
            run("ansible-playbook -i inventories/local_sentinel playbooks/teardown.yml")
            run("make demo-down")
