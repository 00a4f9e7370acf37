"""The collection's modules under test by their short names: `from unit.core import slots`."""

from __future__ import annotations

from ansible_collections.omnimind.platform.plugins.filter import backend as filter_backend
from ansible_collections.omnimind.platform.plugins.filter import monitoring as filter_monitoring
from ansible_collections.omnimind.platform.plugins.filter import packages as filter_packages
from ansible_collections.omnimind.platform.plugins.filter import redis as filter_redis
from ansible_collections.omnimind.platform.plugins.filter import redis_report as filter_report
from ansible_collections.omnimind.platform.plugins.filter import redis_sentinel as filter_redis_sentinel
from ansible_collections.omnimind.platform.plugins.lookup import redis_nodes, unknown_variables
from ansible_collections.omnimind.platform.plugins.module_utils.container_image import context as image_context
from ansible_collections.omnimind.platform.plugins.module_utils.container_image import debian as image_debian
from ansible_collections.omnimind.platform.plugins.module_utils.container_image import lock as image_lock
from ansible_collections.omnimind.platform.plugins.module_utils.container_image import names as image_names
from ansible_collections.omnimind.platform.plugins.module_utils.container_image import preflight as image_preflight
from ansible_collections.omnimind.platform.plugins.module_utils.container_image import source as image_source
from ansible_collections.omnimind.platform.plugins.module_utils.container_image import wheelhouse as image_wheelhouse
from ansible_collections.omnimind.platform.plugins.module_utils.container_image.errors import ImageFailure
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
    "ImageFailure",
    "convergence",
    "description",
    "eligibility",
    "errors",
    "filter_backend",
    "filter_monitoring",
    "filter_packages",
    "filter_redis",
    "filter_report",
    "image_context",
    "image_debian",
    "image_lock",
    "image_names",
    "image_preflight",
    "image_source",
    "image_wheelhouse",
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
