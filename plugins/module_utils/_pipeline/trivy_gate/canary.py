# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packages so old that every database that knows their kind has findings for them. Pure.

A database without a distribution or a language gives no findings and no error. So each scan is accompanied by one of
an SBOM in which known packages stand at version 0: no findings there, no verdict.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

OPERATING_SYSTEMS: Mapping[str, tuple[str, ...]] = {
    "debian": ("pkg:deb/debian/{}@0", "openssl", "glibc", "zlib", "expat", "systemd", "perl", "tar", "curl"),
    "ubuntu": ("pkg:deb/ubuntu/{}@0", "openssl", "glibc", "zlib", "expat", "systemd", "perl", "tar", "curl"),
    "alpine": ("pkg:apk/alpine/{}@0", "openssl", "busybox", "musl", "zlib", "curl", "expat"),
}
"""Family -> form of the package URL, then (source) packages."""

LANGUAGES: Mapping[str, tuple[str, ...]] = {
    "cargo": ("pkg:cargo/time@0.0.0", "pkg:cargo/smallvec@0.0.0", "pkg:cargo/openssl@0.0.0"),
    "composer": ("pkg:composer/guzzlehttp/psr7@0.0.0", "pkg:composer/twig/twig@0.0.0"),
    "gem": ("pkg:gem/rack@0", "pkg:gem/nokogiri@0"),
    "golang": ("pkg:golang/golang.org/x/net@v0.0.0", "pkg:golang/golang.org/x/crypto@v0.0.0"),
    "maven": ("pkg:maven/com.fasterxml.jackson.core/jackson-databind@0", "pkg:maven/commons-io/commons-io@0"),
    "npm": ("pkg:npm/lodash@0.0.0", "pkg:npm/minimist@0.0.0"),
    "nuget": ("pkg:nuget/Newtonsoft.Json@0.0.0", "pkg:nuget/System.Net.Http@0.0.0"),
    "pypi": ("pkg:pypi/jinja2@0", "pkg:pypi/urllib3@0", "pkg:pypi/django@0"),
}
"""Type of a package URL -> packages."""

TYPES: Mapping[str, str] = {
    **dict.fromkeys(("cargo", "rustbinary"), "cargo"),
    **dict.fromkeys(("composer", "composer-vendor"), "composer"),
    **dict.fromkeys(("bundler", "gemspec"), "gem"),
    **dict.fromkeys(("gobinary", "gomod"), "golang"),
    **dict.fromkeys(("gradle", "jar", "pom", "sbt"), "maven"),
    **dict.fromkeys(("bun", "node-pkg", "npm", "pnpm", "yarn"), "npm"),
    **dict.fromkeys(("dotnet-core", "nuget", "packages-config", "packages-props"), "nuget"),
    **dict.fromkeys(("pip", "pipenv", "poetry", "pylock", "python-pkg", "uv"), "pypi"),
}
"""Group of packages in a report of Trivy -> type of its package URLs."""

_PURL = re.compile(
    r"pkg:(?P<type>[a-z][a-z0-9.+-]*)/(?:(?P<namespace>[^@?#]+)/)?(?P<name>[^/@?#]+)@(?P<version>[^@?#]+)"
)


def purl_of(text: str) -> re.Match[str] | None:
    """Type, namespace, name and version of a package URL without qualifiers."""
    return _PURL.fullmatch(text)


def packages(family: str, languages: Iterable[str], more: Iterable[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Package URLs for the canary: what they stand for (family, language) -> URLs; and what none is known for.

    :param languages: groups of packages as Trivy names them.
    :param more: package URLs of the policy, each for the type it has.
    """
    extra: dict[str, list[str]] = {}
    for text in more:
        match = purl_of(text)
        if match is not None:
            extra.setdefault(match["type"], []).append(text)
    wanted: dict[str, list[str]] = {}
    unknown = []
    if family:
        form, *names = OPERATING_SYSTEMS.get(family, ("",))
        own = [text for texts in extra.values() for text in texts if f"/{family}/" in text]
        wanted[family] = [*(form.format(name) for name in names), *own]
    for group in languages:
        kind = TYPES.get(group, group)
        wanted[kind] = [*LANGUAGES.get(kind, ()), *extra.get(kind, ())]
    for name, texts in wanted.items():
        if not texts:
            unknown.append(name)
    return {name: texts for name, texts in wanted.items() if texts}, unknown


def sbom(family: str, release: str, urls: Iterable[str]) -> dict[str, Any]:
    """A CycloneDX document with these packages on this operating system."""
    components: list[dict[str, Any]] = []
    if family:
        components.append({"type": "operating-system", "bom-ref": "os", "name": family, "version": release})
    for text in urls:
        match = purl_of(text)
        if match is None:
            raise ValueError(text)
        is_system = bool(family) and f"/{family}/" in text
        component = {
            "type": "library",
            "bom-ref": text,
            "name": match["name"],
            "version": match["version"],
            "purl": text + (f"?distro={family}-{release}" if is_system else ""),
        }
        if match["namespace"] and not is_system:
            component["group"] = match["namespace"]
        if is_system:
            component["properties"] = [
                {"name": "aquasecurity:trivy:PkgType", "value": family},
                {"name": "aquasecurity:trivy:SrcName", "value": match["name"]},
                {"name": "aquasecurity:trivy:SrcVersion", "value": match["version"]},
            ]
        components.append(component)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "container", "bom-ref": "canary", "name": "canary"}},
        "components": components,
    }
