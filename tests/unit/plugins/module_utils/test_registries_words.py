"""Registries: options, references, and what skopeo says in words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._core.options import checked
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Refusal
from ansible_collections.slipway.platform.plugins.module_utils._oci import registries
from ansible_collections.slipway.platform.plugins.module_utils._oci.registries import Registry, failure, is_tag, telling

HERE = Registry("oci", "127.0.0.1:40301", "denied/unauthorized", "127.0.0.1:40301")
"""A registry whose name holds everything that an answer is searched for."""


def parsed(*entries: dict[str, Any]) -> tuple[Registry, ...]:
    values = checked({"registries": registries.OPTIONS}, {"registries": list(entries)})
    return registries.parse("registries", values["registries"])


def test_hosts_that_are_known() -> None:
    quay, hub = parsed(
        {"kind": "quay", "repository": "team/app"}, {"kind": "docker_hub", "repository": "team/app", "endpoint": "a:1"}
    )
    assert (quay.name, quay.location) == ("quay.io/team/app", "quay.io/team/app")
    assert (hub.name, hub.location) == ("docker.io/team/app", "a:1/team/app")
    assert hub.reference("1.2.3") == "a:1/team/app:1.2.3"
    assert hub.reference(f"sha256:{'a' * 64}") == f"a:1/team/app@sha256:{'a' * 64}"


def test_secrets_show_nowhere() -> None:
    (registry,) = parsed({"kind": "quay", "repository": "a", "username": "me", "password": "secret"})
    assert "secret" not in repr(registry) + str(registry.as_dict())
    assert registries.OPTIONS["options"]["password"]["no_log"] is True


@pytest.mark.parametrize("text", ["1.2.3", "1.2.3_r1", "_", "a" * 128, "sha256-aa"])
def test_tags(text: str) -> None:
    assert is_tag(text)


@pytest.mark.parametrize("text", ["", "1.2.3+r1", ".1", "-1", "a" * 129, "a b", "1.2.3\n", "ä"])
def test_no_tags(text: str) -> None:
    assert not is_tag(text)


@pytest.mark.parametrize(
    "repository", ["", "A", "a//b", "/a", "a/", "a..b", "a___b", "-a", "a-", "a b", "a\n", "a" * 256, "a@b", "a:b"]
)
def test_no_repositories(repository: str) -> None:
    with pytest.raises(Refusal, match=r"registries\[0\]\.repository"):
        parsed({"kind": "quay", "repository": repository})


@pytest.mark.parametrize("host", ["https://a", "a/b", "a:", "a:b", "-a", "a:123456", "a b", "a\n"])
@pytest.mark.parametrize("option", ["host", "endpoint"])
def test_no_hosts(option: str, host: str) -> None:
    with pytest.raises(Refusal, match=rf"registries\[0\]\.{option}"):
        parsed({"kind": "oci", "repository": "a", "host": "b", option: host})


@pytest.mark.parametrize(
    ("host", "good"),
    [
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", True),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", True),
        ("123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", True),
        ("12345.dkr.ecr.eu-west-1.amazonaws.com", False),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example", False),
        ("public.ecr.aws", False),
    ],
)
def test_hosts_of_ecr(host: str, good: bool) -> None:
    entry = {"kind": "ecr", "repository": "a", "host": host}
    if good:
        assert parsed(entry)[0].host == host
    else:
        with pytest.raises(Refusal, match="is allowed for the kind ecr"):
            parsed(entry)


def fatal(message: str) -> bytes:
    escaped = message.replace("\\", "\\\\").replace('"', '\\"')
    return f'time="2026-01-31T12:00:00Z" level=warning msg="x"\ntime="..." level=fatal msg="{escaped}"\n'.encode()


FORBIDDEN = (
    "The registry '127.0.0.1:40301' does not allow this caller to push: {}; set username and password, or "
    "authentication_file, of an account that may."
)
PINGING = (
    'Error parsing image name "docker://127.0.0.1:40301/denied/unauthorized:1": pinging container registry '
    '127.0.0.1:40301: Get "http://127.0.0.1:40301/v2/": dial tcp 127.0.0.1:40301: connect: connection refused'
)


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (PINGING, "The registry '127.0.0.1:40301' cannot be reached: connection refused."),
        (
            "reading manifest 1 in 127.0.0.1:40301/denied/unauthorized: requested access to the resource is denied",
            FORBIDDEN.format("denied"),
        ),
        ("writing blob: uploading layer: StatusCode: 403, forbidden", FORBIDDEN.format("403, forbidden")),
        (
            "writing blob: no space left on device",
            "The registry '127.0.0.1:40301' failed to push: writing blob: no space left on device.",
        ),
        (
            "reading blob from 127.0.0.1:40301/denied/unauthorized: unexpected EOF",
            "The registry '127.0.0.1:40301' cannot be reached: unexpected EOF.",
        ),
    ],
)
def test_what_skopeo_says(message: str, sentence: str) -> None:
    assert str(failure(HERE, "push", telling(fatal(message)))) == sentence


@given(st.binary(max_size=200))
def test_whatever_is_said_gives_one_sentence(errors: bytes) -> None:
    text = str(failure(HERE, "push", telling(errors)))
    assert text.startswith("The registry '127.0.0.1:40301'")
    assert text.endswith(".")
