"""The demo's closing screen: what stands, read from the account with boto3 and from the cluster with kubectl."""

from __future__ import annotations

import contextlib
import functools
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import boto3
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table

from sandbox import tools
from sandbox.state import State

SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN")
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


def image(client: Client, state: State, one_stage: int) -> Table:
    """The newest release of each application: version, digest, size, and findings before and after.

    :param one_stage: bytes of the usual image, see `sandbox.images.one_stage`
    """
    table = Table(title="Image", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(overflow="fold")  # a digest is worth nothing without its end
    s3 = client("s3")
    for bucket in _buckets(client):
        if not bucket.endswith("-application"):
            continue
        listed = s3.list_objects_v2(Bucket=bucket, Prefix="applications/").get("Contents", [])
        released = [entry for entry in listed if entry["Key"].endswith("/release.json")]
        for entry in sorted(released, key=lambda entry: str(entry["LastModified"]))[-1:]:
            manifest = json.loads(s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read())
            size = sum(each["size"] for each in manifest["images"])
            counted = Counter[str]()
            for each in manifest["images"]:
                counted.update(each["scan"]["counts"]["vulnerabilities"])
            architecture = manifest["images"][0]["architecture"]
            layout = state.images / "build" / f"{manifest['application']}-{manifest['version']}" / architecture
            table.add_row("version", f"{manifest['application']} {manifest['version']}")
            table.add_row("digest", manifest["digest"])
            for registry in manifest["registries"]:
                table.add_row("pushed to", f"{registry['endpoint']}, which stands in for {registry['host']}")
            table.add_row(
                "size",
                f"{size / 1e6:.1f} MB; one stage on a full Debian with the compiler: {one_stage / 1e6:.1f} MB",
            )
            before, after = found(state.images / "base", state), found(layout, state)
            counts = f"in the base: {_severities(before)}; in the image: {_severities(after)}"
            table.add_row("findings", f"{counts}; counted by the gate: {_severities(counted)}")
            for words in _excepted(state.images / "build" / "scans" / architecture / "trivy-gate.json"):
                table.add_row("excepted", words)
    return table


def found(layout: Path, state: State) -> Counter[str]:
    """Vulnerabilities by severity, by Trivy itself."""
    command = ["trivy", "image", "--input", str(layout.resolve()), "--cache-dir", str(state.images / "trivy")]
    command += ["--cache-backend", "memory", "--skip-db-update", "--offline-scan", "--scanners", "vuln"]
    command += ["--format", "json", "--quiet", "--skip-version-check"]
    command[0] = str(Path(sys.executable).with_name(command[0]))
    done = subprocess.run(command, capture_output=True, check=True, timeout=120)
    results = json.loads(done.stdout).get("Results") or []
    return Counter(entry["Severity"] for result in results for entry in result.get("Vulnerabilities") or [])


def _excepted(report: Path) -> list[str]:
    """What the gate let pass for a time, by package, reason, owner and day of expiry."""
    excepted = [entry for entry in json.loads(report.read_text())["findings"] if entry["status"] == "excepted"]
    packages = Counter((entry["package"], entry["why"]) for entry in excepted)
    return [f"{number} in {package}: {why}" for (package, why), number in packages.items()]


def _severities(counted: Counter[str]) -> str:
    named = [f"{counted[name]} {name.lower()}" for name in SEVERITIES if counted[name]]
    return ", ".join(named) or "none"


def runs(figures: Sequence[tuple[str, float, int]]) -> Table:
    """Name, seconds and number of changes of each run."""
    table = Table("run", "seconds", "changes", title="Runs", title_justify="left")
    for name, seconds, changed in figures:
        table.add_row(name, f"{seconds:.1f}", f"changed={changed}")
    return table


def show(
    state: State, environment: dict[str, str], figures: Sequence[tuple[str, float, int]], one_stage: int | None
) -> None:
    """:param one_stage: None where no image was made"""
    session = boto3.session.Session(
        environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], region_name=environment["AWS_REGION"]
    )
    client = functools.partial(session.client, endpoint_url=environment["AWS_ENDPOINT_URL"])
    file = state.environment
    with contextlib.suppress(ValueError):
        file = file.relative_to(file.cwd())
    tables = [layers(client), nodes(environment)]
    if one_stage is not None:
        tables.append(image(client, state, one_stage))
    Console().print(Panel(Group(*tables, runs(figures)), title="slipway.platform", expand=False))
    # Outside the frame and unwrapped, for copying.
    print(f"Look around:  source {file}")
    print("              kubectl get nodes -L topology.kubernetes.io/zone,eks.amazonaws.com/capacityType")
    print("              any AWS client or boto3; python -m sandbox status; python -m sandbox resources")
    print("Tear down:    make destroy")
    print("Stop:         make sandbox-down")
