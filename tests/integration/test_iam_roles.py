"""A life of the module iam_roles."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._boxes.iam_roles.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Refusal

from .conftest import ACCOUNT, Emulator
from .life import Life

WRITES = {
    **{
        operation: {"iam_role"}
        for operation in (
            "AttachRolePolicy",
            "CreateRole",
            "DeleteRole",
            "DeleteRolePermissionsBoundary",
            "DeleteRolePolicy",
            "DetachRolePolicy",
            "PutRolePermissionsBoundary",
            "PutRolePolicy",
            "TagRole",
            "UntagRole",
            "UpdateAssumeRolePolicy",
            "UpdateRole",
        )
    },
    **{
        operation: {"instance_profile"}
        for operation in (
            "AddRoleToInstanceProfile",
            "CreateInstanceProfile",
            "DeleteInstanceProfile",
            "RemoveRoleFromInstanceProfile",
            "TagInstanceProfile",
            "UntagInstanceProfile",
        )
    },
    "CreateServiceLinkedRole": {"service_linked_role"},
}
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["logs:PutLogEvents", "logs:CreateLogStream"], "Resource": "*"}],
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"},
}
PODS = {"cluster": "demo", "namespace": "kube-system", "service_account": "aws-node"}


def nodes(**changed: Any) -> dict[str, Any]:
    return {
        "name": "nodes",
        "trust_services": ["ec2.amazonaws.com"],
        "managed_policies": ["AmazonEKSWorkerNodePolicy"],
        **changed,
    }


@pytest.fixture
def life(emulator: Emulator) -> Life:
    return Life(emulator, BOX, WRITES, roles=[nodes()])


@pytest.fixture
def iam(emulator: Emulator) -> Any:
    return emulator.client("iam")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"path": "slipway/"}, "path is 'slipway/'; allowed are '/' and a path that begins and ends with a slash"),
        ({"path": "/slipway"}, "path is '/slipway'; allowed are '/' and a path that begins and ends with a slash"),
        ({"permissions_boundary": "boundary"}, "permissions_boundary is 'boundary'; the ARN of a policy is allowed"),
        (
            {"permissions_boundary": f"arn:aws:iam::{ACCOUNT}:role/boundary"},
            f"permissions_boundary is 'arn:aws:iam::{ACCOUNT}:role/boundary'; the ARN of a policy is allowed",
        ),
        ({"roles": [nodes(), nodes()]}, "roles[1].name is 'nodes'; each name is allowed once."),
        ({"roles": [nodes(name="my nodes")]}, "roles[0].name is 'my nodes'; letters, digits and _+=,.@- are allowed"),
        ({"roles": [nodes(name="n" * 60)]}, f"roles[0].name is '{'n' * 60}'; letters, digits and _+=,.@- are allowed"),
        (
            {"roles": [nodes(trust_services=["EC2"])]},
            "roles[0].trust_services[0] is 'EC2'; the name of an AWS service is allowed, such as 'ec2.amazonaws.com'.",
        ),
        (
            {"roles": [nodes(trust_services=[])]},
            "roles[0].trust_services is []; one of trust_services, trust_account, trust_pod_identity and trust_policy",
        ),
        (
            {"roles": [nodes(trust_policy=TRUST)]},
            "roles[0].trust_services is ['ec2.amazonaws.com']; one of trust_services, trust_account, trust_pod",
        ),
        (
            {"roles": [nodes(trust_services=[], trust_pod_identity={**PODS, "namespace": "*"})]},
            "roles[0].trust_pod_identity.namespace is '*'; one name is allowed, without wildcards.",
        ),
        (
            {"roles": [nodes(managed_policies=[f"arn:aws:iam::{ACCOUNT}:user/somebody"])]},
            f"roles[0].managed_policies[0] is 'arn:aws:iam::{ACCOUNT}:user/somebody'; allowed are the name of a policy",
        ),
        (
            {"roles": [nodes(max_session_duration=60)]},
            "roles[0].max_session_duration is 60; 3600 to 43200 seconds are allowed.",
        ),
        (
            {"roles": [nodes(policies={"logs": {"Version": "2012-10-17"}})]},
            "roles[0].policies.logs.Statement is not set; a list of statements is required.",
        ),
        (
            {"roles": [nodes(policies={"logs": {"Statement": [{"Effect": "allow", "Action": "*"}]}})]},
            "roles[0].policies.logs.Statement[0].Effect is 'allow'; allowed are Allow and Deny.",
        ),
        (
            {"roles": [nodes(policies={"logs": {"Statement": [{"Efect": "Allow", "Action": "*"}]}})]},
            "roles[0].policies.logs.Statement[0].Efect is 'Allow'; it is unknown, allowed are Action, Condition,",
        ),
        (
            {"service_linked_roles": ["autoscaling"]},
            "service_linked_roles[0] is 'autoscaling'; the name of an AWS service is allowed",
        ),
        ({"component": "Role eks"}, "component is 'Role eks'; 1 to 31 lower-case letters, digits, _ and - are allowed"),
    ],
)
def test_bad_input_is_refused_before_the_first_write(life: Life, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        life.run(check_mode=False, **options)
    assert str(refused.value).startswith(sentence)
    assert life.emulator.writes() == []


def test_life(life: Life, iam: Any) -> None:
    iam.create_policy(PolicyName="boundary", PolicyDocument=json.dumps(DOCUMENT))
    assert life.turn() == ["create iam_role demo-nodes"]
    assert life.turn(roles=[nodes(description="Nodes")]) == ["update iam_role demo-nodes description"]
    assert life.turn(roles=[nodes(max_session_duration=7200)]) == [
        "update iam_role demo-nodes description,max_session_duration"
    ]
    assert life.turn() == ["update iam_role demo-nodes max_session_duration"]
    assert life.turn(permissions_boundary=BOUNDARY) == ["update iam_role demo-nodes permissions_boundary"]
    assert life.turn() == ["update iam_role demo-nodes permissions_boundary"]
    assert life.turn(roles=[nodes(trust_services=[], trust_policy=TRUST)]) == [
        "update iam_role demo-nodes trust_policy.Statement"
    ]
    assert life.turn() == ["update iam_role demo-nodes trust_policy.Statement"]
    assert life.turn(roles=[nodes(trust_services=[], trust_pod_identity=PODS)]) == [
        "update iam_role demo-nodes trust_policy.Statement"
    ]
    (trust,) = iam.get_role(RoleName="demo-nodes")["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert "pods.eks.amazonaws.com" in trust["Principal"]["Service"]
    told = {
        key: value[0] if isinstance(value, list) else value for key, value in trust["Condition"]["StringEquals"].items()
    }
    assert {key.partition("/")[2]: value for key, value in told.items() if "RequestTag" in key} == {
        "eks-cluster-name": "demo",
        "kubernetes-namespace": "kube-system",
        "kubernetes-service-account": "aws-node",
    }
    assert life.turn() == ["update iam_role demo-nodes trust_policy.Statement"]
    assert life.turn(roles=[nodes(managed_policies=["AmazonEKS_CNI_Policy", BOUNDARY])]) == [
        "update iam_role demo-nodes managed_policies"
    ]
    assert life.turn(roles=[nodes(policies={"logs": DOCUMENT})]) == [
        "update iam_role demo-nodes managed_policies,policies.logs"
    ]
    assert life.turn() == ["update iam_role demo-nodes policies.logs"]
    assert life.turn(tags={"Owner": "me"}) == ["update iam_role demo-nodes tags.Owner"]
    assert life.turn() == ["update iam_role demo-nodes tags.Owner"]
    assert life.turn(state="absent") == ["delete iam_role demo-nodes"]
    assert life.turn(state="absent") == []
    assert life.turn(path="/slipway/", permissions_boundary=BOUNDARY) == ["create iam_role demo-nodes"]
    role = iam.get_role(RoleName="demo-nodes")["Role"]
    assert role["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/slipway/demo-nodes"
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY


def test_life_of_an_instance_profile(life: Life, iam: Any) -> None:
    with_profile = {"roles": [nodes(instance_profile=True)]}
    created = ["create iam_role demo-nodes", "create instance_profile demo-nodes"]
    assert life.turn(**with_profile) == created
    profile = iam.get_instance_profile(InstanceProfileName="demo-nodes")["InstanceProfile"]
    assert [role["RoleName"] for role in profile["Roles"]] == ["demo-nodes"]
    assert life.turn(**with_profile, tags={"Owner": "me"}) == [
        "update iam_role demo-nodes tags.Owner",
        "update instance_profile demo-nodes tags.Owner",
    ]
    life.turn(**with_profile)
    iam.remove_role_from_instance_profile(InstanceProfileName="demo-nodes", RoleName="demo-nodes")
    assert life.turn(**with_profile) == ["update instance_profile demo-nodes role"]
    iam.create_role(RoleName="other", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.remove_role_from_instance_profile(InstanceProfileName="demo-nodes", RoleName="demo-nodes")
    iam.add_role_to_instance_profile(InstanceProfileName="demo-nodes", RoleName="other")
    assert life.turn(**with_profile) == ["update instance_profile demo-nodes role"]
    assert life.turn(**with_profile, state="absent") == [
        "delete instance_profile demo-nodes",
        "delete iam_role demo-nodes",
    ]
    assert life.turn(**with_profile) == created


def test_service_linked_roles_are_made_once_and_left_alone(life: Life, iam: Any) -> None:
    services = ["spot.amazonaws.com", "autoscaling.amazonaws.com"]
    assert life.turn(roles=[], service_linked_roles=services) == [
        "create service_linked_role autoscaling.amazonaws.com",
        "create service_linked_role spot.amazonaws.com",
    ]
    assert iam.get_role(RoleName="AWSServiceRoleForEC2Spot")["Role"]["Path"] == "/aws-service-role/spot.amazonaws.com/"
    assert life.turn(roles=[], service_linked_roles=services, state="absent") == []
    assert life.turn(roles=[], service_linked_roles=[]) == []
    assert life.turn(roles=[], service_linked_roles=services, tags={"Owner": "me"}) == []


def test_a_service_linked_role_with_a_suffix_is_another(life: Life, iam: Any) -> None:
    """AWS's own policies and our key policies name the one without suffix."""
    iam.create_role(
        RoleName="AWSServiceRoleForAutoScaling_other",
        Path="/aws-service-role/autoscaling.amazonaws.com/",
        AssumeRolePolicyDocument=json.dumps(TRUST),
    )
    planned = life.run(check_mode=True, roles=[], service_linked_roles=["autoscaling.amazonaws.com"]).plan.as_list()
    assert [(change["action"], change["name"]) for change in planned] == [("create", "autoscaling.amazonaws.com")]


def test_changes_by_hand_are_undone(life: Life, iam: Any) -> None:
    life.turn(permissions_boundary=None)
    iam.update_role(RoleName="demo-nodes", Description="Changed", MaxSessionDuration=43200)
    iam.update_assume_role_policy(RoleName="demo-nodes", PolicyDocument=json.dumps(TRUST))
    iam.attach_role_policy(RoleName="demo-nodes", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.put_role_policy(RoleName="demo-nodes", PolicyName="by-hand", PolicyDocument=json.dumps(DOCUMENT))
    iam.tag_role(RoleName="demo-nodes", Tags=[{"Key": "By", "Value": "hand"}])
    fields = "description,managed_policies,max_session_duration,policies.by-hand,trust_policy.Statement,tags.By"
    assert life.turn() == [f"update iam_role demo-nodes {fields}"]


def test_a_role_with_policies_by_hand_is_deleted_all_the_same(life: Life, iam: Any) -> None:
    life.turn()
    iam.attach_role_policy(RoleName="demo-nodes", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.put_role_policy(RoleName="demo-nodes", PolicyName="by-hand", PolicyDocument=json.dumps(DOCUMENT))
    assert life.turn(state="absent") == ["delete iam_role demo-nodes"]


def test_how_aws_writes_a_policy_is_no_difference(life: Life, iam: Any) -> None:
    life.turn(roles=[nodes(policies={"logs": DOCUMENT})])
    statement = {
        "Effect": "Allow",
        "Resource": ["*"],
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Sid": "",
    }
    document = json.dumps({"Statement": statement, "Version": "2012-10-17"}, indent=4)
    iam.put_role_policy(RoleName="demo-nodes", PolicyName="logs", PolicyDocument=document)
    assert life.turn(roles=[nodes(policies={"logs": DOCUMENT})]) == []


def test_the_path_cannot_change(life: Life) -> None:
    life.turn()
    with pytest.raises(
        Impossible, match="path of iam role 'demo-nodes' is '/' and cannot become '/slipway/': AWS fixes"
    ):
        life.run(check_mode=True, path="/slipway/")


def test_roles_of_a_component_that_are_declared_no_more_go(life: Life) -> None:
    both = [nodes(instance_profile=True), nodes(name="cluster", trust_services=["eks.amazonaws.com"])]
    life.turn(component="eks", roles=both)
    life.turn(component="vpc", roles=[nodes(name="flow-logs", trust_services=["vpc-flow-logs.amazonaws.com"])])
    life.turn(roles=[nodes(name="of-no-component")])
    without = [nodes(), both[1]]
    assert life.turn(component="eks", roles=without) == ["delete instance_profile demo-nodes"]
    life.turn(component="eks", roles=both)
    assert life.turn(component="eks", roles=both[1:]) == [
        "delete instance_profile demo-nodes",
        "delete iam_role demo-nodes",
    ]
    assert life.turn(component="eks", roles=[], state="absent") == ["delete iam_role demo-cluster"]
    assert life.turn(component="vpc", roles=[]) == ["delete iam_role demo-flow-logs"]


def test_a_role_of_others_is_refused_or_adopted(life: Life, iam: Any) -> None:
    iam.create_role(RoleName="demo-nodes", AssumeRolePolicyDocument=json.dumps(TRUST))
    with pytest.raises(Impossible, match="exists without the tag slipway:platform=demo; set platform_adopt to true"):
        life.run(check_mode=True)
    assert "tags.slipway:platform" in life.turn(adopt=True)[0]


def test_a_role_of_others_survives_absent(life: Life, iam: Any) -> None:
    iam.create_role(RoleName="demo-nodes", AssumeRolePolicyDocument=json.dumps(TRUST))
    assert life.turn(state="absent") == []
    assert iam.get_role(RoleName="demo-nodes")["Role"]["RoleName"] == "demo-nodes"


def test_the_calls_of_an_unchanged_run(life: Life) -> None:
    roles = [nodes(instance_profile=True, policies={"logs": DOCUMENT}), nodes(name="other")]
    options = {"roles": roles, "service_linked_roles": ["spot.amazonaws.com"]}
    life.turn(**options)
    life.emulator.forget()
    life.run(check_mode=False, **options)
    operations = sorted(call["operation"] for call in life.emulator.calls())
    assert operations == [
        "GetCallerIdentity",
        "GetInstanceProfile",
        *["GetRole"] * 2,
        "GetRolePolicy",
        *["ListAttachedRolePolicies"] * 2,
        *["ListRolePolicies"] * 2,
        "ListRoles",
    ]
    assert [call for call in life.emulator.calls() if call["service"] not in ("iam", "sts")] == []


def test_the_answer_names_arns_before_they_exist(life: Life) -> None:
    outcome = life.run(check_mode=True, path="/slipway/")
    assert outcome.answer == {"roles": {"demo-nodes": f"arn:aws:iam::{ACCOUNT}:role/slipway/demo-nodes"}}


def test_in_bad_weather(life: Life) -> None:
    """Reads lag behind writes, and a tenth of the calls are throttled."""
    life.emulator.set(visibility_delay=1.0, throttle_share=0.1)
    for state in ("present", "absent"):
        assert life.run(check_mode=False, state=state).plan
        assert not life.run(check_mode=True, state=state).plan
