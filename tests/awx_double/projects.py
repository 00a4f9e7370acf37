"""Updates of projects, which take a moment."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from .playbooks import playbooks
from .store import Object, Store

_MOMENT = 0.3


class Projects:
    """Repositories by their addresses, each a directory."""

    def __init__(self, store: Store, repositories: Mapping[str, Path]) -> None:
        self._store, self._repositories = store, dict(repositories)

    def begin(self, project: Object) -> Object:
        """An update that ends by itself."""
        update = self._store.add("project_updates", {"project": project["id"], "status": "pending", "failed": False})
        update |= {
            "finished": None,
            "scm_revision": "",
            "elapsed": 0,
            "started": None,
            "event_processing_finished": False,
        }
        project |= {"status": "pending", "update": update["id"]}
        timer = threading.Timer(_MOMENT, self._end, (project, update))
        timer.daemon = True
        timer.start()
        return update

    def _end(self, project: Object, update: Object) -> None:
        directory = self._repositories.get(project["scm_url"])
        project["playbook_files"] = playbooks(directory) if directory else []
        status = "successful" if directory else "failed"
        revision = str(hash(tuple(project["playbook_files"])))
        project |= {"scm_revision": revision, "status": status}
        update |= {"scm_revision": revision, "status": status, "failed": status == "failed", "finished": "now"}
        update["event_processing_finished"] = True
