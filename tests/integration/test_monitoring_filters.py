"""Filters that make configuration, called by a play of one's own: lists in variables, kept before they are written."""

from __future__ import annotations

import subprocess
from pathlib import Path

import yaml
from integration.ansible_run import ROOT, run
from integration.monitoring_stack import need

FILES = ROOT / "roles" / "monitoring" / "files"
VARIABLES = {
    "channel": "#ops",
    "receivers": [
        {"name": "slack", "type": "slack", "api_url_file": "/run/slack", "channel": "{{ channel }}"},
        {"name": "pager", "type": "pagerduty", "routing_key_file": "/run/pager"},
    ],
    "routes": [{"matchers": ['team="shop"'], "receivers": ["slack"]}],
    "weekend": [{"name": "weekend", "time_intervals": [{"weekdays": ["saturday", "sunday"]}]}],
    "numbers": {name: one["value"] for name, one in yaml.safe_load((FILES / "thresholds.yml").read_text()).items()},
    "slos": yaml.safe_load((FILES / "slos.yml").read_text()),
    "signals": yaml.safe_load((FILES / "anomaly_signals.yml").read_text()),
}
MADE = {
    "alertmanager.yml": "{'receivers': receivers, 'routes': routes, 'time_intervals': weekend} | omnimind.platform.alertmanager_config",
    "slo.yml": "slos | omnimind.platform.slo_rules(numbers, 'https://runbooks/')",
    "anomaly.yml": "signals | omnimind.platform.anomaly_rules(numbers, 'https://runbooks/')",
}


def test_what_a_play_makes_is_taken(tmp_path: Path) -> None:
    need("prometheus", "prometheus-alertmanager")
    tasks = []
    for name, expression in MADE.items():
        tasks.append({"ansible.builtin.set_fact": {"made": f"{{{{ {expression} }}}}"}})
        content = "{{ made | to_nice_yaml }}"
        tasks.append({"ansible.builtin.copy": {"content": content, "dest": str(tmp_path / name), "mode": "0600"}})
    play = {"hosts": "localhost", "gather_facts": False, "vars": VARIABLES, "tasks": tasks}
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play]))
    played = run(["ansible-playbook", str(tmp_path / "play.yml")])
    assert played.returncode == 0, played.stdout + played.stderr
    checks = (["amtool", "check-config", "alertmanager.yml"], ["promtool", "check", "rules", "slo.yml", "anomaly.yml"])
    for command in checks:
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "#ops" in (tmp_path / "alertmanager.yml").read_text()
