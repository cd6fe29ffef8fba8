# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bills of materials: made by Trivy, then made to depend on the image alone.

Trivy writes random identifiers, the time of day and the path of the layout into them. Here they are derived from the
image's digest, its time of creation and its name, and lists get one order: the same image gives the same bytes.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._core.plan import Impossible
from ..._core.programs import Execute, not_runnable
from ..._oci.layout import Layout
from ..trivy_gate.program import isolated

FORMATS = {"spdx": "spdx-json", "cyclonedx": "cyclonedx"}
"""Name of a format -> Trivy's name of it."""

SUFFIXES = {"spdx": "spdx.json", "cyclonedx": "cdx.json"}
"""Name of a format -> how files of it end, as their specifications have it."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Subject:
    """What a bill is about.

    :param name: name of the document.
    :param created: RFC 3339, UTC, whole seconds.
    """

    name: str
    digest: str
    created: str

    def uuid(self, of: str = "") -> str:
        """A UUID that hangs on the image and on a text alone (version 5, RFC 9562)."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"oci:{self.digest}#{of}"))


def make(execute: Execute, trivy: str, layout: Layout, subject: Subject, name: str, folder: str) -> bytes:
    """The bill of a layout in one format, as bytes that are the same each time.

    :param folder: private; Trivy's cache stands there, so that nothing that another scan left counts.
    """
    os.makedirs(folder, exist_ok=True)
    link = os.path.join(folder, "layout")
    if os.path.lexists(link):
        os.unlink(link)
    os.symlink(os.path.abspath(layout.path), link)
    how = ["--format", FORMATS[name], "--cache-dir", folder, "--cache-backend", "memory", "--quiet"]
    program = shutil.which(trivy)
    if program is None:
        raise not_runnable(trivy, FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)))
    # As in the gate: nothing of the caller's environment or folder counts, and Trivy splits no path of a user's.
    command = ["env", f"--chdir={folder}", *isolated(folder), program]
    command += ["image", "--input", "layout", *how, "--offline-scan", "--skip-version-check"]
    status, output, errors = execute(command, {})
    if status:
        lines = errors.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise Impossible(f"Trivy made no bill of materials of '{layout.path}': {lines[-1].strip()}.")
    return reproducible(name, json.loads(output), subject, "layout")


def reproducible(name: str, document: Mapping[str, Any], subject: Subject, path: str) -> bytes:
    """A document of Trivy's with everything that is not the image's replaced. Pure.

    :param path: what Trivy was given, which it takes for the name.
    """
    content = json.loads(json.dumps(document))
    content = _spdx(content, subject, path) if name == "spdx" else _cyclonedx(content, subject, path)
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def describes(name: str, body: bytes, subject: Subject) -> bool:
    """Whether a bill is one that was made of this image."""
    try:
        content = json.loads(body)
    except ValueError:
        return False
    if not isinstance(content, dict):
        return False
    if name == "spdx":
        return content.get("documentNamespace") == _namespace(subject)
    return content.get("serialNumber") == _serial(subject)


def _namespace(subject: Subject) -> str:
    return f"https://spdx.org/spdxdocs/{subject.name}-{subject.uuid()}"


def _serial(subject: Subject) -> str:
    return f"urn:uuid:{subject.uuid()}"


def _spdx(content: dict[str, Any], subject: Subject, path: str) -> dict[str, Any]:
    content["name"] = subject.name
    content["documentNamespace"] = _namespace(subject)
    content["creationInfo"]["created"] = subject.created
    renamed = {}
    for package in content.get("packages", []):
        if package.get("primaryPackagePurpose") == "CONTAINER" and package["name"] == path:
            package["name"] = subject.name
            renamed[package["SPDXID"]] = f"SPDXRef-ContainerImage-{subject.digest.removeprefix('sha256:')[:16]}"
        for annotation in package.get("annotations", []):
            annotation["annotationDate"] = subject.created
    content = _replaced(content, renamed)
    for key, order in (("packages", "SPDXID"), ("files", "SPDXID")):
        if key in content:
            content[key] = sorted(content[key], key=lambda entry: str(entry[order]))
    if "relationships" in content:
        content["relationships"] = sorted(content["relationships"], key=_text)
    return content


def _cyclonedx(content: dict[str, Any], subject: Subject, path: str) -> dict[str, Any]:
    content["serialNumber"] = _serial(subject)
    content["metadata"]["timestamp"] = subject.created
    image = content["metadata"]["component"]
    if image.get("name") == path:
        image["name"] = subject.name
    renamed: dict[str, str] = {}
    taken: dict[str, int] = {}
    for component in sorted([image, *content.get("components", [])], key=_without_reference):
        reference = component.get("bom-ref", "")
        if _UUID.fullmatch(reference):
            text = _without_reference(component)
            taken[text] = taken.get(text, 0) + 1
            renamed[reference] = subject.uuid(f"{text}{taken[text]}")
    content = _replaced(content, renamed)
    content["components"] = sorted(
        content.get("components", []), key=lambda entry: (entry.get("bom-ref", ""), _text(entry))
    )
    dependencies = [
        {**entry, "dependsOn": sorted(entry.get("dependsOn", []))} for entry in content.get("dependencies", [])
    ]
    content["dependencies"] = sorted(dependencies, key=lambda entry: str(entry["ref"]))
    return content


def _text(entry: Any) -> str:
    return json.dumps(entry, sort_keys=True)


def _without_reference(component: Mapping[str, Any]) -> str:
    return _text({key: value for key, value in component.items() if key != "bom-ref"})


def _replaced(value: Any, names: Mapping[str, str]) -> Any:
    """A document in which each text that is one of the names is what it stands for."""
    if isinstance(value, dict):
        return {key: _replaced(entry, names) for key, entry in value.items()}
    if isinstance(value, list):
        return [_replaced(entry, names) for entry in value]
    return names.get(value, value) if isinstance(value, str) else value
