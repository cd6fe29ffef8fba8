"""EBS snapshots: encrypted as the volume is that they are made of."""

from __future__ import annotations

from sandbox.aws.front.call import Call
from sandbox.aws.front.hooks import after
from sandbox.aws.front.moto_bridge import backend


@after("ec2", "CreateSnapshot")
def create_snapshot(call: Call) -> None:
    ec2 = backend("ec2", call.account, call.region)
    volume = ec2.volumes[call.parameters["VolumeId"]]
    for snapshot in ec2.snapshots.values():
        if snapshot.volume is volume:
            snapshot.encrypted, snapshot.kms_key_id = volume.encrypted, volume.kms_key_id
