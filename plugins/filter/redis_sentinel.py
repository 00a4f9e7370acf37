# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters over nodes that Sentinels look after. Each is documented in the YAML file of its name."""
from __future__ import annotations

from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel.page import page


def redis_own_file_arguments(ports, directory, file, include, sentinel=False):
    """Command line arguments by port, of servers that start with a file of their own and include another last."""
    mode = " --sentinel" if sentinel else ""
    own = dict(zip(ports, redis_own_files(ports, directory, file)))
    return {
        str(port): f"{own[port]}{mode} --port {port} --dir {directory}/{port} "
        f"--daemonize no --supervised auto --include {include}"
        for port in ports
    }


def redis_own_files(ports, directory, file):
    """The files that servers have for themselves, each in its server's directory."""
    return [f"{directory}/{port}/{file}" for port in ports]


class FilterModule:
    def filters(self):
        return {
            "redis_own_file_arguments": redis_own_file_arguments,
            "redis_own_files": redis_own_files,
            "redis_sentinel_page": page,
        }
