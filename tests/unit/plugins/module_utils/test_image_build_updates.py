"""Which packages are out of date. Witness of the order of versions: dpkg."""

from __future__ import annotations

import hashlib
import lzma
import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_build.updates import (
    candidates,
    compared,
    installed,
    packages_of,
    upgradable,
)

# Debian Policy 5.6.12: digits first, then letters, digits and . + - ~
VERSIONS = st.from_regex(r"([0-9]:)?[0-9][a-z0-9.+~]{0,6}(-[a-z0-9.+~]{1,4})?", fullmatch=True)
SIMILAR = st.sampled_from(
    [
        *("1.0", "1.0-0", "1.0-1", "1.0~rc1", "1.0~rc1-1", "1.0+b1", "1.0a", "1.0.", "0:1.0", "1:0.1", "1.0-1~deb12u1"),
        *("1.0-1+deb12u1", "1.0-1+deb13u1", "01.0", "1.00", "1.0~~", "1.0~", "1.10", "1.9", "2.41.5-0+deb13u1"),
    ]
)


def by_dpkg(left: str, right: str) -> int:
    def true(relation: str) -> bool:
        return subprocess.run(["dpkg", "--compare-versions", left, relation, right], check=False).returncode == 0

    return -1 if true("lt") else 1 if true("gt") else 0


@settings(max_examples=150, deadline=None)
@given(st.one_of(VERSIONS, SIMILAR), st.one_of(VERSIONS, SIMILAR))
def test_order(left: str, right: str) -> None:
    assert compared(left, right) == by_dpkg(left, right)


STATUS = """\
Package: tini
Status: install ok installed
Description: init
 Package: not-this
Version: 0.19.0-1

Package: gone
Status: deinstall ok config-files
Version: 1

Package: libc6
Status: install ok installed
Version: 2.41-12

Package: held
Status: hold ok installed
Version: 1
"""


def test_installed() -> None:
    assert installed(STATUS) == {"tini": "0.19.0-1", "libc6": "2.41-12"}


def test_upgradable() -> None:
    index = "Package: tini\nVersion: 0.19.0-2\n\nPackage: other\nVersion: 9\n\nPackage: tini\nVersion: 0.19.0-10\n"
    found = candidates(lzma.compress(index.encode()), installed(STATUS))
    assert found == {"tini": "0.19.0-10"}
    assert upgradable(installed(STATUS), [found, {"tini": "0.19.0-3", "libc6": "2.41-11", "held": "2"}]) == [
        {"package": "tini", "from": "0.19.0-1", "to": "0.19.0-10"}
    ]


def test_indexes_of_a_release_file() -> None:
    digest = hashlib.sha256(b"").hexdigest()
    release = (
        "Origin: Debian\nMD5Sum:\n 0 1 main/binary-amd64/Packages.xz\nSHA256:\n"
        f" {digest}  100 contrib/binary-amd64/Packages.xz\n"
        f" {digest}  100 main/binary-amd64/Packages\n"
        f" {digest}  100 main/binary-amd64/Packages.xz\n"
        f" {digest}  100 main/binary-arm64/Packages.xz\n"
        f"SHA512:\n {digest} 1 main/binary-amd64/Packages.xz\n"
    )
    assert packages_of(release.encode(), "amd64") == [("main/binary-amd64/Packages.xz", digest)]
