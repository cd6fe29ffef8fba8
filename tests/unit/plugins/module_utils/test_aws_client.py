"""Errors of AWS in words, and which of them mean that something is not seen yet."""

from __future__ import annotations

import threading

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ProfileNotFound

from ansible_collections.slipway.platform.plugins.module_utils._aws.client import Api, code_of, failure, unseen


def error(code: str, message: str = "No.", operation: str = "CreateCluster") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


def api() -> Api:
    return Api({"region": "eu-west-1", "endpoint": None}, say=print)


QUOTA = "Ask for a higher quota in Service Quotas, or delete what is not needed."
NETWORK = "Check the network, the region and AWS_ENDPOINT_URL."
KEYS = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or run with an instance role."
PROFILE = "Name a profile that ~/.aws/config holds, or unset AWS_PROFILE."


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (error("AccessDenied", "Not you"), "at CreateCluster: AccessDenied: Not you. Allow this action to arn:me."),
        (error("Client.UnauthorizedOperation"), "at CreateCluster: Client.UnauthorizedOperation: No. Allow this"),
        (error("ExpiredToken"), "at CreateCluster: ExpiredToken: No. Renew the credentials and run again."),
        (error("VpcLimitExceeded"), f"at CreateCluster: VpcLimitExceeded: No. {QUOTA}"),
        (error("Whatever", "Hm"), "at CreateCluster: Whatever: Hm."),
        (
            EndpointConnectionError(endpoint_url="http://x"),
            f'Could not connect to the endpoint URL: "http://x". {NETWORK}',
        ),
        (NoCredentialsError(), f"Unable to locate credentials. {KEYS}"),
        (ProfileNotFound(profile="x"), f"The config profile (x) could not be found. {PROFILE}"),
    ],
)
def test_a_failure_says_what_was_done_and_what_to_do(problem: Exception, words: str) -> None:
    said = str(failure("Doing", problem, "arn:me"))
    assert said.startswith("Doing failed")
    assert words in said
    assert said.endswith(".")


@pytest.mark.parametrize(
    "problem",
    [
        error("InvalidVpcID.NotFound"),
        error("NoSuchEntity"),
        error("ResourceNotFoundException"),
        error("MalformedPolicyDocument", "Invalid principal in policy"),
        error("MalformedPolicyDocumentException"),
        error("InvalidParameterException", "Role with arn: x could not be assumed... cannot be assumed by it"),
        error("ValidationError", "The launch template does not exist"),
        error(
            "ValidationError",
            "You must use a valid fully-formed launch template. Value (demo-nodes) for parameter "
            "iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
        ),
        error("InvalidParameterException", "The specified principalArn is invalid: invalid principal."),
        error("InvalidParameterException", "Role could not be assumed because the trusted entity is not correct"),
        error("InvalidParameterException", "Error in role params"),
        error(
            "InvalidParameterException",
            "The provided role doesn't have the Amazon EKS Managed Policies associated with it.",
        ),
        error("InvalidParameterException", "IAM role's policy must include the `ec2:DescribeSubnets` action"),
    ],
)
def test_what_may_not_be_seen_yet(problem: Exception) -> None:
    assert unseen(problem)


@pytest.mark.parametrize(
    "problem",
    [
        error("AccessDenied"),
        error("InvalidParameterException", "The CIDR is wrong"),
        error("ResourceInUseException"),
        ValueError("does not exist"),
        NoCredentialsError(),
    ],
)
def test_what_will_not_pass_by_waiting(problem: Exception) -> None:
    assert not unseen(problem)


def test_codes() -> None:
    assert code_of(error("NoSuchEntity")) == "NoSuchEntity"
    assert code_of(ValueError("x")) == ""


def test_what_does_not_exist_is_none() -> None:
    def missing() -> str:
        raise error("NoSuchEntity")

    assert api().optional(missing, "NoSuchEntity", "NotFound") is None
    assert api().optional(lambda: "found", "NoSuchEntity") == "found"
    with pytest.raises(ClientError, match="NoSuchEntity"):
        api().optional(missing, "NotFound")


def test_answers_come_in_the_order_of_the_calls() -> None:
    """Two calls that wait for each other can end only if they are made side by side."""
    barrier = threading.Barrier(2, timeout=10)
    assert api().together([lambda: (barrier.wait(), 1)[1], lambda: (barrier.wait(), 2)[1]]) == [1, 2]
    assert api().together([]) == []
    assert api().together([lambda: 1]) == [1]


def test_one_of_several_calls_that_fails_is_the_error() -> None:
    def fails() -> int:
        raise error("AccessDenied")

    with pytest.raises(ClientError, match="AccessDenied"):
        api().together([lambda: 1, fails])


def test_private_names_are_no_services() -> None:
    with pytest.raises(AttributeError):
        api().__deepcopy__  # noqa: B018
