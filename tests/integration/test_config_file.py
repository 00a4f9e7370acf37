"""The lines of redis.conf that the role writes, read by a real server and compared with what it runs."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
import redis
from integration.servers import free_ports

from ansible_collections.omnimind.platform.plugins.module_utils.redis.settings import config_lines, is_same

SETTINGS = {
    "bind": ["127.0.0.1", "127.0.0.2"],
    "cluster-enabled": True,
    "cluster-node-timeout": 7000,
    "cluster-announce-hostname": "",
    "maxmemory": "100mb",
    "maxmemory-policy": "allkeys-lru",
    "client-output-buffer-limit": {"normal": "0 0 0", "replica": "256mb 64mb 60", "pubsub": "32mb 8mb 60"},
    "appendonly": False,
}
PASSWORDS = ["plain", "with blank", 'quote"and\\backslash', "#hash", "ümläut", "$(id)'", "%n"]


@pytest.mark.parametrize("save", [[], ["3600 1"], ["3600 1", "300 100"]])
@pytest.mark.parametrize("password", PASSWORDS)
def test_a_server_runs_with_exactly_these_settings(tmp_path: Path, password: str, save: list[str]) -> None:
    settings = {**SETTINGS, "requirepass": password, "masterauth": password, "save": save}
    (port,) = free_ports(1)
    file = tmp_path / "redis.conf"
    file.write_text("\n".join(config_lines(settings)) + "\n")
    server = subprocess.Popen(["redis-server", file, "--port", str(port), "--dir", tmp_path], stdout=subprocess.DEVNULL)
    try:
        running = _settings(port, password)
    finally:
        server.kill()
        server.wait()
    assert [name for name, value in settings.items() if not is_same(name, value, running[name])] == []


def _settings(port: int, password: str, seconds: float = 10) -> dict[str, str]:
    deadline = time.monotonic() + seconds
    while True:
        try:
            with redis.Redis(port=port, password=password, decode_responses=True) as client:
                return client.config_get("*")
        except redis.ConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.02)
