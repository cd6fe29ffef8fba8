"""What the set-up asks, installs and tells, on machines of stand-ins: a PATH of their own and a noting apt-get."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
NEEDED = ("git", "make", "setpriv", "gpg", "ssh-keygen", "buildah", "podman", "runc", "skopeo", "mmdebstrap")
PACKAGES = "buildah podman runc skopeo mmdebstrap"
COMMAND = f"apt-get update && {{}}apt-get install -y --no-install-recommends {PACKAGES}"
PLENTY = "echo header\necho disk 1 2 99999999 4%"


@dataclass
class Machine:
    """:param standing: programs that the machine has of those that are needed."""

    folder: Path
    standing: tuple[str, ...] = NEEDED[:5]
    user: int = 1000
    python: bool = True
    candidate: str = "3.13.5-1"
    lists: bool = True
    without: tuple[str, ...] = ()
    installs: bool = True
    environment: dict[str, str] = field(default_factory=dict)

    def _program(self, name: str, script: str) -> None:
        if name not in self.without:
            path = self.folder / "bin" / name
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)

    def _build(self) -> None:
        for name in ("bin", "scripts"):
            (self.folder / name).mkdir(exist_ok=True)
        for name in ("sh", "bash", "env", "awk", "sed", "grep", "dirname", "cat"):
            found = shutil.which(name)
            assert found
            (self.folder / "bin" / name).unlink(missing_ok=True)
            (self.folder / "bin" / name).symlink_to(found)
        script = self.folder / "scripts" / "prerequisites.sh"
        script.write_text((ROOT / "scripts" / script.name).read_text().replace("/usr/sbin:/sbin", "/nothing"))
        script.chmod(0o755)
        finder = self.folder / "scripts" / "find-python.sh"
        finder.write_text(f"#!/bin/sh\n[ -e {self.folder}/bin/python3 ] || {{ echo 'missing: Python' >&2; exit 1; }}\n")
        finder.chmod(0o755)
        for name in self.standing:
            self._program(name, "exit 0")
        if self.python:
            self._program("python3", "exit 0")
        self._program("id", f"echo {self.user}")
        self._program("uname", "echo Linux")
        self._program("df", PLENTY)
        self._program("sudo", 'printf "sudo " >>"$LOG"\nexec "$@"')
        self._program("apt-cache", f"echo '  Candidate: {self.candidate}'")
        origin = "echo 'Origin: Debian'" if self.lists else "exit 0"
        new = "\n".join(
            f"printf '#!/bin/sh\\n' >{self.folder}/bin/{name}; /bin/chmod 755 {self.folder}/bin/{name}"
            for name in (*NEEDED, "python3")
        )
        self._program(
            "apt-get",
            f'case "$*" in indextargets) {origin}; exit;; esac\necho "apt-get $*" >>"$LOG"\n'
            f'case "$*" in *install*) {new if self.installs else "exit 100"};; esac',
        )

    def run(self, *arguments: str, terminal: str | None = None) -> tuple[int, str]:
        """:param terminal: what is typed there, None where there is none; returns exit code and what was told."""
        self._build()
        environment = {"PATH": str(self.folder / "bin"), "LOG": str(self.folder / "log"), **self.environment}
        command = [str(self.folder / "scripts" / "prerequisites.sh"), *arguments]
        if terminal is None:
            nothing = subprocess.DEVNULL
            done = subprocess.run(command, env=environment, stdin=nothing, capture_output=True, text=True, check=False)
            return done.returncode, done.stdout + done.stderr
        ours, theirs = pty.openpty()
        with subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs) as process:
            os.close(theirs)
            os.write(ours, terminal.encode())
            told = b""
            try:
                while block := os.read(ours, 4096):
                    told += block
            except OSError:  # the terminal is gone with the last that had it open
                pass
        os.close(ours)
        return process.returncode, told.decode()

    @property
    def log(self) -> list[str]:
        path = self.folder / "log"
        return path.read_text().splitlines() if path.exists() else []


def installed(prefix: str, packages: str = PACKAGES) -> list[str]:
    return [
        f"{prefix}apt-get -qq update",
        f"{prefix}apt-get -qq install -y --no-install-recommends ca-certificates {packages}",
    ]


def test_a_machine_that_has_everything_is_left_alone(tmp_path: Path) -> None:
    machine = Machine(tmp_path, NEEDED)
    assert machine.run() == (0, "")
    assert machine.run(terminal="") == (0, "")
    assert machine.log == []


@pytest.mark.parametrize(("user", "prefix"), [(0, ""), (1000, "sudo ")])
def test_setup_installs_without_a_question(tmp_path: Path, user: int, prefix: str) -> None:
    machine = Machine(tmp_path, user=user)
    code, told = machine.run("--install")
    assert (code, told) == (0, f"installing: {PACKAGES}\n")
    assert machine.log == installed(prefix)


def test_ci_is_asked_nothing(tmp_path: Path) -> None:
    machine = Machine(tmp_path, environment={"CI": "true"})
    code, told = machine.run(terminal="")
    assert (code, "[y/N]" in told) == (0, False)
    assert machine.log == installed("sudo ")


def test_on_a_terminal_one_line_is_asked_for(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    code, told = machine.run(terminal="y\n")
    assert code == 0
    question = f"missing: {PACKAGES}; install by `sudo {COMMAND.format('sudo ')}`? [y/N]"
    assert told.count(question) == 1
    assert machine.log == installed("sudo ")


@pytest.mark.parametrize("answer", ["\n", "n\n", "what\n", "\x04"])
def test_whoever_does_not_say_yes_is_told_the_command(tmp_path: Path, answer: str) -> None:
    machine = Machine(tmp_path)
    code, told = machine.run(terminal=answer)
    assert code == 1
    assert told.rstrip().endswith(f"missing: {PACKAGES}; install them by: make setup")
    assert machine.log == []


def test_without_a_terminal_the_command_is_told(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    assert machine.run() == (1, f"missing: {PACKAGES}; install them by: make setup\n")
    assert machine.log == []


def test_without_sudo_root_has_to_paste_it(tmp_path: Path) -> None:
    machine = Machine(tmp_path, without=("sudo",))
    code, told = machine.run("--install")
    assert (code, told) == (1, f"missing: {PACKAGES}; paste as root: {COMMAND.format('')}\n")
    assert machine.log == []


def test_without_apt_the_packages_are_told(tmp_path: Path) -> None:
    machine = Machine(tmp_path, without=("apt-get",))
    code, told = machine.run(terminal="y\n")
    assert code == 1
    assert f"missing: {PACKAGES}; install them by this system's package manager" in told


def test_an_apt_that_fails_is_told_with_the_command(tmp_path: Path) -> None:
    machine = Machine(tmp_path, user=0, installs=False)
    code, told = machine.run("--install")
    assert code == 1
    assert told.splitlines()[1:] == [
        f"apt-get did not install: {PACKAGES}",
        f"missing: {PACKAGES}; paste: {COMMAND.format('')}",
    ]


@pytest.mark.parametrize("candidate", ["3.13.5-1", "3.12.3-0ubuntu2", "3.14.0-1", "(none)"])
def test_python_is_installed_where_apt_has_one_that_is_new_enough(tmp_path: Path, candidate: str) -> None:
    machine = Machine(tmp_path, NEEDED, python=False, candidate=candidate)
    assert machine.run("--install")[0] == 0
    assert machine.log == installed("sudo ", "python3 python3-venv")


def test_the_python_of_debian_12_is_not_installed_in_vain(tmp_path: Path) -> None:
    machine = Machine(tmp_path, NEEDED, python=False, candidate="3.11.2-1+b1")
    assert machine.run("--install") == (1, "missing: Python\n")
    assert machine.log == []


def test_setup_fetches_the_lists_of_apt_where_there_are_none(tmp_path: Path) -> None:
    machine = Machine(tmp_path, NEEDED, lists=False)
    assert machine.run("--install")[0] == 0
    assert machine.log == ["sudo apt-get -qq update"]


def test_who_has_no_python_is_told_how_to_get_one(tmp_path: Path) -> None:
    """The real search, with a home and a PATH that hold none; a machine may still have one where systems put it."""
    done = subprocess.run(
        ["/bin/sh", "-c", f"sed 's,/usr,/nothing,g; s,/opt,/nothing,g' {ROOT}/scripts/find-python.sh | /bin/sh"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHON": "/bin/false"},
        capture_output=True,
        text=True,
        check=False,
    )
    if not done.returncode:  # this machine's own python3 is new enough
        assert Path(done.stdout.strip()).exists()
        return
    assert done.stderr.count("\n") == 1
    assert "missing: Python 3.12, 3.13 or 3.14" in done.stderr
    assert "`pyenv install 3.13` or `uv python install 3.13`" in done.stderr
