"""Writes a bbolt file (the key-value store of Go programs, version 2) from nested mappings, for reading alone.

Each bucket is one leaf page, with overflow pages where it is large; small ones stand inside their parent. That is all
that a reader needs, and a bucket can hold 65,534 keys.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Union

Bucket = Mapping[str, Union[str, bytes, "Bucket"]]

PAGE = 4096
_BRANCHLESS = 0xFFFF
_LEAF, _META, _FREELIST = 0x02, 0x04, 0x10
_MAGIC, _VERSION = 0xED0CDAED, 2
_IS_BUCKET = 1
_FIRST = 3  # pages 0 and 1 are the two metas, page 2 is the empty list of free pages


def write(path: Path, root: Bucket) -> None:
    """The whole file, replaced atomically."""
    pages: list[bytes] = []
    body, count = _leaf(root, pages)
    root_page = _put(pages, body, count)
    end = _FIRST + sum(len(page) for page in pages) // PAGE
    head = b"".join(_meta(number, root_page, end) for number in (0, 1)) + _page(2, _FREELIST, 0, 0, b"")
    building = path.with_name(f".{path.name}.building")
    building.write_bytes(head + b"".join(pages))
    building.replace(path)


def _leaf(bucket: Bucket, pages: list[bytes]) -> tuple[bytes, int]:
    """Elements of a leaf page, then keys and values; positions count from where their element begins."""
    entries = []
    for key, value in sorted((key.encode(), value) for key, value in bucket.items()):
        if isinstance(value, Mapping):
            entries.append((_IS_BUCKET, key, _bucket(value, pages)))
        else:
            entries.append((0, key, value.encode() if isinstance(value, str) else value))
    if len(entries) >= _BRANCHLESS:
        raise ValueError(f"a bucket of {len(entries)} keys does not fit one page")
    elements, data = b"", []
    position = 16 * len(entries)
    for number, (flags, key, value) in enumerate(entries):
        elements += struct.pack("<IIII", flags, position - 16 * number, len(key), len(value))
        data += [key, value]
        position += len(key) + len(value)
    return elements + b"".join(data), len(entries)


def _bucket(bucket: Bucket, pages: list[bytes]) -> bytes:
    """What stands as value of a bucket's name: the page of its root, or, where it is small, the page itself."""
    body, count = _leaf(bucket, pages)
    if 16 + len(body) <= PAGE // 4 and not any(isinstance(value, Mapping) for value in bucket.values()):
        return struct.pack("<QQ", 0, 0) + struct.pack("<QHHI", 0, _LEAF, count, 0) + body
    return struct.pack("<QQ", _put(pages, body, count), 0)


def _put(pages: list[bytes], body: bytes, count: int) -> int:
    number = _FIRST + sum(len(page) for page in pages) // PAGE
    overflow = (16 + len(body) - 1) // PAGE
    pages.append(_page(number, _LEAF, count, overflow, body))
    return number


def _page(number: int, flags: int, count: int, overflow: int, body: bytes) -> bytes:
    return (struct.pack("<QHHI", number, flags, count, overflow) + body).ljust((overflow + 1) * PAGE, b"\0")


def _meta(number: int, root: int, end: int) -> bytes:
    fields = struct.pack("<IIIIQQQQQ", _MAGIC, _VERSION, PAGE, 0, root, 0, 2, end, number)
    checksum = 0xCBF29CE484222325  # FNV-1a
    for byte in fields:
        checksum = (checksum ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return _page(number, _META, 0, 0, fields + struct.pack("<Q", checksum))
