"""What `ecr_repositories` declares; a small evaluator of lifecycle rules stands in for ECR's."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._aws.account import Account
from ansible_collections.slipway.platform.plugins.module_utils._boxes.ecr_repositories.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._boxes.ecr_repositories.plan import attributes, policy
from ansible_collections.slipway.platform.plugins.module_utils._core.options import checked
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Ref, Refusal
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.semver_tag.versions import oci_tag
from tests.semver_strings import VALID

ACCOUNT = Account("123456789012", "eu-west-1")
VERSIONS = [oci_tag(text) for text in VALID if len(text) <= 128]


def parsed(*repositories: dict[str, Any], **options: Any) -> Any:
    given_options = {"platform_name": "demo", "repositories": list(repositories), **options}
    return BOX.parse(checked(BOX.specification, given_options), ACCOUNT)


def repository(**changed: Any) -> dict[str, Any]:
    return {"name": "app", "encryption": "aes256", **changed}


def expired(rules: dict[str, Any], images: list[tuple[tuple[str, ...], int]]) -> list[tuple[tuple[str, ...], int]]:
    """Images (tags, age in days) that the rules expire: one that a rule selects is out of reach of later ones."""
    gone, settled = [], set()
    for _priority, rule in sorted(rules.items(), key=lambda pair: int(pair[0])):
        selection = rule["selection"]
        assert (selection["countType"], selection["countUnit"]) == ("sinceImagePushed", "days")
        for position, (tags, age) in enumerate(images):
            if position in settled:
                continue
            if selection["tagStatus"] == "untagged":
                selected = not tags
            else:
                patterns = selection["tagPatternList"]
                selected = all(any(fnmatchcase(tag, pattern) for tag in tags) for pattern in patterns)
            if selected:
                settled.add(position)
                if age > selection["countNumber"]:
                    gone.append((tags, age))
    return gone


@given(
    version=st.sampled_from(VERSIONS),
    others=st.lists(st.sampled_from(["scratch-1", "sha256-aa", "latest"]), max_size=2),
    age=st.integers(0, 36500),
    untagged=st.none() | st.integers(1, 3650),
)
def test_no_rule_expires_what_a_release_names(version: str, others: list[str], age: int, untagged: int | None) -> None:
    spec = parsed(repository(untagged_days=untagged, scratch_days=1))
    rules = attributes(spec.repositories[0], spec)["lifecycle"]
    for tag in (version, f"{version}_linux-amd64"):
        assert expired(rules, [((tag, *others), age)]) == []
    assert expired(rules, [(("sha256-aa",), age)]) == []


def test_scratch_images_expire_and_untagged_ones_only_if_told() -> None:
    spec = parsed(repository(scratch_days=3), repository(name="other", untagged_days=5))
    images: list[tuple[tuple[str, ...], int]] = [(("scratch-1",), 4), (("scratch-2",), 3), ((), 400), ((), 5)]
    first, second = (attributes(entry, spec)["lifecycle"] for entry in spec.repositories)
    assert expired(first, images) == [(("scratch-1",), 4)]
    assert expired(second, images) == [((), 400)]


def test_the_policy_allows_what_is_needed_to_pull_and_push_and_nothing_else() -> None:
    role = "arn:aws:iam::123456789012:role/publisher"
    spec = parsed(repository(pull_principals=["210987654321"], push_principals=[role]), repository(name="closed"))
    allowed, closed = (policy(entry, spec) for entry in spec.repositories)
    assert closed is None
    assert allowed is not None
    pull, push = allowed["Statement"]
    assert pull["Principal"] == {"AWS": ["arn:aws:iam::210987654321:root"]}
    assert pull["Action"] == ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    assert push["Principal"] == {"AWS": [role]}
    assert set(push["Action"]) - set(pull["Action"]) == {
        "ecr:CompleteLayerUpload",
        "ecr:InitiateLayerUpload",
        "ecr:PutImage",
        "ecr:UploadLayerPart",
    }
    assert {entry["Effect"] for entry in allowed["Statement"]} == {"Allow"}


def test_tags_are_immutable_except_those_of_signatures_and_keys_are_the_platforms() -> None:
    spec = parsed({"name": "app", "kms_key": "images"})
    wanted = attributes(spec.repositories[0], spec)
    assert wanted["tag_mutability"] == {"setting": "IMMUTABLE_WITH_EXCLUSION", "excluded": ["sha256-*"]}
    assert wanted["encryption"] == {"type": "KMS", "kms_key": Ref("kms_key", "demo-images")}
    assert BOX.answer(spec, {})["repositories"] == {
        "app": {"kind": "ecr", "host": "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "repository": "demo/app"}
    }


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": "App"}, "repositories[0].name is 'App'; 1 to 251 lower-case letters and digits are allowed, with"),
        ({"name": "a" * 252}, f"repositories[0].name is '{'a' * 252}'; 1 to 251 lower-case letters"),
        ({"encryption": "kms"}, "repositories[0].kms_key is not set; encryption 'kms' needs the use of a key of"),
        ({"kms_key": "images"}, "repositories[0].kms_key is 'images'; a key is allowed with encryption 'kms' only."),
        ({"encryption": "kms", "kms_key": "arn:x"}, "repositories[0].kms_key is 'arn:x'; the use of a key of"),
        ({"scratch_days": 0}, "repositories[0].scratch_days is 0; 1 to 3650 days are allowed."),
        ({"untagged_days": 3651}, "repositories[0].untagged_days is 3651; 1 to 3650 days are allowed."),
        ({"pull_principals": ["*"]}, "repositories[0].pull_principals[0] is '*'; the id of an account, or the ARN of"),
        ({"push_principals": ["arn:aws:iam::1:root"]}, "repositories[0].push_principals[0] is 'arn:aws:iam::1:root';"),
    ],
)
def test_bad_input(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        parsed(repository(**changed))
    assert str(refused.value).startswith(sentence)
