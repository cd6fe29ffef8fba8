"""The sandbox's vulnerability database: changelogs, age, and the file that Trivy reads."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.images import bbolt, trivy_database
from sandbox.images.base_image import BaseImageError, Sources
from sandbox.images.trivy_database import (
    Advisory,
    DatabaseError,
    Update,
    Vulnerability,
    fixes,
    prepare,
    upgradable,
    write,
)

UPDATE = Update("1", "2", {"CVE-1": "LOW"})
CHANGELOG = """\
openssl (3.0.11-1~deb12u2) bookworm-security; urgency=medium

  * CVE-2023-5678 (Excessive time spent in DH), again CVE-2023-5363.

 -- Somebody <somebody@example.org>  Mon, 23 Oct 2023 21:52:11 +0200

openssl (3.0.11-1~deb12u1) bookworm; urgency=high

  * CVE-2023-5363 (Incorrect cipher key and IV length processing).

 -- Somebody <somebody@example.org>  Tue, 10 Oct 2023 20:00:00 +0000

openssl (3.0.10-1) unstable; urgency=whatever

  * New upstream version, CVE-2023-0001

 -- Somebody <somebody@example.org>  no date
"""


def test_a_changelog() -> None:
    """The entry that named a CVE first is the one that fixed it."""
    assert list(fixes(CHANGELOG)) == [
        (
            Vulnerability("CVE-2023-5363", "HIGH", datetime(2023, 10, 10, 20, tzinfo=UTC)),
            "3.0.11-1~deb12u1",
        ),
        (
            Vulnerability("CVE-2023-5678", "MEDIUM", datetime(2023, 10, 23, 19, 52, 11, tzinfo=UTC)),
            "3.0.11-1~deb12u2",
        ),
    ]
    assert list(fixes("no changelog")) == []


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(trivy_database, "sources", lambda: Sources("http://main.example", "http://security.example"))
    return tmp_path / "slipway" / "trivy-database"


Refresh = Callable[[Path, Sources], None]


def refresh(age: timedelta, made: list[Path]) -> Refresh:
    def make(target: Path, origin: Sources) -> None:
        made.append(target)
        (target / "upgradable.json").write_text(json.dumps({"trixie": {"x": asdict(UPDATE)}}))
        write(
            target, [Vulnerability("CVE-1", "LOW")], [Advisory("debian 13", "x", "CVE-1", "2")], datetime.now(UTC) - age
        )

    return make


def fails(target: Path, origin: Sources) -> None:
    raise DatabaseError("No vulnerability database can be made, since apt's sources do not answer: no route.")


def test_it_is_made_once_a_day(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []
    monkeypatch.setattr(trivy_database, "_refresh", refresh(timedelta(hours=25), made))
    folder = prepare()
    assert folder.parent == cache
    monkeypatch.setattr(trivy_database, "_refresh", refresh(timedelta(0), made))
    assert (prepare(), len(made)) == (folder, 2), "the one of yesterday is looked at again"
    assert (prepare(), len(made)) == (folder, 2)
    assert upgradable(folder, "trixie") == {"x": UPDATE}
    (folder / "db" / "trivy.db").unlink()
    assert (prepare(), len(made)) == (folder, 3)


def test_another_source_has_another_database(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trivy_database, "_refresh", refresh(timedelta(0), []))
    first = prepare()
    monkeypatch.setattr(trivy_database, "sources", lambda: Sources("http://other.example", "http://security.example"))
    assert prepare() != first


@pytest.mark.parametrize(("hours", "usable"), [(46, True), (48, False), (-1, False)])
def test_offline(cache: Path, monkeypatch: pytest.MonkeyPatch, hours: int, usable: bool) -> None:
    monkeypatch.setattr(trivy_database, "_refresh", refresh(timedelta(hours=hours), []))
    prepare()
    monkeypatch.setattr(trivy_database, "_refresh", fails)
    said: list[str] = []
    if usable:
        prepare(said.append)
        assert said[-1] == "the apt sources do not answer: the vulnerability database of yesterday is used"
    else:
        with pytest.raises(DatabaseError, match="apt's sources do not answer: no route"):
            prepare(said.append)


def test_no_debian_is_one_sentence(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Sources:
        raise BaseImageError("This machine has no apt.")

    monkeypatch.setattr(trivy_database, "sources", none)
    with pytest.raises(DatabaseError) as error:
        prepare()
    assert str(error.value) == "No vulnerability database can be made: This machine has no apt."


def leaf(content: bytes, at: int, key: bytes = b"") -> dict[str, Any]:
    """A page of a bbolt file as a reader sees it, with the buckets below."""
    _number, flags, count, _overflow = struct.unpack_from("<QHHI", content, at)
    assert flags == 2
    found: dict[str, Any] = {}
    names = []
    for number in range(count):
        element = at + 16 + 16 * number
        is_bucket, position, key_size, value_size = struct.unpack_from("<IIII", content, element)
        name = content[element + position : element + position + key_size]
        value = content[element + position + key_size :][:value_size]
        names.append(name)
        if is_bucket:
            (root, _sequence) = struct.unpack_from("<QQ", value)
            found[name.decode()] = leaf(content, root * bbolt.PAGE) if root else leaf(value, 16)
        else:
            found[name.decode()] = value.decode()
    assert names == sorted(names), "a reader looks for keys by halves"
    return found


def test_the_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    root: bbolt.Bucket = {
        "small": {"b": "2", "a": "1"},
        "large": {f"key-{n}": "x" * n for n in range(300)},
        "nested": {"inner": {"deep": {"a": "1"}}, "empty": {}},
    }
    path = tmp_path / "file.db"
    bbolt.write(path, root)
    content = path.read_bytes()
    assert len(content) % bbolt.PAGE == 0
    for number in (0, 1):
        meta = content[number * bbolt.PAGE + 16 :]
        magic, version, page, _flags, start, _sequence, _free, end, transaction = struct.unpack_from("<IIIIQQQQQ", meta)
        assert (magic, version, page, transaction) == (0xED0CDAED, 2, 4096, number)
        assert end * bbolt.PAGE == len(content)
        assert leaf(content, start * bbolt.PAGE) == root


def test_a_bucket_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match="does not fit one page"):
        bbolt.write(Path("never"), {"x": {str(n): "" for n in range(65535)}})
