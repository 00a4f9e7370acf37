"""Every version of ansible-core that is promised, on the Pythons that run it: what `make test` does, done by each."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from matrix.environments import Pair, complete, other_pairs, python_or_skip

from quality.sanity import left_out, sanity
from quality.tools import run

# Those in which Ansible itself runs something of ours: modules, roles, playbooks, filters, lookups and the inventory.
# The rest of the integration tests is about servers, which know no Ansible.
PLAYED = (
    "kubernetes/test_kubernetes_core.py",
    "kubernetes/test_playbook.py",
    "kubernetes/test_role_k8s_backend.py",
    "kubernetes/test_role_k8s_monitoring.py",
    "kubernetes/test_role_k8s_redis_cluster.py",
    "test_acl_module.py",
    "test_bad_input.py",
    "test_config_directory.py",
    "test_failover.py",
    "test_grafana_archive.py",
    "test_inventory.py",
    "test_modules.py",
    "test_monitoring_filters.py",
    "test_redis_report.py",
    "test_restore.py::test_playbooks_back_a_cluster_up_and_restore_it",
    "test_scale_playbook.py",
    "test_sentinel.py",
    "test_tls_certificates.py",
)


@pytest.fixture(params=other_pairs(), ids=str)
def pair(request: pytest.FixtureRequest) -> Pair:
    return request.param


@pytest.fixture
def commands(pair: Pair, record_property: Callable[[str, str], None]) -> Path:
    """Directory of the commands of that pair's environment."""
    return complete(pair, python_or_skip(record_property, str(pair), pair.python))


def test_sanity(pair: Pair, commands: Path, tree: Path) -> None:
    output = sanity(commands, tree, "--python", pair.python)
    assert not left_out(output), output


def test_tests(pair: Pair, commands: Path, tmp_path: Path, record_property: Callable[[str, str], None]) -> None:
    """Unit tests, and real servers through Ansible, which has no deprecation of ours to tell of."""
    log = tmp_path / "ansible.log"
    output = run(
        commands / "pytest", "--numprocesses", 2, "--dist", "loadfile",
        "-p", "no:cacheprovider", "tests/unit", *(f"tests/integration/{name}" for name in PLAYED),
        ANSIBLE_LOG_PATH=log, ANSIBLE_DEPRECATION_WARNINGS=1,
    )  # fmt: skip
    record_property("measured", f"{pair}: {output.splitlines()[-1].strip('= ')}")
    assert deprecations(log.read_text(encoding="utf-8")) == set()


def deprecations(log: str) -> set[str]:
    """What Ansible told, once each."""
    return set(re.findall(r"\[DEPRECATION WARNING\]: .*", log))
