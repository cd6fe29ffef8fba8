"""Options of image_build: what is refused before anything is read."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Refusal
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_build.model import OPTIONS, parse

TODAY = date(2026, 11, 24)
DIGEST = "sha256:" + "a" * 64


def parameters(**options: Any) -> dict[str, Any]:
    given = {
        "application": "app",
        "version": "1.2.3",
        "commit": "1" * 40,
        "created": "2026-05-06T09:08:09+02:00",
        "source": "https://git.example/app",
        "bucket": "artifacts",
        "base_image": f"registry.example/debian@{DIGEST}",
        "directory": "/srv/images",
    }
    return {name: option.get("default") for name, option in OPTIONS.items()} | given | options


def refused(today: date = TODAY, **options: Any) -> str:
    with pytest.raises(Refusal) as error:
        parse(parameters(**options), today)
    return str(error.value)


def test_defaults() -> None:
    image = parse(parameters(), TODAY)
    assert (image.tag, image.home, image.command) == ("1.2.3", "/opt/app", ("/opt/app/bin/app",))
    assert image.created == 1778051289
    assert image.packages == ("tini",)
    assert (image.base.release, image.base.location) == ("13", "docker://registry.example/debian")
    assert image.artifact_key("arm64") == "applications/app/1.2.3/app-1.2.3-linux-arm64.tar.gz"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"base_release": "11"}, "base_release is '11'; the support of Debian 11 ended on 2026-08-31, so "),
        ({"base_release": "7"}, "base_release is '7'; Debian 13 and 12 are allowed."),
        ({"version": "1.2.3+r1"}, "version is '1.2.3+r1'; a version without build metadata is allowed; "),
        ({"version": "1.2.3-" + "a" * 120}, "version is '1.2.3-"),
        ({"checksums": {"s390x": "a" * 64}}, "checksums is 's390x'; the keys amd64 and arm64 are allowed."),
        ({"checksums": {"amd64": "A" * 64}}, "checksums.amd64 is '" + "A" * 64 + "'; 64 hexadecimal digits"),
        ({"writable_directories": ["/opt/app/data"]}, "writable_directories[0] is '/opt/app/data'; /opt/app holds "),
        ({"writable_directories": ["/tmp", "/etc/app"]}, "writable_directories[1] is '/etc/app'; a directory of the "),
        ({"writable_directories": ["/srv/../etc"]}, "writable_directories[0] is '/srv/../etc'; the absolute path"),
        ({"environment": {"A-B": "x"}}, "environment is 'A-B'; names of letters, digits and underscores are allowed."),
        ({"environment": {"A": "x\ny"}}, "environment.A is 'x\ny'; one line of printable text is allowed."),
        ({"labels": {"io.slipway.x": "y"}}, "labels is 'io.slipway.x'; lower-case letters, digits, dots and hyphens"),
        ({"packages": ["curl; true"]}, "packages[0] is 'curl; true'; the name of a Debian package is allowed."),
        ({"command": ["bin/app"]}, "command[0] is 'bin/app'; the absolute path of a program in the image is allowed."),
        ({"maximum_size": 0}, "maximum_size is 0; at least 1 MiB is allowed."),
        ({"ready_path": "readyz"}, "ready_path is 'readyz'; the path of a URL is allowed, or nothing for "),
        ({"architectures": []}, "architectures is []; at least one of amd64 and arm64 is needed."),
        ({"artifact_directory": "/srv"}, "bucket is 'artifacts'; either bucket or artifact_directory is needed."),
    ],
)
def test_refused(options: dict[str, Any], sentence: str) -> None:
    assert refused(**options).startswith(sentence)


def test_end_of_life_by_option_and_by_day() -> None:
    assert parse(parameters(base_release="11", base_end_of_life=True), TODAY).base.release == "11"
    assert parse(parameters(base_release="11"), date(2026, 8, 31)).base.release == "11"
    assert parse(parameters(base_release="12"), TODAY).base.release == "12"
    assert refused(date(2030, 7, 1)).startswith("base_release is '13'; the support of Debian 13 ended on 2030-06-30")


def test_a_node_group_that_the_release_lacks() -> None:
    sentence = "architectures is ['amd64']; node groups run m7g.large, which needs arm64."
    assert refused(node_instance_types=["m7i.large", "m7g.large"]) == sentence
    sentence = "architectures is ['arm64']; node groups run m7i.large, which needs amd64."
    assert refused(architectures=["arm64"], node_instance_types=["m7i.large"]) == sentence
    sentence = "node_instance_types is 'arm64'; instance types are allowed, such as m7g.large."
    assert refused(node_instance_types=["arm64"]) == sentence
    both = parameters(architectures=["amd64", "arm64"], node_instance_types=["m7i.large", "m7g.large"])
    assert parse(both, TODAY).architectures == ("amd64", "arm64")
