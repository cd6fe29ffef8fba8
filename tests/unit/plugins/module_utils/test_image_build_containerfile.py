"""The Containerfile: two layers, and nothing in it that differs from day to day."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_build.containerfile import (
    Index,
    application,
    index_of,
    labels,
    system,
)
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_build.model import parse

from .test_image_build_model import DIGEST, TODAY, parameters

IMAGE = parse(parameters(writable_directories=["/var/lib/app"], packages=["ca-certificates"]), TODAY)
PRINTABLE = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1)


INDEX = Index("1" * 64, 1700000000)


def text(image=IMAGE) -> str:
    return application(image, "localhost/app-system:amd64", labels(image, image.version, "2" * 64, "1" * 64, DIGEST))


def first_layer(image=IMAGE, index: Index = INDEX) -> str:
    return system(image, f"{image.base.name}@{DIGEST}", index)


def test_instructions() -> None:
    lines = text().splitlines()
    assert [line.split(" ", 1)[0] for line in lines] == [
        *("FROM", "ADD", "LABEL", "EXPOSE", "STOPSIGNAL", "USER", "ENTRYPOINT")
    ]
    assert lines[0] == "FROM localhost/app-system:amd64"
    assert [line.split(" ", 1)[0] for line in first_layer().splitlines()] == ["FROM", "RUN"]
    assert first_layer().splitlines()[0] == f"FROM registry.example/debian@{DIGEST}"
    assert lines[-1] == 'ENTRYPOINT ["/usr/bin/tini", "--", "/opt/app/bin/app"]'
    assert lines[-2] == "USER 10001:10001"


def test_the_first_layer_depends_on_what_it_holds_alone() -> None:
    first = first_layer()
    assert "export SOURCE_DATE_EPOCH=1700000000 " in first
    assert "echo ca-certificates tini >" in first
    assert "install -d -m 1777 /var/lib/app" in first
    other = replace(IMAGE, commit="9" * 40, version="9.9.9", created=1, environment={"A": "b"})
    assert first_layer(other) == first
    assert first_layer(index=Index("3" * 64, 1700000000)) != first


@given(st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]*", fullmatch=True), PRINTABLE, max_size=3))
def test_values_are_taken_as_they_are(environment: dict[str, str]) -> None:
    """Witness: the same quoting in a shell, in which nothing may be expanded."""
    image = replace(IMAGE, environment=environment)
    lines = [line.removeprefix("ENV ") for line in text(image).splitlines() if line.startswith("ENV ")]
    assert dict(shlex.split(line.replace("\\$", "$"))[0].split("=", 1) for line in lines) == environment
    assert all("$" not in line.replace("\\$", "") for line in lines)


def test_labels() -> None:
    found = labels(replace(IMAGE, labels={"team": "x"}), "1.2.3+r1", "2" * 64, "1" * 64, DIGEST)
    assert found["org.opencontainers.image.version"] == "1.2.3+r1"
    assert found["org.opencontainers.image.created"] == "2026-05-06T07:08:09Z"
    assert found["org.opencontainers.image.base.digest"] == DIGEST
    assert found["team"] == "x"
    assert json.dumps(found) == json.dumps(dict(sorted(found.items())))


def test_an_index_is_a_set_of_release_files() -> None:
    assert index_of([b"a", b"b"]) == index_of([b"b", b"a"])
    assert index_of([b"a", b"b"]) != index_of([b"a", b"c"])
    assert len(index_of([]).sha256) == 64
    older, newer = b"x\nDate: Sat, 09 May 2026 09:08:07 UTC\ny\n", b"Date: Sat, 09 May 2026 10:08:07 +0000\n"
    assert index_of([b"Date: yesterday\n", b"Date: \xff\n"]).updated == 0
    assert index_of([newer, older]).updated == index_of([older]).updated + 3600 == 1778321287
