"""The double knows the fields of the version that it is of, and kinds that the API does not bring itself."""

from __future__ import annotations

import pytest
from kubernetes_double import KubernetesDouble
from kubernetes_double.errors import ApiError
from kubernetes_double.kinds import KINDS

VERSIONS = ["1.31", "1.32", "1.33", "1.34", "1.35", "1.36"]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_kind_has_its_schema(version: str) -> None:
    double = KubernetesDouble(version)
    for kind in KINDS:
        schema = double.api.schemas.of(kind)
        assert "metadata" in schema["properties"], kind.kind
        for part in ("status",) if kind.package else ():
            assert part in schema["properties"] or part not in kind.subresources, kind.kind


def test_a_field_is_known_from_its_version_on() -> None:
    pod = {"metadata": {"name": "a"}, "spec": {"hostnameOverride": "b", "containers": [{"name": "c", "image": "d:1"}]}}
    KubernetesDouble("1.36").create("Pod", pod, "default")
    with pytest.raises(ApiError, match='unknown field "spec.hostnameOverride"'):
        KubernetesDouble("1.31").create("Pod", pod, "default")


def test_custom_kinds_are_kept_as_they_are() -> None:
    double = KubernetesDouble()
    spec = {"parentRefs": [{"name": "main"}], "whatever": {"empty": []}}
    double.create("HTTPRoute", {"metadata": {"name": "web"}, "spec": spec}, "default")
    found = double.get("HTTPRoute", "web", "default")
    assert found is not None
    assert (found["spec"], found["metadata"]["generation"]) == (spec, 1)
