"""The collection's modules under test by their short names: `from unit.core import slots`."""

from __future__ import annotations

from ansible_collections.omnimind.platform.plugins.filter import backend as filter_backend
from ansible_collections.omnimind.platform.plugins.filter import packages as filter_packages
from ansible_collections.omnimind.platform.plugins.filter import redis as filter_redis
from ansible_collections.omnimind.platform.plugins.filter import redis_report as filter_report
from ansible_collections.omnimind.platform.plugins.filter import redis_sentinel as filter_redis_sentinel
from ansible_collections.omnimind.platform.plugins.lookup import redis_nodes, unknown_variables
from ansible_collections.omnimind.platform.plugins.module_utils.host import kernel, services
from ansible_collections.omnimind.platform.plugins.module_utils.redis import (
    convergence,
    description,
    eligibility,
    errors,
    inventory,
    nodes,
    page,
    placement,
    plan,
    preflight,
    problems,
    reports,
    settings,
    slots,
    topology,
    views,
)
from ansible_collections.omnimind.platform.plugins.module_utils.redis.report import figures as report_figures
from ansible_collections.omnimind.platform.plugins.module_utils.redis.report import markup as report_markup
from ansible_collections.omnimind.platform.plugins.module_utils.redis.report import slot_map as report_slot_map
from ansible_collections.omnimind.platform.plugins.module_utils.redis.report import words as report_words
from ansible_collections.omnimind.platform.plugins.test import platform as test_platform

__all__ = [
    "convergence",
    "description",
    "eligibility",
    "errors",
    "filter_backend",
    "filter_packages",
    "filter_redis",
    "filter_report",
    "inventory",
    "filter_redis_sentinel",
    "kernel",
    "nodes",
    "page",
    "placement",
    "plan",
    "preflight",
    "problems",
    "redis_nodes",
    "report_figures",
    "report_markup",
    "report_slot_map",
    "report_words",
    "reports",
    "services",
    "settings",
    "slots",
    "test_platform",
    "topology",
    "unknown_variables",
    "views",
]
