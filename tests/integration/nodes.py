"""What groups of nodes stand on beside the cluster: a key for disks, and the CNI, without which no node turns Ready."""

from __future__ import annotations

import json

from ansible_collections.slipway.platform.plugins.module_utils._aws.account import Account
from ansible_collections.slipway.platform.plugins.module_utils._boxes.kms_keys.model import Key
from ansible_collections.slipway.platform.plugins.module_utils._boxes.kms_keys.plan import policy

from .conftest import ACCOUNT, REGION, Emulator
from .foundation import Foundation, lay, make_cluster, tags


def lay_nodes(emulator: Emulator, version: str = "1.35") -> Foundation:
    """A cluster in which nodes can turn Ready."""
    emulator.set(date="2026-09-15")
    foundation = lay(emulator)
    make_disk_key(emulator)
    make_cluster(emulator, foundation, version)
    emulator.client("eks").create_addon(clusterName="demo", addonName="vpc-cni")
    return foundation


def make_disk_key(emulator: Emulator, services: tuple[str, ...] = ("autoscaling",)) -> str:
    """The key of the nodes' disks, which admits Auto Scaling."""
    kms = emulator.client("kms")
    named = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags("demo-nodes")]
    document = json.dumps(policy(Key("demo-nodes", "Disks", services), Account(ACCOUNT, REGION)))
    emulator.client("iam").create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")
    key = kms.create_key(Tags=named, Policy=document)["KeyMetadata"]
    kms.create_alias(AliasName="alias/demo-nodes", TargetKeyId=key["KeyId"])
    return str(key["Arn"])
