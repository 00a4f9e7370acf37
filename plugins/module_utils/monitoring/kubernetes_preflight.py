# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bad input to the monitoring of a namespace, told before anything changes. Each complaint names the variable."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .alertmanager_checks import complaints as delivery_complaints
from .alertmanager_checks import secret_files
from .grafana import ini_complaints
from .kubernetes_files import SECRETS_DIRECTORY
from .preflight import history_complaints, label_complaints, rule_complaints, scrape_complaints, time_complaints
from .thresholds import complaints as threshold_complaints

COMPONENTS = ("prometheus", "alertmanager", "exporter", "grafana")
LONGEST_NAME = 40  # letters: names of pods have more behind it, and 63 at most
_NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_UNITS = {"B": 1, **{f"{letter}B": 1024**power for power, letter in enumerate("KMGTPE", 1)}}
FULL = 0.9  # of a volume that Prometheus may plan to fill: what it writes ahead comes on top


@dataclass(frozen=True)
class Given:
    """What the role was told, secrets aside.

    Args:
        variables: by their names without the role's prefix.
        secrets: names of those that the role is to bring.
        has_password: whether Grafana's administrator is given a password.
        thresholds: all that there are, as the file thresholds.yml has them.
        volume: bytes that Prometheus has; 0 when that is not known.
    """

    variables: Mapping[str, Any]
    secrets: Sequence[str] = ()
    has_password: bool = False
    thresholds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    volume: int = 0


def complaints(given: Given) -> list[str]:
    """Everything that is wrong, as sentences."""
    variables = {**given.variables, "secrets_directory": SECRETS_DIRECTORY}
    found = [*_names(variables), *_components(variables), *_ports(variables)]
    for part in (time_complaints, label_complaints, rule_complaints, scrape_complaints):
        found += part(variables)
    found += _retention(variables, given.volume)
    found += threshold_complaints(variables["thresholds"], given.thresholds)
    found += history_complaints(variables)
    delivery = delivery_complaints(variables)
    found += delivery or [*_receivers(variables), *_secret_files(variables, given.secrets)]
    found += _grafana(variables, given.has_password)
    return found


def _names(variables: Mapping[str, Any]) -> Iterator[str]:
    for name, most in (("namespace", 63), ("name", LONGEST_NAME)):
        value = str(variables[name])
        if not _NAME.fullmatch(value) or len(value) > most:
            yield f"{name}: {value!r} is no name; right would be {most} small letters, digits and hyphens at most"
    if not _LABEL.fullmatch(str(variables["part_of"])):
        yield f"part_of: {variables['part_of']!r} is no value of a label; right would be one such as omnimind"


def _components(variables: Mapping[str, Any]) -> Iterator[str]:
    for name in ("images", "resources"):
        for key in variables[name]:
            if key not in COMPONENTS:
                right = ", ".join(COMPONENTS) + _hint(key, COMPONENTS)
                yield f"{name}: {key!r} is no component; right would be any of {right}"
    for key in COMPONENTS:
        if not variables["images"].get(key):
            yield f"images.{key}: it is empty; right would be an image with its tag"
    if variables["exporter"] and not variables["redis_sets"]:
        yield "redis_sets: it is empty; right would be one such as {name: omnimind-redis, pods: 6, port: 6379}"
    replicas = variables["alertmanager_replicas"]
    if not _is_number(replicas, 1, 9):
        yield f"alertmanager_replicas: {replicas!r} is not possible; right would be a number from 1 to 9"
    if not variables["alertmanager"] and not variables["other_alertmanagers"]:
        yield "other_alertmanagers: there is no Alertmanager; right would be addresses of some"


def _hint(name: Any, known: Iterable[str]) -> str:
    similar = difflib.get_close_matches(str(name), list(known), n=1)
    return f" (did you mean {similar[0]}?)" if similar else ""


def _is_number(value: Any, least: int, most: int) -> bool:
    return not isinstance(value, bool) and str(value).isdecimal() and least <= int(str(value)) <= most


def _ports(variables: Mapping[str, Any]) -> Iterator[str]:
    ports = {"backend_port": variables["backend_port"]}
    for index, one in enumerate(variables["redis_sets"]):
        where = f"redis_sets[{index}]"
        ports[f"{where}.port"] = one["port"]
        if not _NAME.fullmatch(str(one["name"])):
            yield f"{where}.name: {one['name']!r} is no name; right would be that of a StatefulSet and its Service"
        if not _is_number(one["pods"], 1, 1000):
            yield f"{where}.pods: {one['pods']!r} is not possible; right would be a number from 1 to 1000"
    for name, port in ports.items():
        if not _is_number(port, 1, 65535):
            yield f"{name}: {port!r} is no port; right would be a number from 1 to 65535"


def _retention(variables: Mapping[str, Any], volume: int) -> Iterator[str]:
    """Prometheus ends when its volume is full. By size alone it makes room in time."""
    size = re.fullmatch(r"([1-9][0-9]*)([KMGTPE]?B)", str(variables["retention_size"]))
    if size and volume and int(size[1]) * _UNITS[size[2]] > volume * FULL:
        most = int(volume * FULL / _UNITS["MB"])
        yield f"retention_size: {size[0]} fill the volume of Prometheus; right would be {most}MB at most"


def _receivers(variables: Mapping[str, Any]) -> Iterator[str]:
    if variables["receivers"] and not variables["alertmanager"]:
        yield "receivers: they are told nothing without an Alertmanager; right would be alertmanager: true"


def _secret_files(variables: Mapping[str, Any], secrets: Sequence[str]) -> Iterator[str]:
    for name in secrets:
        if not _FILE.fullmatch(str(name)):
            yield f"secrets: {name!r} is no name of a file; right would be letters, digits and dots"
    if variables["alertmanager_secret"]:
        if secrets:
            yield "secrets: alertmanager_secret names a Secret that has them; right would be one of the two"
        return
    for where, path in secret_files(variables):
        folder, _slash, name = path.rpartition("/")
        if folder != SECRETS_DIRECTORY or name not in secrets:
            yield f"{where}: secrets has no {name!r}; right would be one of its names, without a directory"


def _grafana(variables: Mapping[str, Any], has_password: bool) -> Iterator[str]:
    if not variables["grafana"]:
        return
    if not has_password and not variables["grafana_secret"]:
        yield "grafana_admin_password: it is empty; right would be a password, or a grafana_secret"
    yield from ini_complaints(variables["grafana_ini"])
