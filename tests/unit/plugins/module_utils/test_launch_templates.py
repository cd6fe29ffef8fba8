"""The data of launch templates: what AWS takes reads back as what the plan holds."""

from __future__ import annotations

import base64
import copy
import email
import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._aws.ec2.launch_template_data import planned, request
from ansible_collections.slipway.platform.plugins.module_utils._aws.eks.nodes import user_data

CLUSTER = {
    "name": "demo",
    "endpoint": "https://0A1B.gr7.eu-west-1.eks.amazonaws.com",
    "certificate_authority": "LS0tLS1CRUdJTg==",
    "service_cidr": "172.20.0.0/16",
}
DATA: dict[str, Any] = {
    "BlockDeviceMappings": {"/dev/xvda": {"Encrypted": True, "VolumeSize": 50, "VolumeType": "gp3"}},
    "MetadataOptions": {"HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 1, "HttpTokens": "required"},
    "Monitoring": {"Enabled": False},
    "NetworkInterfaces": {"0": {"AssociatePublicIpAddress": False, "Groups": ["sg-1"]}},
    "TagSpecifications": {"instance": {"Name": "demo-workers"}, "volume": {"Name": "demo-workers"}},
    "UserData": {"system": "al2023", "max_pods": 110},
}
NAMES = st.from_regex(r"[a-z]([a-z0-9.-]{0,10}[a-z0-9])?", fullmatch=True)
TAINTS = st.builds(
    lambda key, value, effect: {"effect": effect, "key": key, "value": value},
    NAMES,
    NAMES,
    st.sampled_from(["NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE"]),
)
USER_DATA = st.fixed_dictionaries(
    {"system": st.sampled_from(["al2023", "bottlerocket"])},
    optional={
        "cluster": st.just("demo"),
        "max_pods": st.integers(8, 250),
        "labels": st.dictionaries(NAMES, NAMES, min_size=1, max_size=4),
        "taints": st.lists(TAINTS, min_size=1, max_size=3, unique_by=lambda taint: taint["key"]),
    },
)


def test_a_request_reads_back_as_the_plan() -> None:
    assert planned(request(DATA)) == DATA


def test_what_aws_adds_by_itself_is_no_difference() -> None:
    answered = copy.deepcopy(request(DATA))
    answered["MetadataOptions"] |= {
        "State": "applied",
        "HttpProtocolIpv6": "disabled",
        "InstanceMetadataTags": "disabled",
    }
    answered["NetworkInterfaces"][0]["Ipv6Addresses"] = []
    assert planned({**answered, "SecurityGroupIds": [], "KeyName": ""}) == DATA


def test_what_somebody_else_added_is_a_difference() -> None:
    assert planned({**request(DATA), "KeyName": "mine"}) == {**DATA, "KeyName": "mine"}


@given(USER_DATA)
def test_user_data_reads_back(data: dict[str, Any]) -> None:
    assert user_data.parse(user_data.render(data, CLUSTER), CLUSTER) == data


@given(USER_DATA)
def test_user_data_for_another_endpoint_is_a_difference(data: dict[str, Any]) -> None:
    read = user_data.parse(user_data.render(data, CLUSTER), {**CLUSTER, "endpoint": "https://other"})
    assert (read == data) is ("cluster" not in data)


def test_nodeadm_gets_a_multi_part_document() -> None:
    data = {"system": "al2023", "cluster": "demo", "max_pods": 110, "labels": {"b": "2", "a": "1"}}
    text = base64.b64decode(user_data.render(data, CLUSTER)).decode()
    (part,) = [part for part in email.message_from_string(text).walk() if not part.is_multipart()]
    assert part.get_content_type() == "application/node.eks.aws"
    assert json.loads(str(part.get_payload())) == {
        "apiVersion": "node.eks.aws/v1alpha1",
        "kind": "NodeConfig",
        "spec": {
            "cluster": {
                "name": "demo",
                "apiServerEndpoint": CLUSTER["endpoint"],
                "certificateAuthority": CLUSTER["certificate_authority"],
                "cidr": "172.20.0.0/16",
            },
            "kubelet": {"config": {"maxPods": 110}, "flags": ["--node-labels=a=1,b=2"]},
        },
    }


def test_bottlerocket_gets_settings() -> None:
    taints = [{"effect": "NO_EXECUTE", "key": "dedicated", "value": "web"}]
    data = {"system": "bottlerocket", "cluster": "demo", "max_pods": 58, "labels": {"a": "1"}, "taints": taints}
    text = base64.b64decode(user_data.render(data, CLUSTER)).decode()
    assert tomllib.loads(text)["settings"]["kubernetes"] == {
        "cluster-name": "demo",
        "api-server": CLUSTER["endpoint"],
        "cluster-certificate": CLUSTER["certificate_authority"],
        "max-pods": 58,
        "node-labels": {"a": "1"},
        "node-taints": {"dedicated": ["web:NoExecute"]},
    }


@pytest.mark.parametrize("text", ["#!/bin/sh\necho hello\n", "[settings.other]\na = 1\n", ""])
def test_user_data_of_others_stays_text(text: str) -> None:
    assert user_data.parse(base64.b64encode(text.encode()).decode(), CLUSTER) == text
