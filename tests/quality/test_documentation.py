"""ansible-doc shows every module, plugin and role, and each option and return value is described."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.plugin_docs import read_docstring

from quality.tools import NAME, ROOT, plugin_files, roles, run, tracked_files

FILE_IS_PLUGIN = ("callback", "inventory", "lookup", "module")
PAGE_LINK = re.compile(r'href="([^":#?]+\.html)[^"]*"')
LOADED = re.compile(r'<(?:script|img|iframe|link rel="stylesheet")[^>]* (?:src|href)="(?:https?:)?//')
KINDS = (*FILE_IS_PLUGIN, "filter", "test", "role")


def declared(kind: str) -> list[str]:
    """Full names of what the working tree holds of a kind, sorted."""
    if kind == "role":
        names = roles()
    elif kind in FILE_IS_PLUGIN:
        names = plugin_files("modules" if kind == "module" else kind)
    else:
        names = sorted(name for stem in plugin_files(kind) for name in functions(kind, stem))
    return [f"{NAME}.{name}" for name in names]


def functions(kind: str, stem: str) -> Iterator[str]:
    """Names that one file of filters or tests declares."""
    file = importlib.import_module(f"ansible_collections.{NAME}.plugins.{kind}.{stem}")
    yield from file.FilterModule().filters() if kind == "filter" else file.TestModule().tests()


def undescribed(where: str, options: dict[str, Any], nested: tuple[str, ...]) -> Iterator[str]:
    """Paths of the options, or return values, at any depth that have no description."""
    for name, option in options.items():
        path = f"{where}.{name}"
        if not "".join(option.get("description") or ""):
            yield path
        for key in nested:
            yield from undescribed(path, option.get(key) or {}, nested)


def ansible_doc(kind: str, *words: str, collections: Path) -> dict[str, Any]:
    """What `ansible-doc --json` answers about a kind of plugin of the installed collection."""
    answer = run(
        "ansible-doc", "--type", kind, "--json", *words,
        cwd=collections, ANSIBLE_COLLECTIONS_PATH=collections,
    )  # fmt: skip
    return json.loads(answer[answer.index("{") :])


@pytest.mark.parametrize("kind", KINDS)
def test_ansible_doc_shows_all_of_it(kind: str, installed: Path) -> None:
    names = declared(kind)
    assert sorted(ansible_doc(kind, "--list", NAME, collections=installed)) == names
    pages = ansible_doc(kind, *names, collections=installed) if names else {}
    assert sorted(pages) == names
    missing = [path for name, page in pages.items() for path in missing_from(kind, name, page)]
    assert not missing


def missing_from(kind: str, name: str, page: dict[str, Any]) -> Iterator[str]:
    """What a reader of this page would look for in vain."""
    if kind == "role":
        for entry, spec in page["entry_points"].items():
            if not spec.get("short_description"):
                yield f"{name}.{entry}: short_description"
            yield from undescribed(f"{name}.{entry}", spec.get("options") or {}, ("options",))
        return
    doc = page["doc"]
    yield from (f"{name}: {key}" for key in ("author", "description", "short_description") if not doc.get(key))
    yield from undescribed(name, doc.get("options") or {}, ("suboptions",))
    if kind in ("callback", "inventory"):
        return
    yield from (f"{name}: {key}" for key in ("examples", "return") if not page.get(key))
    yield from undescribed(f"{name} returns", page.get("return") or {}, ("contains",))


def test_what_is_new_is_of_a_release() -> None:
    """Or of the next, which galaxy.yml names: what names a version that never was would be in no changelog."""
    versions = {yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]}
    versions |= set(yaml.safe_load((ROOT / "changelogs" / "changelog.yaml").read_text())["releases"])
    documented = [name for name in tracked_files() if name.startswith("plugins/") or name.endswith("argument_specs.yml")]
    added = [
        f"{name}: {version}"
        for name in documented
        for version in re.findall(r"^ *version_added: (.*)$", (ROOT / name).read_text(), re.MULTILINE)
        if version not in versions
    ]
    assert added == []


def test_every_action_plugin_is_documented_by_its_module() -> None:
    assert set(plugin_files("action")) <= set(plugin_files("modules"))


def test_modules_with_shared_options_are_those_of_the_action_group() -> None:
    """What a module takes from the fragment of a group, module_defaults of that group must reach."""
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    for group, members in runtime["action_groups"].items():
        users = [module for module in plugin_files("modules") if f"{NAME}.{group}" in fragments(module)]
        assert users == sorted(member for member in members if isinstance(member, str))


def fragments(module: str) -> list[str]:
    """Documentation fragments that a module's page takes options from."""
    page = read_docstring(str(ROOT / "plugins" / "modules" / f"{module}.py"))["doc"]
    return page.get("extends_documentation_fragment", [])


def test_documentation_markup(installed: Path) -> None:
    """References, option names and markup in the documentation of plugins lead somewhere."""
    collection = installed / "ansible_collections" / NAME.replace(".", "/")
    run("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--skip-rstcheck", collection, cwd=installed)


@pytest.fixture(scope="module")
def manual(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manual as HTML. It is built without a warning, its reference from what is installed."""
    directory = tmp_path_factory.mktemp("manual")
    run("docs/build", directory, ANSIBLE_COLLECTIONS_PATH=installed)
    return directory / "html"


def test_manual(manual: Path) -> None:
    """It has a page for everything."""
    pages = {page.stem for page in (manual / "reference").glob("*.html")}
    for kind in KINDS:
        assert {f"{name.removeprefix(NAME + '.')}_{kind}" for name in declared(kind)} <= pages


def test_every_page_of_the_manual_is_reached(manual: Path) -> None:
    """By links from the first page, none of which leads nowhere."""
    reached, waiting = set(), [manual / "index.html"]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            assert page.is_file(), page
            reached.add(page)
            links = PAGE_LINK.findall(page.read_text(encoding="utf-8"))
            waiting += [(page.parent / link).resolve() for link in links]
    assert reached >= set(manual.rglob("*.html"))


def test_the_manual_loads_nothing_from_elsewhere(manual: Path) -> None:
    assert [page.name for page in manual.rglob("*.html") if LOADED.search(page.read_text(encoding="utf-8"))] == []


def test_no_page_of_the_manual_has_a_table_of_contents_of_its_own(manual: Path) -> None:
    """The theme has one at the side, and shows another as an error."""
    assert [page.name for page in manual.rglob("*.html") if 'class="contents' in page.read_text(encoding="utf-8")] == []
