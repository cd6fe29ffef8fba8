"""What stands behind a managed node group: EKS's launch template, its Auto Scaling group, and the instances."""

from __future__ import annotations

import base64
import contextlib
import math
import re
from dataclasses import dataclass
from typing import Any

from sandbox.aws.front.moto_bridge import backend
from sandbox.aws.front.state import state
from sandbox.aws.services.eks import versions
from sandbox.aws.services.eks.model import Cluster, Nodegroup, invalid_parameter


@dataclass
class UserTemplate:
    id: str
    name: str
    version: int
    data: dict[str, Any]


def user_template(
    account: str, region: str, given: dict[str, Any] | None, fields: dict[str, Any]
) -> UserTemplate | None:
    """The launch template version that a request names.

    :raises AwsError: InvalidParameterException, also for what EKS does not allow in a template
    """
    if not given:
        return None
    ec2 = backend("ec2", account, region)
    identity = given.get("id") or ec2.launch_template_name_to_ids.get(given.get("name"))
    template = ec2.launch_templates.get(identity)
    if template is None:
        raise invalid_parameter(f"The specified launch template, {given}, does not exist.", **fields)
    try:
        version = template.get_version(given.get("version") or "$Default")
    except Exception as error:
        raise invalid_parameter(
            f"Could not find the specified version {given.get('version')} for the launch template with ID {identity}.",
            **fields,
        ) from error
    data: dict[str, Any] = version.data
    if data.get("IamInstanceProfile"):
        raise invalid_parameter("Launch template should not specify an instance profile.", **fields)
    if any(interface.get("SubnetId") for interface in data.get("NetworkInterfaces") or []):
        raise invalid_parameter("Launch template should not specify subnets.", **fields)
    if data.get("InstanceMarketOptions"):
        raise invalid_parameter("Launch template should not specify instance market options.", **fields)
    return UserTemplate(template.id, template.name, int(version.number), data)


def check_instance_types(region: str, types: list[str], ami_type: str, fields: dict[str, Any]) -> None:
    from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES

    offered = {item["InstanceType"] for item in INSTANCE_TYPE_OFFERINGS["region"].get(region, [])}
    for kind in types:
        if kind not in INSTANCE_TYPES or kind not in offered:
            raise invalid_parameter(f"The following supplied instance types do not exist: [{kind}]", **fields)
        if ami_type != "CUSTOM":
            architectures = INSTANCE_TYPES[kind].get("ProcessorInfo", {}).get("SupportedArchitectures", [])
            if versions.AMI_TYPES[ami_type][1] not in architectures:
                raise invalid_parameter(
                    f"[{kind}] is not a valid instance type for requested amiType {ami_type}", **fields
                )


def make_group(cluster: Cluster, group: Nodegroup) -> None:
    """Make EKS's launch template and the Auto Scaling group, whose instances start at once."""
    account, region, data = cluster.account, cluster.region, group.data
    identity = data["nodegroupArn"].rpartition("/")[2]
    group.autoscaling_group = f"eks-{data['nodegroupName']}-{identity}"
    ec2 = backend("ec2", account, region)
    template = ec2.create_launch_template(
        f"eks-{identity}", "", _template_data(cluster, group), {"launch-template": _eks_tags(cluster, group)}
    )
    group.template_id = template.id
    scaling = data["scalingConfig"]
    spot = data["capacityType"] == "SPOT"
    tags = [
        {"Key": key, "Value": value, "PropagateAtLaunch": True}
        for key, value in {
            **_eks_tags(cluster, group),
            "k8s.io/cluster-autoscaler/enabled": "true",
            f"k8s.io/cluster-autoscaler/{cluster.name}": "owned",
            f"kubernetes.io/cluster/{cluster.name}": "owned",
        }.items()
    ]
    backend("autoscaling", account, region).create_auto_scaling_group(
        name=group.autoscaling_group,
        availability_zones=[],
        desired_capacity=scaling["desiredSize"],
        max_size=scaling["maxSize"],
        min_size=scaling["minSize"],
        launch_config_name="",
        launch_template={},
        vpc_zone_identifier=",".join(data["subnets"]),
        default_cooldown=300,
        health_check_period=15,
        health_check_type="EC2",
        load_balancers=[],
        target_group_arns=[],
        placement_group=None,
        termination_policies=["AllocationStrategy", "OldestLaunchTemplate", "OldestInstance"],
        tags=tags,
        capacity_rebalance=spot,
        mixed_instances_policy={
            "LaunchTemplate": {
                "LaunchTemplateSpecification": {"LaunchTemplateId": template.id, "Version": "1"},
                "Overrides": [{"InstanceType": kind} for kind in _types(cluster, group)],
            },
            "InstancesDistribution": {
                "OnDemandAllocationStrategy": "prioritized",
                "OnDemandBaseCapacity": 0,
                "OnDemandPercentageAboveBaseCapacity": 0 if spot else 100,
                "SpotAllocationStrategy": "price-capacity-optimized",
            },
        },
    )


def _types(cluster: Cluster, group: Nodegroup) -> list[str]:
    types: list[str] | None = group.data.get("instanceTypes")
    if types:
        return types
    given = user_template(cluster.account, cluster.region, group.data.get("launchTemplate"), {})
    return [str(given.data["InstanceType"])] if given else ["t3.medium"]


def _eks_tags(cluster: Cluster, group: Nodegroup) -> dict[str, str]:
    return {"eks:cluster-name": cluster.name, "eks:nodegroup-name": group.data["nodegroupName"]}


def _template_data(cluster: Cluster, group: Nodegroup) -> dict[str, Any]:
    """The user's template with what EKS adds: image, security group, instance profile, tags."""
    given = user_template(cluster.account, cluster.region, group.data.get("launchTemplate"), {})
    data: dict[str, Any] = dict(given.data) if given else {}
    if not given:
        data["BlockDeviceMappings"] = [
            {
                "DeviceName": "/dev/xvda",
                "Ebs": {"VolumeSize": group.data["diskSize"], "VolumeType": "gp3", "DeleteOnTermination": True},
            }
        ]
        data["MetadataOptions"] = {"HttpPutResponseHopLimit": 2, "HttpTokens": "optional"}
    if group.data["amiType"] == "CUSTOM":
        group.image_id = data["ImageId"]
    else:
        release = group.data["releaseVersion"]
        group.image_id = versions.image_id(cluster.region, group.data["amiType"], group.data["version"], release)
    data["ImageId"] = group.image_id
    in_interfaces = any(interface.get("Groups") for interface in data.get("NetworkInterfaces") or [])
    if not data.get("SecurityGroupIds") and not in_interfaces:
        data["SecurityGroupIds"] = [cluster.vpc_config["clusterSecurityGroupId"]]
    data["IamInstanceProfile"] = {"Name": f"eks-{group.data['nodegroupArn'].rpartition('/')[2]}"}
    return data


def scaling_group(cluster: Cluster, group: Nodegroup) -> Any:
    return backend("autoscaling", cluster.account, cluster.region).autoscaling_groups.get(group.autoscaling_group)


def scale(cluster: Cluster, group: Nodegroup) -> None:
    """Hand the declared sizes on to the Auto Scaling group."""
    found, scaling = scaling_group(cluster, group), group.data["scalingConfig"]
    if found is not None:
        found.min_size, found.max_size = scaling["minSize"], scaling["maxSize"]
        found.set_desired_capacity(scaling["desiredSize"])


def renew_template(cluster: Cluster, group: Nodegroup) -> None:
    """A new version of EKS's launch template, which new instances use."""
    ec2 = backend("ec2", cluster.account, cluster.region)
    template = ec2.launch_templates[group.template_id]
    version = template.create_version(_template_data(cluster, group), "")
    template.default_version_number = version.number
    found = scaling_group(cluster, group)
    if found is not None:
        found.launch_template_version = str(version.number)
        specification = found.mixed_instances_policy["LaunchTemplate"]["LaunchTemplateSpecification"]
        specification["Version"] = str(version.number)


def roll(cluster: Cluster, group: Nodegroup) -> bool:
    """Replace some instances of an older template version, as many as may be unavailable; False when none is left."""
    found = scaling_group(cluster, group)
    if found is None:
        return False
    current = str(found.launch_template_version)
    old = [item for item in found.instance_states if _template_version(item.instance) != current]
    if not old:
        return False
    if not_ready(cluster, group):
        return True
    settings = group.data["updateConfig"]
    share = settings.get("maxUnavailablePercentage")
    budget = math.ceil(len(found.instance_states) * share / 100) if share else settings.get("maxUnavailable", 1)
    going = old[: max(1, budget)]
    backend("ec2", cluster.account, cluster.region).terminate_instances([item.instance.id for item in going])
    found.instance_states = [item for item in found.instance_states if item not in going]
    found.set_desired_capacity(found.desired_capacity)
    return True


def _template_version(instance: Any) -> str | None:
    for tag in instance.get_tags():
        if tag["key"] == "aws:ec2launchtemplate:version":
            return str(tag["value"])
    return None


def remove_group(cluster: Cluster, group: Nodegroup) -> None:
    """Delete the Auto Scaling group, its instances and the template; an interface of the CNI stays behind."""
    account, region = cluster.account, cluster.region
    autoscaling = backend("autoscaling", account, region)
    found = autoscaling.autoscaling_groups.get(group.autoscaling_group)
    if found is not None:
        running = [item.instance for item in found.instance_states]
        if running and cni_is_active(cluster):
            leave_interface(cluster, running[0])
        autoscaling.delete_auto_scaling_group(group.autoscaling_group)
    ec2 = backend("ec2", account, region)
    if group.template_id in ec2.launch_templates:
        ec2.delete_launch_template("", group.template_id)


def leave_interface(cluster: Cluster, instance: Any) -> None:
    """What the CNI leaves when a node goes before its secondary interface was deleted."""
    ec2 = backend("ec2", cluster.account, cluster.region)
    groups = [group.id for nic in instance.nics.values() for group in nic.group_set]
    ec2.create_network_interface(
        ec2.get_subnet(instance.subnet_id),
        "",
        group_ids=list(dict.fromkeys(groups)),
        description=f"aws-K8S-{instance.id}",
        tags={
            "cluster.k8s.amazonaws.com/name": cluster.name,
            "node.k8s.amazonaws.com/instance_id": instance.id,
            "eks:eni:owner": "amazon-vpc-cni",
        },
    )


def cni_is_active(cluster: Cluster) -> bool:
    addon = cluster.addons.get("vpc-cni")
    if addon is not None:
        return addon["status"] in ("ACTIVE", "UPDATING", "DEGRADED")
    return bool(state.facts("self_managed_addons").get(cluster.data["arn"]))


def not_ready(cluster: Cluster, group: Nodegroup) -> list[str]:
    """Instances of the group that are no Ready nodes yet."""
    found = scaling_group(cluster, group)
    if found is None:
        return []
    identities = [item.instance.id for item in found.instance_states]
    if not cni_is_active(cluster):
        return identities
    if not state.settings.control_planes:
        return []
    return [identity for identity in identities if identity not in cluster.report.nodes_ready]


def any_ready(cluster: Cluster) -> bool:
    """Whether a pod could run: at least one node of a managed or self-managed group is Ready."""
    if state.settings.control_planes:
        return bool(cluster.report.nodes_ready)
    if not cni_is_active(cluster):
        return False
    if any(group.data["status"] in ("ACTIVE", "UPDATING") for group in cluster.nodegroups.values()):
        return True
    return bool(self_managed(cluster))


def self_managed(cluster: Cluster) -> list[Any]:
    """Instances of Auto Scaling groups that are not EKS's, tagged for the cluster, whose role may join."""
    managed = {group.autoscaling_group for group in cluster.nodegroups.values()}
    groups = backend("autoscaling", cluster.account, cluster.region).autoscaling_groups
    found = []
    for group in groups.values():
        if group.name in managed or not group.instance_states:
            continue
        keys = {tag["Key"]: tag["Value"] for tag in group.tags}
        if keys.get(f"kubernetes.io/cluster/{cluster.name}") == "owned":
            found += [item.instance for item in group.instance_states if _may_join(cluster, item.instance)]
    return found


def _may_join(cluster: Cluster, instance: Any) -> bool:
    """Whether the instance's role has an access entry for nodes (the aws-auth ConfigMap is taken to hold it)."""
    if cluster.data["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
        return True
    arns = [role.arn for role in getattr(instance.iam_instance_profile, "roles", [])]
    kinds = [cluster.access_entries[arn].data["type"] for arn in arns if arn in cluster.access_entries]
    return any(kind in ("EC2_LINUX", "EC2_WINDOWS", "EC2") for kind in kinds)


def kubelet_flags(instance: Any) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Labels and taints that the user data gives the kubelet (nodeadm's NodeConfig, bootstrap.sh, Bottlerocket)."""
    text = str(instance.user_data or "")
    with contextlib.suppress(ValueError):
        text = base64.b64decode(text, validate=True).decode()
    labels = {
        pair.partition("=")[0]: pair.partition("=")[2]
        for found in re.findall(r"--node-labels[= ]([^\s\"']+)", text)
        for pair in found.split(",")
    }
    taints = []
    for found in re.findall(r"--register-with-taints[= ]([^\s\"']+)", text):
        for item in found.split(","):
            pair, _, effect = item.rpartition(":")
            key, _, value = pair.partition("=")
            taints.append({"key": key, "value": value, "effect": effect})
    return labels, taints
