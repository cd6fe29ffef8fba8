"""The demo's closing screen: what stands, read from the account with boto3 and from the cluster with kubectl."""

from __future__ import annotations

import contextlib
import functools
import json
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import boto3
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table

from sandbox import tools
from sandbox.state import State

Client = Callable[[str], Any]  # a service's name -> its boto3 client


def _count(items: Sequence[Any], word: str) -> str:
    return f"{len(items)} {word}{'' if len(items) == 1 else 's'}"


def _vpc(client: Client) -> list[str]:
    ec2 = client("ec2")
    found = []
    for vpc in ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"]:
        inside = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
        subnets = ec2.describe_subnets(Filters=inside)["Subnets"]
        zones = sorted({subnet["AvailabilityZone"] for subnet in subnets})
        available = {"Name": "state", "Values": ["available"]}
        gateways = ec2.describe_nat_gateways(Filter=[*inside, available])["NatGateways"]
        endpoints = ec2.describe_vpc_endpoints(Filters=inside)["VpcEndpoints"]
        found.append(
            f"{vpc['CidrBlock']} over {', '.join(zones)}: {_count(subnets, 'subnet')}, "
            f"{_count(gateways, 'NAT gateway')}, {_count(endpoints, 'endpoint')}"
        )
    return found


def _eks(client: Client) -> list[str]:
    eks = client("eks")
    found = []
    for name in eks.list_clusters()["clusters"]:
        cluster = eks.describe_cluster(name=name)["cluster"]
        addons = eks.list_addons(clusterName=name)["addons"]
        text = f"cluster {name}, Kubernetes {cluster['version']}, {cluster['status']}"
        found.append(f"{text}; add-ons {', '.join(addons) or 'none'}")
    return found


def _nodegroups(client: Client) -> list[str]:
    eks = client("eks")
    found = []
    for cluster in eks.list_clusters()["clusters"]:
        for name in eks.list_nodegroups(clusterName=cluster)["nodegroups"]:
            group = eks.describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"]
            scaling = group["scalingConfig"]
            found.append(
                f"{name}: {group['capacityType']}, {', '.join(group.get('instanceTypes') or [])}, "
                f"{scaling['minSize']} to {scaling['maxSize']} nodes, {group['status']}"
            )
    return found


def _buckets(client: Client) -> list[str]:
    return [bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]]


LAYERS = {"vpc": _vpc, "eks": _eks, "nodegroups": _nodegroups, "buckets": _buckets}


def layers(client: Client) -> Table:
    """What stands in each layer."""
    table = Table(title="What stands", title_justify="left", show_header=False)
    for name, read in LAYERS.items():
        table.add_row(name, "\n".join(read(client)) or "nothing")
    return table


def nodes(environment: dict[str, str]) -> Table:
    """Nodes by zone and capacity type, of every cluster, as the sandbox's operator sees them."""
    table = Table("cluster", "zone", "capacity type", "Ready", "nodes", title="Nodes", title_justify="left")
    kubectl = str(tools.program("kubectl"))

    def run(*arguments: str) -> Any:
        done = subprocess.run(
            [kubectl, *arguments], env=environment, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout

    for context in run("config", "get-contexts", "--output=name").split():
        items = json.loads(run("--context", context, "get", "nodes", "--output=json"))["items"]
        counted: Counter[tuple[str, str]] = Counter()
        ready: Counter[tuple[str, str]] = Counter()
        for item in items:
            labels = item["metadata"]["labels"]
            key = (labels["topology.kubernetes.io/zone"], labels.get("eks.amazonaws.com/capacityType", "self-managed"))
            counted[key] += 1
            ready[key] += any(
                entry["type"] == "Ready" and entry["status"] == "True" for entry in item["status"]["conditions"]
            )
        for zone, capacity in sorted(counted):
            table.add_row(context, zone, capacity, str(ready[zone, capacity]), str(counted[zone, capacity]))
    return table


def runs(figures: Sequence[tuple[str, float, int]]) -> Table:
    """Name, seconds and number of changes of each run."""
    table = Table("run", "seconds", "changes", title="Runs", title_justify="left")
    for name, seconds, changed in figures:
        table.add_row(name, f"{seconds:.1f}", f"changed={changed}")
    return table


def show(state: State, environment: dict[str, str], figures: Sequence[tuple[str, float, int]]) -> None:
    session = boto3.session.Session(
        environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], region_name=environment["AWS_REGION"]
    )
    client = functools.partial(session.client, endpoint_url=environment["AWS_ENDPOINT_URL"])
    file = state.environment
    with contextlib.suppress(ValueError):
        file = file.relative_to(file.cwd())
    Console().print(
        Panel(Group(layers(client), nodes(environment), runs(figures)), title="slipway.platform", expand=False)
    )
    # Outside the frame and unwrapped, for copying.
    print(f"Look around:  source {file}")
    print("              kubectl get nodes -L topology.kubernetes.io/zone,eks.amazonaws.com/capacityType")
    print("              any AWS client or boto3; python -m sandbox status; python -m sandbox resources")
    print("Tear down:    make destroy")
    print("Stop:         make sandbox-down")
