"""One cluster's control plane: etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok as processes.

Nothing here waits: :meth:`ControlPlane.step` is called again and again and takes it one step further, so that one
thread brings up many. That thread must live as long as the agent, for the kernel ends a child with the thread that
started it (see ``setpriv --pdeathsig``).
"""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import IO

from sandbox import tools
from sandbox.kubernetes import audit, kubeconfig, pki
from sandbox.kubernetes.api import Api
from sandbox.state import free_ports
from sandbox.supervisor import tail

STAGES = Path(__file__).with_name("stages.yml")
DEFAULT_SERVICE_CIDR = "172.20.0.0/16"
# Slower collection for a third less memory: the programs idle most of the time.
GO_MEMORY = {"GOGC": "50"}
STARTS_BEFORE_NEW_PORTS = 3


def say(text: str) -> None:
    print(time.strftime("%H:%M:%S"), text, flush=True)


class ControlPlane:
    """The processes of one cluster, their folder and their API.

    ``webhook`` is the URL that the API server asks who bears a token.
    ``ready`` says whether the API server answers. ``issuer`` and ``service_cidr`` are fixed at creation, ``version``
    ("1.34") can change: programs of a newer version then emulate it, as far as they can.
    """

    def __init__(
        self, folder: Path, log: Path, webhook: str, issuer: str, service_cidr: str | None, version: str
    ) -> None:
        self.folder, self._log = folder, log
        self._pki = folder / "pki"
        self._issuer, self._webhook = issuer, webhook
        self._service_cidr = service_cidr or DEFAULT_SERVICE_CIDR
        self.version = version
        self.ready = False
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._starts = 0
        self._started = time.monotonic()
        self._arguments = {
            "etcd": self._etcd_arguments,
            "kube-apiserver": self._kube_apiserver_arguments,
            "kube-controller-manager": self._kube_controller_manager_arguments,
            "kube-scheduler": self._kube_scheduler_arguments,
            "kwok": self._kwok_arguments,
        }
        network = ipaddress.ip_network(self._service_cidr)
        pki.make(self._pki, str(network[1]))
        self._choose_ports()

    def _choose_ports(self) -> None:
        self._etcd, self._etcd_peer, self._port = free_ports(3)
        self._starts = 0
        self.endpoint = f"https://127.0.0.1:{self._port}"
        self.api = Api(self.endpoint, self._pki)
        for client in ("admin", "kube-controller-manager", "kube-scheduler"):
            kubeconfig.for_program(self.folder / f"{client}.kubeconfig", self.endpoint, self._pki, client)
        kubeconfig.for_webhook(self.folder / "webhook.kubeconfig", self._webhook)

    @property
    def audit_log(self) -> Path:
        return self._log / f"{self.folder.name}-audit.log"

    @property
    def certificate_authority(self) -> str:
        return base64.b64encode((self._pki / "ca.crt").read_bytes()).decode()

    def step(self) -> None:
        """Start what does not run and may run now; see whether the API answers."""
        self._ensure("etcd")
        self._ensure("kube-apiserver")
        if not self.ready:
            self.ready = self.api.ready()
            if self.ready:
                say(f"{self.folder.name}: API ready after {time.monotonic() - self._started:.1f} s at {self.endpoint}")
        if self.ready:
            for name in ("kube-controller-manager", "kube-scheduler", "kwok"):
                self._ensure(name)

    def change_version(self, version: str) -> None:
        """Restart the Kubernetes programs so that they emulate another version; etcd and the nodes stay."""
        self.version = version
        self._started = time.monotonic()
        for name in ("kube-scheduler", "kube-controller-manager", "kube-apiserver"):
            self._end(name)
        self.ready = False

    def stop(self) -> None:
        """End every process. Kill is enough: the state is either thrown away or safe in etcd's log."""
        for process in self._processes.values():
            _signal_group(process, signal.SIGKILL)
        for process in self._processes.values():
            process.wait()
        self._processes.clear()
        self.ready = False

    def _end(self, name: str) -> None:
        if process := self._processes.pop(name, None):
            _signal_group(process, signal.SIGKILL)
            process.wait()

    def _ensure(self, name: str) -> None:
        process = self._processes.get(name)
        if process and process.poll() is None:
            return
        file = self._log / f"{self.folder.name}-{name}.log"
        if process:
            say(f"{self.folder.name}: {name} ended ({process.returncode}), starting it again: {tail(file, 1)}")
            if name in ("etcd", "kube-apiserver"):
                self.ready = False
                self._starts += 1
                if self._starts >= STARTS_BEFORE_NEW_PORTS:  # somebody else sits on a port of ours
                    self.stop()
                    self._choose_ports()
        arguments = self._arguments[name]()
        with file.open("ab") as log:
            self._processes[name] = self._spawn([str(tools.program(name)), *arguments], log)

    @staticmethod
    def _spawn(command: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env={**os.environ, **GO_MEMORY},
            start_new_session=True,
        )

    def _etcd_url(self, port: int) -> str:
        return f"https://127.0.0.1:{port}"

    def _etcd_arguments(self) -> list[str]:
        client, peer = self._etcd_url(self._etcd), self._etcd_url(self._etcd_peer)
        return [
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--initial-cluster-state=new",
            # Who speaks to etcd writes past the API server, and every user of the machine reaches its ports.
            *(
                argument
                for peer in ("", "peer-")
                for argument in (
                    f"--{peer}client-cert-auth",
                    f"--{peer}trusted-ca-file={self._pki}/etcd-ca.crt",
                    f"--{peer}cert-file={self._pki}/etcd.crt",
                    f"--{peer}key-file={self._pki}/etcd.key",
                )
            ),
            "--enable-grpc-gateway=false",
            "--unsafe-no-fsync",
            "--log-level=warn",
        ]

    def _emulation(self) -> list[str]:
        own = tools.kubernetes_version().rsplit(".", 1)[0]
        older = tuple(map(int, self.version.split("."))) < tuple(map(int, own.split(".")))
        return [f"--emulated-version={self.version}"] if older else []

    def _kube_apiserver_arguments(self) -> list[str]:
        keys = self._pki
        return [
            f"--etcd-servers={self._etcd_url(self._etcd)}",
            f"--etcd-cafile={keys}/etcd-ca.crt",
            f"--etcd-certfile={keys}/etcd-client.crt",
            f"--etcd-keyfile={keys}/etcd-client.key",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={self._port}",
            "--endpoint-reconciler-type=none",
            f"--tls-cert-file={keys}/apiserver.crt",
            f"--tls-private-key-file={keys}/apiserver.key",
            f"--client-ca-file={keys}/ca.crt",
            "--anonymous-auth=true",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            f"--authentication-token-webhook-config-file={self.folder}/webhook.kubeconfig",
            "--authentication-token-webhook-version=v1",
            "--authentication-token-webhook-cache-ttl=1s",
            "--allow-privileged=true",
            f"--service-account-issuer={self._issuer}",
            "--api-audiences=https://kubernetes.default.svc," + self._issuer,
            f"--service-account-jwks-uri={self._issuer}/keys",
            f"--service-account-key-file={keys}/sa.pub",
            f"--service-account-signing-key-file={keys}/sa.key",
            f"--service-cluster-ip-range={self._service_cidr}",
            f"--requestheader-client-ca-file={keys}/front-proxy-ca.crt",
            "--requestheader-allowed-names=front-proxy",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-username-headers=X-Remote-User",
            f"--proxy-client-cert-file={keys}/front-proxy.crt",
            f"--proxy-client-key-file={keys}/front-proxy.key",
            "--profiling=false",
            *audit.arguments(self.audit_log),
            *self._emulation(),
        ]

    def _component_arguments(self, name: str) -> list[str]:
        return [
            f"--kubeconfig={self.folder / name}.kubeconfig",
            "--secure-port=0",  # no listener at all
            "--leader-elect=false",
            "--profiling=false",
            *self._emulation(),
        ]

    def _kube_controller_manager_arguments(self) -> list[str]:
        return [
            *self._component_arguments("kube-controller-manager"),
            f"--service-account-private-key-file={self._pki}/sa.key",
            f"--root-ca-file={self._pki}/ca.crt",
            f"--cluster-signing-cert-file={self._pki}/ca.crt",
            f"--cluster-signing-key-file={self._pki}/ca.key",
            "--use-service-account-credentials=true",
            "--allocate-node-cidrs=false",
        ]

    def _kube_scheduler_arguments(self) -> list[str]:
        return self._component_arguments("kube-scheduler")

    def _kwok_arguments(self) -> list[str]:
        return [
            f"--config={STAGES}",
            f"--kubeconfig={self.folder}/admin.kubeconfig",
            "--manage-all-nodes=true",
            "--node-ip=127.0.0.1",
            "--cidr=100.64.0.0/16",
            "--node-lease-duration-seconds=40",
        ]


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
