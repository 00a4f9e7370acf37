# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Calls the module in slices until it is finished, and shows a line of progress after each."""
from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.omnimind.platform.plugins.module_utils.redis.scaling.progress import Progress

DISPLAY = Display()


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        progress = Progress()
        while True:
            answer = self._execute_module(module_name=self._task.action, task_vars=task_vars)
            result.update(progress.add(answer))
            # Check mode, a failure and an answer that is not the module's own (async) have nothing to go on with.
            if answer.get("finished", True):
                return result
            DISPLAY.display(f"redis_cluster_scale: {progress.line()}")
