"""Names of platforms and buckets."""

from __future__ import annotations

import re

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._aws.names import bucket_name, platform_name
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Refusal


@given(st.text("abz019-", max_size=24))
def test_a_name_passes_exactly_when_its_rule_says_so(name: str) -> None:
    allowed = 2 <= len(name) <= 20 and name[0].isalpha() and "--" not in name and not name.endswith("-")
    if allowed:
        assert platform_name("platform_name", name) == name
    else:
        with pytest.raises(Refusal, match="allowed are 2 to 20 lower-case letters"):
            platform_name("platform_name", name)


@pytest.mark.parametrize("name", ["Demo", "demo_1", "demo.x", "demo\n", "dé", " demo", "demo ", "1demo", "-demo"])
def test_what_no_aws_service_would_take_is_refused(name: str) -> None:
    with pytest.raises(Refusal) as refused:
        platform_name("platform_name", name)
    assert (refused.value.option, refused.value.value) == ("platform_name", name)


@pytest.mark.parametrize("name", ["sg-demo", "sthree-demo", "amzn-s3-demo-a", "internal-demo"])
def test_what_one_aws_service_keeps_for_itself_is_refused(name: str) -> None:
    with pytest.raises(Refusal, match="another beginning is allowed") as refused:
        platform_name("platform_name", name)
    assert (refused.value.option, refused.value.value) == ("platform_name", name)
    assert platform_name("platform_name", f"a-{name}"[:20].rstrip("-"))


@pytest.mark.parametrize("use", ["application", "terraform", "logs"])
def test_the_longest_platform_in_any_region_has_a_bucket_name(use: str) -> None:
    for partition in ("aws", "aws-cn", "aws-us-gov"):
        for region in boto3.Session().get_available_regions("ec2", partition):
            name = bucket_name("p" * 20, "123456789012", region, use)
            assert re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", name), name
