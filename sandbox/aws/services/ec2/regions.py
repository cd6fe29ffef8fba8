"""DescribeRegions with the opt-in regions told apart."""

from __future__ import annotations

from typing import Any

from sandbox.aws.front.call import Call
from sandbox.aws.front.errors import AwsError
from sandbox.aws.front.hooks import instead
from sandbox.aws.front.regions import ENABLED_BY_DEFAULT, all_regions
from sandbox.aws.front.state import state
from sandbox.aws.services.ec2.filters import matches


@instead("ec2", "DescribeRegions")
def describe_regions(call: Call) -> dict[str, Any]:
    p = call.parameters
    for name in p.get("RegionNames") or []:
        if name not in all_regions():
            raise AwsError("InvalidParameterValue", f"Invalid region provided: '{name}'", 400)
    found = []
    for name in all_regions():
        if name in ENABLED_BY_DEFAULT:
            status = "opt-in-not-required"
        else:
            status = "opted-in" if name in state.settings.opted_in_regions else "not-opted-in"
        if (status == "not-opted-in" and not p.get("AllRegions")) or (
            p.get("RegionNames") and name not in p["RegionNames"]
        ):
            continue
        endpoint = f"ec2.{name}.amazonaws.com"
        if matches(call, {"region-name": name, "opt-in-status": status, "endpoint": endpoint}, {}):
            found.append({"RegionName": name, "Endpoint": endpoint, "OptInStatus": status})
    return {"Regions": found}
