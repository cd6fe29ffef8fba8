"""What the tests of images share: a base, a cache of layers, registries, keys, and a release to work on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import tools
from sandbox.images import base_image
from tests.github.server import Github, serving

from ..conftest import ROOT, Emulator
from .github import checkout
from .registries import RegistryServer
from .release import Release, signing_key


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


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private key of cosign's, its public half beside it."""
    return signing_key(tmp_path_factory.mktemp("key"))


@pytest.fixture(scope="session")
def other_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return signing_key(tmp_path_factory.mktemp("other-key"))


@pytest.fixture
def first(tmp_path: Path) -> Iterator[RegistryServer]:
    """A registry that everybody may use."""
    server = RegistryServer(tmp_path / "first").start()
    yield server
    server.stop()


@pytest.fixture
def second(tmp_path: Path) -> Iterator[RegistryServer]:
    """Another one."""
    server = RegistryServer(tmp_path / "second").start()
    yield server
    server.stop()


@pytest.fixture
def release(emulator: Emulator, tmp_path: Path, key: Path, first: RegistryServer) -> Release:
    """For one architecture and one registry."""
    return Release(emulator, tmp_path, key, [first])


@pytest.fixture(scope="session")
def sandbox_path() -> str:
    """PATH of a user who has sourced the sandbox's environment."""
    return os.pathsep.join([str(tools.program("cosign").parent), str(ROOT / ".venv" / "bin"), os.environ["PATH"]])


@pytest.fixture(scope="session")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collection as GitHub hands it to a workflow that uses it."""
    return checkout(tmp_path_factory.mktemp("collection"))


@pytest.fixture
def fake_github() -> Iterator[Github]:
    """GitHub's REST API, of whose description no call may stray."""
    with serving(Github()) as fake:
        yield fake
        assert fake.violations == []
