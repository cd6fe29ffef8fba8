#!/usr/bin/env python3
"""Writes the release notes of $TAG: the tag's message, and the image by its digest. A release that stands is left."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error

import rest

SIGNATURES = ("-----BEGIN PGP SIGNATURE-----", "-----BEGIN SSH SIGNATURE-----")


def message(tag: str) -> str:
    """The tag's message, without the signature."""
    command = ["git", "for-each-ref", "--format=%(contents)", f"refs/tags/{tag}"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for signature in SIGNATURES:
        text = text.partition(signature)[0]
    return text.strip()


def notes(text: str, images: list[str]) -> str:
    return "\n\n".join([text, *(f"Image: `{image}`" for image in images)]) + "\n"


def main() -> int:
    tag, version = os.environ["TAG"], os.environ["VERSION"]
    try:
        rest.call("GET", f"releases/tags/{tag}")
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
    else:
        print(f"Release {tag}: unchanged")
        return 0
    body = notes(message(tag), os.environ["IMAGE"].split())
    rest.call("POST", "releases", {"tag_name": tag, "name": version, "body": body, "prerelease": "-" in version})
    print(f"Release {tag}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
