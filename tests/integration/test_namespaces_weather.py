"""The module namespaces as a task, and where the API server is away, busy, refuses or is not there yet."""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.slipway.platform.plugins.module_utils._boxes.namespaces.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.known import Known
from ansible_collections.slipway.platform.plugins.module_utils._core.provider import Failure
from ansible_collections.slipway.platform.plugins.module_utils._kubernetes.token import PREFIX
from sandbox.kubernetes import pki

from .clusters import USER, Inside
from .conftest import ROOT
from .life import Life
from .sandbox.place import Cluster, until
from .site.plays import PLAYBOOK, Run
from .test_namespaces import WHOLE, WRITES, space


@pytest.fixture
def life(inside: Inside) -> Life[Inside]:
    return Life(inside, BOX, WRITES, namespaces=[WHOLE])


def run(inside: Inside, playbook: Path, *arguments: str) -> Run:
    """One play with all that it can be made to say."""
    values = {
        **inside.place.environment,
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
        "ANSIBLE_NOCOLOR": "1",
    }
    command = [str(PLAYBOOK), str(playbook), "-i", "localhost,", "-vvvv", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=values, capture_output=True, text=True, timeout=300, check=False)
    return Run(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("in_process", [True, False])
def test_as_a_task(inside: Inside, tmp_path: Path, in_process: bool) -> None:
    """The check run tells what the run makes, the next run nothing, and none of them a token."""
    playbook = tmp_path / "play.yml"
    options = {"platform_name": "demo", "region": "eu-west-1", "namespaces": [WHOLE]}
    tasks = [{"slipway.platform.namespaces": options}] * 2
    variables = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    play = {"hosts": "all", "gather_facts": False, "vars": variables, "tasks": tasks}
    playbook.write_text(yaml.safe_dump([play]))
    way = ("-e", json.dumps({"slipway_in_process": in_process}))
    planned = run(inside, playbook, "--check", "--diff", *way).assert_good()
    assert inside.writes() == []
    made = run(inside, playbook, "--diff", *way).assert_good()
    assert [change["action"] for change in made.changes("localhost")] == ["create"] * 3
    assert planned.changes("localhost") == made.changes("localhost") * 2  # the second task sees nothing that stands
    again = run(inside, playbook, *way).assert_good()
    assert again.changes("localhost") == []
    said = "".join(entry.output + entry.errors for entry in (planned, made, again))
    assert PREFIX not in said
    assert "X-Amz-Signature" not in said


def test_an_api_server_that_is_away_is_waited_for(inside: Inside, life: Life[Inside]) -> None:
    for wanted in ([WHOLE], []):  # at its third end in all, the sandbox gives an API server another port
        connection = inside.connection()
        assert connection.reach("demo", Known())
        connection.client.get("/version")
        (process,) = inside.processes("kube-apiserver")
        process.kill()
        assert life.run(check_mode=False, connection=connection, namespaces=wanted).plan
        assert inside.processes("kube-apiserver") != [process]
        assert life.run(check_mode=False, namespaces=wanted).plan.as_list() == []


REASONS = {409: "Conflict", 429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable"}
FINE = 200
WEBHOOK = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingWebhookConfiguration",
    "metadata": {"name": "weather"},
}


@contextmanager
def weather(inside: Inside, codes: list[int]) -> Iterator[None]:
    """The API server answers the operator's next writes with these codes, by a webhook that it asks about each.

    :param codes: emptied from the front; afterwards all is fine.
    """
    folder = inside.place.state.folder / "webhook"
    pki.make(folder, "172.20.0.1")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            code = codes.pop(0) if codes else FINE
            answer: dict[str, Any] = {"uid": review["request"]["uid"], "allowed": code == FINE}
            if code != FINE:
                answer["status"] = {"code": code, "reason": REASONS[code], "message": "bad weather"}
            body = json.dumps({**review, "request": None, "response": answer}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Not asked for."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "apiserver.crt", folder / "apiserver.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hook = {
        "name": "weather.example.com",
        "clientConfig": {
            "url": f"https://127.0.0.1:{server.server_port}/",
            "caBundle": base64.b64encode((folder / "ca.crt").read_bytes()).decode(),
        },
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["*"]}],
        "matchConditions": [{"name": "operator", "expression": f"request.userInfo.username == '{USER}'"}],
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    inside.place.kubectl("create", "--filename=-", stdin=json.dumps({**WEBHOOK, "webhooks": [hook]}))
    inside.forget()
    try:
        yield
    finally:
        inside.place.kubectl("delete", "validatingwebhookconfiguration", "weather")
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("code", REASONS)
def test_writes_that_fail_for_a_while_are_made_again(inside: Inside, life: Life[Inside], code: int) -> None:
    """The trial of the check run, that of the run, and two of the writes themselves."""
    codes = [code]
    with weather(inside, codes):
        until(lambda: life.run(check_mode=True) and not codes, "the webhook is asked")
        codes[:] = [code, FINE] * 4
        assert len(life.turn()) == 3
    assert codes == []
    assert life.turn() == []


def test_a_token_that_is_too_old_is_made_anew(inside: Inside, life: Life[Inside]) -> None:
    connection = inside.connection()
    assert connection.reach("demo", Known())
    token = connection.client._token
    token._text, token._made = f"{PREFIX}b2xk", time.monotonic()
    assert len(life.run(check_mode=True, connection=connection).plan.changes) == 3
    assert token._text != f"{PREFIX}b2xk"


@pytest.mark.parametrize(
    ("public", "advice"),
    [
        (False, "Its endpoint is private: run where the VPC is reached"),
        (True, "Check the network, the proxy, and whether eks_public_access_cidrs holds this machine's address."),
    ],
)
def test_an_api_server_that_never_answers_is_one_sentence(
    inside: Inside, life: Life[Inside], public: bool, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = inside.cluster.describe()
    access = {"endpointPublicAccess": public, "endpointPrivateAccess": True}
    inside.cluster.eks.update_cluster_config(name="demo", resourcesVpcConfig=access)
    inside.cluster.wait()
    entry = {
        "state": "found",
        "id": "demo",
        "status": "ACTIVE",
        "endpoint": "https://127.0.0.1:9",
        "certificate_authority": described["certificateAuthority"]["data"],
    }
    with pytest.raises(Failure) as refused:
        life.run(check_mode=True, known={"eks_cluster": {"demo": entry}})
    said = str(refused.value)
    assert said.startswith(
        "Reading the namespaces of platform 'demo' failed: the API server of eks cluster 'demo' does not answer: "
        "https://127.0.0.1:9: "
    )
    assert advice in said
    assert "Connection refused" in said


def test_an_impostor_is_not_believed(inside: Inside, life: Life[Inside]) -> None:
    """Another cluster's authority: nothing is sent to who answers there."""
    folder = inside.place.state.folder / "impostor"
    pki.make(folder, "172.20.0.1")
    entry = {
        "state": "found",
        "id": "demo",
        "status": "ACTIVE",
        "endpoint": inside.cluster.describe()["endpoint"],
        "certificate_authority": base64.b64encode((folder / "ca.crt").read_bytes()).decode(),
    }
    with pytest.raises(Failure, match="shows a certificate that is not of the cluster's authority"):
        life.run(check_mode=True, known={"eks_cluster": {"demo": entry}})


def test_kinds_that_are_not_there_yet_are_waited_for(inside: Inside) -> None:
    connection = inside.connection()
    assert connection.reach("demo", Known())
    assert connection.discovery.resource("example.com/v1", "Thing") is None
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "things", "kind": "Thing"},
            "versions": [
                {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
            ],
        },
    }
    create = threading.Timer(1, lambda: inside.place.kubectl("create", "--filename=-", stdin=json.dumps(definition)))
    create.start()
    try:
        found = connection.discovery.wait_for("example.com/v1", "Thing", inside.said.append)
        assert found.path("a", "team") == "/apis/example.com/v1/namespaces/team/things/a"
    finally:
        create.join()
        inside.place.kubectl("delete", "customresourcedefinition", "things.example.com")


def test_a_cluster_that_is_being_made_is_waited_for(inside: Inside, life: Life[Inside]) -> None:
    inside.place.command("settings", "seconds.cluster=6")
    young = Cluster(inside.place, "young", network=2)
    arn = young.describe()["arn"]
    young.eks.tag_resource(resourceArn=arn, tags={"slipway:platform": "young"})
    assert young.describe()["status"] == "CREATING"
    planned = life.run(check_mode=True, platform_name="young", namespaces=[space()]).plan.as_list()
    made = life.run(check_mode=False, platform_name="young", namespaces=[space()]).plan.as_list()
    assert planned == made
    assert len(made) == 1
    assert life.run(check_mode=False, platform_name="young", namespaces=[space()]).plan.as_list() == []
    young.eks.delete_cluster(name="young")
    until(lambda: "young" not in young.eks.list_clusters()["clusters"], "cluster deleted")
    inside.place.command("settings", "seconds.cluster=0")
