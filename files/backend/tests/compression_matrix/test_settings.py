"""compression.yaml: every refusal by name, and all of them at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from omnimind_backend.compression import CompressionSettings, SettingsError, load


@pytest.mark.parametrize(
    ("mapping", "named"),
    [
        ({"coding": ["br"]}, "coding: no such key; known are codings, stream_codings"),
        ({3: 4}, "3: no such key"),
        ({"codings": ["zstd", "lzma"]}, "codings.1: 'lzma', but must be one of zstd, br, gzip"),
        ({"codings": []}, "codings: [], but must be a list that is not empty"),
        ({"codings": "br"}, "codings: 'br', but must be a list"),
        ({"codings": None}, "codings: None, but must be a list"),
        ({"codings": ["br", "br"]}, "codings: ['br', 'br'], but must be a list that names no coding twice"),
        ({"codings": [["br"]]}, "codings.0: ['br'], but must be one of"),
        ({"stream_codings": ["deflate"]}, "stream_codings.0: 'deflate'"),
        ({"stream_codings": []}, "stream_codings: []"),
        ({"levels": {"br": 12}}, "levels.br: 12, but must be a whole number from 0 to 11"),
        ({"levels": {"gzip": 0}}, "levels.gzip: 0, but must be a whole number from 1 to 9"),
        ({"levels": {"zstd": 22}}, "levels.zstd: 22, but must be a whole number from 1 to 19"),
        ({"levels": {"br": True}}, "levels.br: True"),
        ({"levels": {"br": "4"}}, "levels.br: '4'"),
        ({"levels": {"br": 4.5}}, "levels.br: 4.5"),
        ({"levels": {"lz4": 1}}, "levels.lz4: no such coding; known are zstd, br, gzip"),
        ({"levels": 4}, "levels: 4, but must be a mapping"),
        ({"stream_levels": {"br": 4}}, "stream_levels.br: 4, but must be a whole number from 2 to 3"),
        ({"stream_levels": {"zstd": 19}}, "stream_levels.zstd: 19, but must be a whole number from 1 to 12"),
        ({"stream_levels": {"gzip": 10}}, "stream_levels.gzip: 10"),
        ({"minimum_size": "1k"}, "minimum_size: '1k', but must be a whole number of bytes, 0 or more"),
        ({"minimum_size": True}, "minimum_size: True"),
        ({"minimum_size": -1}, "minimum_size: -1"),
        ({"minimum_size": 500.0}, "minimum_size: 500.0"),
        ({"minimum_size": float("nan")}, "minimum_size: nan"),
        ({"minimum_size": None}, "minimum_size: None"),
        ({"content_types": []}, "content_types: [], but must be a list that is not empty"),
        ({"content_types": ["json"]}, "content_types.0: 'json', but must be a media type"),
        ({"content_types": ["*/*"]}, "content_types.0: '*/*'"),
        ({"content_types": ["a/*b*"]}, "content_types.0: 'a/*b*'"),
        ({"content_types": ["text/html; charset=utf-8"]}, "content_types.0"),
        ({"excluded_paths": ["admin"]}, "excluded_paths.0: 'admin', but must be a path that begins with /"),
        ({"excluded_paths": "/admin"}, "excluded_paths: '/admin', but must be a list"),
        ({"offload_from": {"gzip": "much"}}, "offload_from.gzip: 'much', but must be a whole number of bytes"),
        ({"offload_from": {"gzip": False}}, "offload_from.gzip: False"),
        ({"offload_from": {"lz4": 1}}, "offload_from.lz4: no such coding"),
        ({"offload_from": []}, "offload_from: [], but must be a mapping"),
        (["codings"], "must be a mapping"),
    ],
)
def test_refusal(mapping: Any, named: str) -> None:
    with pytest.raises(SettingsError) as caught:
        CompressionSettings.from_mapping(mapping)
    assert named in str(caught.value)
    assert len(str(caught.value).split("\n")) == 1


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        CompressionSettings.from_mapping(
            {"codings": ["x", "y"], "levels": {"br": 99}, "minimum_size": "a", "nothing": 1}
        )
    places = [line.partition(":")[0] for line in str(caught.value).split("\n")]
    assert places == ["codings.0", "codings.1", "levels.br", "minimum_size", "nothing"]


def test_what_is_not_said_keeps_its_default() -> None:
    settings = CompressionSettings.from_mapping({"levels": {"br": 5}, "offload_from": {"br": 1000}})
    assert settings.levels == {"zstd": 3, "br": 5, "gzip": 2}
    assert settings.thread_from == {"zstd": 262144, "br": 1000, "gzip": 262144}
    assert settings.stream_thread_from == {"zstd": 262144, "br": 1000, "gzip": 131072}
    assert CompressionSettings.from_mapping({}) == CompressionSettings()


def test_a_coding_given_up_is_not_used_in_streams() -> None:
    assert CompressionSettings.from_mapping({"codings": ["br", "gzip"]}).stream_codings == ("gzip", "br")
    both = CompressionSettings.from_mapping({"codings": ["br"], "stream_codings": ["zstd"]})
    assert both.stream_codings == ("zstd",)


def test_types_by_pattern() -> None:
    settings = CompressionSettings.from_mapping({"content_types": ["Text/*", "application/*+json", "image/svg+xml"]})
    for fitting in (b"text/html", b"TEXT/plain; charset=utf-8", b"application/ld+json", b"image/svg+xml"):
        assert settings.types(fitting)[0], fitting
    for other in (b"", b"application/json", b"image/png", b"application/json+x", b"xtext/html", b"image/svgxxml"):
        assert not settings.types(other)[0], other


def test_a_path_excludes_what_is_below_it() -> None:
    settings = CompressionSettings.from_mapping({"excluded_paths": ["/a", "/b/"]})
    excluded = [path for path in ("/a", "/a/b", "/ab", "/b", "/b/c", "/") if settings.excludes(path)]
    assert excluded == ["/a", "/a/b", "/b/c"]


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "compression.yaml"
    path.write_text("codings: [gzip]\nminimum_size: 1000\nexcluded_paths: []\n")
    assert load(path) == CompressionSettings.from_mapping({"codings": ["gzip"], "minimum_size": 1000})
    path.write_text("")
    assert load(path) == CompressionSettings()


@pytest.mark.parametrize(
    ("text", "named"),
    [("levels: {br: yes}", "levels.br: True"), ("codings: [", "while parsing"), ("- br", "must be a mapping")],
)
def test_a_bad_file_is_named(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "compression.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert str(caught.value).startswith(str(path)) and named in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="compression.yaml"):
        load(tmp_path / "compression.yaml")
