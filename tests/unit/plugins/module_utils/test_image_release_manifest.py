"""The release manifest, its published schema, the index, the provenance and the options behind them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Refusal
from ansible_collections.slipway.platform.plugins.module_utils._oci.layout import Layout
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.application_artifact.model import release_key
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_release import manifest as manifests
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_release.admission import admission_policy
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_release.bundle import Bundle
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_release.options import Spec, parse
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_release.provenance import provenance

ROOT = Path(__file__).resolve().parents[4]
SCHEMA = json.loads((ROOT / "docs" / "release_manifest.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
CREATED = "2026-01-31T12:00:00Z"
KEY = "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n"


def digest(letter: str) -> str:
    return f"sha256:{letter * 64}"


def options(*architectures: str, **changed: Any) -> dict[str, Any]:
    names = architectures or ("amd64",)
    return {
        "bucket": "b",
        "application": "app",
        "version": "1.2.3",
        "commit": "c" * 40,
        "images": [{"architecture": name, "layout": f"/layouts/{name}"} for name in names],
        "artifacts": [{"architecture": name, "key": f"k-{name}", "sha256": "d" * 64} for name in names],
        "base": {"image": "debian:13-slim", "digest": digest("e")},
        "registries": [{"kind": "quay", "repository": "team/app"}],
        "verdicts": [
            {"digest": digest(str(number)), "verdict": "passed", "report": "/tmp/report", "counts": {}}
            for number, _name in enumerate(sorted(names), start=1)
        ],
        "signing_key": "/key",
        **changed,
    }


def layouts(spec: Spec) -> dict[str, Layout]:
    manifest_type = "application/vnd.oci.image.manifest.v1+json"
    return {
        image.architecture: Layout(image.layout, digest(str(number)), manifest_type, digest("f"), {}, (), 10, {})
        for number, image in enumerate(spec.images, start=1)
    }


def released(*architectures: str, **changed: Any) -> dict[str, Any]:
    spec = parse(options(*architectures, **changed))
    sboms = {image.architecture: {"spdx": "a" * 64, "cyclonedx": "b" * 64} for image in spec.images}
    index = b"{}" if len(spec.images) > 1 else None
    return manifests.release(spec, Bundle(layouts(spec), index), CREATED, sboms, KEY)


@pytest.mark.parametrize("architectures", [("amd64",), ("arm64", "amd64")])
def test_the_manifest_has_the_published_form(architectures: tuple[str, ...]) -> None:
    manifest = released(*architectures)
    VALIDATOR.validate(manifest)
    assert [image["architecture"] for image in manifest["images"]] == sorted(architectures)
    assert manifests.decoded("k", manifests.encoded(manifest)) == manifest
    assert manifest["registries"][0]["reference"] == f"quay.io/team/app@{manifest['digest']}"
    assert "report" not in manifest["images"][0]["scan"], "no path of this machine"


def mutations(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of every key of every object inside."""
    found: list[tuple[Any, ...]] = []
    if isinstance(value, dict):
        for key, entry in value.items():
            found += [(*path, key), *mutations(entry, (*path, key))]
    elif isinstance(value, list):
        for position, entry in enumerate(value):
            found += mutations(entry, (*path, position))
    return found


FREE = {"counts", "database", "reasons", "trivy_version"}


@pytest.mark.parametrize(
    "path", [path for path in mutations(released("amd64", "arm64")) if not FREE & set(path)], ids=str
)
def test_the_schema_sees_what_is_missing_misspelled_or_of_another_type(path: tuple[Any, ...]) -> None:
    for kind in ("missing", "misspelled", "mistyped"):
        manifest = copy.deepcopy(released("amd64", "arm64"))
        inside: Any = manifest
        for step in path[:-1]:
            inside = inside[step]
        value = inside.pop(path[-1])
        if kind == "misspelled":
            inside[f"{path[-1]}x"] = value
        if kind == "mistyped":
            inside[path[-1]] = [[]] if not isinstance(value, list) else {}
        if kind == "missing" and "digests" in path and path[-1] != "digests":
            continue  # a registry may lack an architecture
        assert not VALIDATOR.is_valid(manifest), (kind, path)


def test_records_of_scans_have_the_published_form() -> None:
    record = {"format": 1, "digest": digest("1"), "date": "2026-02-01", "scan": manifests.scan({"verdict": "failed"})}
    validator = jsonschema.Draft202012Validator({"$ref": "#/$defs/scan_record", "$defs": SCHEMA["$defs"]})
    validator.validate(record)
    assert not validator.is_valid({**record, "date": "today"})


def test_what_a_scan_found_is_no_part_of_what_a_release_is() -> None:
    ours = released()
    theirs = copy.deepcopy(ours)
    theirs["images"][0]["scan"]["counts"] = {"HIGH": 3}
    assert manifests.differences(theirs, ours) == []
    theirs["images"][0]["size"] = 11
    theirs["tag"] = "other"
    assert manifests.differences(theirs, ours) == ["images", "tag"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"images": 1}', b'{"images": [], "format": 2}'])
def test_what_is_no_manifest(body: bytes) -> None:
    with pytest.raises(Impossible, match="'k'"):
        manifests.decoded("k", body)


def test_keys() -> None:
    spec = parse(options(version="1.2.3+r2"))
    assert (spec.tag, spec.released_version) == ("1.2.3_r2", "1.2.3")
    assert release_key("app", "1.2.3+r2") == "applications/app/1.2.3/release+r2.json"
    assert manifests.sbom_key(spec, "amd64", "spdx") == "applications/app/1.2.3/app-1.2.3+r2-linux-amd64.spdx.json"
    assert manifests.scans_folder(spec, digest("1")) == f"applications/app/1.2.3/scans/{digest('1')}/"


def test_with_an_index_nothing_that_can_be_deployed_is_untagged() -> None:
    spec = parse(options("amd64", "arm64"))
    what = Bundle(layouts(spec), b"{}")
    assert set(what.tags("1.2.3").values()) == set(what.digests)
    assert list(what.tags("1.2.3"))[-1] == "1.2.3", "the index comes last"


def test_the_provenance_is_the_same_each_time_and_names_what_it_was_made_of() -> None:
    spec = parse(options(source="https://git.example/app"))
    assert provenance(spec, CREATED) == provenance(spec, CREATED)
    definition = json.loads(provenance(spec, CREATED))["buildDefinition"]
    assert [entry["uri"] for entry in definition["resolvedDependencies"]] == [
        f"git+https://git.example/app@{'c' * 40}",
        "s3://b/k-amd64",
        "oci:debian:13-slim",
    ]


def test_the_admission_policy_asks_for_services_only_where_there_are_some() -> None:
    policy = admission_policy(parse(options()), KEY)["spec"]
    assert policy["attestors"][0]["cosign"]["ctlog"] == {"insecureIgnoreTlog": True}
    assert "credentials" not in policy
    spec = parse(options(signing_config="/config", trusted_root="/root"))
    assert "ctlog" not in admission_policy(spec, KEY)["spec"]["attestors"][0]["cosign"]
    open_registry = {"kind": "oci", "host": "a:1", "repository": "b", "tls_verify": False}
    policy = admission_policy(parse(options(registries=[open_registry])), KEY)["spec"]
    assert policy["credentials"] == {"allowInsecureRegistry": True}
    assert policy["matchImageReferences"] == [{"expression": "ref.matches(r'^(?i:a):0*1/b([:@].*)?$')"}]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"created": "yesterday"}, "created is 'yesterday'; a time with its zone is allowed"),
        ({"created": "2026-01-31T12:00:00"}, "created is '2026-01-31T12:00:00'; a time with its zone is allowed"),
        ({"builder": "me"}, "builder is 'me'; a URI is allowed."),
        ({"state": "gone"}, "state is 'gone'; allowed are released, scanned."),
        ({"verdicts": [{"verdict": "passed"}]}, "verdicts[0].digest is not set; a result of trivy_gate is needed."),
        ({"verdicts": [{"digest": digest("1")}]}, "verdicts[0].verdict is not set; a result of trivy_gate is needed."),
        ({"verdicts": []}, "verdicts is []; at least one is needed."),
        ({"commit": "main"}, "commit is 'main'; the full hash of a commit is allowed"),
        ({"images": [{"architecture": "s390x", "layout": "x"}]}, "images[0].architecture is 's390x'; allowed are"),
        ({"artifacts": [{"architecture": "amd64", "key": "k", "sha256": "x"}]}, "artifacts[0].sha256 is 'x'; 64"),
    ],
)
def test_bad_input(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(options(**changed))
    assert str(refused.value).startswith(sentence)
