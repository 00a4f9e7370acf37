# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bad input and unfit hosts, told before anything changes. Each complaint names the variable at fault.

What only a daemon's own tool knows, such as the grammar of an expression, that tool tells before a file is replaced.
"""
from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .alertmanager_checks import complaints as delivery_complaints
from .alertmanager_checks import missing, secret_files
from .anomaly import HISTORY
from .anomaly import complaints as signal_complaints
from .durations import milliseconds
from .grafana import ini_complaints
from .slo import complaints as level_complaints
from .slo import longest_window
from .targets import SERVER
from .thresholds import complaints as threshold_complaints

LONGEST_USER = 32  # letters
LONGEST_PASSWORD = 72  # bytes; bcrypt does not look at what is behind them
PORTS = {
    "prometheus": ("prometheus_port",),
    "alertmanager": ("alertmanager_port", "alertmanager_cluster_port"),
    "node_exporter": ("node_exporter_port",),
    "redis_exporter": ("redis_exporter_port",),
    "grafana": ("grafana_port",),
}
FLAGS = ("prometheus_flags", "alertmanager_flags", "node_exporter_flags", "redis_exporter_flags")
GRAFANA = ("auto", "present", "apt", "deb", "archive", "none")
_SERVICE = re.compile(r"[a-z][a-z0-9-]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_SIZE = re.compile(r"[1-9][0-9]*(B|KB|MB|GB|TB|PB|EB)")
_FLAG = re.compile(r"--[a-z0-9][a-z0-9._-]*(=[^\s\"'\\$%]*)?")
# Where Prometheus' own words would have a secret in the configuration itself.
_SECRET_KEYS = ("password", "credentials", "bearer_token", "client_secret", "secret_key", "key")


@dataclass(frozen=True)
class HostState:
    """What is so on the host.

    Args:
        listening: ports that somebody listens on (TCP).
        own_ports: ports that daemons of ours have.
        is_root: whether modules run as root.
        missing_files: of the paths that were asked for, those that are not there, or are empty.
        grafana: whether there is one to run.
    """

    listening: frozenset[int] = frozenset()
    own_ports: frozenset[int] = frozenset()
    is_root: bool = True
    missing_files: frozenset[str] = frozenset()
    grafana: bool = False


@dataclass(frozen=True)
class Given:
    """What the role was told, secrets aside.

    Args:
        variables: by their names without the role's prefix.
        passwords: by the name of the variable or, for more users, of the user.
        secrets: names of the secrets that the role writes.
        thresholds: all that there are, as the file thresholds.yml has them.
    """

    variables: Mapping[str, Any]
    passwords: Mapping[str, str]
    secrets: Sequence[str] = ()
    thresholds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def complaints(given: Given, host: HostState) -> list[str]:
    """Everything that is wrong, as sentences."""
    variables = given.variables
    found = [] if host.is_root else ["ansible_become: tasks of this role need root, and run without it"]
    for part in (_names, _components, _ports_of(host), time_complaints, label_complaints, _flags, rule_complaints, scrape_complaints, _grafana):
        found += part(variables)
    found += _logins(given)
    found += threshold_complaints(variables["thresholds"], given.thresholds)
    found += history_complaints(variables)
    delivery = delivery_complaints(variables)
    found += delivery
    if not delivery:
        found += _secret_files(given, host)
    return found


def files_needed(given: Given, grafana: bool = False) -> list[tuple[str, str]]:
    """Files that must be on the host already: the variable and the path. None when the variables are not sound.

    Args:
        given: what the role was told.
        grafana: whether a Grafana is there, which makes its package needless.
    """
    variables, components = given.variables, given.variables["components"]
    needed = [("certificates", path) for path in variables["certificates"] if isinstance(path, str)]
    if variables["grafana_install"] in ("deb", "archive") and "grafana" in components and not grafana:
        package = str(variables["grafana_package"])
        needed += [] if "://" in package else [("grafana_package", package)]
    packages = {component: str(path) for component, path in variables["package_files"].items() if component in components}
    needed += [("package_files", path) for path in packages.values() if "://" not in path]
    if delivery_complaints(variables):
        return needed
    own = variables["secrets_directory"]
    return needed + [(where, path) for where, path in secret_files(variables) if path.rpartition("/")[0] != own]


def _secret_files(given: Given, host: HostState) -> Iterator[str]:
    own, written = given.variables["secrets_directory"], set(given.secrets)
    for where, path in secret_files(given.variables):
        folder, _slash, name = path.rpartition("/")
        if folder == own and name not in written:
            yield f"{where}: secrets has no {name!r}; right would be one of its names, or the absolute path of a file"
        elif folder != own and path in host.missing_files:
            yield missing(where, path)
    for where, path in files_needed(given, host.grafana):
        if path in host.missing_files and where in ("certificates", "grafana_package", "package_files"):
            yield f"{where}: {path} is not on this host, or is empty; right would be the absolute path of a file"


def _names(variables: Mapping[str, Any]) -> Iterator[str]:
    if not _SERVICE.fullmatch(str(variables["name"])):
        yield f"name: {variables['name']!r} is no name of a service; right would be letters, digits and hyphens"
    for name in ("config_directory", "data_directory", "grafana_config_directory"):
        if not str(variables[name]).startswith("/") or str(variables[name]).count("/") < 2:
            yield f"{name}: {variables[name]!r} is no directory of its own; right would be an absolute path"
    for name in ("address", "listen_address"):
        if not str(variables[name]).strip() or re.search(r"[\s/]", str(variables[name])):
            yield f"{name}: {variables[name]!r} is no address; right would be one such as 192.0.2.31"


def _components(variables: Mapping[str, Any]) -> Iterator[str]:
    for name in variables["components"]:
        if name not in SERVER:
            yield f"components: {name!r} is no component; right would be any of {', '.join(SERVER)}{_hint(name, SERVER)}"
    if "prometheus" in variables["components"] and "redis_exporter" not in variables["components"]:
        yield "components: prometheus is there without redis_exporter, which it asks on its own host; right would be both"


def _hint(name: Any, known: Iterable[str]) -> str:
    similar = difflib.get_close_matches(str(name), list(known), n=1)
    return f" (did you mean {similar[0]}?)" if similar else ""


def _ports_of(host: HostState):
    def check(variables: Mapping[str, Any]) -> Iterator[str]:
        wanted = [name for component in PORTS if component in variables["components"] for name in PORTS[component]]
        if variables["grafana_install"] not in ("apt", "deb", "archive") and not host.grafana:
            wanted = [name for name in wanted if name != "grafana_port"]
        ports = {name: _number(variables[name]) for name in wanted}
        for name, port in ports.items():
            if port is None or not 1 <= port <= 65535:
                yield f"{name}: {variables[name]!r} is no port; right would be a number from 1 to 65535"
            elif list(ports.values()).count(port) > 1:
                yield f"{name}: {port} is given twice, also by {' and '.join(n for n in ports if ports[n] == port and n != name)}"
            elif port in host.listening - host.own_ports:
                yield f"{name}: {port} is taken by another program on this host; right would be a free one"

    return check


def _number(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    try:
        return int(str(value))
    except ValueError:
        return None


def time_complaints(variables: Mapping[str, Any]) -> Iterator[str]:
    for name in ("scrape_interval", "evaluation_interval", "retention_time"):
        try:
            milliseconds(variables[name])
        except ValueError as error:
            yield f"{name}: {error}"
    size = variables["retention_size"]
    if size and not _SIZE.fullmatch(str(size)):
        yield f"retention_size: {size!r} is no size; right would be one such as 10GB, or an empty one for no limit"
    if not isinstance(variables["verify_timeout"], int) or variables["verify_timeout"] < 1:
        yield f"verify_timeout: {variables['verify_timeout']!r} is not possible; right would be a number of seconds"


def label_complaints(variables: Mapping[str, Any]) -> Iterator[str]:
    for name in variables["external_labels"]:
        if not _LABEL.fullmatch(str(name)) or str(name).startswith("__"):
            yield f"external_labels: {name!r} is no label; right would be one such as datacenter"


def _flags(variables: Mapping[str, Any]) -> Iterator[str]:
    """They become words of a unit's line, where quotes, blanks, dollars and percent signs have a meaning."""
    for name in FLAGS:
        for flag in variables[name]:
            if not _FLAG.fullmatch(str(flag)):
                yield f"{name}: {flag!r} is no flag; right would be one such as --log.level=debug"


def rule_complaints(variables: Mapping[str, Any]) -> Iterator[str]:
    for name, groups in variables["rules"].items():
        if not _FILE.fullmatch(str(name)):
            yield f"rules: {name!r} is no name of a file; right would be letters, digits, dots, hyphens and underscores"
        if not isinstance(groups, list) or not all(isinstance(group, Mapping) for group in groups):
            yield f"rules.{name}: it is no list of groups; right would be [{{name: ..., rules: [...]}}]"


def history_complaints(variables: Mapping[str, Any]) -> list[str]:
    """Service levels and signals, and whether Prometheus remembers as long as they look back."""
    found = [*level_complaints(variables["slos"]), *signal_complaints(variables["anomaly_signals"])]
    if found:
        return found
    needed = max(longest_window(variables["slos"]), HISTORY if variables["anomaly_signals"] else 0)
    try:
        kept = milliseconds(variables["retention_time"]) // 1000
    except ValueError:
        return []
    if kept >= needed:
        return []
    return [f"retention_time: {variables['retention_time']} is too short; right would be {needed // 86400}d or more"]


def scrape_complaints(variables: Mapping[str, Any]) -> Iterator[str]:
    own = ("prometheus", "alertmanager", "node", "redis", "omnimind_backend")
    for index, job in enumerate(variables["scrape_configs"]):
        name = job.get("job_name") if isinstance(job, Mapping) else None
        if not name:
            yield f"scrape_configs[{index}].job_name: it is missing; right would be a name such as proxy"
        elif name in own:
            yield f"scrape_configs[{index}].job_name: {name!r} is a job of the role; right would be another name"
    for name in ("scrape_configs", "remote_write"):
        for index, entry in enumerate(variables[name]):
            for path in _inline_secrets(entry):
                yield f"{name}[{index}].{path}: a secret would be in the configuration; right would be {path}_file"


def _inline_secrets(value: Any, path: str = "") -> Iterator[str]:
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        here = f"{path}.{key}" if path else str(key)
        if key in _SECRET_KEYS and isinstance(inner, str) and inner:
            yield here
        yield from _inline_secrets(inner, here)


def _logins(given: Given) -> Iterator[str]:
    users = [str(given.variables["user"]), *map(str, given.passwords)]
    for user in [str(given.variables["user"]), *(name for name in given.passwords if name not in _OWN)]:
        if not user or re.search(r"[:\s]", user):
            yield f"user: {user!r} is no name of a user; right would be one without colons and blanks"
    for name, password in given.passwords.items():
        where = name if name in _OWN else f"more_users.{name}"
        if not password:
            yield f"{where}: it is empty; right would be a password, from ansible-vault for example"
        elif len(str(password).encode()) > LONGEST_PASSWORD:
            yield f"{where}: it has more than {LONGEST_PASSWORD} bytes; right would be a shorter one"
        elif re.search(r"[\r\n]", str(password)):
            yield f"{where}: it has a line break; right would be one line"
    if users.count(users[0]) > 1:
        yield f"more_users: {users[0]!r} is the role's own user; right would be another"


_OWN = ("password", "grafana_admin_password")


def _grafana(variables: Mapping[str, Any]) -> Iterator[str]:
    if "grafana" not in variables["components"]:
        return
    way = variables["grafana_install"]
    if way not in GRAFANA:
        yield f"grafana_install: {way!r} is no way; right would be one of {', '.join(GRAFANA)}"
    if len(str(variables["name"])) > LONGEST_USER - len("-grafana"):
        yield f"name: {variables['name']!r} is too long for the user {variables['name']}-grafana; right would be 24 letters at most"
    if way == "apt" and not variables["grafana_repository"]:
        yield "grafana_repository: it is empty; right would be the line of an apt source"
    if way in ("deb", "archive") and not variables["grafana_package"]:
        yield "grafana_package: it is empty; right would be the path, or the address, of the package"
    yield from ini_complaints(variables["grafana_ini"])
