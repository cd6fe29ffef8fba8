"""What the tests of images share: a base, a cache of layers, a registry."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.images import base_image

from .registries import RegistryServer


@pytest.fixture(scope="session")
def debian() -> base_image.BaseImage:
    """The sandbox's base image, from its own cache."""
    return base_image.prepare(say=print)


@pytest.fixture(scope="session")
def image_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The cache of image_build, so that the first layer is built once."""
    cache = tmp_path_factory.mktemp("image-build")
    yield cache
    shutil.rmtree(cache)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """Address of an empty registry."""
    server = RegistryServer(tmp_path / "registry").start()
    yield server.address
    server.stop()
