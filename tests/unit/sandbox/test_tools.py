"""Where the sandbox's programs come from: PATH, if they are exactly what is locked, else Go."""

from __future__ import annotations

import platform
import shutil
import sys
from pathlib import Path

import pytest

from sandbox import tools

PYTHON = Path(sys.executable).resolve()  # a real program that tells its version
VERSION = platform.python_version()


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one folder on PATH beside the system's; Go is a stand-in that makes a file for each program."""
    folder = tmp_path / "path"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(tools, "TOOLS", tmp_path / "tools")
    for name in ("first", "second"):
        (tmp_path / "tools" / name).mkdir(parents=True)
        (tmp_path / "tools" / name / "go.mod").write_text(
            f"module x\n\ngo 1.26.0\n\nrequire example.org/m v{VERSION}\n"
        )
        (tmp_path / "tools" / name / "go.sum").write_text("")
    modules = (
        tools.GoModule("first", "example.org/m", {"example.org/m/a": "a", "example.org/m/b": "b"}, 1),
        tools.GoModule("second", "example.org/m", {"example.org/m/c": "c"}, 1, "images"),
    )
    monkeypatch.setattr(tools, "MODULES", modules)
    go(tmp_path, monkeypatch, 'for package; do echo "$package" >&2; touch "$out/${package##*/}"; done')
    return folder


def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, build: str) -> None:
    """:param build: shell, with the packages as arguments, and `out`, the folder for programs"""
    file = tmp_path / "go"
    file.write_text(
        f'#!/bin/bash\necho "$@" >>{tmp_path}/log\n[ "$1" = list ] && exit\n'
        'while [ "$1" != -o ]; do shift; done\nout=${2%/*}; shift 2\n' + build
    )
    file.chmod(0o755)
    monkeypatch.setattr(tools, "find_go", lambda say: file)


def built(tmp_path: Path) -> list[str]:
    """The packages of each build, by the order of the builds."""
    log = tmp_path / "log"
    lines = log.read_text().splitlines() if log.exists() else []
    return [line.split("/ ", 1)[-1].split("-o ")[-1] for line in lines if line.startswith("build ")]


def place(path: Path, name: str, script: str | None = None) -> None:
    """A program on PATH: Python under another name, or a script."""
    if script is None:
        shutil.copy(PYTHON, path / name)
    else:
        (path / name).write_text(script)
    (path / name).chmod(0o755)


def test_a_program_of_the_locked_version_is_taken_and_the_rest_is_built(path: Path, tmp_path: Path) -> None:
    place(path, "a")
    said: list[str] = []
    tools.ensure(said.append, "platform")
    assert f"taking {path / 'a'}: it is v{VERSION}" in said
    assert [line.split()[-1] for line in built(tmp_path)] == ["example.org/m/b"]
    (path / "a").unlink()  # what was taken stays what it was
    assert tools.program("a").read_bytes() == PYTHON.read_bytes()
    assert tools.program("b").is_file()


def test_what_stands_is_neither_taken_nor_built_again(path: Path, tmp_path: Path) -> None:
    tools.ensure(lambda _: None, "platform")
    before = built(tmp_path)
    place(path, "a")
    tools.ensure(lambda _: pytest.fail("nothing is to be said"), "platform")
    assert built(tmp_path) == before


@pytest.mark.parametrize("other", [f"{VERSION}0", f"1{VERSION}", "9.9.9"])
def test_a_program_of_another_version_is_not_taken(path: Path, tmp_path: Path, other: str) -> None:
    source = tmp_path / "tools" / "first"
    (source / "go.mod").write_text((source / "go.mod").read_text().replace(f"v{VERSION}", f"v{other}"))
    place(path, "a")
    tools.ensure(lambda _: None, "platform")
    assert len(built(tmp_path)) == 1
    assert tools.program("a").read_bytes() == b""


def test_the_locked_version_is_asked_for_exactly(path: Path) -> None:
    script = path / "tells"
    for told, taken in (
        (f"etcd Version: {VERSION}", True),
        (f"Kubernetes v{VERSION}", True),
        (f"Client Version: v{VERSION}-dispatcher", False),
        (f"v{VERSION}+unknown", False),
        (f"v{VERSION}.1", False),
        (f"v1{VERSION}", False),
    ):
        place(path, "tells", f"#!/bin/sh\necho '{told}'\n")
        assert tools.tells(script, "tells", f"v{VERSION}") is taken, told
    place(path, "tells", f"#!/bin/sh\necho {VERSION}; exit 1\n")
    assert not tools.tells(script, "tells", f"v{VERSION}")


def test_a_script_is_not_taken_whatever_it_tells(path: Path, tmp_path: Path) -> None:
    place(path, "a", f"#!/bin/sh\necho v{VERSION}\n")
    tools.ensure(lambda _: None, "platform")
    assert len(built(tmp_path)) == 1
    assert tools.program("a").read_bytes() == b""


def test_the_folder_of_kubebuilder_comes_first(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assets = tmp_path / "assets"
    assets.mkdir()
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(assets))
    for folder in (assets, path):
        place(folder, "a")
    said: list[str] = []
    tools.ensure(said.append, "platform")
    assert f"taking {assets / 'a'}: it is v{VERSION}" in said


def test_only_what_is_needed_is_built(path: Path, tmp_path: Path) -> None:
    tools.ensure(lambda _: None, "platform")
    assert not tools.stands("c")
    with pytest.raises(tools.ToolError, match="c is not built yet: make tools"):
        tools.program("c")
    tools.ensure(lambda _: None, "images")
    assert tools.stands("c")
    with pytest.raises(tools.ToolError, match="helm is not one of the sandbox's programs"):
        tools.program("helm")


def test_a_build_that_fails_is_one_sentence(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go(tmp_path, monkeypatch, "printf 'x/y\\n# x/z\\nz.go:1:2: undefined: q\\nx/w\\n' >&2; exit 1")
    with pytest.raises(tools.ToolError) as caught:
        tools.ensure(lambda _: None, "platform")
    log = tools.place("a").parent / "build.log"
    assert str(caught.value) == f"a, b cannot be built: z.go:1:2: undefined: q (all of it: {log})"
    assert "x/y" in log.read_text()
    assert not tools.stands("a")


def test_flags_that_change_no_program_are_not_part_of_its_place(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tools.place("a")
    monkeypatch.setattr(tools, "CHEAPER", ())
    assert tools.place("a") == before
    monkeypatch.setattr(tools, "BUILD_FLAGS", ())
    assert tools.place("a") != before


def test_the_processor_time_of_a_build_is_told(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go(tmp_path, monkeypatch, 'for n in {1..60000}; do :; done; touch "$out/a" "$out/b"')
    said: list[str] = []
    tools.ensure(said.append, "platform")
    assert said[-1].startswith("built a, b in ")
    assert said[-1].endswith(" s of processor time)")
