"""Buckets that hold objects, and their deletion."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._boxes.s3_buckets.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible

from .buckets import APPLICATION, LOGS, TERRAFORM, WRITES, all_of, application, logs, make_key
from .conftest import Emulator
from .life import Life


@pytest.fixture
def life(emulator: Emulator) -> Life:
    make_key(emulator)
    return Life(emulator, BOX, WRITES, **all_of())


def fill(s3: Any, bucket: str) -> None:
    """Three versions, a delete marker and an unfinished upload."""
    for text in (b"1", b"2", b"3"):
        s3.put_object(Bucket=bucket, Key="a/object", Body=text)
    s3.put_object(Bucket=bucket, Key="deleted", Body=b"")
    s3.delete_object(Bucket=bucket, Key="deleted")
    s3.create_multipart_upload(Bucket=bucket, Key="large")


def test_a_bucket_with_objects_is_deleted_only_when_told(life: Life, s3: Any) -> None:
    life.turn()
    fill(s3, APPLICATION)
    fill(s3, LOGS)
    for check_mode in (True, False):
        with pytest.raises(Impossible) as impossible:
            life.run(check_mode=check_mode, state="absent")
        assert str(impossible.value) == (
            f"s3 bucket '{APPLICATION}' holds objects or old versions of objects; name its use 'application' in "
            "delete_objects (role variable buckets_delete_objects) to delete them with it, or empty it first."
        )
    assert len(s3.list_buckets()["Buckets"]) == 3
    assert life.turn(state="absent", delete_objects=["application"]) == [
        f"delete s3_bucket {name}" for name in (APPLICATION, LOGS, TERRAFORM)
    ]


def test_an_unfinished_upload_is_aborted(life: Life, s3: Any) -> None:
    life.turn()
    s3.create_multipart_upload(Bucket=LOGS, Key="large")
    life.emulator.forget()
    life.run(check_mode=False, state="absent")
    aborted = [call for call in life.emulator.writes() if call["operation"] == "AbortMultipartUpload"]
    assert [call["parameters"]["Key"] for call in aborted] == ["large"]


def test_a_delete_marker_counts_as_an_object(life: Life, s3: Any) -> None:
    life.turn()
    s3.put_object(Bucket=APPLICATION, Key="deleted", Body=b"")
    s3.delete_object(Bucket=APPLICATION, Key="deleted")
    version = s3.list_object_versions(Bucket=APPLICATION)["Versions"][0]["VersionId"]
    s3.delete_object(Bucket=APPLICATION, Key="deleted", VersionId=version)
    assert "Versions" not in s3.list_object_versions(Bucket=APPLICATION)
    with pytest.raises(Impossible, match="holds objects or old versions of objects"):
        life.run(check_mode=True, state="absent")


def test_a_bucket_that_is_declared_no_more_is_refused_while_it_holds_objects(life: Life, s3: Any) -> None:
    life.turn()
    fill(s3, TERRAFORM)
    without = {"buckets": [logs(), application()]}
    with pytest.raises(Impossible, match=f"s3 bucket '{TERRAFORM}' holds objects"):
        life.run(check_mode=True, **without)
    assert life.turn(**without, delete_objects=["terraform"]) == [f"delete s3_bucket {TERRAFORM}"]


def test_more_objects_than_one_call_deletes(life: Life, s3: Any) -> None:
    life.turn()
    s3.put_bucket_versioning(Bucket=LOGS, VersioningConfiguration={"Status": "Enabled"})
    for number in range(1005):
        s3.put_object(Bucket=LOGS, Key=f"s3/application/{number}", Body=b"")
    life.emulator.forget()
    life.run(check_mode=False, state="absent")
    deletions = [call for call in life.emulator.writes() if call["operation"] == "DeleteObjects"]
    assert len(deletions) == 2
    assert s3.list_buckets()["Buckets"] == []
