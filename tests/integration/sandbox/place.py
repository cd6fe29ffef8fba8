"""A sandbox of a test's own, driven as users drive it: by its command line, boto3 and kubectl."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import psutil

from sandbox import demo, lifecycle, supervisor, tools
from sandbox.kubernetes.audit import Audit
from sandbox.state import CHECKOUT, State

REGION = "eu-west-1"
POLICY = "arn:aws:eks::aws:cluster-access-policy/"


def until(condition: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
    """Wait until the condition holds, and return what it returned."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.1)
    return found


class Place:
    def __init__(self, folder: Path) -> None:
        self.state = State(folder)

    @property
    def environment(self) -> dict[str, str]:
        found = demo.environment(self.state)
        del found[supervisor.MARK]  # what a test starts is not the sandbox's
        return found

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "SLIPWAY_SANDBOX": str(self.state.folder)}
        command = [sys.executable, "-m", "sandbox", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=pipe, stderr=pipe, text=True)

    def command(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        """Run a command of the sandbox; returns what it wrote to stdout and stderr."""
        process = self.start(*arguments)
        out, error = process.communicate(timeout=180)
        assert process.returncode == code, f"{arguments}: {process.returncode}\n{out}\n{error}"
        return out, error

    def processes(self) -> list[psutil.Process]:
        return supervisor.marked(self.state)

    def of_clusters(self) -> dict[int, str]:
        """Processes of control planes: pid -> program."""
        names = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
        found = {}
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):  # it has ended since it was listed
                name = Path(process.exe()).name
                if name in names:
                    found[process.pid] = name
        return found

    def client(
        self, service: str, access_key_id: str | None = None, secret: str | None = None, token: str | None = None
    ) -> Any:
        values = self.environment
        session = boto3.session.Session(
            access_key_id or values["AWS_ACCESS_KEY_ID"], secret or values["AWS_SECRET_ACCESS_KEY"], token, REGION
        )
        return session.client(service, endpoint_url=values["AWS_ENDPOINT_URL"])

    def kubectl(
        self, *arguments: str, environment: dict[str, str] | None = None, code: int = 0, stdin: str | None = None
    ) -> str:
        """Run kubectl as the sandbox's operator; returns stdout, or stderr where a failure is expected."""
        command = [str(tools.program("kubectl")), *arguments]
        values = environment or self.environment
        done = subprocess.run(
            command, env=values, input=stdin, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stderr if code else done.stdout

    def audit(self, cluster: str | None = None) -> Audit:
        """Who wrote what to a cluster's API server; by default of the only one."""
        return lifecycle.audit(self.state, cluster)

    def reachable(self) -> bool:
        """Whether the operator may use the cluster by now."""
        command = [str(tools.program("kubectl")), "auth", "can-i", "*", "*", "--quiet"]
        return subprocess.run(command, env=self.environment, capture_output=True, check=False).returncode == 0

    def nodes(self) -> dict[str, dict[str, Any]]:
        """Nodes by name."""
        items = json.loads(self.kubectl("get", "nodes", "--output=json"))["items"]
        return {item["metadata"]["name"]: item for item in items}


def trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Cluster:
    """A cluster and what it stands on, made with bare boto3."""

    def __init__(self, place: Place, name: str, version: str = "1.34", network: int = 0) -> None:
        self.place, self.name = place, name
        self.eks, iam, ec2 = place.client("eks"), place.client("iam"), place.client("ec2")
        vpc = ec2.create_vpc(CidrBlock=f"10.{network}.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.{network}.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")[
                "Subnet"
            ]["SubnetId"]
            for number, zone in enumerate("abc")
        ]
        role = iam.create_role(RoleName=f"{name}-cluster", AssumeRolePolicyDocument=trust("eks.amazonaws.com"))["Role"][
            "Arn"
        ]
        iam.attach_role_policy(RoleName=f"{name}-cluster", PolicyArn="arn:aws:iam::aws:policy/AmazonEKSClusterPolicy")
        self.node_role = iam.create_role(RoleName=f"{name}-node", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))[
            "Role"
        ]["Arn"]
        for policy in ("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly"):
            iam.attach_role_policy(RoleName=f"{name}-node", PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
        self.eks.create_cluster(
            name=name,
            roleArn=role,
            version=version,
            resourcesVpcConfig={"subnetIds": self.subnets},
            accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": True},
            bootstrapSelfManagedAddons=False,
        )

    def describe(self) -> dict[str, Any]:
        found: dict[str, Any] = self.eks.describe_cluster(name=self.name)["cluster"]
        return found

    def wait(self) -> dict[str, Any]:
        until(lambda: self.describe()["status"] == "ACTIVE", f"cluster {self.name} ACTIVE")
        return self.describe()

    def network_addon(self) -> None:
        versions = self.eks.describe_addon_versions(addonName="vpc-cni", kubernetesVersion=self.describe()["version"])
        version = versions["addons"][0]["addonVersions"][0]["addonVersion"]
        self.eks.create_addon(clusterName=self.name, addonName="vpc-cni", addonVersion=version)

    def nodegroup(self, name: str, capacity_type: str, **parameters: Any) -> None:
        self.eks.create_nodegroup(
            clusterName=self.name,
            nodegroupName=name,
            subnets=self.subnets,
            nodeRole=self.node_role,
            capacityType=capacity_type,
            instanceTypes=["m7i.large"],
            amiType="AL2023_x86_64_STANDARD",
            scalingConfig={"minSize": 1, "maxSize": 6, "desiredSize": 3},
            **parameters,
        )

    def nodegroup_status(self, name: str) -> str:
        group = self.eks.describe_nodegroup(clusterName=self.name, nodegroupName=name)["nodegroup"]
        return str(group["status"])
