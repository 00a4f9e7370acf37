# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters over nodes that Sentinels look after. Each is documented in the YAML file of its name."""
from __future__ import annotations

from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel.page import page


def redis_own_file_arguments(ports, directory, file, include, sentinel=False):
    """Command line arguments by port, of servers that start with a file of their own and include another last."""
    mode = " --sentinel" if sentinel else ""
    return {
        port: f"{own['dir']}/{file}{mode} --port {port} --dir {own['dir']} --daemonize no --supervised auto --include {include}"
        for port, own in redis_own_settings(ports, directory).items()
    }


def redis_own_settings(ports, directory):
    """Settings that each of these servers has for itself, by port."""
    return {str(port): {"port": str(port), "dir": f"{directory}/{port}"} for port in ports}


def redis_own_files(ports, directory, file):
    """The files that servers have for themselves, each in its server's directory."""
    return [f"{directory}/{port}/{file}" for port in ports]


class FilterModule:
    def filters(self):
        return {
            "redis_own_file_arguments": redis_own_file_arguments,
            "redis_own_files": redis_own_files,
            "redis_own_settings": redis_own_settings,
            "redis_sentinel_page": page,
        }
