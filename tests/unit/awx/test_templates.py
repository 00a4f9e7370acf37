"""Templates, their surveys, the playbooks that they run and the specifications of roles say the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from ansible_collections.omnimind.platform.plugins.module_utils.awx import surveys
from ansible_collections.omnimind.platform.plugins.module_utils.failures import Failure
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.draining import orders
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring import preflight
from ansible_collections.omnimind.platform.plugins.module_utils.redis.scaling import arguments as scaling
from ansible_collections.omnimind.platform.plugins.modules import k8s_drain
from awx_double.playbooks import playbooks
from awx_double.surveys import check_survey, errors_in
from unit.awx.brought import ASKED, BROUGHT, IDS, OPTIONS, ROOT, TEMPLATES, roles_run, uses

# Why no operator presses them.
NOT_PRESSED = {
    "awx": "makes the templates themselves",
    "redis": "a part of site",
    "redis_sentinel": "a part of site",
    "backend_base_image": "builds images, which a pipeline does",
    "backend_image": "builds images, which a pipeline does",
    "backend_image_rollback": "builds images, which a pipeline does",
    "kubernetes_absent": "takes everything away",
    "teardown": "takes everything away, with all data",
}
KINDS = {
    "str": ("text", "multiplechoice"),
    "path": ("text",),
    "list": ("text", "multiselect"),
    "bool": ("multiplechoice",),
    "int": ("integer",),
    "float": ("float",),
}
asked = pytest.mark.parametrize(("key", "question", "element"), ASKED, ids=IDS)


def test_every_playbook_is_pressed_or_says_why_not() -> None:
    pressed = {template["playbook"] for template in TEMPLATES.values()}
    there = {f"playbooks/{path.name}" for path in (ROOT / "playbooks").glob("*.yml")}
    assert pressed | {f"playbooks/{name}.yml" for name in NOT_PRESSED} == there
    assert not pressed & {f"playbooks/{name}.yml" for name in NOT_PRESSED}


def test_awx_finds_every_playbook() -> None:
    assert {template["playbook"] for template in TEMPLATES.values()} <= set(playbooks(ROOT))


@pytest.mark.parametrize("key", TEMPLATES)
def test_awx_takes_the_survey(key: str) -> None:
    survey = surveys.survey(TEMPLATES[key].get("survey", []), OPTIONS)
    if survey:
        check_survey(survey)


@asked
def test_variable_is_one_of_a_role_that_the_playbook_runs(key: str, question: dict[str, Any], element: Any) -> None:
    variable, playbook = question["variable"], TEMPLATES[key]["playbook"]
    if variable in BROUGHT["playbook_options"]:
        assert variable in (ROOT / playbook).read_text(encoding="utf-8")
    else:
        assert any(variable.startswith(f"{role}_") for role in roles_run(playbook))


@asked
def test_type_and_choices_are_those_of_the_role(key: str, question: dict[str, Any], element: dict[str, Any]) -> None:
    option = OPTIONS[question["variable"]]
    assert element["type"] in KINDS[option["type"]]
    if option["type"] == "bool":
        assert element["choices"] == ["false", "true"]
    elif element["type"] in ("multiplechoice", "multiselect"):
        assert element["choices"] and set(element["choices"]) <= set(option["choices"])


@asked
def test_default_is_that_of_playbook_or_role(key: str, question: dict[str, Any], element: dict[str, Any]) -> None:
    """An answer goes before the inventory, so nothing is answered that nobody was asked."""
    set_by_playbook = {
        name: value for role in roles_run(TEMPLATES[key]["playbook"]).values() for name, value in role.items()
    }
    option = OPTIONS[question["variable"]]
    default = set_by_playbook.get(question["variable"], option.get("default"))
    if isinstance(default, bool):
        default = str(default).lower()
    if isinstance(default, list):
        default = "\n".join(default)
    assert element.get("default", "") == ("" if default is None else default)


@asked
def test_no_answer_is_as_if_not_asked(key: str, question: dict[str, Any], element: dict[str, Any]) -> None:
    """AWX hands on an empty text; of everything else there is a default, or AWX refuses to launch."""
    option = OPTIONS[question["variable"]]
    if element["type"] != "text":
        assert element["required"] or "default" in element
    elif option["type"] == "list":
        assert all("omnimind.platform.listed" in line for line in uses(question["variable"]))
    else:
        assert element["required"] or option["default"] == ""


@asked
def test_a_truth_as_text_reaches_modules_only(key: str, question: dict[str, Any], element: dict[str, Any]) -> None:
    """A condition would take the text "false" for true."""
    if OPTIONS[question["variable"]]["type"] == "bool":
        for line in uses(question["variable"]):
            handed_on = re.fullmatch(r'\w+: "\{\{ \w+( \| default\((true|false)\))? \}\}"', line)
            assert handed_on or f"{question['variable']} | bool" in line, line


def test_words_of_playbook_variables_are_those_of_the_module() -> None:
    documented = yaml.safe_load(k8s_drain.DOCUMENTATION)["options"]
    for name, option in BROUGHT["playbook_options"].items():
        module = documented[name.removeprefix("k8s_drain_")]
        assert (option["type"], option.get("elements")) == (module["type"], module.get("elements"))
        text = (ROOT / "playbooks" / "kubernetes_drain.yml").read_text(encoding="utf-8")
        if "default" in option:
            assert f"{name} | default({str(option['default']).lower()})" in text


# What roles refuse by themselves; of the others a number is only how long is waited.
PACE = {"batch_keys": 1, "batch_kb": 1, "keys_per_second": 0, "mb_per_second": 0, "move_timeout": 1}
ORDER: dict[str, Any] = {
    "nodes": ["a"], "timeout": 1, "interval": 1, "grace_period": None, "ignore_daemon_sets": True,
    "delete_emptydir_data": False, "delete_bare_pods": False, "on_blockers": "try", "on_failure": "leave",
}  # fmt: skip
TIMES = {"scrape_interval": "15s", "evaluation_interval": "15s", "retention_time": "1d", "retention_size": ""}


def complaints_of_monitoring(value: float) -> None:
    complaints = list(preflight.time_complaints({**TIMES, "verify_timeout": value}))
    if complaints:
        raise Failure(complaints[0])


REFUSING: dict[str, Callable[[float], object]] = {
    "redis_cluster_scale_keys_per_second": lambda value: scaling.pace_of({**PACE, "keys_per_second": value}),
    "redis_cluster_scale_mb_per_second": lambda value: scaling.pace_of({**PACE, "mb_per_second": value}),
    "k8s_drain_timeout": lambda value: orders.read_order({**ORDER, "timeout": value}),
    "monitoring_verify_timeout": complaints_of_monitoring,
}
WAITS_ONLY = {"backend_ready_timeout"}


@asked
def test_numbers_out_of_range_are_refused_by_awx_and_by_the_role(
    key: str, question: Any, element: dict[str, Any]
) -> None:
    variable = question["variable"]
    if element["type"] not in ("integer", "float"):
        return
    for value, fits in (
        (element["min"], True),
        (element["max"], True),
        (element["min"] - 1, False),
        (element["max"] + 1, False),
    ):
        assert ([*errors_in(element, {variable: value})] == []) == fits
    if variable not in WAITS_ONLY:
        REFUSING[variable](element["min"])
        with pytest.raises(Failure):
            REFUSING[variable](element["min"] - 1)


@asked
def test_answers_that_cannot_be_right_are_refused(key: str, question: Any, element: dict[str, Any]) -> None:
    variable, kind = question["variable"], element["type"]
    assert ([*errors_in(element, {})] != []) == element["required"]
    wrong = {
        "multiplechoice": "neither",
        "multiselect": ["neither"],
        "integer": "many",
        "float": "many",
        "text": "x" * 1025,
    }
    assert [*errors_in(element, {variable: wrong[kind]})]
    if element["required"]:
        assert [*errors_in(element, {variable: ""})]
