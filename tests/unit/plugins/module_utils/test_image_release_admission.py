# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every spelling of an image, by the pattern alone; the engine itself judges some of them in test_admission.py."""

from __future__ import annotations

import re

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_release.admission import spellings

ENDS = ("", ":1.2.3", f"@sha256:{'0' * 64}", f":1.2.3@sha256:{'0' * 64}")
HUB = ("", "docker.io/", "index.docker.io/", "registry-1.docker.io/", "Docker.io/", "docker.io:443/")
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(
    ("host", "repository", "same", "other"),
    [
        (
            "docker.io",
            "team/app",
            [f"{hub}team/app" for hub in HUB],
            ["team/app2", "app", "quay.io/team/app", "docker.io/other/team/app", "docker.iox/team/app"],
        ),
        (
            "docker.io",
            "library/app",
            [f"{hub}{path}app" for hub in HUB for path in ("", "library/")],
            ["library/app2", "team/app", "quay.io/app"],
        ),
        ("index.docker.io", "team/app", ["team/app", "docker.io/team/app"], ["team/ap"]),
        (
            "quay.io",
            "team/my.app",
            ["quay.io/team/my.app", "QUAY.io/team/my.app", "quay.io:443/team/my.app", "quay.io:0443/team/my.app"],
            ["team/my.app", "quay.io/team/myxapp", "quayxio/team/my.app", "quay.io:5000/team/my.app"],
        ),
        (
            "127.0.0.1:5000",
            "team/app",
            ["127.0.0.1:5000/team/app", "127.0.0.1:05000/team/app"],
            ["127.0.0.1/team/app", "127.0.0.1:5001/team/app"],
        ),
        (
            ECR,
            "app",
            [
                f"{ECR}/app",
                "123456789012.dkr.ecr-fips.eu-west-1.amazonaws.com/app",
                "123456789012.dkr-ecr.eu-west-1.on.aws/app",
                "123456789012.dkr-ecr-fips.eu-west-1.on.aws/app",
            ],
            ["123456789013.dkr.ecr.eu-west-1.amazonaws.com/app", f"{ECR}/app/app".replace("west-1", "west-2")],
        ),
    ],
)
def test_the_spellings(host: str, repository: str, same: list[str], other: list[str], end: str) -> None:
    pattern = spellings(host, repository)
    assert [name for name in same if not re.search(pattern, name + end)] == []
    assert [name for name in other if re.search(pattern, name + end)] == []
