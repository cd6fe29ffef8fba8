"""ACM: DNS validation that really looks for its records, chains as they were given, certificates in use."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import moto.acm.models

from sandbox.aws.front.call import Call
from sandbox.aws.front.errors import AwsError
from sandbox.aws.front.hooks import before
from sandbox.aws.front.moto_bridge import backend
from sandbox.aws.front.state import state

models: Any = moto.acm.models
Bundle: Any = models.CertBundle
_init = Bundle.__init__
_describe = Bundle.describe


def _initialise(self: Any, *arguments: Any, **named: Any) -> None:
    _init(self, *arguments, **named)
    # AWS gives back the chain of an import as it was, and the certificate itself where there was none.
    self.chain = named.get("chain") or self.cert
    self.requested = time.time()
    self.account = named.get("account_id") or self.arn.split(":")[4]


def _record(arn: str, domain: str) -> tuple[str, str]:
    """Name and value of the validation record: the same for a domain and its wildcard, other for each certificate."""
    plain = domain.removeprefix("*.")
    name = hashlib.md5(f"name {plain}".encode(), usedforsecurity=False).hexdigest()
    value = hashlib.md5(f"value {plain} {arn.split(':')[4]}".encode(), usedforsecurity=False).hexdigest()
    return f"_{name}.{plain}.", f"_{value}.sandbox.acm-validations.aws."


def _describe_validated(self: Any) -> dict[str, Any]:
    described: dict[str, Any] = _describe(self)
    certificate = described["Certificate"]
    if self.type != "AMAZON_ISSUED":
        return described
    records = _cnames(self.account)
    ripe = time.time() >= self.requested + state.settings.seconds["certificate"]
    options = []
    for domain in dict.fromkeys([self.common_name, *self.sans]):
        name, value = _record(self.arn, domain)
        found = ripe and records.get(name) == value
        options.append(
            {
                "DomainName": domain,
                "ValidationDomain": domain,
                "ValidationStatus": "SUCCESS" if found or self.status == "ISSUED" else "PENDING_VALIDATION",
                "ValidationMethod": "DNS",
                "ResourceRecord": {"Name": name, "Type": "CNAME", "Value": value},
            }
        )
    if self.status == "PENDING_VALIDATION" and all(item["ValidationStatus"] == "SUCCESS" for item in options):
        self.status = "ISSUED"
        self.issued = time.time()
    certificate["Status"] = self.status
    certificate["DomainValidationOptions"] = options
    if self.status == "ISSUED":
        certificate["IssuedAt"] = int(getattr(self, "issued", self.requested))
    else:
        for key in ("IssuedAt", "NotBefore", "NotAfter", "Serial", "Issuer"):
            certificate.pop(key, None)
    certificate["InUseBy"] = _users(self.account, self.arn.split(":")[3], self.arn)
    return described


def _cnames(account: str) -> dict[str, str]:
    """All CNAME records of the account's hosted zones."""
    found = {}
    for zone in backend("route53", account, "aws").zones.values():
        for record in zone.rrsets:
            if record.type == "CNAME" and record.records:
                first = record.records[0]
                value = first["Value"] if isinstance(first, dict) else str(first)
                found[record.name.rstrip(".") + "."] = value.rstrip(".") + "."
    return found


def _users(account: str, region: str, arn: str) -> list[str]:
    """The load balancers whose listeners use a certificate."""
    return [
        balancer.arn
        for balancer in backend("elbv2", account, region).load_balancers.values()
        if any(arn in list(listener.certificates or []) for listener in balancer.listeners.values())
    ]


Bundle.__init__ = _initialise
Bundle.describe = _describe_validated


@before("acm", "DeleteCertificate")
def delete_certificate(call: Call) -> None:
    arn = call.parameters["CertificateArn"]
    users = _users(call.account, call.region, arn)
    if users:
        raise AwsError(
            "ResourceInUseException", f"Certificate {arn} in account {call.account} is in use by {users[0]}.", 400
        )


@before("acm", "ListCertificates")
def refresh(call: Call) -> None:
    """A list shows the status that a description would."""
    for certificate in backend("acm", call.account, call.region)._certificates.values():
        certificate.describe()
