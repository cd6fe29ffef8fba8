"""Answers have the keys and types of botocore's output shapes: its own parser drops unknown keys silently."""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable
from typing import Any

import botocore.session
import pytest

from sandbox.aws.front import hooks
from sandbox.aws.front.call import Call
from sandbox.aws.services.eks.operations import OPERATIONS

from .conftest import Platform, refusal

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "boolean": (bool,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float, str, datetime.datetime),
    "blob": (str, bytes),
}


def differences(shape: Any, value: Any, path: str = "") -> list[str]:
    """What in a value does not fit a shape of botocore's model."""
    if shape.type_name == "structure":
        found = [f"{path}.{key}: unknown" for key in value if key not in names(shape)]
        for member, key in [
            (member, names(shape)[key]) for key, member in ((k, k) for k in value) if key in names(shape)
        ]:
            found += differences(shape.members[key], value[member], f"{path}.{member}")
        return found + [f"{path}.{key}: missing" for key in shape.required_members if key not in value]
    if shape.type_name == "list":
        return [
            item for number, one in enumerate(value) for item in differences(shape.member, one, f"{path}[{number}]")
        ]
    if shape.type_name == "map":
        return [item for key, one in value.items() for item in differences(shape.value, one, f"{path}.{key}")]
    if not isinstance(value, TYPES[shape.type_name]) or (isinstance(value, bool) and shape.type_name != "boolean"):
        return [f"{path}: {value!r} is no {shape.type_name}"]
    enum = getattr(shape, "enum", None)
    if enum and value not in enum:
        return [f"{path}: {value!r} is not one of {enum}"]
    return []


def names(shape: Any) -> dict[str, str]:
    """Name on the wire -> name of the member."""
    return {member.serialization.get("name", name): name for name, member in shape.members.items()}


def test_the_check_sees_a_difference() -> None:
    shape = botocore.session.get_session().get_service_model("eks").shape_for("Cluster")
    assert differences(shape, {"name": "a", "deletionProtection": False}) == []
    assert differences(shape, {"nmae": "a"}) == [".nmae: unknown"]
    assert differences(shape, {"deletionProtection": "no"}) == [".deletionProtection: 'no' is no boolean"]
    assert differences(shape, {"status": "READY"})[0].startswith(".status: 'READY' is not one of")


def eks_life(platform: Platform, eks: Any) -> None:
    """Calls every operation of EKS that the emulator has."""
    version = "1.34"
    key = platform.client("kms").create_key()["KeyMetadata"]["Arn"]
    addon, group = {"clusterName": "demo", "addonName": "vpc-cni"}, {"clusterName": "demo", "nodegroupName": "workers"}
    logging = {"clusterLogging": [{"types": ["api"], "enabled": True}]}
    eks.describe_cluster_versions()
    eks.create_cluster(
        name="demo",
        version=version,
        roleArn=platform.cluster_role,
        resourcesVpcConfig={"subnetIds": platform.subnets},
        accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"},
        zonalShiftConfig={"enabled": True},
        tags={"a": "b"},
        bootstrapSelfManagedAddons=False,
    )
    eks.list_clusters()
    arn = eks.describe_cluster(name="demo")["cluster"]["arn"]
    eks.associate_encryption_config(
        clusterName="demo", encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": key}}]
    )
    eks.describe_cluster(name="demo")
    update = eks.update_cluster_config(name="demo", logging=logging)["update"]["id"]
    eks.list_updates(name="demo")
    eks.describe_update(name="demo", updateId=update)
    refusal(eks.cancel_update, name="demo", updateId=update)
    eks.update_cluster_version(name="demo", version="1.35")
    eks.tag_resource(resourceArn=arn, tags={"c": "d"})
    eks.untag_resource(resourceArn=arn, tagKeys=["c"])
    eks.list_tags_for_resource(resourceArn=arn)
    versions = eks.describe_addon_versions(kubernetesVersion="1.35")["addons"]
    newest = versions[0]["addonVersions"][0]["addonVersion"]
    eks.describe_addon_configuration(addonName="vpc-cni", addonVersion=newest)
    association = [{"serviceAccount": "aws-node", "roleArn": platform.pod_role}]
    eks.create_addon(
        **addon, podIdentityAssociations=association, configurationValues='{"env":{"A":"1"}}', tags={"a": "b"}
    )
    eks.describe_addon(**addon)
    eks.list_addons(clusterName="demo")
    eks.update_addon(**addon, addonVersion=newest)
    eks.create_nodegroup(
        **group,
        subnets=platform.subnets,
        nodeRole=platform.node_role,
        instanceTypes=["m6i.large"],
        taints=[{"key": "a", "value": "b", "effect": "NO_SCHEDULE"}],
        nodeRepairConfig={"enabled": True},
        version="1.34",
        labels={"a": "b"},
    )
    eks.describe_nodegroup(**group)
    eks.list_nodegroups(clusterName="demo")
    eks.update_nodegroup_config(**group, scalingConfig={"minSize": 1, "maxSize": 3, "desiredSize": 1})
    eks.describe_nodegroup(**group)
    eks.update_nodegroup_version(**group, releaseVersion="1.34.7-20261023")
    entry = {"clusterName": "demo", "principalArn": platform.pod_role}
    policy = eks.list_access_policies()["accessPolicies"][0]["arn"]
    eks.create_access_entry(**entry)
    eks.describe_access_entry(**entry)
    eks.list_access_entries(clusterName="demo")
    eks.update_access_entry(**entry, kubernetesGroups=["a"])
    eks.associate_access_policy(**entry, policyArn=policy, accessScope={"type": "cluster"})
    eks.list_associated_access_policies(**entry)
    eks.disassociate_access_policy(**entry, policyArn=policy)
    eks.delete_access_entry(**entry)
    made = eks.create_pod_identity_association(
        clusterName="demo", namespace="a", serviceAccount="b", roleArn=platform.pod_role
    )["association"]
    identity = {"clusterName": "demo", "associationId": made["associationId"]}
    eks.describe_pod_identity_association(**identity)
    eks.list_pod_identity_associations(clusterName="demo")
    eks.update_pod_identity_association(**identity, roleArn=platform.pod_role)
    eks.delete_pod_identity_association(**identity)
    eks.list_insights(clusterName="demo")
    refusal(eks.describe_insight, clusterName="demo", id="x")
    eks.start_insights_refresh(clusterName="demo")
    eks.describe_insights_refresh(clusterName="demo")
    eks.list_capabilities(clusterName="demo")
    eks.list_fargate_profiles(clusterName="demo")
    eks.list_identity_provider_configs(clusterName="demo")
    for _ in range(60):
        if eks.describe_nodegroup(**group)["nodegroup"]["status"] == "ACTIVE":
            break
        time.sleep(0.05)
    eks.delete_nodegroup(**group)
    eks.delete_addon(**addon)
    eks.list_clusters()
    eks.delete_cluster(name="demo")


def test_every_answer_of_eks(platform: Platform) -> None:
    eks = platform.client("eks")
    called: set[str] = set()
    wrong: list[str] = []

    def check(http_response: Any, model: Any, **_: Any) -> None:
        called.add(model.name)
        if http_response.status_code < 300 and model.output_shape is not None:
            body = json.loads(http_response.content or b"{}")
            wrong.extend(f"{model.name}{item}" for item in differences(model.output_shape, body))

    eks.meta.events.register("after-call.eks", check)
    try:
        eks_life(platform, eks)
    finally:
        eks.meta.events.unregister("after-call.eks", check)
    assert wrong == []
    assert set(OPERATIONS) - called == set()


def other_life(platform: Platform) -> None:
    """Calls every operation of other services that the emulator answers itself."""
    ec2, sts, ssm, iam = (platform.client(name) for name in ("ec2", "sts", "ssm", "iam"))
    sts.get_caller_identity()
    sts.get_session_token()
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = iam.create_role(RoleName="open", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    sts.assume_role(RoleArn=role, RoleSessionName="test")
    sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="test", WebIdentityToken="token")
    issuer = "https://oidc.eks.us-east-1.amazonaws.com/id/ABC"
    provider = iam.create_open_id_connect_provider(Url=issuer, ClientIDList=["sts.amazonaws.com"], ThumbprintList=[])
    client = {"OpenIDConnectProviderArn": provider["OpenIDConnectProviderArn"], "ClientID": "other"}
    iam.add_client_id_to_open_id_connect_provider(**client)
    iam.remove_client_id_from_open_id_connect_provider(**client)
    ec2.describe_regions()
    name = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard/recommended"
    image = ssm.get_parameter(Name=f"{name}/image_id")["Parameter"]["Value"]
    ssm.get_parameters(Names=[f"{name}/image_id"])
    ssm.get_parameters_by_path(Path=name)
    ec2.describe_images(ImageIds=[image])
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(VpcId=platform.vpc, InternetGatewayId=gateway)
    nat = ec2.create_nat_gateway(VpcId=platform.vpc, AvailabilityMode="regional")["NatGateway"]["NatGatewayId"]
    ec2.describe_nat_gateways()
    ec2.delete_nat_gateway(NatGatewayId=nat)
    ec2.describe_nat_gateways()
    endpoint = ec2.create_vpc_endpoint(VpcId=platform.vpc, ServiceName="com.amazonaws.us-east-1.s3")["VpcEndpoint"]
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"], "vpce-0123456789abcdef0"])
    key = platform.client("kms").create_key()["KeyMetadata"]["KeyId"]
    platform.client("kms").disable_key(KeyId=key)
    platform.client("kms").enable_key(KeyId=key)
    platform.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    platform.client("kms").cancel_key_deletion(KeyId=key)
    signing = platform.client("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
    digest = {"KeyId": signing, "Message": b"x" * 32, "MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256"}
    signature = platform.client("kms").sign(**digest)["Signature"]
    platform.client("kms").verify(**digest, Signature=signature)
    data = {"ImageId": image, "InstanceType": "m6i.large"}
    template = ec2.create_launch_template(LaunchTemplateName="own", LaunchTemplateData=data)["LaunchTemplate"]
    ec2.create_launch_template_version(LaunchTemplateName="own", LaunchTemplateData=data)
    ec2.delete_launch_template_versions(LaunchTemplateId=template["LaunchTemplateId"], Versions=["2"])
    autoscaling = platform.client("autoscaling")
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="own",
        MinSize=0,
        MaxSize=2,
        DesiredCapacity=1,
        VPCZoneIdentifier=",".join(platform.subnets),
        LaunchTemplate={"LaunchTemplateName": "own", "Version": "$Latest"},
    )
    autoscaling.start_instance_refresh(AutoScalingGroupName="own")
    autoscaling.describe_instance_refreshes(AutoScalingGroupName="own")
    autoscaling.describe_scaling_activities()
    logs, s3 = platform.client("logs"), platform.client("s3")
    logs.create_log_group(logGroupName="a")
    admitted = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"},
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "logs.us-east-1.amazonaws.com"},
                    "Action": "kms:*",
                    "Resource": "*",
                },
            ],
        }
    )
    own = platform.client("kms").create_key(Policy=admitted)["KeyMetadata"]["Arn"]
    logs.associate_kms_key(logGroupName="a", kmsKeyId=own)
    logs.disassociate_kms_key(logGroupName="a")
    s3.create_bucket(Bucket="demo-bucket")
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
        "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
    }
    s3.put_bucket_encryption(Bucket="demo-bucket", ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.get_bucket_encryption(Bucket="demo-bucket")
    waf = platform.client("wafv2")
    visible = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}
    acl = waf.create_web_acl(
        Name="demo", Scope="REGIONAL", DefaultAction={"Allow": {}}, Rules=[], VisibilityConfig=visible
    )
    waf.list_resources_for_web_acl(WebACLArn=acl["Summary"]["ARN"])


def test_every_answer_of_other_services(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    called: set[tuple[str, str]] = set()
    wrong: list[str] = []

    def checked(key: tuple[str, str], hook: Callable[[Call], Any]) -> Callable[[Call], Any]:
        model = botocore.session.get_session().get_service_model(key[0]).operation_model(key[1])

        def call(one: Call) -> Any:
            result = hook(one)
            if result is not None:
                called.add(key)
                found = [f"{key[1]}.{name}: unknown" for name in result if name not in model.output_shape.members]
                for name, value in result.items():
                    if name in model.output_shape.members and value is not None:
                        found += members(model.output_shape.members[name], value, f"{key[1]}.{name}")
                wrong.extend(found)
            return result

        return call

    for key, hook in list(hooks.INSTEAD.items()):
        monkeypatch.setitem(hooks.INSTEAD, key, checked(key, hook))
    other_life(platform)
    assert wrong == []
    assert set(hooks.INSTEAD) - called == set()


def members(shape: Any, value: Any, path: str) -> list[str]:
    """As `differences`, for a result by its members' names (before it is written in a protocol)."""
    if shape.type_name == "structure":
        found = [f"{path}.{key}: unknown" for key in value if key not in shape.members]
        return found + [
            item
            for key, one in value.items()
            if key in shape.members and one is not None
            for item in members(shape.members[key], one, f"{path}.{key}")
        ]
    if shape.type_name == "list":
        return [item for number, one in enumerate(value) for item in members(shape.member, one, f"{path}[{number}]")]
    return differences(shape, value, path)
