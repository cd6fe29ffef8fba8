"""Credentials show nowhere, however much a run is asked to say."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.integration.conftest import Emulator

from .plays import PLAYBOOK, ROOT, environment

ABUNDANT = "-vvvv"
TASK = {
    "name": "Keys",
    "slipway.platform.kms_keys": {
        "platform_name": "demo",
        "region": "eu-west-1",
        "access_key": "{{ lookup('env', 'GIVEN_ID') }}",
        "secret_key": "{{ lookup('env', 'GIVEN_SECRET') }}",
        "session_token": "{{ lookup('env', 'GIVEN_TOKEN') }}",
        "keys": [{"use": "eks", "description": "Secrets of the cluster"}],
    },
}


@dataclass(frozen=True)
class Credentials:
    access_key_id: str
    secret: str
    token: str

    def environment(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_SESSION_TOKEN": self.token,
        }

    def options(self) -> dict[str, str | None]:
        """For the play whose task is given them; the environment of the run has none."""
        given = {"GIVEN_ID": self.access_key_id, "GIVEN_SECRET": self.secret, "GIVEN_TOKEN": self.token}
        return {**given, **dict.fromkeys(self.environment())}


@pytest.fixture
def credentials_of_a_session(emulator: Emulator) -> Credentials:
    session = emulator.client("sts").get_session_token()["Credentials"]
    emulator.forget()
    return Credentials(session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])


def said(emulator: Emulator, *arguments: str, callback: str, changed: dict[str, str | None]) -> tuple[int, str]:
    """Exit code of a run, and everything that it said."""
    done = subprocess.run(
        [str(PLAYBOOK), *arguments, ABUNDANT],
        cwd=ROOT,
        env=environment(emulator, ANSIBLE_STDOUT_CALLBACK=callback, ANSIBLE_CALLBACK_RESULT_FORMAT="json", **changed),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def assert_silent(text: str, credentials: Credentials) -> None:
    assert credentials.secret not in text
    assert credentials.token not in text


@pytest.mark.parametrize(("callback", "in_process"), [("ansible.builtin.default", True), ("ansible.posix.json", False)])
def test_credentials_of_the_environment(
    emulator: Emulator, credentials_of_a_session: Credentials, callback: str, in_process: bool
) -> None:
    way = ("-e", json.dumps({"slipway_in_process": in_process}))
    site = ("site.yml", "-i", "inventories/sandbox", "--check", "--diff", *way)
    changed: dict[str, str | None] = {**credentials_of_a_session.environment()}
    code, text = said(emulator, *site, callback=callback, changed=changed)
    assert code == 0, text[-2000:]
    assert '"known": {' in text
    assert '"changes": [' in text
    assert_silent(text, credentials_of_a_session)


@pytest.mark.parametrize("callback", ["ansible.builtin.default", "ansible.posix.json"])
@pytest.mark.parametrize("in_process", [True, False])
def test_credentials_in_options(
    emulator: Emulator, credentials_of_a_session: Credentials, tmp_path: Path, callback: str, in_process: bool
) -> None:
    """A run that succeeds, with what it registered printed whole, and one whose secret is wrong."""
    tasks = [{**TASK, "register": "keys"}, {"name": "All of it", "ansible.builtin.debug": {"var": "keys"}}]
    variables = {"ansible_python_interpreter": "{{ ansible_playbook_python }}", "slipway_in_process": in_process}
    hosts = {"hosts": "localhost", "connection": "local", "gather_facts": False, "name": "Secrets", "vars": variables}
    path = tmp_path / "secrets.yml"
    path.write_text(yaml.safe_dump([{**hosts, "tasks": tasks}]), encoding="utf-8")
    given = credentials_of_a_session
    code, text = said(emulator, str(path), callback=callback, changed=given.options())
    assert code == 0
    assert '"known": {' in text
    assert '"changes": [' in text
    assert_silent(text, given)

    wrong = Credentials(given.access_key_id, given.secret[::-1], given.token)
    code, text = said(emulator, str(path), callback=callback, changed=wrong.options())
    assert code == 2
    assert "Check the secret key" in text
    assert_silent(text, wrong)
