"""What runs beside the node exporter: figures of GPUs and of certificates, written by the role's own scripts."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest
from integration.ansible_run import ROOT
from loopback import wait_until

from ansible_collections.omnimind.platform.plugins.module_utils.tls.authority import make_authority

SCRIPTS = ROOT / "roles" / "monitoring" / "files" / "textfile"
# Stands in for a driver that no machine of the tests has, with what it prints.
DRIVER = """\
#!/bin/sh
test ! -e "$0.broken" || exit 9
echo "0, NVIDIA A100-SXM4-80GB, 87, 40536, 81920, 61, 312.45"
"""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The runner, with a GPU that is asked all the time and a certificate."""
    driver, certificate, jobs = tmp_path / "nvidia-smi", tmp_path / "node.crt", tmp_path / "jobs.json"
    driver.write_text(DRIVER)
    driver.chmod(0o755)
    certificate.write_text(make_authority("test", datetime.now(timezone.utc), 10).certificate)
    commands = {
        "gpu": [SCRIPTS / "gpu.py", tmp_path / "gpu.prom", driver],
        "certificates": [SCRIPTS / "certificates.py", tmp_path / "certificates.prom", certificate],
    }
    table = [{"name": name, "every": 0.1, "command": [str(word) for word in words]} for name, words in commands.items()]
    jobs.write_text(json.dumps(table))
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen([sys.executable, "-IS", SCRIPTS / "run.py", jobs], stderr=log)
    yield process
    process.kill()
    process.wait()


def test_figures_come_and_go(running: subprocess.Popen[bytes], tmp_path: Path) -> None:
    gpu, certificates = tmp_path / "gpu.prom", tmp_path / "certificates.prom"
    wait_until(lambda: gpu.exists() and certificates.exists(), 20)
    assert 'omnimind_gpu_utilization_ratio{gpu="0",name="NVIDIA A100-SXM4-80GB"} 0.87\n' in gpu.read_text()
    assert f'omnimind_certificate_expiry_timestamp_seconds{{path="{tmp_path / "node.crt"}"}}' in certificates.read_text()

    (tmp_path / "nvidia-smi.broken").touch()
    wait_until(lambda: not gpu.exists(), 20, "figures of a GPU that is not seen any more go")
    wait_until(certificates.exists, 20)
    assert "gpu: Command" in (tmp_path / "log").read_text()

    (tmp_path / "nvidia-smi.broken").unlink()
    wait_until(gpu.exists, 20, "they come back")

    running.terminate()
    assert running.wait(20) == 0
    assert not gpu.exists() and not certificates.exists()
