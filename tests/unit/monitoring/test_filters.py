"""The filters as a playbook calls them, and the collector of certificates."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from unit.monitoring import rendered

from ansible_collections.omnimind.platform.plugins.filter import monitoring_rules


def test_rules_of_the_built_in_lists() -> None:
    filters = monitoring_rules.FilterModule().filters()
    levels = filters["slo_rules"](rendered.load("slos.yml"), rendered.numbers(), "https://r/", "https://g")
    signals = filters["anomaly_rules"](rendered.load("anomaly_signals.yml"), rendered.numbers(), "https://r/")
    assert len(levels["groups"]) == 2 * len(rendered.load("slos.yml"))
    assert len(signals["groups"]) == 2 * len(rendered.load("anomaly_signals.yml"))


def test_bad_input_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match=r"slos\[0\].name: it is missing; "):
        monitoring_rules.slo_rules([{}], {}, "")
    with pytest.raises(AnsibleFilterError, match=r"anomaly_signals\[0\].expr: it is missing"):
        monitoring_rules.anomaly_rules([{"name": "x"}], {}, "")
