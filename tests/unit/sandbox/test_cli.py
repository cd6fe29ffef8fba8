"""Command line, state folder and tool cache, without a sandbox."""

from __future__ import annotations

import configparser
import shlex
import socket
import subprocess
from pathlib import Path

import pytest

from sandbox import cli, state, supervisor, tools
from sandbox.state import State


def test_settings_are_typed_and_nested() -> None:
    parsed = cli.parse_settings(
        ["profile=demo", "seconds.cluster=2.5", "seconds.addon=1", "control_planes=false", "date=2026-11-23"]
    )
    assert parsed == {
        "profile": "demo",
        "seconds": {"cluster": 2.5, "addon": 1},
        "control_planes": False,
        "date": "2026-11-23",
    }


@pytest.mark.parametrize("pair", ["profile", "=demo", ""])
def test_a_setting_without_a_name_or_value_is_refused(pair: str) -> None:
    with pytest.raises(ValueError, match="is not KEY=VALUE"):
        cli.parse_settings([pair])


def test_commands_without_a_sandbox_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLIPWAY_SANDBOX", str(tmp_path))
    for command in (["reset"], ["settings"], ["writes"], ["snapshot", "a"], ["destroy"]):
        assert cli.main(command) == 1
        assert f"no sandbox runs in {tmp_path} (start it: make sandbox-up)" in capsys.readouterr().err
    assert cli.main(["status"]) == 0
    assert '"running": false' in capsys.readouterr().out
    assert cli.main(["down"]) == 0


def test_a_deep_state_folder_still_gets_a_socket(tmp_path: Path) -> None:
    deep = State(tmp_path / ("x" * 120))
    assert len(str(deep.socket)) < 90
    assert State(Path("/short")).socket == Path("/short/supervisor.sock")
    assert deep.socket != State(tmp_path / ("y" * 120)).socket


def test_free_ports_are_free_and_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", state.free_ports(1)[0]))
        port = taken.getsockname()[1]
        monkeypatch.setattr(state, "PORTS", range(port - 3, port + 4))
        ports = state.free_ports(3)
    assert len(set(ports)) == 3
    assert port not in ports


def test_the_file_to_source_survives_strange_folders_and_a_second_reading(tmp_path: Path) -> None:
    folder = tmp_path / "it's a folder"
    here = State(folder)
    urls = {"aws": "http://127.0.0.1:1", "kubernetes": "http://127.0.0.1:2", "registry": "http://127.0.0.1:3"}
    text = state.shell_environment(here, urls, {"access_key_id": "A", "secret_access_key": "S"}, [tmp_path / "tools"])
    state.write(here.environment, text)
    script = (
        '. "$1"; before=$PATH; . "$1"; [ "$before" = "$PATH" ] && '
        'echo "$KUBECONFIG|$SLIPWAY_REGISTRY|${PATH%%:*}|${AWS_PROFILE-none}"'
    )
    command = ["sh", "-c", script, "sh", str(here.environment)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin", "AWS_PROFILE": "mine"}
    )
    assert done.stdout.strip() == f"{folder}/kubeconfig|127.0.0.1:3|{tmp_path}/tools|none"


def test_the_cache_of_programs_follows_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "TOOLS", tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "etcd"
    folder.mkdir()
    (folder / "go.mod").write_text("module x\n\ngo 1.26.0\n")
    (folder / "go.sum").write_text("")
    module = tools.GoModule("etcd", "x", {"x/etcd": "etcd"}, 1)
    before = module.cache()
    assert before.parent == tmp_path / "cache" / "slipway" / "tools"
    (folder / "go.sum").write_text("another")
    assert module.cache() != before
    assert tools.go_line() == "1.26.0"


def test_the_kubernetes_programs_tell_their_version() -> None:
    module = next(module for module in tools.MODULES if module.name == "kubernetes")
    assert f"gitVersion=v{tools.kubernetes_version()}" in module.link_flags()


def test_supervisors_configuration_quotes_what_shells_run(tmp_path: Path) -> None:
    text = supervisor.configuration(State(tmp_path), {"registry": ["sh", "-c", 'exec "$0" \\a', "a b"]})
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    assert shlex.split(parser["program:registry"]["command"])[-4:] == ["sh", "-c", 'exec "$0" \\a', "a b"]


def test_supervisors_configuration_escapes_percent_signs(tmp_path: Path) -> None:
    text = supervisor.configuration(State(tmp_path / "100%"), {"aws": ["python", "-m", "sandbox.aws"]})
    assert f"logfile = {tmp_path}/100%%/log/" in text
    assert 'command = "setpriv" "--pdeathsig" "KILL" "--" "python" "-m" "sandbox.aws"' in text
