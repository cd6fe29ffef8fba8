"""A cluster with a real API server for boxes on Kubernetes, and its witnesses: the audit log, and a reader apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import kubernetes
import psutil
from kubernetes.client import CoreV1Api

from ansible_collections.slipway.platform.plugins.module_utils._aws.client import Api
from ansible_collections.slipway.platform.plugins.module_utils._kubernetes.connection import Kubernetes

from .conftest import REGION, Emulator
from .sandbox.place import Cluster, Place, until

USER = "arn:aws:iam::123456789012:user/sandbox"
BUILT_IN = {"default", "kube-node-lease", "kube-public", "kube-system"}
DEFAULTS = {"kube-root-ca.crt"}


class Inside:
    """The cluster `demo` of a sandbox, as `Life` asks a world.

    :param spells: lines of progress that were said.
    """

    def __init__(self, folder: Path) -> None:
        self.place = Place(folder)
        self.place.command("up")
        self.cluster = Cluster(self.place, "demo")
        arn = self.cluster.wait()["arn"]
        self.cluster.eks.tag_resource(resourceArn=arn, tags={"slipway:platform": "demo"})
        until(self.place.reachable, "the operator is known")
        self.aws = Emulator(urlsplit(self.place.environment["AWS_ENDPOINT_URL"]).port or 0, self.place.state.secret())
        self.said: list[str] = []
        self._mark = ""

    def down(self) -> None:
        self.place.command("down")

    def connection(self, access_key_id: str | None = None, secret: str | None = None) -> Kubernetes:
        """As a task of its own playbook makes it, by the operator's key or another one."""
        values = self.place.environment
        keys = {
            "aws_access_key_id": access_key_id or values["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": secret or values["AWS_SECRET_ACCESS_KEY"],
        }
        aws = Api({"region": REGION, "endpoint": values["AWS_ENDPOINT_URL"], **keys}, say=self.said.append)
        return Kubernetes(aws, self.said.append)

    def environment(self) -> dict[str, str]:
        return dict(self.place.environment)

    def forget(self) -> None:
        self.aws.forget()
        self._mark = self.place.audit().mark()

    def writes(self) -> list[dict[str, Any]]:
        """What the caller wrote or tried to write since then, to the API server (dry runs left out) or to AWS."""
        inside = [
            {"operation": f"{entry.verb} {entry.resource}", "manager": entry.field_manager, "code": entry.code}
            for entry in self.place.audit().writes(self._mark)
            if entry.user == USER
        ]
        return inside + self.aws.writes()

    def trials(self) -> int:
        """How many dry runs there were since then."""
        return sum(entry.dry_run for entry in self.place.audit().requests(self._mark))

    @contextmanager
    def weathered(self) -> Iterator[None]:
        yield

    @property
    def reader(self) -> CoreV1Api:
        """The cluster by the kubernetes client, with the certificate of the control plane's administrator."""
        (plane,) = self.place.state.kubernetes.iterdir()
        configuration = kubernetes.client.Configuration(host=self.cluster.describe()["endpoint"])
        keys = plane / "pki"
        configuration.ssl_ca_cert = str(keys / "ca.crt")
        configuration.cert_file, configuration.key_file = str(keys / "admin.crt"), str(keys / "admin.key")
        return CoreV1Api(kubernetes.client.ApiClient(configuration))

    def resources(self) -> dict[str, Any]:
        """What stands in the cluster of the kinds that the boxes make, without what changes by itself."""
        reader = self.reader
        found: dict[str, Any] = {}
        for kind, answer in (
            ("namespace", reader.list_namespace()),
            ("quota", reader.list_resource_quota_for_all_namespaces()),
            ("limit range", reader.list_limit_range_for_all_namespaces()),
            ("config map", reader.list_config_map_for_all_namespaces()),
        ):
            for item in answer.items:
                data = reader.api_client.sanitize_for_serialization(item)
                metadata = data["metadata"]
                key = f"{kind} {metadata.get('namespace', '')}/{metadata['name']}"
                if metadata["name"] not in DEFAULTS:
                    told = {name: metadata.get(name) for name in ("uid", "labels", "annotations", "finalizers")}
                    found[key] = {**told, "spec": data.get("spec")}
        return found

    def clear(self) -> None:
        """Back to a cluster that is as Kubernetes makes it.

        Namespaces are emptied and finalized here: Kubernetes' own controller waits five seconds before it looks.
        """
        reader = self.reader
        for item in reader.list_namespace().items:
            name = item.metadata.name
            if name in BUILT_IN:
                continue
            reader.delete_namespace(name)
            for empty in (
                reader.delete_collection_namespaced_resource_quota,
                reader.delete_collection_namespaced_limit_range,
                reader.delete_collection_namespaced_config_map,
                reader.delete_collection_namespaced_persistent_volume_claim,
                reader.delete_collection_namespaced_service_account,
            ):
                empty(name)
            bare = {"metadata": {"name": name}, "spec": {"finalizers": []}}
            reader.replace_namespace_finalize(name, bare)
        until(lambda: {item.metadata.name for item in reader.list_namespace().items} == BUILT_IN, "an empty cluster")
        self.said.clear()
        self.forget()

    def processes(self, program: str) -> list[psutil.Process]:
        return [psutil.Process(pid) for pid, name in self.place.of_clusters().items() if name == program]
