# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which packages of an image have a newer version in apt's indexes: what `apt-get upgrade` would do. Pure.

Versions compare by Debian Policy 5.6.12.
"""

from __future__ import annotations

import lzma
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest

_PARTS = re.compile(r"([^0-9]*)([0-9]*)")
_PACKAGES = re.compile(r"^ ([0-9a-f]{64}) +[0-9]+ (?P<component>\S+)/binary-(?P<architecture>[a-z0-9]+)/Packages\.xz$")


def compared(left: str, right: str) -> int:
    """Below 0, 0 or above 0, as `left` is older than, the same as or newer than `right`."""
    for a, b in zip(_split(left), _split(right), strict=True):
        result = _part(a, b)
        if result:
            return result
    return 0


def _split(version: str) -> tuple[str, str, str]:
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    upstream, hyphen, revision = rest.rpartition("-")
    return (epoch, upstream, revision) if hyphen else (epoch, rest, "0")


def _part(left: str, right: str) -> int:
    for (a, m), (b, n) in zip_longest(_PARTS.findall(left), _PARTS.findall(right), fillvalue=("", "")):
        for x, y in zip_longest(a, b, fillvalue=""):
            if _weight(x) != _weight(y):
                return 1 if _weight(x) > _weight(y) else -1
        if int(m or 0) != int(n or 0):
            return 1 if int(m or 0) > int(n or 0) else -1
    return 0


def _weight(character: str) -> tuple[int, str]:
    """A tilde sorts before the end, the end before letters, letters before all else."""
    if character == "~":
        return (-1, "")
    if not character:
        return (0, "")
    return (1, character) if character.isalpha() else (2, character)


def stanzas(text: str) -> Iterator[dict[str, str]]:
    """First lines of the fields of each paragraph of a control file."""
    for block in text.split("\n\n"):
        lines = (line.partition(": ") for line in block.splitlines() if line[:1] not in (" ", "\t", ""))
        fields = {name: value for name, _colon, value in lines}
        if fields:
            yield fields


def installed(status: str) -> dict[str, str]:
    """Package -> version, from dpkg's status file. Those that are held are left out: apt leaves them as they are."""
    return {
        fields["Package"]: fields["Version"]
        for fields in stanzas(status)
        if fields.get("Status") == "install ok installed"
    }


def candidates(packages: bytes, names: Iterable[str]) -> dict[str, str]:
    """Package -> newest version in an index `Packages.xz`, of the packages that are asked for."""
    wanted, newest = frozenset(names), dict[str, str]()
    for block in lzma.decompress(packages).decode(errors="replace").split("\n\n"):
        if block.partition("\n")[0].removeprefix("Package: ") in wanted:
            fields = next(stanzas(block))
            name, version = fields["Package"], fields["Version"]
            if name not in newest or compared(version, newest[name]) > 0:
                newest[name] = version
    return newest


def upgradable(has: Mapping[str, str], offered: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """`{package, from, to}` of each package that an index offers in a newer version, by name."""
    newest = dict(has)
    for index in offered:
        for name, version in index.items():
            if name in newest and compared(version, newest[name]) > 0:
                newest[name] = version
    return [
        {"package": name, "from": has[name], "to": version}
        for name, version in sorted(newest.items())
        if version != has[name]
    ]


def packages_of(release: bytes, architecture: str) -> list[tuple[str, str]]:
    """(path, SHA-256) of the indexes of a Release file, component main, for an architecture."""
    text = release.decode(errors="replace").partition("\nSHA256:\n")[2]
    found = []
    for line in text.splitlines():
        if not line.startswith(" "):
            break
        match = _PACKAGES.match(line)
        if match and match["component"] == "main" and match["architecture"] == architecture:
            found.append((f"main/binary-{architecture}/Packages.xz", match[1]))
    return found
