"""The numbers of alerts and dashboards: the built-in ones, a user's, and bad ones."""

from __future__ import annotations

from typing import Any

import pytest
from unit.monitoring import rendered

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring import thresholds

KNOWN = rendered.load("thresholds.yml")


def test_the_built_in_ones_are_good() -> None:
    assert thresholds.complaints({}, KNOWN) == []
    assert thresholds.complaints(thresholds.merged(KNOWN, {}), KNOWN) == []
    for name, threshold in KNOWN.items():
        assert set(threshold) == {"value", "unit", "description"}, name
        assert threshold["unit"] in ("ratio", "seconds", "celsius", "deviations"), name
        assert name.endswith(("_warning", "_critical")), name


def test_every_number_is_used_by_a_rule_or_a_dashboard_only() -> None:
    """What no rule reads is what only a dashboard colours by."""
    templates = "".join(path.read_text() for path in rendered.TEMPLATES.glob("*.j2"))
    read = {name for name in KNOWN if name in templates or f"'{name.rpartition('_')[0]}_'" in templates}
    assert set(KNOWN) - read == {
        "error_budget_warning", "error_budget_critical", "exhaustion_critical", "anomaly_warning"
    }  # fmt: skip


def test_a_users_number_is_in_the_rules() -> None:
    assert thresholds.merged(KNOWN, {"cpu_warning": 0.5})["cpu_warning"] == 0.5
    assert thresholds.merged(KNOWN, {})["cpu_warning"] == KNOWN["cpu_warning"]["value"]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ([], "thresholds: it is a mapping"),
        ({"cpu": 0.5}, "thresholds: there is no 'cpu'; there are cpu_warning, cpu_critical"),
        ({"cpu_warning": "0.5"}, "thresholds.cpu_warning: '0.5' is not a number"),
        ({"cpu_warning": True}, "thresholds.cpu_warning: True is not a number"),
        ({"cpu_warning": float("nan")}, "thresholds.cpu_warning: nan is not a number"),
        ({"cpu_warning": -1}, "thresholds.cpu_warning: -1 is below 0"),
        ({"cpu_warning": 85}, "thresholds.cpu_warning: 85 is above 1; it is a ratio, 85% is 0.85"),
        ({"cpu_warning": 0.99}, "thresholds.cpu_warning: 0.99 is passed only after cpu_critical, 0.95"),
        ({"certificate_warning": 60}, "thresholds.certificate_warning: 60 is passed only after certificate_critical"),
    ],
)
def test_a_bad_number_is_named(changes: Any, complaint: str) -> None:
    assert any(found.startswith(complaint) for found in thresholds.complaints(changes, KNOWN)), thresholds.complaints(
        changes, KNOWN
    )


def test_a_pair_that_moves_together() -> None:
    assert thresholds.complaints({"gpu_temperature_warning": 95, "gpu_temperature_critical": 100}, KNOWN) == []
