"""Time and weather: real states, throttled and failed answers, reads that lag; and the sandbox's own paths."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from typing import Any

import pytest

from sandbox.aws.front import weather
from sandbox.aws.front.harness import Harness

from .conftest import Platform, refusal, trust


def test_everything_takes_its_time(platform: Platform) -> None:
    platform.aws.settings(seconds={"cluster": 0.4, "addon": 0.4, "nodegroup": 0.4})
    eks = platform.client("eks")

    def until(read: Any, wanted: str) -> list[str]:
        seen = []
        for _ in range(200):
            seen.append(read())
            if seen[-1] == wanted:
                break
            time.sleep(0.02)
        return list(dict.fromkeys(seen))

    platform.cluster()
    assert until(lambda: eks.describe_cluster(name="demo")["cluster"]["status"], "ACTIVE") == ["CREATING", "ACTIVE"]
    platform.cni()
    addon = {"clusterName": "demo", "addonName": "vpc-cni"}
    assert until(lambda: eks.describe_addon(**addon)["addon"]["status"], "ACTIVE") == ["CREATING", "ACTIVE"]
    platform.nodegroup()
    group = {"clusterName": "demo", "nodegroupName": "workers"}
    assert until(lambda: eks.describe_nodegroup(**group)["nodegroup"]["status"], "ACTIVE") == ["CREATING", "ACTIVE"]
    eks.delete_nodegroup(**group)
    assert eks.describe_nodegroup(**group)["nodegroup"]["status"] == "DELETING"
    assert refusal(eks.delete_cluster, name="demo")[0] == "ResourceInUseException"
    assert until(lambda: str(eks.list_nodegroups(clusterName="demo")["nodegroups"]), "[]") == ["['workers']", "[]"]
    eks.delete_cluster(name="demo")
    assert eks.describe_cluster(name="demo")["cluster"]["status"] == "DELETING"
    assert until(lambda: str(eks.list_clusters()["clusters"]), "[]") == ["['demo']", "[]"]


def test_nothing_is_added_to_a_cluster_that_is_not_active(platform: Platform) -> None:
    platform.aws.settings(seconds={"cluster": 30})
    platform.cluster()
    assert refusal(platform.cni)[0] == "InvalidRequestException"
    assert refusal(platform.nodegroup)[0] == "InvalidRequestException"
    assert refusal(platform.client("eks").delete_cluster, name="demo")[0] == "ResourceInUseException"


def test_with_control_planes_a_cluster_waits_for_the_agent(platform: Platform) -> None:
    aws, eks = platform.aws, platform.client("eks")
    aws.settings(control_planes=True)
    arn = platform.cluster()["arn"]
    assert eks.describe_cluster(name="demo")["cluster"]["status"] == "CREATING"
    report = {"arn": arn, "endpoint": "https://127.0.0.1:1", "certificate_authority": "Q0E=", "ready": True}
    aws.inner("PUT", "kubernetes/clusters", {**report, "nodes_ready": []})
    time.sleep(0.1)
    cluster = eks.describe_cluster(name="demo")["cluster"]
    assert (cluster["status"], cluster["endpoint"]) == ("ACTIVE", "https://127.0.0.1:1")
    assert cluster["certificateAuthority"] == {"data": "Q0E="}
    platform.cni()
    taint = {"key": "spot", "value": "true", "effect": "NO_SCHEDULE"}
    platform.nodegroup(capacityType="SPOT", taints=[taint], labels={"a": "b"})
    group = {"clusterName": "demo", "nodegroupName": "workers"}
    assert eks.describe_nodegroup(**group)["nodegroup"]["status"] == "CREATING"
    seen = aws.inner("GET", "kubernetes")
    assert seen["access_keys"]["AKIASANDBOX000000001"]["arn"].endswith("user/sandbox")
    (wanted,) = seen["clusters"]
    assert wanted["vpc_cni_active"] is True
    (entry,) = wanted["access_entries"]
    assert (entry["type"], entry["groups"]) == ("EC2_LINUX", ["system:nodes"])
    nodes = wanted["nodes"]
    assert {node["zone"] for node in nodes} == {"us-east-1a", "us-east-1b", "us-east-1c"}
    assert {node["capacity_type"] for node in nodes} == {"SPOT"}
    assert {node["version"] for node in nodes} == {"1.35"}
    assert (nodes[0]["cpu"], nodes[0]["memory_mib"], nodes[0]["architecture"]) == (2, 8192, "amd64")
    assert nodes[0]["taints"] == [{"key": "spot", "value": "true", "effect": "NoSchedule"}]
    assert nodes[0]["labels"]["eks.amazonaws.com/nodegroup"] == "workers"
    aws.inner(
        "PUT", "kubernetes/clusters", {**report, "nodes_ready": [node["instance_id"] for node in wanted["nodes"]]}
    )
    time.sleep(0.1)
    assert eks.describe_nodegroup(**group)["nodegroup"]["status"] == "ACTIVE"
    eks.delete_nodegroup(**group)
    eks.describe_cluster(name="demo")
    eks.delete_cluster(name="demo")
    assert eks.describe_cluster(name="demo")["cluster"]["status"] == "DELETING"
    aws.inner("PUT", "kubernetes/clusters", {"arn": arn, "gone": True})
    time.sleep(0.1)
    assert eks.list_clusters()["clusters"] == []


def test_self_managed_nodes_join_with_an_access_entry(platform: Platform) -> None:
    ec2, eks, iam = platform.client("ec2"), platform.client("eks"), platform.client("iam")
    platform.cluster()
    platform.cni()
    iam.create_instance_profile(InstanceProfileName="node")
    iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="demo-node")
    name = "/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/image_id"
    flags = "--node-labels=a=b,c=d --register-with-taints=spot=true:NoSchedule"
    template = {
        "ImageId": f"resolve:ssm:{name}",
        "InstanceType": "m6i.large",
        "IamInstanceProfile": {"Name": "node"},
        "UserData": base64.b64encode(f"flags:\n- '{flags}'".encode()).decode(),
    }
    ec2.create_launch_template(LaunchTemplateName="own", LaunchTemplateData=template)
    platform.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="own",
        MinSize=1,
        MaxSize=3,
        DesiredCapacity=2,
        VPCZoneIdentifier=",".join(platform.subnets),
        LaunchTemplate={"LaunchTemplateName": "own", "Version": "$Latest"},
        Tags=[{"Key": "kubernetes.io/cluster/demo", "Value": "owned", "PropagateAtLaunch": True}],
    )

    def nodes() -> list[dict[str, Any]]:
        (cluster,) = platform.aws.inner("GET", "kubernetes")["clusters"]
        found: list[dict[str, Any]] = cluster["nodes"]
        return found

    assert nodes() == []
    eks.create_access_entry(clusterName="demo", principalArn=platform.node_role, type="EC2_LINUX")
    assert [(node["autoscaling_group"], node["nodegroup"], node["version"]) for node in nodes()] == [
        ("own", None, "1.34")
    ] * 2
    assert nodes()[0]["labels"] == {"a": "b", "c": "d"}
    assert nodes()[0]["taints"] == [{"key": "spot", "value": "true", "effect": "NoSchedule"}]


def test_prefix_delegation_raises_the_number_of_pods(platform: Platform) -> None:
    platform.cluster()
    values = json.dumps({"env": {"ENABLE_PREFIX_DELEGATION": "true"}})
    eks = platform.client("eks")
    eks.describe_cluster(name="demo")
    platform.nodegroup()

    def pods() -> set[int]:
        (cluster,) = platform.aws.inner("GET", "kubernetes")["clusters"]
        return {node["max_pods"] for node in cluster["nodes"]}

    assert pods() == {29}
    eks.create_addon(clusterName="demo", addonName="vpc-cni", configurationValues=values)
    assert pods() == {110}


def test_throttled_share(aws: Harness) -> None:
    codes: dict[str, set[str]] = {}
    aws.settings(throttle_share=0.5, seed=7)
    for service, operation in (
        ("eks", "list_clusters"),
        ("ec2", "describe_vpcs"),
        ("iam", "list_users"),
        ("kms", "list_keys"),
        ("s3", "list_buckets"),
    ):
        client = aws.client(service)
        for _ in range(20):
            try:
                getattr(client, operation)()
            except client.exceptions.ClientError as error:
                codes.setdefault(service, set()).add(error.response["Error"]["Code"])
    assert codes == {
        "eks": {"ThrottlingException"},
        "ec2": {"RequestLimitExceeded"},
        "iam": {"Throttling"},
        "kms": {"ThrottlingException"},
        "s3": {"SlowDown"},
    }
    aws.settings(throttle_share=0.0, error_share=1.0)
    assert refusal(aws.client("ec2").describe_vpcs)[0] == "InternalError"
    assert refusal(aws.client("eks").list_clusters)[0] == "InternalFailure"


def test_the_same_seed_throttles_the_same_calls(aws: Harness) -> None:
    def drawn() -> list[bool]:
        aws.settings(throttle_share=0.3, seed=3)
        eks, results = aws.client("eks"), []
        for _ in range(30):
            try:
                eks.list_clusters()
                results.append(True)
            except eks.exceptions.ClientError:
                results.append(False)
        return results

    first = drawn()
    assert True in first
    assert False in first
    assert first == drawn()


@dataclass
class Clock:
    """The weather's time, which stands still unless a test moves it."""

    now: float

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock(time.time())
    monkeypatch.setattr(weather, "time", found)
    return found


def test_reads_lag_behind_writes(aws: Harness, clock: Clock) -> None:
    ec2, iam = aws.client("ec2"), aws.client("iam")
    aws.settings(visibility_delay=0.6)
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    assert refusal(ec2.describe_vpcs, VpcIds=[vpc])[0] == "InvalidVpcID.NotFound"
    assert vpc not in [item["VpcId"] for item in ec2.describe_vpcs()["Vpcs"]]
    assert refusal(ec2.create_subnet, VpcId=vpc, CidrBlock="10.9.0.0/24")[0] == "InvalidVpcID.NotFound"
    iam.create_role(RoleName="late", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    assert refusal(iam.get_role, RoleName="late")[0] == "NoSuchEntity"
    clock.now += 0.7
    assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["CidrBlock"] == "10.9.0.0/16"
    assert iam.get_role(RoleName="late")["Role"]["RoleName"] == "late"
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "a", "Value": "b"}])
    assert not ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0].get("Tags")
    ec2.delete_vpc(VpcId=vpc)
    assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    clock.now += 0.7
    assert refusal(ec2.describe_vpcs, VpcIds=[vpc])[0] == "InvalidVpcID.NotFound"


def test_a_new_role_cannot_be_assumed_yet(platform: Platform, clock: Clock) -> None:
    iam, kms = platform.client("iam"), platform.client("kms")
    platform.aws.settings(visibility_delay=0.5)
    role = iam.create_role(RoleName="young", AssumeRolePolicyDocument=trust("eks.amazonaws.com"))["Role"]["Arn"]
    code, message = refusal(platform.cluster, roleArn=role)
    assert (code, "could not be assumed" in message) == ("InvalidParameterException", True)
    root = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    named = {**root, "Principal": {"AWS": role}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [root, named]})
    assert refusal(kms.create_key, Policy=policy)[0] == "MalformedPolicyDocumentException"
    clock.now += 0.6
    kms.create_key(Policy=policy)
    assert platform.cluster(roleArn=role)["status"] == "CREATING"


def test_lag_of_eks(platform: Platform, clock: Clock) -> None:
    eks = platform.client("eks")
    platform.cluster()
    eks.describe_cluster(name="demo")
    platform.aws.settings(visibility_delay=0.4)
    eks.update_cluster_config(name="demo", deletionProtection=True)
    assert eks.describe_cluster(name="demo")["cluster"]["deletionProtection"] is False
    clock.now += 0.5
    assert eks.describe_cluster(name="demo")["cluster"]["deletionProtection"] is True


def test_write_log(platform: Platform) -> None:
    aws = platform.aws
    start = aws.inner("GET", "writes")["next"]
    aws.client("ec2").describe_vpcs(Filters=[{"Name": "vpc-id", "Values": [platform.vpc]}])
    made = aws.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    refusal(aws.client("ec2").create_vpc, CidrBlock="10.9.0.0/16", DryRun=True)
    refusal(aws.client("eks").delete_cluster, name="nothing")
    aws.client("s3").create_bucket(Bucket="demo-bucket")
    aws.client("s3").put_object(Bucket="demo-bucket", Key="a/b", Body=b"hello")
    read, write, dry, failed, bucket, put = aws.calls(start)
    assert (read["service"], read["operation"], read["write"]) == ("ec2", "DescribeVpcs", False)
    assert read["parameters"]["Filters"] == [{"Name": "vpc-id", "Values": [platform.vpc]}]
    assert (write["operation"], write["write"], write["status"]) == ("CreateVpc", True, 200)
    assert write["answer"]["Vpc"]["VpcId"] == made
    assert (write["region"], write["account"]) == ("us-east-1", "123456789012")
    assert write["caller"] == "arn:aws:iam::123456789012:user/sandbox"
    assert dry["write"] is False
    assert (failed["operation"], failed["error_code"]) == ("DeleteCluster", "ResourceNotFoundException")
    assert failed["parameters"] == {"name": "nothing"}
    assert (bucket["operation"], bucket["parameters"]["Bucket"]) == ("CreateBucket", "demo-bucket")
    assert (put["operation"], put["parameters"]["Key"], put["parameters"]["Body"]) == ("PutObject", "a/b", "<5 bytes>")
    aws.inner("DELETE", "writes")
    assert aws.calls() == []


def test_settings(aws: Harness) -> None:
    demo = aws.settings(profile="demo", seconds={"cluster": 7})
    assert (demo["seconds"]["cluster"], demo["seconds"]["nodegroup"]) == (7, 1.5)
    scaled = aws.settings(profile="aws", scale=0.1)
    assert scaled["seconds"]["cluster"] == 54
    for wrong in ({"weather": 1}, {"profile": "fast"}, {"seconds": {"castle": 1}}, {"date": "tomorrow"}):
        with pytest.raises(ValueError, match="Error"):
            aws.settings(**wrong)
    with pytest.raises(ValueError, match="no such path"):
        aws.inner("GET", "nothing")


def test_snapshot_and_restore(platform: Platform) -> None:
    aws, eks = platform.aws, platform.client("eks")
    platform.cluster()
    platform.cni()
    platform.nodegroup()
    key = aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
    aws.client("s3").create_bucket(Bucket="demo-bucket")
    aws.client("s3").put_object(Bucket="demo-bucket", Key="a", Body=b"hello")
    aws.client("acm").request_certificate(DomainName="demo.example.com", ValidationMethod="DNS")
    before = eks.describe_nodegroup(clusterName="demo", nodegroupName="workers")["nodegroup"]
    assert aws.inner("POST", "snapshot", {"name": "kept"})["bytes"] > 1000
    aws.reset()
    assert eks.list_clusters()["clusters"] == []
    aws.inner("POST", "restore", {"name": "kept"})
    after = eks.describe_nodegroup(clusterName="demo", nodegroupName="workers")["nodegroup"]
    assert after == before
    assert aws.client("s3").get_object(Bucket="demo-bucket", Key="a")["Body"].read() == b"hello"
    assert aws.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
    eks.delete_nodegroup(clusterName="demo", nodegroupName="workers")
    eks.list_clusters()
    running = [
        instance
        for reservation in aws.client("ec2").describe_instances()["Reservations"]
        for instance in reservation["Instances"]
        if instance["State"]["Name"] == "running"
    ]
    assert running == []
