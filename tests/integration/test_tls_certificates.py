"""The modules that make and refuse certificates, through Ansible."""

from __future__ import annotations

from pathlib import Path

from integration.ansible_run import run_module
from integration.encryption import Certificates


def test_a_local_certificate_is_made_once_and_passes_the_preflight(tmp_path):
    order = {"directory": str(tmp_path / "authority"), "name": "host", "names": ["127.0.0.1", "redis.example"]}
    planned = run_module("tls_local_certificate", order, "--check")
    assert planned["changed"] and not (tmp_path / "authority").exists()
    made = run_module("tls_local_certificate", order)
    assert made["changed"] and made["reason"] == "there is no authority yet"
    again = run_module("tls_local_certificate", order)
    assert not again["changed"] and again["digest"] == made["digest"] != planned["digest"]
    assert Path(made["key"]).stat().st_mode & 0o777 == 0o600

    parts = {part: made[part] for part in ("certificate", "key", "ca")}
    fit = run_module("tls_preflight", {**parts, "names": order["names"]})
    assert not fit["failed"] and fit["digest"] == made["digest"] and fit["days_left"] == 89


def test_every_fault_is_told_with_its_variable(tmp_path):
    issued = Certificates(tmp_path / "certificates").issue("node", ["127.0.0.1"], hours=23)
    names = {"certificate": "tls-cert-file", "key": "tls-key-file", "ca": "tls-ca-cert-file"}
    given = {part: issued[name] for part, name in names.items()}
    found = run_module("tls_preflight", {**given, "names": ["127.0.0.2"], "variable_prefix": "redis_cluster_tls_"})
    expiring, other = found["complaints"]
    assert found["failed"] and expiring.startswith("redis_cluster_tls_certificate: it expires on ")
    assert other == "redis_cluster_tls_certificate: it is not for 127.0.0.2, but for 127.0.0.1"

    missing = run_module("tls_preflight", {**given, "key": "/nowhere/key", "ca": "ca.crt"})
    assert [text.partition(":")[0] for text in missing["complaints"]] == ["key", "ca"]
