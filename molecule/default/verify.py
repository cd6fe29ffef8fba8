"""Looks with boto3 at the account that every scenario begins with: verify.py PLATFORM."""

from __future__ import annotations

import os
import sys
import urllib.parse

import boto3


def main(platform: str) -> None:
    endpoint = urllib.parse.urlsplit(os.environ["AWS_ENDPOINT_URL"])
    assert endpoint.hostname == "127.0.0.1", "the sandbox's account and no other"
    assert boto3.client("sts").get_caller_identity()["Account"] == "123456789012"
    assert boto3.client("eks").list_clusters()["clusters"] == []
    assert boto3.client("s3").list_buckets()["Buckets"] == []
    assert all(vpc["IsDefault"] for vpc in boto3.client("ec2").describe_vpcs()["Vpcs"])
    mine = {"Key": "slipway:platform", "Values": [platform]}
    tagged = boto3.client("resourcegroupstaggingapi").get_resources(TagFilters=[mine])
    assert tagged["ResourceTagMappingList"] == []


main(sys.argv[1])
