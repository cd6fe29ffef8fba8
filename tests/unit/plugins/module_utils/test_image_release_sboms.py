"""Bills of materials depend on the image alone: not on chance, the time, the path or the order of lists."""

from __future__ import annotations

import copy
import json
import random
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_release.sboms import (
    Subject,
    describes,
    reproducible,
)

SUBJECT = Subject("app-1.2.3-linux-amd64", f"sha256:{'a' * 64}", "2026-01-31T12:00:00Z")
OTHER = Subject("app-1.2.3-linux-amd64", f"sha256:{'b' * 64}", "2026-01-31T12:00:00Z")


def cyclonedx(rng: random.Random, path: str) -> dict[str, Any]:
    """A document as Trivy writes it: random identifiers, two alike components, lists in any order."""

    def reference() -> str:
        return str(uuid.UUID(int=rng.getrandbits(128), version=4))

    image, system, first, second = (reference() for _ in range(4))
    package = "pkg:deb/debian/bash@5.2?arch=amd64"
    components = [
        {"bom-ref": system, "type": "operating-system", "name": "debian", "version": "13"},
        {"bom-ref": package, "type": "library", "name": "bash", "purl": package},
        {"bom-ref": first, "type": "application", "name": "go.mod"},
        {"bom-ref": second, "type": "application", "name": "go.mod"},
    ]
    dependencies = [
        {"ref": image, "dependsOn": [system, first, second]},
        {"ref": system, "dependsOn": [package]},
        {"ref": first, "dependsOn": []},
        {"ref": second},
    ]
    rng.shuffle(components)
    rng.shuffle(dependencies)
    for entry in dependencies:
        rng.shuffle(entry.get("dependsOn", []))  # type: ignore[arg-type]
    return {
        "bomFormat": "CycloneDX",
        "serialNumber": f"urn:uuid:{reference()}",
        "metadata": {
            "timestamp": f"20{rng.randrange(10, 99)}-01-01T00:00:00Z",
            "component": {"bom-ref": image, "type": "container", "name": path},
        },
        "components": components,
        "dependencies": dependencies,
    }


def spdx(rng: random.Random, path: str) -> dict[str, Any]:
    image = f"SPDXRef-ContainerImage-{rng.getrandbits(64):016x}"
    time = f"20{rng.randrange(10, 99)}-01-01T00:00:00Z"
    packages: list[dict[str, Any]] = [
        {
            "name": path,
            "SPDXID": image,
            "primaryPackagePurpose": "CONTAINER",
            "annotations": [{"annotationDate": time}],
        },
        {"name": "bash", "SPDXID": "SPDXRef-Package-1", "annotations": [{"annotationDate": time}]},
    ]
    relationships = [
        {"spdxElementId": "SPDXRef-DOCUMENT", "relatedSpdxElement": image, "relationshipType": "DESCRIBES"},
        {"spdxElementId": image, "relatedSpdxElement": "SPDXRef-Package-1", "relationshipType": "CONTAINS"},
    ]
    rng.shuffle(packages)
    rng.shuffle(relationships)
    return {
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": path,
        "documentNamespace": f"http://trivy.dev/container_image/{path}-{uuid.UUID(int=rng.getrandbits(128))}",
        "creationInfo": {"created": time},
        "packages": packages,
        "relationships": relationships,
    }


MAKERS = {"cyclonedx": cyclonedx, "spdx": spdx}


@pytest.mark.parametrize("name", MAKERS)
@given(seeds=st.tuples(st.integers(), st.integers()), paths=st.tuples(st.text("abc/", min_size=5), st.just("x/y")))
def test_the_same_image_gives_the_same_bytes(name: str, seeds: tuple[int, int], paths: tuple[str, str]) -> None:
    documents = [MAKERS[name](random.Random(seed), path) for seed, path in zip(seeds, paths, strict=True)]
    before = copy.deepcopy(documents)
    bodies = {reproducible(name, document, SUBJECT, path) for document, path in zip(documents, paths, strict=True)}
    assert len(bodies) == 1
    assert documents == before, "what was given is not changed"
    assert reproducible(name, documents[0], OTHER, paths[0]) not in bodies


def test_references_still_lead_to_their_components() -> None:
    content = json.loads(reproducible("cyclonedx", cyclonedx(random.Random(1), "path"), SUBJECT, "path"))
    references = [component["bom-ref"] for component in (content["metadata"]["component"], *content["components"])]
    assert len(set(references)) == 5, "alike components stay two"
    assert {entry["ref"] for entry in content["dependencies"]} <= set(references)
    by_reference = {entry["ref"]: entry["dependsOn"] for entry in content["dependencies"]}
    assert len(by_reference[content["metadata"]["component"]["bom-ref"]]) == 3
    assert content["metadata"]["component"]["name"] == SUBJECT.name
    assert content["metadata"]["timestamp"] == SUBJECT.created
    described = json.loads(reproducible("spdx", spdx(random.Random(1), "path"), SUBJECT, "path"))
    ids = {package["SPDXID"] for package in described["packages"]} | {"SPDXRef-DOCUMENT"}
    for entry in described["relationships"]:
        assert {entry["spdxElementId"], entry["relatedSpdxElement"]} <= ids
    assert described["name"] == SUBJECT.name
    assert "path" not in json.dumps(described)


@pytest.mark.parametrize("name", MAKERS)
def test_a_bill_is_known_by_its_image(name: str) -> None:
    body = reproducible(name, MAKERS[name](random.Random(1), "path"), SUBJECT, "path")
    assert describes(name, body, SUBJECT)
    assert not describes(name, body, OTHER)
    for nonsense in (b"", b"[]", b"{}", b"\xff"):
        assert not describes(name, nonsense, SUBJECT)
