"""Load balancers: states, interfaces, addresses, default attributes, and what is refused."""

from __future__ import annotations

import time
import uuid
from typing import Any

import moto.elbv2.models

from sandbox.aws.front.call import Call
from sandbox.aws.front.errors import AwsError
from sandbox.aws.front.hooks import after, before
from sandbox.aws.front.moto_bridge import backend
from sandbox.aws.front.protocol import parse_result
from sandbox.aws.front.state import state, transition
from sandbox.aws.services.ec2 import interfaces
from sandbox.aws.services.eks.roles import make_service_linked_role

models: Any = moto.elbv2.models

# "Attributes" of Application and Network Load Balancers, with their defaults.
APPLICATION = {
    "access_logs.s3.enabled": "false",
    "access_logs.s3.bucket": "",
    "access_logs.s3.prefix": "",
    "client_keep_alive.seconds": "3600",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.prefix": "",
    "deletion_protection.enabled": "false",
    "health_check_logs.s3.enabled": "false",
    "health_check_logs.s3.bucket": "",
    "health_check_logs.s3.prefix": "",
    "idle_timeout.timeout_seconds": "60",
    "load_balancing.cross_zone.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
    "zonal_shift.config.enabled": "false",
}
NETWORK = {
    "access_logs.s3.enabled": "false",
    "access_logs.s3.bucket": "",
    "access_logs.s3.prefix": "",
    "deletion_protection.enabled": "false",
    "dns_record.client_routing_policy": "any_availability_zone",
    "load_balancing.cross_zone.enabled": "false",
    "secondary_ips.auto_assigned.per_subnet": "0",
    "zonal_shift.config.enabled": "false",
}
models.FakeLoadBalancer.VALID_ATTRS |= set(APPLICATION) | set(NETWORK)
# "Elastic Load Balancing endpoints": hosted zones of Application Load Balancers.
HOSTED_ZONES = {
    "us-east-1": "Z35SXDOTRQ7X7K",
    "us-east-2": "Z3AADJGX6KTTL2",
    "us-west-1": "Z368ELLRRE2KJ0",
    "us-west-2": "Z1H1FL5HABSF5",
    "ca-central-1": "ZQSVJUPU6J1EY",
    "eu-central-1": "Z215JYRZR1TBD5",
    "eu-west-1": "Z32O12XQLNTSW2",
    "eu-west-2": "ZHURV8PSTC4K8",
    "eu-west-3": "Z3Q77PNBQS71R4",
    "eu-north-1": "Z23TAZ6LKFMNIO",
    "ap-south-1": "ZP97RAFLXTNZK",
    "ap-southeast-1": "Z1LMS91P8CMLE5",
    "ap-southeast-2": "Z1GM3OXH4ZPM65",
    "ap-northeast-1": "Z14GRHDCWA56QT",
    "sa-east-1": "Z2P70J7HTTTPLU",
}


def _path_pattern(self: Any, condition: dict[str, Any]) -> None:
    """AWS takes several patterns in Values as well."""
    values = (condition.get("PathPatternConfig") or {}).get("Values") or condition.get("Values")
    if not values:
        raise models.InvalidConditionValueError("A condition value must be specified")
    if condition.get("Values") and condition.get("PathPatternConfig"):
        raise models.InvalidConditionValueError(
            "You cannot provide both Values and 'PathPatternConfig' for a condition of type 'path-pattern'"
        )
    if any(len(value) > 128 for value in values):
        raise models.InvalidConditionValueError("The 'path-pattern' value is too long; the limit is '128'")


for _class in list(vars(models).values()):
    if isinstance(_class, type) and "_validate_path_pattern_condition" in vars(_class):
        _with_paths: Any = _class
        _with_paths._validate_path_pattern_condition = _path_pattern


def _activate(balancer: Any) -> None:
    if balancer.state == "provisioning" and time.time() >= getattr(balancer, "active_from", 0.0):
        balancer.state = "active"


models.FakeLoadBalancer.activate = _activate


@before("elbv2", "CreateLoadBalancer")
def create_load_balancer(call: Call) -> None:
    p = call.parameters
    ec2 = backend("ec2", call.account, call.region)
    elbv2 = backend("elbv2", call.account, call.region)
    if any(balancer.name == p["Name"] for balancer in elbv2.load_balancers.values()):
        message = f"A load balancer with the same name '{p['Name']}' exists, but with different settings"
        raise AwsError("DuplicateLoadBalancerName", message, 400)
    subnet_ids = p.get("Subnets") or [item["SubnetId"] for item in p.get("SubnetMappings") or []]
    known = {identity: subnet for zone in ec2.subnets.values() for identity, subnet in zone.items()}
    for subnet_id in subnet_ids:
        if subnet_id not in known:
            raise AwsError("SubnetNotFound", f"The subnet ID '{subnet_id}' does not exist", 400)
    application = p.get("Type", "application") == "application"
    if application and len({known[subnet_id].availability_zone for subnet_id in subnet_ids}) < 2:
        message = "At least two subnets in two different Availability Zones must be specified"
        raise AwsError("InvalidConfigurationRequest", message, 400)
    for group_id in p.get("SecurityGroups") or []:
        if ec2.get_security_group_from_id(group_id) is None:
            raise AwsError("InvalidSecurityGroup", f"The security group '{group_id}' does not exist", 400)
    if p.get("Scheme", "internet-facing") == "internet-facing":
        vpc_id = known[subnet_ids[0]].vpc_id
        if not any(gateway.vpc and gateway.vpc.id == vpc_id for gateway in ec2.internet_gateways.values()):
            raise AwsError("InvalidSubnet", f"VPC {vpc_id} has no internet gateway", 400)


@after("elbv2", "CreateLoadBalancer")
def complete(call: Call) -> None:
    assert call.response is not None
    arn = parse_result(call, call.response)["LoadBalancers"][0]["LoadBalancerArn"]
    balancer = backend("elbv2", call.account, call.region).load_balancers[arn]
    make_service_linked_role(call.account, "elasticloadbalancing.amazonaws.com")
    old_name = balancer.dns_name
    number = uuid.uuid4().int % 10**10
    inner = "" if balancer.scheme == "internet-facing" else "internal-"
    if balancer.type == "network":
        balancer.dns_name = f"{balancer.name}-{uuid.uuid4().hex[:16]}.elb.{call.region}.amazonaws.com"
    else:
        balancer.dns_name = f"{inner}{balancer.name}-{number}.{call.region}.elb.amazonaws.com"
    balancer.canonical_hosted_zone_id = HOSTED_ZONES.get(call.region, "Z35SXDOTRQ7X7K")
    balancer.attrs = dict(NETWORK if balancer.type == "network" else APPLICATION)
    balancer.active_from = time.time() + state.settings.seconds["load_balancer"]
    if not balancer.security_groups and balancer.type == "application":
        balancer.security_groups = [
            backend("ec2", call.account, call.region).get_default_security_group(balancer.vpc_id).id
        ]
    _make_interfaces(call, balancer)
    body = call.response.body.replace(old_name.encode(), balancer.dns_name.encode())
    call.response.body = body.replace(b"Z2P70J7EXAMPLE", balancer.canonical_hosted_zone_id.encode())
    call.result = None


def _make_interfaces(call: Call, balancer: Any) -> None:
    kind = "net" if balancer.type == "network" else "app"
    balancer.interface_ids = [
        interfaces.make(
            call.account,
            call.region,
            subnet.id,
            list(balancer.security_groups or []),
            f"ELB {kind}/{balancer.name}/{balancer.arn.rpartition('/')[2]}",
            owner="amazon-elb",
            requester="amazon-elb",
            kind="network_load_balancer" if kind == "net" else "interface",
        )
        for subnet in balancer.subnets
    ]
    if balancer.scheme == "internet-facing":
        ec2 = backend("ec2", call.account, call.region)
        for number, identity in enumerate(balancer.interface_ids):
            ec2.enis[identity].public_ip = f"54.{uuid.uuid4().int % 250}.{uuid.uuid4().int % 250}.{number + 10}"


def _remove_interfaces(account: str, region: str, identities: list[str]) -> None:
    for identity in identities:
        interfaces.remove(account, region, identity)


@before("elbv2", "DeleteLoadBalancer")
def delete_load_balancer(call: Call) -> None:
    balancer = backend("elbv2", call.account, call.region).load_balancers.get(call.parameters["LoadBalancerArn"])
    if balancer is None:
        return
    if balancer.attrs.get("deletion_protection.enabled") == "true":
        message = f"Load balancer '{balancer.arn}' cannot be deleted because deletion protection is enabled"
        raise AwsError("OperationNotPermitted", message, 400)
    # The interfaces go a while after the load balancer, which is when its security group can be deleted.
    identities = list(getattr(balancer, "interface_ids", []))
    state.schedule("load_balancer", "load_balancer_interfaces_are_gone", call.account, call.region, identities)
    for acl in backend("wafv2", call.account, call.region).wacls.values():
        if balancer.arn in acl.associated_resources:
            acl.associated_resources.remove(balancer.arn)


@transition
def load_balancer_interfaces_are_gone(account: str, region: str, identities: list[str]) -> None:
    _remove_interfaces(account, region, identities)


@after("elbv2", "SetSubnets", "SetSecurityGroups")
def renew_interfaces(call: Call) -> None:
    balancer = backend("elbv2", call.account, call.region).load_balancers[call.parameters["LoadBalancerArn"]]
    _remove_interfaces(call.account, call.region, list(getattr(balancer, "interface_ids", [])))
    _make_interfaces(call, balancer)


@before("elbv2", "CreateListener", "ModifyListener", "AddListenerCertificates")
def check_certificates(call: Call) -> None:
    acm = backend("acm", call.account, call.region)
    for item in call.parameters.get("Certificates") or []:
        certificate = acm._certificates.get(item.get("CertificateArn"))
        if certificate is not None and certificate.status != "ISSUED":
            message = (
                f"The certificate '{item['CertificateArn']}' must have a fully-qualified domain name, a supported "
                "signature, and a supported key size."
            )
            raise AwsError("UnsupportedCertificate", message, 400)
