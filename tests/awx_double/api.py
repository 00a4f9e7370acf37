"""Requests by their address: lists, objects, and what objects can do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import credentials, launching, listing
from .checking import checked
from .errors import ApiError, not_found
from .kinds import KINDS
from .projects import Projects
from .rendering import shown, url
from .store import Object, Store
from .surveys import check_survey

Answer = tuple[int, Any]
_WITH_SURVEY = ("job_templates", "workflow_job_templates")


class Api:
    """What answers below /api/v2/."""

    def __init__(self, repositories: Mapping[str, Path]) -> None:
        self.store = Store()
        self._projects = Projects(self.store, repositories)
        for kind in credentials.MANAGED:
            self.store.add("credential_types", dict(kind))
        self.store.add("credentials", credentials.galaxy(self.store))

    def answer(self, method: str, parts: list[str], query: dict[str, str], body: dict[str, Any]) -> Answer:
        kind, rest = parts[0], parts[1:]
        if kind not in KINDS and kind != "unified_job_templates":
            raise not_found()
        if not rest:
            return self._list(method, kind, query, body)
        item = self.store.find(kind, int(rest[0])) if rest[0].isdigit() else None
        if item is None:
            raise not_found()
        return self._part(method, item, rest[1], query, body) if rest[1:] else self._object(method, item, body)

    def make(self, kind: str, body: dict[str, Any]) -> Object:
        """A new object, as a request makes it."""
        item = self.store.add(kind, checked(self.store, kind, body))
        if kind in _WITH_SURVEY:
            item["survey_spec"] = {}
        if kind == "projects":
            item |= {"status": "never updated", "scm_revision": "", "playbook_files": []}
            if item["scm_type"]:
                self._projects.begin(item)
        return item

    def _list(self, method: str, kind: str, query: dict[str, str], body: dict[str, Any]) -> Answer:
        if method == "GET":
            return 200, self._page(kind, list(self.store.all(kind)), f"/api/v2/{kind}/", query)
        if method != "POST" or kind in (
            "unified_job_templates",
            "workflow_approval_templates",
            "jobs",
            "project_updates",
        ):
            raise ApiError(405, {"detail": f'Method "{method}" not allowed.'})
        return 201, shown(self.store, self.make(kind, body))

    def _page(self, kind: str, items: list[Object], path: str, query: dict[str, str]) -> Any:
        found = listing.page(listing.filtered(self.store, kind, items, query), path, query)
        return {**found, "results": [shown(self.store, one) for one in found["results"]]}

    def _object(self, method: str, item: Object, body: dict[str, Any]) -> Answer:
        kind = item["kind_of"]
        if method == "PATCH":
            item |= checked(self.store, kind, body, item)
        elif method == "DELETE":
            if kind == "credential_types":
                credentials.check_type_removal(self.store, item)
            self.store.remove(item)
            return KINDS[kind].deletion, None
        return 200, shown(self.store, item)

    def _part(self, method: str, item: Object, part: str, query: dict[str, str], body: dict[str, Any]) -> Answer:
        kind = item["kind_of"]
        if part in KINDS[kind].associations:
            return self._associate(method, item, part, query, body)
        if part == "survey_spec" and kind in _WITH_SURVEY:
            return self._survey(method, item, body)
        if part == "launch" and kind == "job_templates":
            if method == "GET":
                return 200, launching.needed(item)
            job = self.store.add("jobs", launching.launched(item, body))
            return 201, {**shown(self.store, job), "job": job["id"]}
        if part == "update" and kind == "projects" and method == "POST":
            return 202, shown(self.store, self._projects.begin(item))
        if part == "playbooks" and kind == "projects":
            return 200, item["playbook_files"]
        if part == "create_approval_template" and method == "POST":
            return self._approval(item, body)
        raise not_found()

    def _survey(self, method: str, item: Object, body: dict[str, Any]) -> Answer:
        if method == "POST":
            check_survey(body)
            item["survey_spec"] = body
        elif method == "DELETE":
            item["survey_spec"] = {}
        return 200, item["survey_spec"] if method == "GET" else None

    def _associate(self, method: str, item: Object, part: str, query: dict[str, str], body: dict[str, Any]) -> Answer:
        kind, held = KINDS[item["kind_of"]].associations[part], item["associated"][part]
        if method == "GET":
            members = [one for one in self.store.all(kind) if one["id"] in held]
            return 200, self._page(kind, members, f"{url(item)}{part}/", query)
        other = self.store.find(kind, body.get("id"))
        if other is None:
            raise not_found()
        if body.get("disassociate"):
            held.remove(other["id"])
        elif other["id"] not in held:
            if part == "credentials":
                credentials.check_assignment(self.store, item, other)
            if part == "galaxy_credentials":
                credentials.check_galaxy(self.store, other)
            held.append(other["id"])
        return 204, None

    def _approval(self, node: Object, body: dict[str, Any]) -> Answer:
        if node["unified_job_template"]:
            raise ApiError(400, {"detail": "Node already has a unified job template."})
        approval = self.make("workflow_approval_templates", body)
        node["unified_job_template"] = approval["id"]
        return 201, shown(self.store, approval)
