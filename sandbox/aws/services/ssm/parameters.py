"""SSM's public parameters of EKS's images."""

from __future__ import annotations

import datetime
from typing import Any

from sandbox.aws.front.call import Call
from sandbox.aws.front.errors import AwsError
from sandbox.aws.front.hooks import instead
from sandbox.aws.services.ssm.images import parameters

PREFIXES = ("/aws/service/eks/", "/aws/service/bottlerocket/")
PUBLISHED = datetime.datetime(2026, 11, 13, tzinfo=datetime.UTC)


@instead("ssm", "GetParameter")
def get_parameter(call: Call) -> dict[str, Any] | None:
    name = call.parameters["Name"]
    if not name.startswith(PREFIXES):
        return None
    if name not in parameters(call.region):
        raise AwsError("ParameterNotFound", f"Systems Manager could not find the parameter {name}.", 400)
    return {"Parameter": _parameter(call, name)}


@instead("ssm", "GetParameters")
def get_parameters(call: Call) -> dict[str, Any] | None:
    names = call.parameters["Names"]
    if not all(name.startswith(PREFIXES) for name in names):
        return None
    known = parameters(call.region)
    return {
        "Parameters": [_parameter(call, name) for name in names if name in known],
        "InvalidParameters": [name for name in names if name not in known],
    }


@instead("ssm", "GetParametersByPath")
def get_parameters_by_path(call: Call) -> dict[str, Any] | None:
    p = call.parameters
    path = p["Path"].rstrip("/") + "/"
    if not path.startswith(PREFIXES):
        return None
    names = [
        name
        for name in parameters(call.region)
        if name.startswith(path) and (p.get("Recursive") or "/" not in name.removeprefix(path))
    ]
    start, size = int(p.get("NextToken") or 0), int(p.get("MaxResults") or 10)
    answer: dict[str, Any] = {"Parameters": [_parameter(call, name) for name in names[start : start + size]]}
    if start + size < len(names):
        answer["NextToken"] = str(start + size)
    return answer


def _parameter(call: Call, name: str) -> dict[str, Any]:
    return {
        "Name": name,
        "Type": "String",
        "Value": parameters(call.region)[name],
        "Version": 1,
        "LastModifiedDate": PUBLISHED,
        "ARN": f"arn:aws:ssm:{call.region}::parameter{name}",
        "DataType": "text",
    }
