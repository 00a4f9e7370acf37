"""Bad input to the role: refused before any change, naming the variable."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from pathlib import Path

import pytest
from integration.ansible_run import run_playbook

GOOD = {
    "ansible_connection": "local",
    "ansible_python_interpreter": "/usr/bin/python3",
    "redis_cluster_ports": [10900, 10901, 10902, 10903, 10904, 10905],
    "redis_cluster_address": "127.0.0.1",
    "redis_cluster_password": "swordfish",
    "redis_cluster_data_directory": "/var/lib/omnimind-test-of-bad-input",
    "redis_cluster_config_directory": "/etc/omnimind-test-of-bad-input",
}


@pytest.fixture
def roll_out(tmp_path: Path):
    """Runs the playbook on this host with variables, and returns what it printed once it was refused."""

    def play(variables: dict, *options: str, playbook: str = "redis.yml") -> str:
        inventory = tmp_path / "hosts.json"
        inventory.write_text(json.dumps({"redis": {"hosts": {"bad": {**GOOD, **variables}}}}))
        done = run_playbook(playbook, inventory, *options)
        assert done.returncode and "changed=0" in done.stdout, done.stdout
        return done.stdout + done.stderr

    yield play
    assert not Path(GOOD["redis_cluster_data_directory"]).exists()
    assert not Path(GOOD["redis_cluster_config_directory"]).exists()


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({"redis_cluster_ports": [10900, 10900, 10901, 10902, 10903, 10904]}, "redis_cluster_ports: 127.0.0.1:10900 is listed twice"),
        ({"redis_cluster_ports": [70000, 10901, 10902, 10903, 10904, 10905]}, "redis_cluster_ports: .* the port 70000"),
        ({"redis_cluster_ports": [60000, 10901, 10902, 10903, 10904, 10905]}, "redis_cluster_ports: 60000 is not within 1 and 55535"),
        ({"redis_cluster_ports": [10900]}, "redis_cluster_ports: 6 nodes are needed"),
        ({"redis_cluster_anti_affinity": "required"}, "redis_cluster_anti_affinity: it is required"),
        ({"redis_cluster_anti_affinity": "sometimes"}, "redis_cluster_anti_affinity must be one of"),
        ({"redis_cluster_password": ""}, "redis_cluster_password: it is empty"),
        ({"redis_cluster_users": [{"name": "shop", "role": "application"}]}, "redis_cluster_users: shop: passwords: there is none"),
        ({"redis_cluster_users": [{"name": "a b", "rules": ["+get"], "passwords": ["x"]}]}, "redis_cluster_users: a b: name: 'a b' is"),
        ({"redis_cluster_users": [{"name": "shop", "role": "app", "passwords": ["x"]}]}, "role must be one of: administrator, application"),
        ({"redis_cluster_users": 2 * [{"name": "shop", "role": "readonly", "passwords": ["x"]}]}, "redis_cluster_users: 'shop' is there twice"),
        ({"redis_cluster_former_passwords": ["swordfish"]}, "redis_cluster_former_passwords: one is the present password"),
        ({"redis_cluster_extra_settings": {"requirepass": "x"}}, "redis_cluster_extra_settings: requirepass would undo the users"),
        ({"redis_cluster_prots": [1]}, "redis_cluster_prots is no variable of this role, did you mean redis_cluster_ports?"),
        ({"redis_cluster_node_timeout": "soon"}, "redis_cluster_node_timeout"),
        ({"redis_cluster_min_free_mb": 10**9}, "redis_cluster_data_directory: .* has [0-9]+ MB free"),
        ({"redis_cluster_group": "databases"}, "redis_cluster_group: the inventory has no host in a group 'databases'"),
    ],
)  # fmt: skip
def test_refused_by_name(roll_out, variables: dict, complaint: str):
    output = " ".join(roll_out(variables).split()).replace("''", "'")  # as YAML may write a quote
    assert re.search(complaint, output), output


def test_failover_of_nothing(roll_out):
    output = roll_out({}, playbook="redis_failover.yml")
    assert "redis_cluster_promote or redis_cluster_demote: one of them names" in " ".join(output.split())


def test_a_full_disk(roll_out, tmp_path: Path):
    """Real: a file system of eight megabytes."""
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", small], check=True)
    try:
        output = roll_out({"redis_cluster_data_directory": str(small / "data")})
    finally:
        subprocess.run(["umount", small], check=True)
    assert f"redis_cluster_data_directory: {small}/data has 8 MB free" in " ".join(output.split())


def test_a_port_that_another_program_has(roll_out):
    with socket.create_server(("127.0.0.1", 10903)):
        output = roll_out({})
    assert "redis_cluster_ports: 10903 is taken by another program" in " ".join(output.split())


def test_without_root(roll_out):
    """Tasks that run as the user nobody."""
    nobody = {"ansible_become_user": "nobody", "ansible_become_method": "su", "ansible_become_flags": "-s /bin/sh"}
    output = roll_out(nobody)
    assert "ansible_become: tasks of this role need root, and run without it" in " ".join(output.split())
