# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads the context on the controller; has the module lay it down on the host when a path is given."""
from __future__ import annotations

from pathlib import Path

from ansible.plugins.action import ActionBase

from ansible_collections.omnimind.platform.plugins.module_utils.container_image.context import context_digest, pack
from ansible_collections.omnimind.platform.plugins.module_utils.container_image.errors import ImageFailure
from ansible_collections.omnimind.platform.plugins.module_utils.container_image.source import read_source

ARGUMENTS = {
    "source": {"type": "path", "required": True},
    "arguments": {"type": "dict", "default": {}},
    "host_directories": {"type": "list", "elements": "str", "default": []},
    "path": {"type": "path"},
}


class ActionModule(ActionBase):
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        _validation, given = self.validate_argument_spec(ARGUMENTS)
        try:
            files = read_source(Path(given["source"]), given["host_directories"])
        except ImageFailure as failure:
            return result | {"failed": True, "msg": str(failure)}
        result |= {"changed": False, "digest": context_digest(files, given["arguments"]), "files": sorted(files)}
        return result | (self._lay_down(given, files, task_vars) if given["path"] else {})

    def _lay_down(self, given, files, task_vars):
        directory = self._make_tmp_path()
        archive = self._connection._shell.join_path(directory, "context.tar.gz")
        try:
            self._transfer_data(archive, pack(files))
            self._fixup_perms2((directory, archive))
            return self._execute_module(
                module_name=self._task.action, module_args=given | {"archive": archive}, task_vars=task_vars
            )
        finally:
            self._remove_tmp_path(directory)
