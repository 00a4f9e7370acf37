"""The full check: what redis_cluster_info says of itself, beside redis-cli."""

from __future__ import annotations

import json
import subprocess
import time

from benchmarks.figures import Figure, Sample, Table, number
from benchmarks.nodes import ENVIRONMENT, empty_nodes, form, redis_cli, wait_until_settled
from benchmarks.options import Options, tell

# Nodes: the target in milliseconds.
TARGETS = {6: 50.0, 100: 600.0}
CHECKS = 3  # a round


def measure(options: Options) -> Table:
    table = Table("Checking every slot and every node", "redis-cli --cluster check")
    table.notes = [
        "Ours is elapsed_ms of redis_cluster_info in a process of its own each time: connecting, asking every node,",
        "comparing all views. redis-cli is a whole process and compares less: no replication link, no lag, no placement.",
    ]
    for count, target in TARGETS.items():
        with empty_nodes(count) as servers:
            form(servers)
            wait_until_settled(servers)
            ours, peer = [], []
            for _turn in range(CHECKS * options.rounds):
                ours.append(_check(servers.addresses[0]))
                peer.append(_check_by_redis_cli(servers.addresses[0]))
        samples = Sample(tuple(ours), "ms"), Sample(tuple(peer), "ms")
        tell(f"checking {count} nodes: {number(samples[0].median)} ms, redis-cli {number(samples[1].median)} ms")
        table.figures.append(Figure(f"{count} nodes", *samples, at_most=target))
    return table


def _check(address: str) -> float:
    """Milliseconds inside the module, run by Ansible as a playbook would; RuntimeError unless healthy."""
    password = "{{ lookup('ansible.builtin.env', 'REDISCLI_AUTH') }}"
    command = [
        "ansible", "localhost", "--module-name", "omnimind.platform.redis_cluster_info",
        "--args", json.dumps({"nodes": [address], "password": password}),
    ]  # fmt: skip
    plain = {"ANSIBLE_CALLBACK_RESULT_FORMAT": "json", "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "0"}
    done = subprocess.run(command, env={**ENVIRONMENT, **plain}, capture_output=True, text=True, check=False)
    status, _arrow, answer = done.stdout.partition(" => ")
    found = json.loads(answer) if status.endswith("SUCCESS") else {}
    if not found.get("healthy"):
        raise RuntimeError(f"redis_cluster_info finds no healthy cluster: {(done.stdout + done.stderr)[-2000:]}")
    return float(found["elapsed_ms"])


def _check_by_redis_cli(address: str) -> float:
    started = time.monotonic()
    redis_cli("--cluster", "check", address)
    return (time.monotonic() - started) * 1000
