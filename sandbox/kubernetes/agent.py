"""The agent: every 0.3 s it reads from the emulator what should be, and makes the control planes and nodes so."""

from __future__ import annotations

import functools
import hmac
import json
import queue
import re
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import urllib3

from sandbox import guard
from sandbox.aws.settings import ACCESS_KEY_ID
from sandbox.kubernetes import access, kubeconfig, nodes, tokens
from sandbox.kubernetes.api import ApiError
from sandbox.kubernetes.control_plane import ControlPlane, say
from sandbox.kubernetes.server import Answer
from sandbox.state import State, write

PERIOD = 0.3
REPEAT_REPORT = 2.0
# What somebody changed inside a cluster is put right this often; what the emulator wants, in every round.
REPEAT_RECONCILE = 1.0
WITHOUT_CONTROL_PLANE = ("DELETING", "FAILED")
TOKEN = re.compile(r"/token/(?P<ticket>[0-9a-f]+)/(?P<arn>[^?]+)")
CLUSTER_ADMIN = "AmazonEKSClusterAdminPolicy"


class EmulatorError(Exception):
    """The emulator does not answer, or refuses."""


class Emulator:
    """The emulator's inner paths that the agent needs."""

    def __init__(self, url: str, secret: str) -> None:
        self.url = url.rstrip("/")
        self._headers = guard.bearer(secret)
        self._pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=1.0, read=10.0))

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            answer = self._pool.request(method, f"{self.url}/_sandbox{path}", json=body, headers=self._headers)
        except urllib3.exceptions.HTTPError as error:
            raise EmulatorError(str(error)) from error
        if answer.status >= 300:
            raise EmulatorError(f"{method} {path}: {answer.status} {answer.data[:200]!r}")
        return cast(dict[str, Any], json.loads(answer.data or b"{}"))

    def desired(self) -> dict[str, Any]:
        return self._call("GET", "/kubernetes")

    def report(self, body: dict[str, Any]) -> None:
        self._call("PUT", "/kubernetes/clusters", body)

    def snapshot(self, name: str) -> None:
        self._call("POST", "/snapshot", {"name": name})

    def restore(self, name: str) -> None:
        self._call("POST", "/restore", {"name": name})


@dataclass
class Cluster:
    """A control plane that runs, and what was said of it last."""

    arn: str
    issuer: str
    plane: ControlPlane
    desired: dict[str, Any]
    reported: dict[str, Any] = field(default_factory=dict)
    reported_at: float = 0.0
    reconciled: dict[str, Any] = field(default_factory=dict)
    reconciled_at: float = 0.0
    prepared: bool = False
    ready_nodes: list[str] = field(default_factory=list)


def slug(cluster: dict[str, Any]) -> str:
    """Folder and log name of a cluster: its creation's id keeps two lives of one name apart."""
    issuer = cluster.get("oidc_issuer") or ""
    identity = re.sub(r"\W", "", issuer.rsplit("/", 1)[-1])[:8].lower()
    return "-".join(part for part in (cluster["account"], cluster["region"], cluster["name"], identity) if part)


class Agent:
    """Everything that starts a process happens in :meth:`run`'s thread; the server's threads only ask and order."""

    def __init__(self, emulator: Emulator, state: State, webhook: str) -> None:
        self._emulator, self._state, self._webhook = emulator, state, webhook
        self._secret = state.secret()
        self._clusters: dict[str, Cluster] = {}
        self._desired: dict[str, Any] = {"access_keys": {}, "clusters": []}
        self._orders: queue.Queue[tuple[Callable[[], None], threading.Event, list[str]]] = queue.Queue()
        self._stopping = threading.Event()
        self._rounds = 0
        self._told = ""

    def run(self) -> None:
        """Until :meth:`stop`; ends every control plane."""
        try:
            while not self._stopping.is_set():
                self._obey()
                try:
                    self._round()
                    self._told = ""
                    self._rounds += 1
                except (EmulatorError, ApiError) as error:
                    if str(error) != self._told:
                        self._told = str(error)
                        say(f"will try again: {error}")
                self._wait()
        finally:
            for cluster in self._clusters.values():
                cluster.plane.stop()

    def stop(self) -> None:
        self._stopping.set()

    def _wait(self) -> None:
        deadline = time.monotonic() + PERIOD
        while time.monotonic() < deadline and not self._stopping.is_set() and self._orders.empty():
            time.sleep(0.02)

    def _obey(self) -> None:
        while not self._orders.empty():
            order, done, errors = self._orders.get()
            try:
                order()
            except (EmulatorError, OSError, ValueError) as error:
                errors.append(str(error))
            done.set()

    def _order(self, order: Callable[[], None]) -> Answer:
        done, errors = threading.Event(), list[str]()
        self._orders.put((order, done, errors))
        done.wait()
        return (500, {"error": errors[0]}) if errors else (200, {})

    # What should be

    def _round(self) -> None:
        self._desired = self._emulator.desired()
        wanted = {
            cluster["arn"]: cluster
            for cluster in self._desired["clusters"]
            if self._desired.get("control_planes") and cluster["status"] not in WITHOUT_CONTROL_PLANE
        }
        for arn, cluster in list(self._clusters.items()):
            if arn not in wanted or (wanted[arn].get("oidc_issuer") or "") != cluster.issuer:
                self._remove(cluster)
        for cluster_desired in self._desired["clusters"]:
            if cluster_desired["status"] == "DELETING" and cluster_desired["arn"] not in self._clusters:
                self._emulator.report({"arn": cluster_desired["arn"], "gone": True})
        for arn, cluster_desired in wanted.items():
            cluster = self._clusters.get(arn) or self._add(cluster_desired)
            cluster.desired = cluster_desired
            self._advance(cluster)
        self._write_kubeconfig()

    def _add(self, desired: dict[str, Any]) -> Cluster:
        folder = self._state.kubernetes / slug(desired)
        issuer = desired.get("oidc_issuer") or ""
        say(f"{folder.name}: starting its control plane")
        log = self._state.log / "kubernetes"
        log.mkdir(parents=True, exist_ok=True)
        plane = ControlPlane(
            folder,
            log,
            f"{self._webhook}/token/{guard.ticket(self._secret, desired['arn'])}/{desired['arn']}",
            issuer or "https://kubernetes.default.svc",
            desired.get("service_ipv4_cidr"),
            desired["version"],
        )
        cluster = Cluster(desired["arn"], issuer, plane, desired)
        self._clusters[desired["arn"]] = cluster
        return cluster

    def _remove(self, cluster: Cluster) -> None:
        cluster.plane.stop()
        shutil.rmtree(cluster.plane.folder, ignore_errors=True)
        del self._clusters[cluster.arn]
        say(f"{cluster.plane.folder.name}: its control plane has ended")

    def _advance(self, cluster: Cluster) -> None:
        plane, desired = cluster.plane, cluster.desired
        if desired["version"] != plane.version:
            say(f"{plane.folder.name}: from {plane.version} to {desired['version']}")
            plane.change_version(desired["version"])
        plane.step()
        try:
            due = time.monotonic() - cluster.reconciled_at > REPEAT_RECONCILE
            if plane.ready and (due or desired != cluster.reconciled):
                self._prepare(cluster)
                access.reconcile(plane.api, desired["access_entries"])
                cluster.ready_nodes = self._reconcile_nodes(cluster)
                cluster.reconciled, cluster.reconciled_at = desired, time.monotonic()
        except ApiError as error:
            say(f"{plane.folder.name}: will try again: {error}")
        self._report(cluster)

    def _prepare(self, cluster: Cluster) -> None:
        if cluster.prepared:
            return
        try:
            cluster.plane.api.post(f"{access.BASE}/clusterroles", access.admin_view_role())
        except ApiError as error:
            if error.status != 409:
                raise
        cluster.prepared = True

    @staticmethod
    def _reconcile_nodes(cluster: Cluster) -> list[str]:
        api, desired = cluster.plane.api, cluster.desired
        wanted = {node["private_dns_name"]: node for node in desired["nodes"]}
        standing = {item["metadata"]["name"]: item for item in api.get("/api/v1/nodes")["items"]}
        network = bool(desired["vpc_cni_active"])
        ready = []
        for name in standing.keys() - wanted.keys():
            api.delete(f"/api/v1/nodes/{name}")
        for name, node in wanted.items():
            found = standing.get(name)
            if found and found["spec"].get("providerID", "").rsplit("/", 1)[-1] != node["instance_id"]:
                api.delete(f"/api/v1/nodes/{name}")  # another instance under the same name
                found = None
            if found is None:
                found = api.post("/api/v1/nodes", nodes.create(node, ready=network))
            if patch := nodes.change(node, found):
                api.patch(f"/api/v1/nodes/{name}", patch)
            if network and not nodes.is_ready(found):
                # Once Ready, a node stays so: pods that run lose nothing when the add-on is replaced.
                found = api.patch(f"/api/v1/nodes/{name}/status", {"status": {"conditions": nodes.conditions(True)}})
            if nodes.is_ready(found):
                ready.append(str(node["instance_id"]))
        return sorted(ready)

    def _report(self, cluster: Cluster) -> None:
        body = {
            "arn": cluster.arn,
            "endpoint": cluster.plane.endpoint,
            "certificate_authority": cluster.plane.certificate_authority,
            "ready": cluster.plane.ready,
            "nodes_ready": cluster.ready_nodes,
        }
        if body != cluster.reported or time.monotonic() - cluster.reported_at > REPEAT_REPORT:
            self._emulator.report(body)
            cluster.reported, cluster.reported_at = body, time.monotonic()

    def _write_kubeconfig(self) -> None:
        caller_arn = self._desired["access_keys"].get(ACCESS_KEY_ID, {}).get("arn")
        entries = [
            kubeconfig.Entry(
                name=cluster.desired["name"],
                region=cluster.desired["region"],
                account=cluster.desired["account"],
                server=cluster.plane.endpoint,
                certificate_authority=cluster.plane.certificate_authority,
                role_arn=operator_role(cluster.desired["access_entries"], caller_arn),
            )
            for cluster in self._clusters.values()
        ]
        text = kubeconfig.for_user(entries)
        if not self._state.kubeconfig.exists() or self._state.kubeconfig.read_text() != text:
            write(self._state.kubeconfig, text)

    # What is asked and ordered

    def admits(self, path: str, headers: Mapping[str, str]) -> bool:
        """Whether a request knows the secret, or, where an API server asks who bears a token, its ticket."""
        if found := TOKEN.match(path):
            return hmac.compare_digest(found["ticket"], guard.ticket(self._secret, found["arn"]))
        return guard.authorized(headers, self._secret)

    def routes(self, method: str, path: str, body: dict[str, Any]) -> Answer:
        if method == "POST" and (found := TOKEN.match(path)):
            return 200, self._review(found["arn"], body)
        if (method, path) == ("GET", "/ready"):
            return (200, {}) if self._rounds else (503, {})
        if (method, path) == ("GET", "/status"):
            return 200, {
                "rounds": self._rounds,
                "clusters": [self._describe(cluster) for cluster in list(self._clusters.values())],
            }
        if (method, path) == ("POST", "/snapshot"):
            return self._order(functools.partial(self._snapshot, body["name"]))
        if (method, path) == ("POST", "/restore"):
            return self._order(functools.partial(self._restore, body["name"]))
        return 404, {"error": f"unknown path {path}"}

    @staticmethod
    def _describe(cluster: Cluster) -> dict[str, Any]:
        named = {name: cluster.desired[name] for name in ("name", "region", "account", "version")}
        return {
            **named,
            "endpoint": cluster.plane.endpoint,
            "audit_log": str(cluster.plane.audit_log),
            "ready": cluster.plane.ready,
            "nodes_ready": len(cluster.ready_nodes),
        }

    def _review(self, arn: str, review: dict[str, Any]) -> dict[str, Any]:
        status: dict[str, Any] = {"authenticated": False}
        try:
            user = self._user(arn, review["spec"]["token"])
            status = {
                "authenticated": True,
                "user": {"username": user.username, "uid": user.uid, "groups": user.groups, "extra": user.extra},
            }
        except tokens.TokenRefusedError as error:
            say(f"{arn}: token refused: {error}")
        return {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status}

    def _user(self, arn: str, token: str) -> tokens.User:
        try:
            return self._verify(arn, token, self._desired)
        except tokens.TokenRefusedError:
            # Key or entry may be newer than the last round.
            return self._verify(arn, token, self._emulator.desired())

    def _verify(self, arn: str, token: str, desired: dict[str, Any]) -> tokens.User:
        cluster = next((cluster for cluster in desired["clusters"] if cluster["arn"] == arn), None)
        if cluster is None:
            raise tokens.TokenRefusedError("no such cluster")
        return tokens.verify(token, cluster, desired["access_keys"], self._emulator.url)

    def _halt(self) -> None:
        for cluster in self._clusters.values():
            cluster.plane.stop()
        self._clusters.clear()

    def _snapshot(self, name: str) -> None:
        """Control planes stand still while they are copied; the next round starts them again."""
        folder = self._state.snapshot(name)
        self._halt()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if self._state.kubernetes.exists():
            shutil.copytree(self._state.kubernetes, folder / "kubernetes")
        self._emulator.snapshot(name)

    def _restore(self, name: str) -> None:
        folder = self._state.snapshot(name)
        self._halt()
        shutil.rmtree(self._state.kubernetes, ignore_errors=True)
        if (folder / "kubernetes").exists():
            shutil.copytree(folder / "kubernetes", self._state.kubernetes)
        self._emulator.restore(name)


def operator_role(entries: list[dict[str, Any]], caller_arn: str | None) -> str | None:
    """The role that the sandbox's user assumes to reach a cluster: none if an entry of its own stands, else the first
    role whose entry administers the whole cluster.
    """
    if any(entry["principal_arn"] == caller_arn for entry in entries):
        return None
    for entry in entries:
        for policy in entry.get("policies") or []:
            whole = (policy.get("scope") or {}).get("type") == "cluster"
            if whole and policy["policy_arn"].endswith(f"/{CLUSTER_ADMIN}") and ":role/" in entry["principal_arn"]:
                return str(entry["principal_arn"])
    return None
