"""Who may call, keys and certificates, logs and buckets: AWS's refusals and codes."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import Any

import pytest

from sandbox.aws import settings
from sandbox.aws.front.harness import Harness
from sandbox.aws.front.state import state

from .conftest import Platform, refusal, trust

ROOT = "arn:aws:iam::123456789012:root"


def key_policy(*statements: dict[str, Any], root: str = ROOT) -> str:
    administration = {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [administration, *statements]})


def test_caller_is_the_sandbox_user(aws: Harness) -> None:
    identity = aws.client("sts").get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == ("123456789012", "arn:aws:iam::123456789012:user/sandbox")
    assert aws.client("iam").get_user()["User"]["Arn"] == identity["Arn"]


@pytest.mark.parametrize(
    ("service", "operation", "unknown", "wrong", "expired"),
    [
        ("sts", "get_caller_identity", "InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken"),
        ("iam", "list_users", "InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken"),
        ("ec2", "describe_vpcs", "AuthFailure", "AuthFailure", "RequestExpired"),
        ("eks", "list_clusters", "UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException"),
        ("kms", "list_keys", "UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException"),
        ("s3", "list_buckets", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"),
        ("route53", "list_hosted_zones", "InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken"),
    ],
)
def test_credentials(aws: Harness, service: str, operation: str, unknown: str, wrong: str, expired: str) -> None:
    def code(**credentials: str) -> str:
        return refusal(getattr(aws.client(service, **credentials), operation))[0]

    assert code(key="AKIAUNKNOWN000000000") == unknown
    assert code(secret="not the secret") == wrong
    assert (
        code(
            key=settings.EXPIRED_ACCESS_KEY_ID,
            secret=settings.EXPIRED_SECRET_ACCESS_KEY,
            token=settings.EXPIRED_SESSION_TOKEN,
        )
        == expired
    )


def test_request_without_credentials(aws: Harness) -> None:
    request = urllib.request.Request(aws.url + "/clusters", headers={"Host": "eks.us-east-1.amazonaws.com"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert caught.value.code == 403


def test_region_that_does_not_exist(aws: Harness) -> None:
    code, message = refusal(aws.client("sts", region="us-nowhere-1").get_caller_identity)
    assert (code, "us-nowhere-1" in message) == ("SignatureDoesNotMatch", True)


def test_presigned_requests(aws: Harness) -> None:
    url = aws.client("sts").generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    with urllib.request.urlopen(url) as answer:
        assert b"user/sandbox" in answer.read()
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url[:-4] + "0000")
    assert caught.value.code == 403
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="demo-bucket")
    s3.put_object(Bucket="demo-bucket", Key="a b/ü+c", Body=b"hello")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "demo-bucket", "Key": "a b/ü+c"})
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"hello"


def test_assume_role(aws: Harness) -> None:
    iam, sts = aws.client("iam"), aws.client("sts")
    session = {"RoleSessionName": "test"}
    assert refusal(sts.assume_role, RoleArn="arn:aws:iam::123456789012:role/nobody", **session)[0] == "AccessDenied"
    closed = iam.create_role(RoleName="closed", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))["Role"]["Arn"]
    assert refusal(sts.assume_role, RoleArn=closed, **session)[0] == "AccessDenied"
    statement = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = iam.create_role(RoleName="open", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    credentials = sts.assume_role(RoleArn=role, **session)["Credentials"]
    key = {"key": credentials["AccessKeyId"], "secret": credentials["SecretAccessKey"]}
    caller = aws.client("sts", **key, token=credentials["SessionToken"]).get_caller_identity()
    assert caller["Arn"] == "arn:aws:sts::123456789012:assumed-role/open/test"
    assert refusal(aws.client("sts", **key).get_caller_identity)[0] == "InvalidClientTokenId"
    state.keys[credentials["AccessKeyId"]].expires = time.time() - 1
    late = aws.client("sts", **key, token=credentials["SessionToken"])
    assert refusal(late.get_caller_identity)[0] == "ExpiredToken"


def test_another_account(aws: Harness) -> None:
    role = "arn:aws:iam::210987654321:role/OrganizationAccountAccessRole"
    credentials = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    key = {
        "key": credentials["AccessKeyId"],
        "secret": credentials["SecretAccessKey"],
        "token": credentials["SessionToken"],
    }
    assert aws.client("sts", **key).get_caller_identity()["Account"] == "210987654321"
    vpc = aws.client("ec2", **key).create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    assert vpc not in [item["VpcId"] for item in aws.client("ec2").describe_vpcs()["Vpcs"]]


def test_access_keys_of_users(aws: Harness) -> None:
    iam = aws.client("iam")
    iam.create_user(UserName="someone")
    made = iam.create_access_key(UserName="someone")["AccessKey"]
    sts = aws.client("sts", key=made["AccessKeyId"], secret=made["SecretAccessKey"])
    assert sts.get_caller_identity()["Arn"].endswith("user/someone")
    iam.update_access_key(UserName="someone", AccessKeyId=made["AccessKeyId"], Status="Inactive")
    assert refusal(sts.get_caller_identity)[0] == "InvalidClientTokenId"
    iam.update_access_key(UserName="someone", AccessKeyId=made["AccessKeyId"], Status="Active")
    iam.delete_access_key(UserName="someone", AccessKeyId=made["AccessKeyId"])
    assert refusal(sts.get_caller_identity)[0] == "InvalidClientTokenId"


def test_role_with_instance_profile_or_policies_is_not_deleted(aws: Harness) -> None:
    iam = aws.client("iam")
    iam.create_role(RoleName="used", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    assert (
        refusal(iam.create_role, RoleName="used", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))[0]
        == "EntityAlreadyExists"
    )
    policy = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"
    iam.attach_role_policy(RoleName="used", PolicyArn=policy)
    assert refusal(iam.delete_role, RoleName="used")[0] == "DeleteConflict"
    iam.detach_role_policy(RoleName="used", PolicyArn=policy)
    iam.delete_role(RoleName="used")
    code, _ = refusal(iam.attach_role_policy, RoleName="used", PolicyArn="arn:aws:iam::aws:policy/NoSuchPolicy")
    assert code == "NoSuchEntity"


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (key_policy(root="arn:aws:iam::210987654321:root"), "will not allow you to update the key policy"),
        (key_policy(root="arn:aws:iam::123456789012:role/nobody"), "invalid principals"),
        ("{", "not valid JSON"),
    ],
)
def test_key_policies(aws: Harness, policy: str, words: str) -> None:
    kms = aws.client("kms")
    code, message = refusal(kms.create_key, Policy=policy)
    assert (code, words in message) == ("MalformedPolicyDocumentException", True)
    key = kms.create_key(Policy=key_policy())["KeyMetadata"]["KeyId"]
    change = {"KeyId": key, "PolicyName": "default", "Policy": policy}
    assert refusal(kms.put_key_policy, **change)[0] == "MalformedPolicyDocumentException"


@pytest.mark.parametrize("days", [1, 6, 31])
def test_deletion_window(aws: Harness, days: int) -> None:
    kms = aws.client("kms")
    key = kms.create_key()["KeyMetadata"]
    window = {"PendingWindowInDays": days}
    assert refusal(kms.schedule_key_deletion, KeyId=key["KeyId"], **window)[0] == "ValidationException"
    answer = kms.schedule_key_deletion(KeyId=key["Arn"], PendingWindowInDays=7)
    assert answer["KeyId"] == key["Arn"]
    assert kms.describe_key(KeyId=key["Arn"])["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert refusal(kms.schedule_key_deletion, KeyId=key["KeyId"])[0] == "KMSInvalidStateException"
    assert refusal(kms.enable_key_rotation, KeyId=key["KeyId"])[0] == "KMSInvalidStateException"


def test_log_group_needs_a_key_that_admits_the_service(aws: Harness) -> None:
    kms, logs = aws.client("kms"), aws.client("logs")
    closed = kms.create_key()["KeyMetadata"]["Arn"]
    assert refusal(logs.create_log_group, logGroupName="a", kmsKeyId=closed)[0] == "InvalidParameterException"
    service = {"Service": "logs.us-east-1.amazonaws.com"}
    admitted = {"Effect": "Allow", "Principal": service, "Action": ["kms:Encrypt*", "kms:Decrypt*"], "Resource": "*"}
    opened = kms.create_key(Policy=key_policy(admitted))["KeyMetadata"]["Arn"]
    logs.create_log_group(logGroupName="a", kmsKeyId=opened)
    assert refusal(logs.create_log_group, logGroupName="a")[0] == "ResourceAlreadyExistsException"


def test_log_group_of_a_cluster_comes_back(platform: Platform) -> None:
    platform.cluster(logging={"clusterLogging": [{"types": ["api"], "enabled": True}]})
    platform.client("eks").describe_cluster(name="demo")
    logs = platform.client("logs")
    logs.delete_log_group(logGroupName="/aws/eks/demo/cluster")
    assert logs.describe_log_groups()["logGroups"] == []
    for _ in range(60):
        if logs.describe_log_groups()["logGroups"]:
            break
        time.sleep(0.05)
    assert [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]] == ["/aws/eks/demo/cluster"]


def test_new_bucket_is_closed_and_encrypted(aws: Harness) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="demo-app")
    rules = s3.get_bucket_encryption(Bucket="demo-app")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert set(s3.get_public_access_block(Bucket="demo-app")["PublicAccessBlockConfiguration"].values()) == {True}
    owner = s3.get_bucket_ownership_controls(Bucket="demo-app")["OwnershipControls"]["Rules"]
    assert owner == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_bucket_that_wants_tls_and_logs(aws: Harness) -> None:
    s3 = aws.client("s3")
    for name in ("demo-app", "demo-logs"):
        s3.create_bucket(Bucket=name)
    arns = ["arn:aws:s3:::demo-app", "arn:aws:s3:::demo-app/*"]
    tls = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": arns,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket="demo-app", Policy=json.dumps({"Version": "2012-10-17", "Statement": [tls]}))
    s3.put_object(Bucket="demo-app", Key="a", Body=b"x")
    logging = {"LoggingEnabled": {"TargetBucket": "demo-logs", "TargetPrefix": "app/"}}
    wanted = {"Bucket": "demo-app", "BucketLoggingStatus": logging}
    assert refusal(s3.put_bucket_logging, **wanted)[0] == "InvalidTargetBucketForLogging"
    delivery = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": ["s3:PutObject"],
        "Resource": ["arn:aws:s3:::demo-logs/*"],
    }
    deny = {**tls, "Principal": "*", "Resource": ["arn:aws:s3:::demo-logs/*"]}
    s3.put_bucket_policy(
        Bucket="demo-logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny, delivery]})
    )
    s3.put_bucket_logging(**wanted)
    assert s3.get_bucket_logging(Bucket="demo-app")["LoggingEnabled"]["TargetPrefix"] == "app/"
    s3.put_object(Bucket="demo-app", Key="lock", Body=b"x", IfNoneMatch="*")
    again = {"Bucket": "demo-app", "Key": "lock", "Body": b"x", "IfNoneMatch": "*"}
    assert refusal(s3.put_object, **again)[0] == "PreconditionFailed"
    assert refusal(s3.delete_bucket, Bucket="demo-app")[0] == "BucketNotEmpty"
    s3.put_bucket_policy(
        Bucket="demo-app",
        Policy=json.dumps({"Version": "2012-10-17", "Statement": [{**tls, "Condition": {}}]}),
    )
    assert refusal(s3.put_object, Bucket="demo-app", Key="b", Body=b"x")[0] in ("AccessDenied", "403")


def test_certificate_waits_for_its_record(platform: Platform) -> None:
    acm, route53 = platform.client("acm"), platform.client("route53")
    arn = acm.request_certificate(
        DomainName="*.demo.example.com", SubjectAlternativeNames=["demo.example.com"], ValidationMethod="DNS"
    )["CertificateArn"]
    certificate = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert certificate["Status"] == "PENDING_VALIDATION"
    records = {
        option["ResourceRecord"]["Name"]: option["ResourceRecord"]["Value"]
        for option in certificate["DomainValidationOptions"]
    }
    assert len(records) == 1
    zone = route53.create_hosted_zone(Name="demo.example.com", CallerReference="1")["HostedZone"]["Id"]
    changes = [
        {
            "Action": "UPSERT",
            "ResourceRecordSet": {"Name": name, "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": value}]},
        }
        for name, value in records.items()
    ]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "ISSUED"
    assert refusal(route53.delete_hosted_zone, Id=zone)[0] == "HostedZoneNotEmpty"


def test_query_logging_takes_either_arn(aws: Harness) -> None:
    route53, logs = aws.client("route53"), aws.client("logs")
    logs.create_log_group(logGroupName="/aws/route53/demo")
    zone = route53.create_hosted_zone(Name="demo.example.com", CallerReference="1")["HostedZone"]["Id"]
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/route53/demo"
    made = route53.create_query_logging_config(HostedZoneId=zone.rpartition("/")[2], CloudWatchLogsLogGroupArn=arn)
    assert made["QueryLoggingConfig"]["CloudWatchLogsLogGroupArn"].startswith(arn)


def test_web_acl_of_a_load_balancer(platform: Platform) -> None:
    ec2, elbv2, waf = (platform.client(name) for name in ("ec2", "elbv2", "wafv2"))
    identity = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(VpcId=platform.vpc, InternetGatewayId=identity)
    balancer = elbv2.create_load_balancer(Name="edge", Subnets=platform.subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    visible = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}
    acl = waf.create_web_acl(
        Name="demo", Scope="REGIONAL", DefaultAction={"Allow": {}}, Rules=[], VisibilityConfig=visible
    )["Summary"]
    assert waf.list_resources_for_web_acl(WebACLArn=acl["ARN"])["ResourceArns"] == []
    waf.associate_web_acl(WebACLArn=acl["ARN"], ResourceArn=balancer)
    assert waf.list_resources_for_web_acl(WebACLArn=acl["ARN"])["ResourceArns"] == [balancer]
    lock = waf.get_web_acl(Name="demo", Scope="REGIONAL", Id=acl["Id"])["LockToken"]
    gone = {"Name": "demo", "Scope": "REGIONAL", "Id": acl["Id"], "LockToken": lock}
    assert refusal(waf.delete_web_acl, **gone)[0] == "WAFAssociatedItemException"
    elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    waf.delete_web_acl(**gone)


def test_auto_scaling_group_with_instances(platform: Platform) -> None:
    ec2, autoscaling = platform.client("ec2"), platform.client("autoscaling")
    template = ec2.create_launch_template(
        LaunchTemplateName="demo", LaunchTemplateData={"InstanceType": "m6i.large", "ImageId": "ami-0123456789abcdef0"}
    )["LaunchTemplate"]["LaunchTemplateId"]
    policy = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {"LaunchTemplateId": template, "Version": "$Latest"},
            "Overrides": [{"InstanceType": "m6i.large"}, {"InstanceType": "m5.large"}],
        },
        "InstancesDistribution": {
            "OnDemandBaseCapacity": 1,
            "OnDemandPercentageAboveBaseCapacity": 50,
            "SpotAllocationStrategy": "price-capacity-optimized",
        },
    }
    group = {"AutoScalingGroupName": "demo"}
    autoscaling.create_auto_scaling_group(
        **group,
        MinSize=1,
        MaxSize=6,
        DesiredCapacity=5,
        VPCZoneIdentifier=",".join(platform.subnets),
        MixedInstancesPolicy=policy,
        Tags=[{"Key": "a", "Value": "b", "PropagateAtLaunch": True}],
    )
    found = [instance for item in ec2.describe_instances()["Reservations"] for instance in item["Instances"]]
    assert sum(1 for item in found if item.get("InstanceLifecycle") == "spot") == 2
    assert len({item["SubnetId"] for item in found}) == 3
    assert {"Key": "a", "Value": "b"} in found[0]["Tags"]
    assert refusal(autoscaling.delete_auto_scaling_group, **group)[0] == "ResourceInUse"
    assert refusal(autoscaling.set_desired_capacity, **group, DesiredCapacity=7)[0] == "ValidationError"
    autoscaling.enable_metrics_collection(**group, Granularity="1Minute", Metrics=["GroupMinSize"])
    autoscaling.disable_metrics_collection(**group)
    assert not autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"][0].get("EnabledMetrics")
    autoscaling.delete_auto_scaling_group(**group, ForceDelete=True)
    assert autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []
