# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Everything that Grafana reads, by relative path: settings, the source of its data, and dashboards.

It is the same whether a Grafana is there or not.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

DATASOURCE = "omnimind-prometheus"
FOLDER = "omnimind"
# Newer versions do not start with the one, and what the role sets is not for users to change.
FORBIDDEN = {
    "alerting": "alerts come from Prometheus, and Grafana 11 and newer does not start with it",
}


def ini_complaints(ini: Any) -> Iterator[str]:
    """What is wrong with a user's own settings."""
    if not isinstance(ini, Mapping):
        yield f"grafana_ini: {ini!r} is no mapping; right would be sections with settings each"
        return
    for section, settings in ini.items():
        if section in FORBIDDEN:
            yield f"grafana_ini.{section}: {FORBIDDEN[section]}; right would be to leave it out"
        elif not isinstance(settings, Mapping):
            yield f"grafana_ini.{section}: it is no section; right would be a mapping of settings"
        else:
            for name in settings:
                if "password" in str(name) and "$__file" not in str(settings[name]):
                    yield f"grafana_ini.{section}.{name}: a secret would be in the file; right would be $__file{{/path}}"


def configuration(
    variables: Mapping[str, Any], dashboards: Mapping[str, str], certificate: Mapping[str, str]
) -> dict[str, Any]:
    """Files and secret files, by relative path.

    Args:
        variables: those of the role, by their names without its prefix.
        dashboards: JSON by file name.
        certificate: node.crt, node.key and ca.crt as PEM; empty without TLS.
    """
    directory = variables["grafana_config_directory"]
    ca = certificate.get("ca.crt", "")
    files: dict[str, Any] = {
        "grafana.ini": ini_text(settings(variables)),
        "provisioning/datasources/omnimind.yml": datasource(variables, ca, f"{directory}/secrets/prometheus_password"),
        "provisioning/dashboards/omnimind.yml": provider(f"{directory}/dashboards"),
        **{f"dashboards/{name}": text for name, text in dashboards.items()},
    }
    secret = {
        "secrets/prometheus_password": variables["password"],
        "secrets/admin_password": variables["grafana_admin_password"],
    }
    for name, text in certificate.items():
        (secret if name.endswith(".key") else files)[f"tls/{name}"] = text
    return {"files": files, "secret_files": secret}


def settings(variables: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Sections of grafana.ini, the user's own over ours."""
    directory, data = variables["grafana_config_directory"], f"{variables['data_directory']}-grafana"
    server = {
        "protocol": "https" if variables["tls"] else "http",
        "http_addr": variables["listen_address"],
        "http_port": variables["grafana_port"],
        "root_url": variables["grafana_url"],
    }
    if variables["tls"]:
        server |= {"cert_file": f"{directory}/tls/node.crt", "cert_key": f"{directory}/tls/node.key"}
    security = {
        "admin_user": "admin",
        "admin_password": f"$__file{{{directory}/secrets/admin_password}}",
        "disable_gravatar": True,
        "cookie_secure": bool(variables["tls"]),
    }
    ours: dict[str, dict[str, Any]] = {
        "paths": {"data": data, "logs": f"{data}/log", "plugins": f"{data}/plugins", "provisioning": f"{directory}/provisioning"},
        "server": server,
        "security": security,
        "users": {"allow_sign_up": False},
        "auth.anonymous": {"enabled": False},
        "analytics": {"reporting_enabled": False, "check_for_updates": False, "check_for_plugin_updates": False},
        "news": {"news_feed_enabled": False},
        "log": {"mode": "console"},
        "unified_alerting": {"enabled": False},
    }
    for section, own in variables["grafana_ini"].items():
        ours[section] = {**ours.get(section, {}), **own}
    return ours


def ini_text(sections: Mapping[str, Mapping[str, Any]]) -> str:
    """Sections as an INI file."""
    lines = ["; Ansible managed"]
    for section, values in sections.items():
        lines += ["", f"[{section}]", *(f"{name} = {_text(value)}" for name, value in values.items())]
    return "\n".join(lines) + "\n"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def datasource(variables: Mapping[str, Any], ca: str, password_file: str) -> dict[str, Any]:
    """A Prometheus as the source of data, under an identity that dashboards can rely on.

    Args:
        password_file: has the password of Prometheus' user; empty for one that wants no login.
    """
    login = {"basicAuth": True, "basicAuthUser": variables["user"]} if password_file else {}
    secure = {"basicAuthPassword": f"$__file{{{password_file}}}"} if password_file else {}
    more = {"tlsAuthWithCACert": True} if ca else {}
    return {
        "apiVersion": 1,
        "prune": True,
        "datasources": [
            {
                "name": "OmniMind Prometheus",
                "uid": DATASOURCE,
                "type": "prometheus",
                "access": "proxy",
                "url": prometheus(variables),
                "isDefault": True,
                "editable": False,
                **login,
                "jsonData": {"timeInterval": variables["scrape_interval"], "httpMethod": "POST", "manageAlerts": False, **more},
                "secureJsonData": {**secure, **({"tlsCACert": ca} if ca else {})},
            }
        ],
    }


def prometheus(variables: Mapping[str, Any]) -> str:
    """Where Grafana asks: not by the address for people, which may lead through a proxy with a login of its own."""
    if "prometheus" not in variables["components"]:
        return variables["prometheus_url"]
    return f"{'https' if variables['tls'] else 'http'}://{variables['address']}:{variables['prometheus_port']}"


def provider(directory: str) -> dict[str, Any]:
    """The folder of the role's dashboards: what is no longer in the directory is no longer in Grafana."""
    return {
        "apiVersion": 1,
        "providers": [
            {
                "name": FOLDER,
                "orgId": 1,
                "folder": "OmniMind",
                "folderUid": FOLDER,
                "type": "file",
                "disableDeletion": False,
                "allowUiUpdates": False,
                "updateIntervalSeconds": 10,
                "options": {"path": directory, "foldersFromFilesStructure": False},
            }
        ],
    }
