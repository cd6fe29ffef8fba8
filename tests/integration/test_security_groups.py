"""A life of the module security_groups."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._boxes.security_groups.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Refusal

from .conftest import Emulator
from .life import Life

WRITES = {
    "AuthorizeSecurityGroupEgress": {"security_group_rules"},
    "AuthorizeSecurityGroupIngress": {"security_group_rules"},
    "CreateSecurityGroup": {"security_group"},
    "CreateTags": {"security_group"},
    "DeleteSecurityGroup": {"security_group"},
    "DeleteTags": {"security_group"},
    "RevokeSecurityGroupEgress": {"security_group_rules"},
    "RevokeSecurityGroupIngress": {"security_group_rules"},
    "UpdateSecurityGroupRuleDescriptionsEgress": {"security_group_rules"},
    "UpdateSecurityGroupRuleDescriptionsIngress": {"security_group_rules"},
}
EVERYTHING = {"description": "Everything", "protocol": "all", "cidr_blocks": ["0.0.0.0/0"]}


def rule(**changed: Any) -> dict[str, Any]:
    return {"description": "Kubernetes API", "ports": ["443"], "security_groups": ["nodes"], **changed}


def groups(*ingress: dict[str, Any], **nodes: Any) -> list[dict[str, Any]]:
    """Two groups that refer to each other; `ingress` are the rules of the control plane's."""
    kubelet = {"description": "kubelet", "ports": ["10250"], "security_groups": ["control-plane", "nodes"]}
    return [
        {
            "name": "control-plane",
            "description": "Control plane of demo",
            "rules": {"ingress": list(ingress or [rule()])},
        },
        {
            "name": "nodes",
            "description": "Nodes of demo",
            "rules": {"ingress": [kubelet], "egress": [EVERYTHING]},
            **nodes,
        },
    ]


@pytest.fixture
def vpc(emulator: Emulator) -> str:
    """A VPC that carries the platform's name and identity."""
    ec2 = emulator.client("ec2")
    vpc_id: str = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    tags = [{"Key": "Name", "Value": "demo"}, {"Key": "slipway:platform", "Value": "demo"}]
    ec2.create_tags(Resources=[vpc_id], Tags=tags)
    return vpc_id


@pytest.fixture
def life(emulator: Emulator, vpc: str) -> Life:
    return Life(emulator, BOX, WRITES, groups=groups())


def standing(emulator: Emulator, name: str) -> dict[str, Any]:
    ec2 = emulator.client("ec2")
    found = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])["SecurityGroups"]
    assert len(found) == 1
    group: dict[str, Any] = found[0]
    return group


def cluster(emulator: Emulator, vpc: str) -> None:
    """A cluster made by somebody else; EKS makes its security group."""
    ec2, iam, eks = (emulator.client(service) for service in ("ec2", "iam", "eks"))
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{position}.0/24", AvailabilityZone=f"eu-west-1{zone}")["Subnet"][
            "SubnetId"
        ]
        for position, zone in enumerate("ab")
    ]
    trust = {"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="cluster", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    access = {"authenticationMode": "API"}
    eks.create_cluster(name="demo", roleArn=role, resourcesVpcConfig={"subnetIds": subnets}, accessConfig=access)


def group_rules(**rules: Any) -> list[dict[str, Any]]:
    return [{"name": "nodes", "description": "Nodes", "rules": {"ingress": [rule(**rules)]}}]


def test_bad_input_is_refused_before_the_first_write(life: Life) -> None:
    life.emulator.forget()
    with pytest.raises(
        Refusal, match=r"groups\[1\].rules.ingress\[0\].security_groups\[0\] is 'pods'; declared groups are"
    ):
        life.run(check_mode=False, groups=[groups()[0], *group_rules(security_groups=["pods"])])
    assert life.emulator.writes() == []


def test_life(life: Life) -> None:
    assert life.turn() == [
        "create security_group demo-control-plane",
        "create security_group demo-nodes",
        "create security_group_rules demo-control-plane",
        "create security_group_rules demo-nodes",
    ]
    assert standing(life.emulator, "demo-control-plane")["IpPermissionsEgress"] == []
    assert life.turn() == []
    assert life.turn(groups=groups(rule(ports=["443", "8443"]))) == [
        "update security_group_rules demo-control-plane ingress.tcp 8443 Kubernetes API"
    ]
    assert life.turn(
        groups=groups(rule(description="API", security_groups=[], cidr_blocks=["10.0.0.0/16", "fd00::/8"]))
    ) == [
        (
            "update security_group_rules demo-control-plane "
            "ingress.tcp 443 API,ingress.tcp 443 Kubernetes API,ingress.tcp 8443 Kubernetes API"
        )
    ]
    assert life.turn(groups=groups(tags={"Use": "nodes"}), tags={"Owner": "me"}) == [
        "update security_group demo-control-plane tags.Owner",
        "update security_group demo-nodes tags.Owner,tags.Use",
        "update security_group_rules demo-control-plane ingress.tcp 443 API,ingress.tcp 443 Kubernetes API",
    ]
    assert life.turn(state="absent") == [
        "delete security_group_rules demo-control-plane",
        "delete security_group_rules demo-nodes",
        "delete security_group demo-control-plane",
        "delete security_group demo-nodes",
    ]
    assert life.turn(state="absent") == []
    assert len(life.turn()) == 4


def test_a_new_description_is_no_new_rule(life: Life) -> None:
    life.turn()
    life.emulator.forget()
    life.run(check_mode=False, groups=groups(rule(description="API")))
    assert [call["operation"] for call in life.emulator.writes()] == ["UpdateSecurityGroupRuleDescriptionsIngress"]


def test_a_group_that_is_no_longer_declared_goes(life: Life) -> None:
    life.turn()
    alone = [{"name": "control-plane", "description": "Control plane of demo", "rules": {"egress": [EVERYTHING]}}]
    assert life.turn(groups=alone) == [
        "update security_group_rules demo-control-plane egress.all - Everything,ingress.tcp 443 Kubernetes API",
        "delete security_group_rules demo-nodes",
        "delete security_group demo-nodes",
    ]


def test_groups_of_other_components_are_left_alone(life: Life) -> None:
    life.turn()
    other = [{"name": "load-balancer", "description": "Load balancer", "rules": {"egress": [EVERYTHING]}}]
    changes = life.turn(component="edge-waf", groups=other)
    assert changes == ["create security_group demo-load-balancer", "create security_group_rules demo-load-balancer"]
    assert life.turn(component="eks") == []


def test_changes_by_hand_are_undone(life: Life, vpc: str) -> None:
    life.turn()
    ec2 = life.emulator.client("ec2")
    group = standing(life.emulator, "demo-control-plane")["GroupId"]
    nodes = standing(life.emulator, "demo-nodes")["GroupId"]
    anywhere = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[anywhere])
    api = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": nodes}]}
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[api])
    everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[everything])
    ec2.delete_tags(Resources=[group], Tags=[{"Key": "Name"}])
    assert life.turn() == [
        "update security_group demo-control-plane tags.Name",
        "update security_group_rules demo-control-plane egress.all -,ingress.tcp 22,ingress.tcp 443 Kubernetes API",
    ]


def test_a_run_that_was_interrupted_goes_on(life: Life, vpc: str) -> None:
    ec2 = life.emulator.client("ec2")
    tags = {"Name": "demo-nodes", "slipway:platform": "demo", "slipway:component": "eks"}
    ec2.create_security_group(
        GroupName="demo-nodes",
        Description="Nodes of demo",
        VpcId=vpc,
        TagSpecifications=[
            {"ResourceType": "security-group", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
        ],
    )
    assert life.turn() == [
        "create security_group demo-control-plane",
        "create security_group_rules demo-control-plane",
        "update security_group_rules demo-nodes egress.all -,egress.all - Everything,ingress.tcp 10250 kubelet",
    ]


def test_another_description_of_a_group_is_refused(life: Life) -> None:
    life.turn()
    with pytest.raises(Impossible) as refused:
        life.run(check_mode=True, groups=groups(description="All nodes"))
    assert str(refused.value) == (
        "description of security group 'demo-nodes' is 'Nodes of demo' and cannot become 'All nodes': AWS fixes it "
        "when the group is made, delete the group first or keep the text."
    )


def test_a_group_of_others_is_refused_or_adopted(life: Life, vpc: str) -> None:
    ec2 = life.emulator.client("ec2")
    ec2.create_security_group(GroupName="demo-nodes", Description="Nodes of demo", VpcId=vpc)
    with pytest.raises(Impossible, match="security group 'demo-nodes' exists without the tag slipway:platform=demo"):
        life.run(check_mode=True)
    changes = life.turn(adopt=True)
    assert "update security_group demo-nodes tags.Name,tags.slipway:component,tags.slipway:platform" in changes


def test_the_groups_of_a_vpc_that_does_not_stand(emulator: Emulator) -> None:
    life = Life(emulator, BOX, WRITES, groups=groups())
    with pytest.raises(Impossible) as refused:
        life.run(check_mode=True)
    assert str(refused.value) == ("vpc 'demo' does not exist and no earlier task of this run makes it (role vpc does).")
    assert life.turn(state="absent") == []
    planned = life.run(check_mode=True, known={"vpc": {"demo": {"state": "planned"}}})
    assert len(planned.plan.changes) == 4


def test_the_group_of_the_cluster_counts_as_planned_with_it(life: Life, vpc: str) -> None:
    own = group_rules(security_groups=[], cluster_security_group=True)
    with pytest.raises(Impossible, match=r"cluster security group 'demo' does not exist .* \(role eks does\)"):
        life.run(check_mode=True, groups=own)
    planned = life.run(check_mode=True, groups=own, known={"eks_cluster": {"demo": {"state": "planned"}}})
    assert planned.plan.as_list()[1]["fields"][-1]["after"] == {"tcp 443 Kubernetes API": ["demo"]}
    cluster(life.emulator, vpc)
    assert len(life.turn(groups=own)) == 2


def test_an_unchanged_run_is_two_calls(life: Life, vpc: str) -> None:
    life.turn()
    assert life.last is not None
    life.emulator.forget()
    life.run(check_mode=False, known=life.last.known)
    assert [call["operation"] for call in life.emulator.calls()] == ["DescribeSecurityGroups"]
