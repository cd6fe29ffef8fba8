"""A layout is what its digests say, or it is refused in one sentence."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Refusal
from ansible_collections.slipway.platform.plugins.module_utils._oci.layout import verify
from tests.oci_layouts import (
    CONFIG,
    LAYER,
    archive,
    blob,
    digest,
    dump,
    image,
    make_layout,
    put,
    put_index,
    put_manifest,
)

LAYERS: list[dict[str, str | bytes]] = [{"etc/os-release": "ID=debian\n"}, {"opt/app": b"\0" * 3000}]


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    return make_layout(tmp_path / "layout", LAYERS)


def manifest_of(layout: Path) -> dict[str, Any]:
    name = json.loads((layout / "index.json").read_text())["manifests"][0]["digest"]
    content: dict[str, Any] = json.loads(blob(layout, name).read_text())
    return content


def why(layout: Path) -> str:
    with pytest.raises(Impossible) as error:
        verify(str(layout))
    beginning = f"The layout '{layout}' is not what it should be: "
    assert str(error.value).startswith(beginning)
    return str(error.value).removeprefix(beginning)


@pytest.mark.parametrize("compressed", [True, False])
def test_a_good_layout(tmp_path: Path, compressed: bool) -> None:
    layout = make_layout(tmp_path / "layout", LAYERS, compressed=compressed, architecture="arm64")
    found = verify(str(layout))
    descriptor = json.loads((layout / "index.json").read_text())["manifests"][0]
    manifest = manifest_of(layout)
    assert found.manifest_digest == descriptor["digest"]
    assert found.config_digest == manifest["config"]["digest"]
    assert found.diff_ids == tuple(digest(archive(files)) for files in LAYERS)
    assert [layer.digest for layer in found.layers] == [entry["digest"] for entry in manifest["layers"]]
    parts = [descriptor, manifest["config"], *manifest["layers"]]
    assert found.size == sum(part["size"] for part in parts)
    assert (found.architecture, found.config["os"]) == ("arm64", "linux")


def test_no_layout(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as error:
        verify(str(tmp_path), "target")
    assert str(error.value) == (
        f"target is '{tmp_path}'; the folder of an OCI image layout is needed (with oci-layout and index.json)."
    )


def test_an_emptied_layer_and_its_return(layout: Path) -> None:
    before = verify(str(layout))
    name = before.layers[1].digest
    content = blob(layout, name).read_bytes()
    blob(layout, name).write_bytes(b"")
    assert why(layout) == (f"the blob {name} has the content of {digest(b'')}; it was changed after it was made.")
    blob(layout, name).write_bytes(content)
    assert verify(str(layout)) == before


@pytest.mark.parametrize("part", ["manifest", "config", "layer", "unnamed"])
def test_one_bit_in_any_blob(layout: Path, part: str) -> None:
    found = verify(str(layout))
    name = {
        "manifest": found.manifest_digest,
        "config": found.config_digest,
        "layer": found.layers[0].digest,
        "unnamed": put(layout, b"nobody names this")["digest"],
    }[part]
    verify(str(layout))
    content = bytearray(blob(layout, name).read_bytes())
    content[len(content) // 2] ^= 1
    blob(layout, name).write_bytes(content)
    assert why(layout).startswith(f"the blob {name} has the content of ")


def test_layers_that_are_swapped(layout: Path) -> None:
    """Each blob is what its name says, so only the diff_ids tell."""
    manifest = manifest_of(layout)
    put_index(layout, [put_manifest(layout, manifest["config"], manifest["layers"][::-1])])
    first, second = (digest(archive(files)) for files in LAYERS)
    name = manifest["layers"][1]["digest"]
    assert why(layout) == f"the layer {name} unpacks to {second} instead of its diff_id {first}."


def test_two_manifests(layout: Path) -> None:
    put_index(layout, [image(layout, LAYERS), image(layout, LAYERS[:1])])
    assert why(layout) == "it holds 2 manifests and has to hold exactly one."


def test_an_index_in_the_index(layout: Path) -> None:
    inner = put(layout, dump({"schemaVersion": 2, "manifests": [image(layout, LAYERS), image(layout, LAYERS[:1])]}))
    put_index(layout, [{"mediaType": "application/vnd.oci.image.index.v1+json"} | inner])
    assert why(layout) == "it holds an index of 2 manifests and has to hold one manifest alone."


def _manifest(layout: Path, **changes: Any) -> None:
    """The same image with another manifest: key -> function of what stands there, or what takes its place."""
    manifest = manifest_of(layout)
    for key, change in changes.items():
        manifest[key] = change(manifest[key]) if callable(change) else change
    put_index(layout, [{"mediaType": "application/vnd.oci.image.manifest.v1+json"} | put(layout, dump(manifest))])


def _config(layout: Path, content: bytes) -> None:
    _manifest(layout, config={"mediaType": CONFIG} | put(layout, content))


GZIP = LAYER + "+gzip"
WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "version": (lambda p: (p / "oci-layout").write_text('{"imageLayoutVersion": "2"}'), "its version is not 1.0.0."),
    "no json": (lambda p: (p / "index.json").write_text("{"), "its index.json is no JSON (Expecting"),
    "no object": (lambda p: (p / "index.json").write_text("[]"), "its index.json is no JSON object."),
    "twice": (lambda p: (p / "index.json").write_text('{"a": 1, "a": 2}'), "its index.json is no JSON (a key stands"),
    "folded": (
        lambda p: (p / "index.json").write_text('{"manifests": [], "manife\u017ft\u017f": []}'),
        "it has the key 'manife\u017ft\u017f', which is spelled 'manifests'.",
    ),
    "spelling": (lambda p: _manifest(p, LAYERS=[]), "it has the key 'LAYERS', which is spelled 'layers'."),
    "no list": (lambda p: put_index(p, {}), "its manifests are no list."),
    "no manifest": (lambda p: put_index(p, []), "it holds 0 manifests and has to hold exactly one."),
    "no image": (
        lambda p: put_index(p, [{"mediaType": "text/x"} | put(p, b"{}")]),
        "it holds 'text/x', which is no image manifest.",
    ),
    "artifact": (
        lambda p: _manifest(p, config={"mediaType": "text/y"} | put(p, b"{}")),
        "it holds 'text/y', which is no image.",
    ),
    "media types": (lambda p: _manifest(p, mediaType="text/z"), "its manifest calls itself 'text/z', its index calls"),
    "no digest": (
        lambda p: _manifest(p, config={"digest": "md5:1", "size": 1}),
        "the descriptor of a configuration has no sha256 digest or no size.",
    ),
    "foreign layer": (
        lambda p: _manifest(p, layers=lambda e: [e[0] | {"urls": ["https://example.org/layer"]}, e[1]]),
        "the descriptor of a layer has 'urls', and only blobs of the layout can be verified.",
    ),
    "embedded data": (
        lambda p: _manifest(p, config=lambda c: c | {"data": "e30="}),
        "the descriptor of a configuration has 'data', and only blobs of the layout can be verified.",
    ),
    "embedded manifest": (
        lambda p: put_index(p, [json.loads((p / "index.json").read_text())["manifests"][0] | {"data": "e30="}]),
        "the descriptor of a manifest has 'data', and only blobs of the layout can be verified.",
    ),
    "other spelling of urls": (
        lambda p: _manifest(p, layers=lambda e: [e[0] | {"URLs": []}, e[1]]),
        "it has the key 'URLs', which is spelled 'urls'.",
    ),
    "missing": (
        lambda p: _manifest(p, layers=[{"mediaType": GZIP, "digest": digest(b"gone"), "size": 4}]),
        f"the blob {digest(b'gone')} of its layer is missing.",
    ),
    "size": (
        lambda p: _manifest(p, config=lambda c: c | {"size": c["size"] + 1}),
        "of its configuration has ",
    ),
    "fewer layers": (
        lambda p: _manifest(p, layers=lambda entries: entries[:1]),
        "its manifest has 1 layers, its configuration 2.",
    ),
    "no diff_ids": (lambda p: _config(p, dump({"rootfs": 1})), "its rootfs.diff_ids are no list."),
    "other spelling of diff_ids": (
        lambda p: _config(p, dump({"rootfs": {"diff_ids": [], "Diff_IDs": []}})),
        "it has the key 'Diff_IDs', which is spelled 'diff_ids'.",
    ),
    "no gzip": (
        lambda p: _manifest(p, layers=lambda e: [{"mediaType": GZIP} | put(p, b"plain"), e[1]]),
        f"the layer {digest(b'plain')} cannot be unpacked (Not a gzipped file",
    ),
    "torn gzip": (
        lambda p: _manifest(p, layers=lambda e: [{"mediaType": GZIP} | put(p, gzip.compress(b"x" * 99)[:-9]), e[1]]),
        "cannot be unpacked (Compressed file ended",
    ),
    "zstd": (
        lambda p: _manifest(p, layers=lambda e: [e[0] | {"mediaType": LAYER + "+zstd"}, e[1]]),
        f"a layer has the media type '{LAYER}+zstd', and only plain tar and gzip can be verified.",
    ),
    "other digests": (
        lambda p: (p / "blobs" / "sha512").mkdir(),
        "its blobs are named by 'sha512'; sha256 is allowed.",
    ),
    "link": (
        lambda p: (p / "blobs" / "sha256" / "x").symlink_to("/etc/hostname"),
        "the blob sha256:x is no regular file.",
    ),
    "no blobs": (lambda p: (p / "blobs").rename(p / "gone"), " of its manifest is missing."),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_refused(layout: Path, case: str) -> None:
    break_it, sentence = WRONG[case]
    verify(str(layout))
    break_it(layout)
    assert sentence in why(layout)
