# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Archives of images that were made to do harm, and those that engines make."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Refusal
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.trivy_gate import archive

LAYER = b"a layer"
DIFF_ID = hashlib.sha256(LAYER).hexdigest()
CONFIG = json.dumps({"rootfs": {"type": "layers", "diff_ids": [f"sha256:{DIFF_ID}"]}}).encode()
NAME = hashlib.sha256(CONFIG).hexdigest()
Member = tuple[tarfile.TarInfo, bytes]


def member(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = "") -> Member:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, len(content)
    return info, content


def image(*more: Member) -> list[Member]:
    manifest = [{"Config": f"{NAME}.json", "RepoTags": [], "Layers": [f"{DIFF_ID}.tar"]}]
    return [
        member("manifest.json", json.dumps(manifest).encode()),
        member(f"{NAME}.json", CONFIG),
        member(f"{DIFF_ID}.tar", LAYER),
        *more,
    ]


def write(folder: Path, members: list[Member], mode: str = "w") -> str:
    path = folder / "image.tar"
    with tarfile.open(path, mode) as file:  # type: ignore[call-overload]  # w and w:gz
        for info, content in members:
            file.addfile(info, io.BytesIO(content))
    return str(path)


def read(folder: Path, members: list[Member], mode: str = "w") -> str:
    inside = folder / "private"
    inside.mkdir()
    identity, packed = archive.read(write(folder, members, mode), str(inside))
    assert identity.diff_ids == (f"sha256:{DIFF_ID}",)
    return packed


def escape() -> list[Member]:
    """Links whose resolved path is longer than the system allows, behind which `..` is counted wrongly."""
    long, members, path = "d" * 247, [], ""
    for step in "abcdefghijklmnop":
        members += [
            member(f"{path}{long}", kind=tarfile.DIRTYPE),
            member(f"{path}{step}", kind=tarfile.SYMTYPE, link=long),
        ]
        path += f"{long}/"
    short = "/".join("abcdefghijklmnop")
    top = f"{short}/{'l' * 254}"
    return [
        *members,
        member(top, kind=tarfile.SYMTYPE, link="../" * 16),
        member("escape", kind=tarfile.SYMTYPE, link=f"{top}/../.."),
        member("escape/written", b"harm"),
    ]


def test_nothing_is_written_outside_of_the_folder(tmp_path: Path) -> None:
    try:
        read(tmp_path, image(*escape()))
    finally:
        assert sorted(entry.name for entry in tmp_path.iterdir()) == ["image.tar", "private"]
    assert (tmp_path / "private/archive/escape/written").read_bytes() == b"harm"


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_links_of_old_engines_are_left_out(tmp_path: Path, mode: str) -> None:
    """Podman and skopeo write `<id>/layer.tar` as a link."""
    links = [
        member("old/layer.tar", kind=tarfile.SYMTYPE, link=f"../{DIFF_ID}.tar"),
        member("hard", kind=tarfile.LNKTYPE, link=f"{DIFF_ID}.tar"),
        member("./folder/", kind=tarfile.DIRTYPE),
    ]
    with tarfile.open(read(tmp_path, image(*links), mode)) as packed:
        assert sorted(packed.getnames()) == sorted(["folder", "manifest.json", f"{NAME}.json", f"{DIFF_ID}.tar"])


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (member("/tmp/absolute", b"harm"), "the name '/tmp/absolute' leads out of it"),
        (member("a/../../above", b"harm"), "the name 'a/../../above' leads out of it"),
        (member("../link", kind=tarfile.SYMTYPE, link="x"), "the name '../link' leads out of it"),
        (member("disk", kind=tarfile.BLKTYPE), "'disk' is neither a file nor a folder"),
        (member("tty", kind=tarfile.CHRTYPE), "'tty' is neither a file nor a folder"),
        (member("pipe", kind=tarfile.FIFOTYPE), "'pipe' is neither a file nor a folder"),
        (member("sparse", kind=tarfile.GNUTYPE_SPARSE), "'sparse' is neither a file nor a folder"),
        (member("./manifest.json", b"[]"), "File exists"),
        (member("manifest.json/below", b"x"), "File exists"),
    ],
)
def test_what_no_image_holds_is_refused(tmp_path: Path, more: Member, why: str) -> None:
    with pytest.raises(Refusal) as refused:
        read(tmp_path, image(more))
    assert why in str(refused.value)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["image.tar", "private"]


def test_the_budget_of_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is counted unpacked, and before the member that is too much is written."""
    size = sum(len(content) for _info, content in image())
    monkeypatch.setattr(archive, "MAXIMUM_BYTES", size + 1000)
    with pytest.raises(Refusal, match=f"it unpacks to more than {size + 1000} bytes"):
        read(tmp_path, image(member("zeros", bytes(1001))), "w:gz")
    assert not (tmp_path / "private/archive/zeros").exists()


def test_the_budget_of_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAXIMUM_ENTRIES", 5)
    with pytest.raises(Refusal, match="it has more than 5 members"):
        read(tmp_path, image(*(member(f"link{n}", kind=tarfile.SYMTYPE, link="x") for n in range(3))))
