# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""OpenVEX documents (openvex.dev/ns/v0.2.0): what somebody states about vulnerabilities in a product."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from ..._core.plan import Impossible, Refusal
from .model import Finding, Identity, Statement, moment

STATUSES = ("not_affected", "affected", "fixed", "under_investigation")
_NAMESPACE = "https://openvex.dev/ns"


def read(path: str, option: str) -> tuple[Statement, ...]:
    """The statements of one document.

    :raises Refusal: there is no file.
    :raises Impossible: it is no OpenVEX document, or one of its statements lacks what it needs.
    """
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except OSError as error:
        raise Refusal(option, path, "the path of an OpenVEX document is needed") from error
    except ValueError as error:
        raise Impossible(f"The VEX document '{path}' is no JSON ({error}).") from error
    return parse(document, path)


def parse(document: Any, path: str) -> tuple[Statement, ...]:
    if not isinstance(document, dict) or not str(document.get("@context", "")).startswith(_NAMESPACE):
        raise Impossible(f"The VEX document '{path}' is no OpenVEX document (its @context does not name {_NAMESPACE}).")
    entries = document.get("statements")
    if not isinstance(entries, list) or not entries:
        raise Impossible(f"The VEX document '{path}' has no statements.")
    return tuple(_statement(document, entry, f"statement {n + 1}", path) for n, entry in enumerate(entries))


def _statement(document: Mapping[str, Any], entry: Any, name: str, path: str) -> Statement:
    def wrong(why: str) -> Impossible:
        return Impossible(f"The VEX document '{path}' cannot be used: {name} {why}.")

    if not isinstance(entry, dict):
        raise wrong("is no JSON object")
    vulnerability = entry.get("vulnerability")
    names = [vulnerability] if isinstance(vulnerability, str) else _names(vulnerability)
    if not names:
        raise wrong("names no vulnerability")
    if entry.get("status") not in STATUSES:
        raise wrong(f"has the status {entry.get('status')!r}; allowed are {', '.join(STATUSES)}")
    if entry["status"] == "not_affected" and not (entry.get("justification") or entry.get("impact_statement")):
        raise wrong("says not_affected and does not justify it")
    products = [_product(product) for product in entry.get("products") or ()]
    if not products or not all(name for name, _parts_of_it in products):
        raise wrong("names no product, or one without a package URL")
    times = [entry.get("last_updated"), entry.get("timestamp"), document.get("last_updated"), document.get("timestamp")]
    written = next((found for found in map(moment, times) if found is not None), None)
    if written is None:
        raise wrong("has no time, and neither has the document")
    return Statement(
        document=path,
        vulnerabilities=tuple(names),
        status=entry["status"],
        products=tuple(products),
        written=written,
        justification=str(entry.get("justification") or entry.get("impact_statement") or ""),
    )


def _names(vulnerability: Any) -> list[str]:
    if not isinstance(vulnerability, dict):
        return []
    names = [vulnerability.get("name"), vulnerability.get("@id"), *(vulnerability.get("aliases") or ())]
    return [name for name in names if isinstance(name, str) and name]


def _product(entry: Any) -> tuple[str, tuple[str, ...]]:
    if isinstance(entry, str):
        return entry, ()
    if not isinstance(entry, dict):
        return "", ()
    inner = tuple(_product(part)[0] for part in entry.get("subcomponents") or ())
    return str((entry.get("identifiers") or {}).get("purl") or entry.get("@id") or ""), inner


def applies(statement: Statement, finding: Finding, identity: Identity) -> bool:
    """Whether a statement speaks of this finding in this target.

    A product is the package itself, or the image by its digest (`pkg:oci/NAME@sha256:DIGEST`) with the package as
    subcomponent or with none, which means all of it.
    """
    if finding.kind != "vulnerabilities" or finding.id not in statement.vulnerabilities:
        return False
    for product, parts in statement.products:
        whole = _is_image(product, identity) or matches(product, finding.purl)
        if whole and (not parts or any(matches(part, finding.purl) for part in parts)):
            return True
    return False


def _is_image(purl: str, identity: Identity) -> bool:
    kind, _slash, rest = purl.removeprefix("pkg:").partition("/")
    version = unquote(rest.partition("?")[0].rpartition("@")[2])
    return kind == "oci" and bool(identity.manifest_digest) and version == identity.manifest_digest


def matches(stated: str, found: str) -> bool:
    """Whether a package URL fits another: the same package, and no version or qualifier that the other has not."""
    if not stated.startswith("pkg:") or not found.startswith("pkg:"):
        return False
    (name, version, qualifiers), (other, other_version, other_qualifiers) = _parts(stated), _parts(found)
    return (
        name == other
        and version in ("", other_version)
        and all(other_qualifiers.get(key) == value for key, value in qualifiers.items())
    )


def _parts(purl: str) -> tuple[str, str, dict[str, str]]:
    rest, _hash, _subpath = purl.partition("#")
    rest, _mark, query = rest.partition("?")
    name, at, version = rest.rpartition("@")
    if not at:
        name, version = rest, ""
    return unquote(name), unquote(version), dict(parse_qsl(query.replace("+", "%2B"), keep_blank_values=True))
