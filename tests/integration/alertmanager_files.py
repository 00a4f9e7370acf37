"""The directory of an Alertmanager as the role lays it, and the answers of the real amtool about it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.alertmanager import alertmanager_config
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.alertmanager_checks import complaints

ROOT = Path(__file__).resolve().parents[2]
MESSAGES = ROOT / "roles" / "monitoring" / "files" / "alertmanager"


def amtool(*words: object) -> str:
    """What amtool prints; subprocess.CalledProcessError when it finds fault."""
    command = ["amtool", *map(str, words)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout


def installed_version() -> str:
    found = re.search(r"version (\d+\.\d+\.\d+)", amtool("--version"))
    assert found
    return found[1]


def lay(directory: Path, variables: Mapping[str, Any], version: str) -> Path:
    """Write `alertmanager.yml` and what lies beside it to a directory; the path of the file."""
    assert complaints(variables, version) == []
    shutil.copytree(MESSAGES, directory / "templates", dirs_exist_ok=True)
    file = directory / "alertmanager.yml"
    file.write_text(yaml.safe_dump(alertmanager_config(variables, version), sort_keys=False))
    return file


def render(texts: Mapping[str, str], data: Mapping[str, Any], directory: Path) -> dict[str, str]:
    """Texts with templates in them, by names of ours, as they are for a group of alerts."""
    mark = "\x1e"
    file = directory / "data.json"
    file.write_text(json.dumps(data))
    told = amtool(
        "template", "render", f"--template.glob={MESSAGES}/*.tmpl", f"--template.data={file}",
        f"--template.text={mark.join(texts.values())}",
    )  # fmt: skip
    return dict(zip(texts, told.removesuffix("\n").split(mark), strict=True))


def group(alerts: Sequence[Mapping[str, Any]], by: Sequence[str] = ("alertname", "instance")) -> dict[str, Any]:
    """What a template gets for alerts, each with `labels`, `annotations` and perhaps `status`."""
    whole = [
        {
            "status": "firing", "startsAt": "2026-11-30T08:00:00Z", "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus:9090/graph?g0.expr=up", "annotations": {}, **alert,
        }
        for alert in alerts
    ]  # fmt: skip
    common = {
        kind: dict(set.intersection(*(set(alert[kind].items()) for alert in whole)))
        for kind in ("labels", "annotations")
    }
    return {
        "receiver": "slack",
        "status": "firing" if any(alert["status"] == "firing" for alert in whole) else "resolved",
        "alerts": whole,
        "groupLabels": {label: value for label, value in common["labels"].items() if label in by},
        "commonLabels": common["labels"],
        "commonAnnotations": common["annotations"],
        "externalURL": "http://alertmanager.example.com:9093",
    }
