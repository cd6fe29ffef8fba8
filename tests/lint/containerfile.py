"""Prints the Containerfiles of image_build, with every option that shows in it: python -m tests.lint.containerfile."""

from __future__ import annotations

from datetime import date
from typing import Any

import tests.conftest  # noqa: F401 - makes the checkout importable
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_build import containerfile, model

OPTIONS: dict[str, Any] = {
    "application": "app",
    "version": "1.2.3",
    "commit": "a" * 40,
    "created": "2026-01-31T12:00:00Z",
    "source": "https://github.com/demo/app",
    "bucket": "demo",
    "base_image": f"docker.io/library/debian@sha256:{'b' * 64}",
    "directory": "build",
    "packages": ["ca-certificates"],
    "environment": {"GREETING": 'Say "hello" for $5'},
    "writable_directories": ["/var/lib/app"],
}


def text() -> str:
    defaults = {name: option.get("default") for name, option in model.OPTIONS.items()}
    image = model.parse({**defaults, **OPTIONS}, date(2026, 1, 31))
    labels = containerfile.labels(image, image.version, "c" * 64, "d" * 64, f"sha256:{'b' * 64}")
    system = containerfile.system(image, f"{image.base.name}@sha256:{'b' * 64}", containerfile.Index("d" * 64, 0))
    return system + containerfile.application(image, "localhost/app-system:amd64", labels)


if __name__ == "__main__":
    print(text(), end="")
