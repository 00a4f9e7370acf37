"""The admission of LimitRange: what containers ask for when they do not say, and what they may not ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .errors import forbidden
from .kinds import BY_KIND
from .quantities import amount

Object = dict[str, Any]


def apply_limits(pod: Object, ranges: Sequence[Object]) -> None:
    """Fill in requests and limits, then refuse (403) what is out of bounds."""
    for container in pod["spec"]["containers"] + pod["spec"].get("initContainers", []):
        resources = container.setdefault("resources", {})
        for limit in _of_containers(ranges):
            for field, source in (("limits", "default"), ("requests", "defaultRequest")):
                missing = {
                    name: value for name, value in limit.get(source, {}).items() if name not in resources.get(field, {})
                }
                if missing:
                    resources[field] = {**missing, **resources.get(field, {})}
    broken = [words for limit in _of_containers(ranges) for words in _broken(pod, limit)]
    if broken:
        listed = broken[0] if len(broken) == 1 else f"[{', '.join(broken)}]"
        raise forbidden(BY_KIND["Pod"], pod["metadata"]["name"], listed)


def _of_containers(ranges: Sequence[Object]) -> list[Object]:
    return [limit for one in ranges for limit in one["spec"]["limits"] if limit["type"] == "Container"]


def _broken(pod: Object, limit: Object) -> Iterator[str]:
    for container in pod["spec"]["containers"]:
        asked, most = container["resources"].get("requests", {}), container["resources"].get("limits", {})
        for name, least in limit.get("min", {}).items():
            if name not in asked:
                yield f"minimum {name} usage per Container is {least}.  No request is specified"
            elif amount(asked[name]) < amount(least):
                yield f"minimum {name} usage per Container is {least}, but request is {asked[name]}"
        for name, highest in limit.get("max", {}).items():
            if name not in most:
                yield f"maximum {name} usage per Container is {highest}.  No limit is specified"
            elif amount(most[name]) > amount(highest):
                yield f"maximum {name} usage per Container is {highest}, but limit is {most[name]}"
