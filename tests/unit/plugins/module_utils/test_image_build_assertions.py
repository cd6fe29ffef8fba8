"""What an image must be: every rule that is broken has its sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_build.assertions import (
    failures,
    layer_failures,
    world_writable,
)
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_build.layout import File, Layout
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_build.model import parse

from .test_image_build_model import TODAY, parameters

IMAGE = parse(parameters(), TODAY)
LABELS = {"org.opencontainers.image.version": "1.2.3"}
CONFIG = {
    "User": "10001:10001",
    "Entrypoint": ["/usr/bin/tini", "--", "/opt/app/bin/app"],
    "Labels": LABELS,
    "StopSignal": "SIGTERM",
}


def file(path: str, mode: int = 0o644, kind: str = "file", **fields: Any) -> File:
    return File(path, kind, mode, **{"user": 0, "group": 0, "size": 1, **fields})


BASE = [
    file("/usr/bin/passwd", 0o4755),
    file("/tmp", 0o1777, "directory"),
    file("/opt", 0o755, "directory"),
]
SYSTEM = [file("/usr/bin/tini", 0o755), file("/usr/bin/passwd", 0o4755)]
APPLICATION = [
    file("/opt", 0o755, "directory"),
    file("/opt/app", 0o755, "directory"),
    file("/opt/app/bin/app", 0o755),
]


def layout(diff_ids: tuple[str, ...] = ("b", "s", "a"), size: int = 1, **config: Any) -> Layout:
    layers = [{"size": size, "digest": diff_id} for diff_id in diff_ids]
    whole = {"os": "linux", "rootfs": {"diff_ids": list(diff_ids)}, "config": {**CONFIG, **config}}
    return Layout(Path("/nowhere"), "sha256:x", {"layers": layers, "config": {"digest": "c"}}, whole)


def found(made: Layout, files: list[list[File]] | None = None) -> list[str]:
    return failures(IMAGE, made, files or [BASE, SYSTEM, APPLICATION], ["b"], LABELS)


def test_a_good_image() -> None:
    assert found(layout()) == []


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (layout(("x", "s", "a")), "The image does not stand on the layers of its base."),
        (layout(("b", "s")), "The image has 1 layers over its base, but two are allowed."),
        (layout(("b", "s", "a", "y")), "The image has 3 layers over its base, but two are allowed."),
        (layout(size=100 << 20), "The image has 300.0 MiB, but 128 MiB are allowed by maximum_size."),
        (layout(User=""), "The image runs as root, but 10001:10001 is declared."),
        (layout(User="app"), "The image runs as 'app', but 10001:10001 is declared."),
        (layout(Entrypoint=["/opt/app/bin/app"]), "The image starts ['/opt/app/bin/app'], but the command behind"),
        (layout(Entrypoint=["/bin/sh", "-c", "x"]), "The image starts through a shell, which forwards no signals; "),
        (layout(Cmd=["x"]), "The image starts ['/usr/bin/tini', '--', '/opt/app/bin/app', 'x'], but the command "),
        (layout(Volumes={"/srv": {}}), "The image declares volumes (/srv), which are writable at run time."),
        (layout(StopSignal="SIGKILL"), "The image is stopped by SIGKILL instead of SIGTERM."),
        (layout(Labels={}), "The image's label org.opencontainers.image.version is '' instead of '1.2.3'."),
    ],
)
def test_layout(made: Layout, sentence: str) -> None:
    (only,) = found(made)
    assert only.startswith(sentence)


@pytest.mark.parametrize(
    ("system", "application", "sentence"),
    [
        ([file("/usr/bin/su", 0o4755)], [], "The image adds /usr/bin/su, which is setuid."),
        ([file("/usr/bin/wall", 0o2755)], [], "The image adds /usr/bin/wall, which is setgid."),
        ([], [file("/opt/app/x", 0o4755)], "The image adds /opt/app/x, which is setuid."),
        ([file("/dev/sda", kind="device")], [], "The image adds the device /dev/sda."),
        ([file("/var/lib/apt/lists/x_Packages")], [], "The image holds /var/lib/apt/lists/x_Packages, which apt left "),
        ([file("/var/cache/apt/archives/x.deb")], [], "The image holds /var/cache/apt/archives/x.deb, which apt left "),
        ([file("/root/.bash_history")], [], "The image holds the history of a shell or program in /root/.bash_history"),
        ([], [file("/opt/app/.lesshst")], "The image holds the history of a shell or program in /opt/app/.lesshst."),
        ([], [file("/opt/app/.git/HEAD")], "The image holds the git repository /opt/app/.git."),
        ([], [file("/opt/app/id_ed25519")], "The image holds a key or credentials in /opt/app/id_ed25519."),
        ([], [file("/opt/app/.aws/credentials")], "The image holds a key or credentials in /opt/app/.aws/credentials."),
        ([], [file("/opt/app/x", key=True)], "The image holds a key or credentials in /opt/app/x."),
        ([file("/srv/x", 0o777, "directory")], [], "The image adds /srv/x, which everybody may write to."),
        ([], [file("/opt/app/x", user=10001)], "The user 10001 owns /opt/app/x, which it could change."),
        ([], [file("/opt/app/x", group=10001)], "The user 10001 owns /opt/app/x, which it could change."),
        ([], [file("/usr/bin/x")], "The application's layer changes /usr/bin/x, which is outside of /opt/app."),
        ([], [file("/opt/apple")], "The application's layer changes /opt/apple, which is outside of /opt/app."),
        ([file("/opt/app/x")], [], "The system's layer holds /opt/app/x, which belongs into the application's."),
    ],
)
def test_file(system: list[File], application: list[File], sentence: str) -> None:
    (only,) = layer_failures(IMAGE, [BASE, SYSTEM + system, APPLICATION + application])
    assert only.startswith(sentence)


def test_what_the_base_has_is_no_addition() -> None:
    link = file("/opt/app/tmp", 0o777, "link")
    sticky = [file("/tmp", 0o1777, "directory"), file("/var/lib/app", 0o1777, "directory")]
    assert layer_failures(IMAGE, [BASE, [*SYSTEM, *sticky], [*APPLICATION, link]]) == []
    plain = replace(BASE[0], mode=0o755)
    added = layer_failures(IMAGE, [[plain], SYSTEM, APPLICATION])
    assert added == ["The image adds /usr/bin/passwd, which is setuid."]


def test_what_is_removed_does_not_count() -> None:
    owned = file("/srv/state", user=10001)
    gone = file("/srv/.wh.state", 0)
    assert layer_failures(IMAGE, [[*BASE, owned], SYSTEM, APPLICATION]) != []
    assert layer_failures(IMAGE, [[*BASE, owned], [*SYSTEM, gone], APPLICATION]) == []


def test_world_writable_directories() -> None:
    again = [file("/var/x", 0o777, "directory"), file("/var/x", 0o755, "directory"), file("/var/f", 0o666)]
    assert world_writable([BASE, again]) == ["/tmp"]
