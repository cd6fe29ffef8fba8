"""What groups of nodes stand on beside the cluster: a key for disks, and the CNI, without which no node turns Ready."""

from __future__ import annotations

from .conftest import Emulator
from .foundation import Foundation, lay, make_cluster, tags


def lay_nodes(emulator: Emulator, version: str = "1.35") -> Foundation:
    """A cluster in which nodes can turn Ready."""
    emulator.set(date="2026-09-15")
    foundation = lay(emulator)
    kms = emulator.client("kms")
    named = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags("demo-nodes")]
    key = kms.create_key(Tags=named)["KeyMetadata"]
    kms.create_alias(AliasName="alias/demo-nodes", TargetKeyId=key["KeyId"])
    make_cluster(emulator, foundation, version)
    emulator.client("eks").create_addon(clusterName="demo", addonName="vpc-cni")
    return foundation
