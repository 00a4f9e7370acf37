"""Revisions of a configuration: their names, what refers to them, and which of them are surplus."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.configs.references import referred_to
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.configs.revisions import (
    Order,
    changes_of,
    differences,
    read_order,
    surplus,
)
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.errors import KubernetesFailure

OPTIONS: dict[str, Any] = {"namespace": "shop", "name": "web", "data": {"a": "1"}, "labels": {}, "keep": 3}


def revision(name: str, second: int = 0, **data: str) -> dict[str, Any]:
    metadata = {"name": name, "creationTimestamp": f"2026-11-01T00:00:{second:02}Z"}
    return {"kind": "ConfigMap", "metadata": metadata, "data": data}


def pod(spec: dict[str, Any], phase: str = "Running") -> dict[str, Any]:
    return {"kind": "Pod", "metadata": {"name": "pod"}, "spec": spec, "status": {"phase": phase}}


def order(data: dict[str, str] | None = None, keep: int = 3) -> Order:
    return Order("shop", "web", data or {"a": "1"}, keep=keep)


@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=4))
def test_a_name_is_that_of_its_data_in_any_order(data: dict[str, str]) -> None:
    backwards = dict(reversed(list(data.items())))
    name = Order("shop", "web", data).config_map
    assert name == Order("other", "web", backwards, {"more": "labels"}, 9).config_map
    assert len(name) == len("web-") + 10
    assert name != Order("shop", "web", {**data, "one more": ""}).config_map


def test_texts_do_not_run_into_each_other() -> None:
    names = {order(data).config_map for data in ({"a": "b", "c": ""}, {"a": "", "c": "b"}, {"ab": "", "c": ""})}
    assert len(names) == 3


def test_a_name_stays_what_it_is_in_later_releases() -> None:
    """Else every pod would be made anew by an update of the collection."""
    assert order({"redis.conf": "port 6379\n", "ä": "ö"}).config_map == "web-ccaa6c38c1"


@pytest.mark.parametrize(
    "spec",
    [
        {"volumes": [{"name": "v", "configMap": {"name": "mine"}}]},
        {"volumes": [{"projected": {"sources": [{"secret": {"name": "s"}}, {"configMap": {"name": "mine"}}]}}]},
        {"containers": [{"name": "c", "envFrom": [{"configMapRef": {"name": "mine"}}]}]},
        {"containers": [{"name": "c", "env": [{"name": "E", "valueFrom": {"configMapKeyRef": {"name": "mine"}}}]}]},
        {"initContainers": [{"name": "c", "envFrom": [{"configMapRef": {"name": "mine"}}]}]},
        {"ephemeralContainers": [{"name": "c", "envFrom": [{"configMapRef": {"name": "mine"}}]}]},
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["Pod", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet"])
def test_every_way_to_refer_to_one_is_seen(kind: str, spec: dict[str, Any]) -> None:
    found = pod(spec) if kind == "Pod" else {"kind": kind, "spec": {"replicas": 0, "template": {"spec": spec}}}
    assert referred_to([found]) == {"mine"}


def test_what_names_none_refers_to_none() -> None:
    spec = {
        "volumes": [{"name": "web"}, {"name": "v", "secret": {"secretName": "web"}}, {"name": "p", "projected": None}],
        "containers": [
            {"name": "web", "env": [{"name": "A", "value": "web"}], "envFrom": [{"secretRef": {"name": "web"}}]}
        ],
    }  # fmt: skip
    assert referred_to([pod(spec), {"kind": "Deployment"}]) == set()


@pytest.mark.parametrize(
    ("phase", "needed"), [("Pending", True), ("Running", True), ("Succeeded", False), ("Failed", False)]
)
def test_a_pod_that_has_ended_needs_none(phase: str, needed: bool) -> None:
    found = pod({"volumes": [{"configMap": {"name": "mine"}}]}, phase)
    assert bool(referred_to([found])) == needed


def test_the_oldest_go_and_what_is_needed_stays() -> None:
    revisions = [revision(f"web-{index}", index) for index in range(6)]
    assert [one["metadata"]["name"] for one in surplus(order(), revisions, {"web-1"})] == ["web-3", "web-2", "web-0"]
    assert surplus(order(keep=7), revisions, ()) == []


def test_the_one_in_force_stays_however_old_it_is() -> None:
    wanted = order(keep=1)
    revisions = [revision(wanted.config_map, 0), revision("web-new", 9)]
    assert [one["metadata"]["name"] for one in surplus(wanted, revisions, ())] == ["web-new"]


def test_one_that_is_there_is_left_alone_or_completed() -> None:
    wanted = order()
    assert changes_of(wanted, wanted.manifest) == {}
    bare = {**wanted.manifest, "immutable": False, "metadata": {"name": wanted.config_map}}
    assert changes_of(wanted, bare) == {
        "immutable": True, "metadata": {"labels": {"omnimind.platform/config": "web"}},
    }  # fmt: skip


def test_one_with_other_content_is_not_taken() -> None:
    with pytest.raises(KubernetesFailure, match="ConfigMap shop/web-.* holds something else"):
        changes_of(order(), {**order().manifest, "data": {"a": "2"}})


def test_differences_are_those_to_the_newest() -> None:
    wanted = order({"a": "new", "b": "same", "c": "more"})
    first, second, third = differences(
        wanted, [revision("web-1", 1), revision("web-2", 2, a="old", b="same", d="less")]
    )
    assert (first["before"], first["after"], first["before_header"]) == ("old", "new", "web-2/a")
    assert (second["before"], second["after"]) == ("", "more")
    assert (third["before"], third["after"]) == ("less", "")


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"name": "Web"}, "name: 'Web' is not"),
        ({"name": "a" * 64}, "name: "),
        ({"data": {"a/b": "x"}}, "data: 'a/b' is no name"),
        ({"data": {"a": 5}}, "data: a is a text, not 5"),
        ({"keep": 0}, "keep: .* not 0"),
        ({"labels": {"omnimind.platform/config": "x"}}, "labels: omnimind.platform/config"),
    ],
)
def test_what_is_wrong_is_named(changed: dict[str, Any], complaint: str) -> None:
    with pytest.raises(KubernetesFailure, match=complaint):
        read_order({**OPTIONS, **changed})
