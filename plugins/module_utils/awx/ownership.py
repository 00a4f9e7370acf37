# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is ours in an AWX that others use too: a sentence at the end of the description says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Found = Mapping[str, Sequence[Mapping[str, Any]]]

# In the order in which they are removed: what refers to others first.
KINDS = (
    "workflow_job_templates",
    "job_templates",
    "inventories",
    "projects",
    "execution_environments",
    "credentials",
    "credential_types",
    "notification_templates",
)


def marked(description: str, name: str) -> str:
    """A description that says whose the object is."""
    return f"{description} {_mark(name)}"


def ours(item: Mapping[str, Any], name: str) -> bool:
    return str(item.get("description", "")).endswith(_mark(name))


def there(found: Found, kind: str, name: str) -> bool:
    return any(item["name"] == name for item in found.get(kind, ()))


def foreign_complaints(found: Found, wanted: Mapping[str, Sequence[str]], name: str) -> Iterator[str]:
    """Objects that have a name we want and are not ours: they are never touched."""
    for kind, names in wanted.items():
        for item in found.get(kind, ()):
            if item["name"] in names and not ours(item, name):
                yield (
                    f"name: AWX has {item['name']!r} already ({kind}), which this role did not make; choose another "
                    f"awx_name, or rename it there"
                )


def leaving(found: Found, wanted: Mapping[str, Sequence[str]], name: str) -> dict[str, list[dict[str, Any]]]:
    """Ours that nobody wants any longer, by kind."""
    return {
        kind: [
            {"name": item["name"], "type": item.get("summary_fields", {}).get("credential_type", {}).get("name", "")}
            for item in found.get(kind, ())
            if ours(item, name) and item["name"] not in wanted.get(kind, ())
        ]
        for kind in KINDS
    }


def leaving_organization(found: Found, name: str) -> list[str]:
    """Our organization, where nothing of others would go with it."""
    return [
        item["name"] for item in found.get("organizations", ()) if ours(item, name) and not _kept_by(item, found, name)
    ]


def _kept_by(organization: Mapping[str, Any], found: Found, name: str) -> bool:
    counts = organization.get("summary_fields", {}).get("related_field_counts", {})
    others = [
        item
        for kind in KINDS
        for item in found.get(kind, ())
        if item.get("organization") == organization["id"] and not ours(item, name)
    ]
    return bool(others) or bool(counts.get("teams") or counts.get("users"))


def _mark(name: str) -> str:
    return f"Kept by omnimind.platform as {name}."
