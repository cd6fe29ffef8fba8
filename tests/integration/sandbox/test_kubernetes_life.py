"""The life of a cluster with a real control plane. The tests stand in its order and build on each other."""

from __future__ import annotations

import http.client
import json
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.sandbox.place import POLICY, Cluster, Place, until

PROGRAMS = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"]
ACCOUNT = "123456789012"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    found = Place(tmp_path_factory.mktemp("sandbox"))
    found.command("up")
    yield found
    found.command("down")
    assert found.processes() == []


@pytest.fixture(scope="module")
def cluster(place: Place) -> Cluster:
    return Cluster(place, "demo")


def test_a_cluster_is_active_once_its_api_server_answers(place: Place, cluster: Cluster) -> None:
    found = cluster.wait()
    assert found["endpoint"].startswith("https://127.0.0.1:")
    until(lambda: sorted(place.of_clusters().values()) == PROGRAMS, "five programs run")
    assert place.kubectl("get", "--raw", "/readyz") == "ok"
    assert json.loads(place.kubectl("get", "--raw", "/version"))["emulationMinor"] == "34"


def test_service_account_tokens_name_the_clusters_issuer(place: Place, cluster: Cluster) -> None:
    issuer = json.loads(place.kubectl("get", "--raw", "/.well-known/openid-configuration"))["issuer"]
    assert issuer == cluster.describe()["identity"]["oidc"]["issuer"]


def test_everything_listens_on_loopback_only(place: Place, cluster: Cluster) -> None:
    addresses = {
        connection.laddr.ip
        for process in place.processes()
        for connection in process.net_connections(kind="inet")
        if connection.status == "LISTEN"
    }
    assert addresses == {"127.0.0.1"}


def test_etcd_answers_the_api_server_alone(place: Place, cluster: Cluster) -> None:
    """Whoever reaches etcd reads every secret and writes past RBAC. The cluster's own certificates open it neither."""
    etcd = next(process for process in place.processes() if Path(process.exe()).name == "etcd")
    ports = {item.laddr.port for item in etcd.net_connections(kind="inet") if item.status == "LISTEN"}
    assert len(ports) == 2
    (pki,) = place.state.kubernetes.glob("*/pki")
    for port in ports:
        for client in (None, "admin", "kube-scheduler"):
            assert not answers(port, pki, client)
    assert any(answers(port, pki, "etcd-client") for port in ports)


def answers(port: int, pki: Path, client: str | None) -> bool:
    """Whether etcd tells its health to who bears this certificate."""
    context = ssl.create_default_context(cafile=str(pki / "etcd-ca.crt"))
    if client:
        context.load_cert_chain(pki / f"{client}.crt", pki / f"{client}.key")
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=10)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (ssl.SSLError, ConnectionError):
        return False
    finally:
        connection.close()


def test_what_the_sandbox_keeps_is_its_owners_alone(place: Place, cluster: Cluster) -> None:
    assert stat.S_IMODE(place.state.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(place.state.registry.stat().st_mode) == 0o700
    secret = place.state.secret()
    assert len(secret) > 30
    files = [file for file in place.state.folder.rglob("*") if file.is_file() and not file.is_symlink()]
    keys = [file for file in files if file.suffix in (".key", ".kubeconfig") or file.name in ("secret", "env")]
    assert len(keys) > 10
    assert {stat.S_IMODE(file.stat().st_mode) for file in keys} == {0o600}


def test_nodes_are_not_ready_without_the_network_addon(place: Place, cluster: Cluster) -> None:
    cluster.nodegroup("on-demand", "ON_DEMAND", labels={"team": "a"})
    cluster.nodegroup("spot", "SPOT", taints=[{"key": "spot", "value": "true", "effect": "NO_SCHEDULE"}])
    nodes = until(lambda: (found := place.nodes()) and len(found) == 6 and found, "six nodes")
    ready = [entry for node in nodes.values() for entry in node["status"]["conditions"] if entry["type"] == "Ready"]
    assert {entry["status"] for entry in ready} == {"False"}
    assert "cni plugin not initialized" in ready[0]["message"]
    assert cluster.nodegroup_status("spot") == "CREATING"


def test_nodes_are_ready_with_it_in_three_zones_of_both_types(place: Place, cluster: Cluster) -> None:
    cluster.network_addon()
    until(lambda: cluster.nodegroup_status("spot") == "ACTIVE", "node group ACTIVE")
    until(lambda: cluster.nodegroup_status("on-demand") == "ACTIVE", "node group ACTIVE")
    instances = {
        instance["InstanceId"]: instance
        for reservation in place.client("ec2").describe_instances()["Reservations"]
        for instance in reservation["Instances"]
    }
    seen = set()
    for node in place.nodes().values():
        labels = node["metadata"]["labels"]
        zone, instance_id = node["spec"]["providerID"].removeprefix("aws:///").split("/")
        assert instances[instance_id]["Placement"]["AvailabilityZone"] == zone == labels["topology.kubernetes.io/zone"]
        assert labels["node.kubernetes.io/instance-type"] == instances[instance_id]["InstanceType"]
        assert node["status"]["nodeInfo"]["kubeletVersion"].startswith("v1.34.")
        capacity_type = labels["eks.amazonaws.com/capacityType"]
        spot = [taint for taint in node["spec"].get("taints", []) if taint["key"] == "spot"]
        assert bool(spot) == (capacity_type == "SPOT")
        seen.add((zone, capacity_type))
    assert len(seen) == 6


def test_a_deployment_becomes_available_and_a_drained_node_empty(place: Place, cluster: Cluster) -> None:
    place.kubectl("create", "deployment", "web", "--image=example.org/web:1", "--replicas=6")
    place.kubectl("rollout", "status", "deployment/web", "--timeout=100s")
    pods = json.loads(place.kubectl("get", "pods", "--output=json"))["items"]
    labels = {name: node["metadata"]["labels"] for name, node in place.nodes().items()}
    on_demand = {name for name, found in labels.items() if found["eks.amazonaws.com/capacityType"] == "ON_DEMAND"}
    assert {pod["spec"]["nodeName"] for pod in pods} <= on_demand
    drained = pods[0]["spec"]["nodeName"]
    place.kubectl("drain", drained, "--ignore-daemonsets", "--timeout=100s")
    place.kubectl("rollout", "status", "deployment/web", "--timeout=100s")
    pods = json.loads(place.kubectl("get", "pods", "--output=json"))["items"]
    assert drained not in {pod["spec"]["nodeName"] for pod in pods if not pod["metadata"].get("deletionTimestamp")}
    place.kubectl("uncordon", drained)


def test_desired_size_raised_is_one_node_more(place: Place, cluster: Cluster) -> None:
    before = place.nodes()
    cluster.eks.update_nodegroup_config(clusterName="demo", nodegroupName="spot", scalingConfig={"desiredSize": 4})
    assert until(lambda: len(place.nodes()) == len(before) + 1, "one node more")


def ids(place: Place) -> list[str]:
    """Instances behind the nodes."""
    return [node["spec"]["providerID"].rsplit("/", 1)[-1] for node in place.nodes().values()]


def test_a_terminated_instance_is_a_node_less(place: Place, cluster: Cluster) -> None:
    instance_id = ids(place)[0]
    place.client("ec2").terminate_instances(InstanceIds=[instance_id])
    assert until(lambda: instance_id not in ids(place), "the node is gone")


def test_labels_of_the_group_reach_its_nodes(place: Place, cluster: Cluster) -> None:
    cluster.eks.update_nodegroup_config(
        clusterName="demo",
        nodegroupName="on-demand",
        labels={"addOrUpdateLabels": {"stage": "b"}, "removeLabels": ["team"]},
    )

    def of_group() -> list[dict[str, str]]:
        labels = [node["metadata"]["labels"] for node in place.nodes().values()]
        return [entry for entry in labels if entry["eks.amazonaws.com/nodegroup"] == "on-demand"]

    assert until(lambda: all(entry.get("stage") == "b" for entry in of_group()), "labels")
    assert not [entry for entry in of_group() if "team" in entry]


def test_the_operator_is_who_the_account_says(place: Place, cluster: Cluster) -> None:
    found = json.loads(place.kubectl("auth", "whoami", "--output=json"))["status"]["userInfo"]
    assert found["username"] == place.client("sts").get_caller_identity()["Arn"]


@pytest.fixture(scope="module")
def viewer(place: Place, cluster: Cluster) -> dict[str, str]:
    """The environment of an IAM user with the policy View on one namespace."""
    iam = place.client("iam")
    arn = iam.create_user(UserName="viewer")["User"]["Arn"]
    key = iam.create_access_key(UserName="viewer")["AccessKey"]
    cluster.eks.create_access_entry(clusterName="demo", principalArn=arn, kubernetesGroups=["watchers"])
    cluster.eks.associate_access_policy(
        clusterName="demo",
        principalArn=arn,
        policyArn=f"{POLICY}AmazonEKSViewPolicy",
        accessScope={"type": "namespace", "namespaces": ["default"]},
    )
    credentials = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    return {**place.environment, **credentials}


def test_a_viewer_sees_its_namespace_and_changes_nothing(place: Place, viewer: dict[str, str]) -> None:
    until(lambda: "yes" in _try(place, viewer, "auth", "can-i", "list", "pods"), "the policy is bound")
    place.kubectl("get", "pods", environment=viewer)
    refused = place.kubectl("run", "mine", "--image=example.org/x:1", environment=viewer, code=1)
    assert 'pods is forbidden: User "arn:aws:iam::123456789012:user/viewer" cannot create resource' in refused
    assert "Forbidden" in place.kubectl("get", "pods", "--namespace=kube-system", environment=viewer, code=1)
    assert "Forbidden" in place.kubectl("get", "secrets", environment=viewer, code=1)
    groups = json.loads(place.kubectl("auth", "whoami", "--output=json", environment=viewer))["status"]["userInfo"][
        "groups"
    ]
    assert "watchers" in groups


def _try(place: Place, environment: dict[str, str], *arguments: str) -> str:
    try:
        return place.kubectl(*arguments, environment=environment)
    except AssertionError:
        return ""


UNAUTHORIZED: dict[str, dict[str, str]] = {
    "forged": {"AWS_SECRET_ACCESS_KEY": "forged"},
    "unknown key": {"AWS_ACCESS_KEY_ID": "AKIAUNKNOWN000000000"},
}


@pytest.mark.parametrize("change", UNAUTHORIZED.values(), ids=UNAUTHORIZED.keys())
def test_who_is_not_known_is_unauthorized(place: Place, viewer: dict[str, str], change: dict[str, str]) -> None:
    assert "Unauthorized" in place.kubectl("get", "pods", environment={**viewer, **change}, code=1)


def test_another_clusters_token_is_unauthorized(place: Place, viewer: dict[str, str]) -> None:
    token = json.loads(place.command("token", "--cluster", "other", "--region", "eu-west-1")[0])["status"]["token"]
    server = json.loads(place.kubectl("config", "view", "--raw", "--output=json"))["clusters"][0]["cluster"]["server"]
    anonymous = {**viewer, "KUBECONFIG": "/dev/null"}
    options = (f"--server={server}", "--insecure-skip-tls-verify")
    assert "Unauthorized" in place.kubectl(*options, f"--token={token}", "get", "pods", environment=anonymous, code=1)


def test_a_deleted_entry_is_unauthorized(place: Place, cluster: Cluster, viewer: dict[str, str]) -> None:
    place.kubectl("get", "pods", environment=viewer)
    cluster.eks.delete_access_entry(clusterName="demo", principalArn=f"arn:aws:iam::{ACCOUNT}:user/viewer")
    # A new token each time; the API server remembers a good one for ten seconds.
    assert until(lambda: _try(place, viewer, "get", "pods") == "", "Unauthorized", 30)
    assert "Unauthorized" in place.kubectl("get", "pods", environment=viewer, code=1)


def test_a_snapshot_brings_everything_back(place: Place, cluster: Cluster) -> None:
    place.command("snapshot", "before")
    until(lambda: _try(place, place.environment, "get", "--raw", "/readyz") == "ok", "control plane back")
    place.kubectl("delete", "deployment", "web")
    cluster.eks.update_nodegroup_config(clusterName="demo", nodegroupName="spot", scalingConfig={"desiredSize": 1})
    place.command("restore", "before")
    assert "web" in place.kubectl("get", "deployments")
    group = cluster.eks.describe_nodegroup(clusterName="demo", nodegroupName="spot")["nodegroup"]
    assert group["scalingConfig"]["desiredSize"] == 4


def test_a_killed_agent_takes_its_control_planes_along_and_comes_back(place: Place, cluster: Cluster) -> None:
    before = place.of_clusters()
    status = json.loads(place.command("status")[0])
    agent = next(program for program in status["programs"] if program["name"] == "kubernetes")
    next(process for process in place.processes() if process.pid == agent["pid"]).kill()
    until(lambda: not before.keys() & place.of_clusters().keys(), "the old control plane is gone", 10)
    until(lambda: _try(place, place.environment, "get", "--raw", "/readyz") == "ok", "control plane back")
    assert "web" in place.kubectl("get", "deployments")


def test_a_newer_version_keeps_what_runs(place: Place, cluster: Cluster) -> None:
    endpoint = cluster.describe()["endpoint"]
    cluster.eks.update_cluster_version(name="demo", version="1.35")
    until(lambda: cluster.wait()["version"] == "1.35", "the version")

    def minor() -> str:
        text = _try(place, place.environment, "get", "--raw", "/version")
        return str(json.loads(text)["emulationMinor"]) if text else ""

    until(lambda: minor() == "35", "the API server's version")
    assert cluster.describe()["endpoint"] == endpoint
    assert "web" in place.kubectl("get", "deployments")


def test_a_deleted_cluster_ends_exactly_its_own_processes(place: Place, cluster: Cluster) -> None:
    other = Cluster(place, "other", network=1)
    before = place.of_clusters()
    other.wait()
    until(lambda: len(place.of_clusters()) == 10, "ten programs run")
    others = place.of_clusters().keys() - before.keys()
    contexts = place.kubectl("config", "get-contexts", "--output=name").split()
    assert sorted(contexts) == ["demo", "other"]
    other.eks.delete_cluster(name="other")
    until(lambda: "other" not in other.eks.list_clusters()["clusters"], "cluster deleted")
    assert not others & place.of_clusters().keys()
    assert place.of_clusters().keys() == before.keys()


def test_a_reset_ends_control_planes(place: Place, cluster: Cluster) -> None:
    place.command("reset")
    assert place.of_clusters() == {}
    assert cluster.eks.list_clusters()["clusters"] == []
    assert list(Path(place.state.kubernetes).iterdir()) == []


def test_without_control_planes_no_process_starts(place: Place, cluster: Cluster) -> None:
    place.command("settings", "control_planes=false")
    fleet: Any = Cluster(place, "fleet")
    fleet.wait()
    assert place.of_clusters() == {}
