"""Who calls: access keys, and the check of Signature Version 4.

The rules are those of "AWS Signature Version 4 for API requests" in the IAM user guide; the error codes differ by
protocol, as "Common errors" of each service's API reference lists them.
"""

from __future__ import annotations

import calendar
import functools
import hashlib
import hmac
import re
import time
from urllib.parse import quote, unquote

from botocore.utils import normalize_url_path

from sandbox.aws.front.call import Call
from sandbox.aws.front.errors import AwsError
from sandbox.aws.front.protocol import protocol_of
from sandbox.aws.front.regions import enabled, known
from sandbox.aws.front.state import Key, state
from sandbox.aws.settings import EXPIRED_ACCESS_KEY_ID

AUTHORIZATION = re.compile(r"SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]+)")
CREDENTIAL = re.compile(r"Credential=([^,\s]+)")
SPACES = re.compile(r"\s+")
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
ANONYMOUS = {("sts", "AssumeRoleWithWebIdentity"), ("sts", "AssumeRoleWithSAML")}


def authenticate(call: Call) -> None:
    """Find the caller and check the signature.

    :raises AwsError: with the code that the called service uses for what is wrong
    """
    if not call.access_key_id:
        if (call.service, call.operation) in ANONYMOUS:
            call.account = "123456789012"
            return
        raise _missing(call)
    key = state.keys.get(call.access_key_id)
    if key is None or not key.active:
        raise _unknown_key(call)
    call.account, call.caller = key.account, key.arn
    if not _signature_is_right(call, key):
        raise _wrong_signature(call)
    token = call.request.headers.get("x-amz-security-token") or _query(call).get("X-Amz-Security-Token")
    if key.session_token is not None and token != key.session_token:
        raise _unknown_key(call)
    if call.access_key_id == EXPIRED_ACCESS_KEY_ID or (key.expires is not None and key.expires < time.time()):
        raise _expired(call)
    if not known(call.region):
        raise AwsError(
            "SignatureDoesNotMatch", f"Credential should be scoped to a valid region, not '{call.region}'.", 403
        )
    if not enabled(call.region, state.settings.opted_in_regions):
        raise _unknown_key(call)


def _query(call: Call) -> dict[str, str]:
    if "X-Amz-" not in call.request.query_string:
        return {}
    pairs = (item.partition("=") for item in call.request.query_string.split("&"))
    return {unquote(name): unquote(value) for name, _, value in pairs}


def _signature_is_right(call: Call, key: Key) -> bool:
    request = call.request
    headers = request.headers
    authorization = headers.get("authorization", "")
    found = AUTHORIZATION.search(authorization)
    s3 = call.service in ("s3", "s3control")
    if found:
        signed_names, signature = found.group(1), found.group(2)
        credential = CREDENTIAL.search(authorization)
        scope = credential.group(1).split("/", 1)[1] if credential else ""
        moment = headers.get("x-amz-date", "")
        payload = headers.get("x-amz-content-sha256") or hashlib.sha256(request.body).hexdigest()
        query = request.query_string
    else:
        parameters = _query(call)
        try:
            signed_names, signature = parameters["X-Amz-SignedHeaders"], parameters["X-Amz-Signature"]
            scope = parameters["X-Amz-Credential"].split("/", 1)[1]
            moment, expires = parameters["X-Amz-Date"], int(parameters["X-Amz-Expires"])
        except (KeyError, ValueError, IndexError):
            return False
        if calendar.timegm(time.strptime(moment, "%Y%m%dT%H%M%SZ")) + expires < time.time():
            raise AwsError("AccessDenied", "Request has expired", 403)
        payload = (
            "UNSIGNED-PAYLOAD" if s3 else hashlib.sha256(request.body).hexdigest() if request.body else EMPTY_SHA256
        )
        query = "&".join(item for item in request.query_string.split("&") if not item.startswith("X-Amz-Signature="))
    canonical_headers = "".join(
        f"{name}:{SPACES.sub(' ', headers.get(name, '').strip())}\n" for name in signed_names.split(";")
    )
    path = request.raw_path if s3 else quote(normalize_url_path(request.raw_path), safe="/~")
    canonical = "\n".join(
        (request.method, path or "/", _canonical_query(query), canonical_headers, signed_names, payload)
    )
    to_sign = "\n".join(("AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    expected = hmac.new(_signing_key(key.secret, scope), to_sign.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signature)


def _canonical_query(query: str) -> str:
    if not query:
        return ""
    pairs = []
    for item in query.split("&"):
        name, _, value = item.partition("=")
        pairs.append((quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~")))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


@functools.lru_cache(maxsize=4096)
def _signing_key(secret: str, scope: str) -> bytes:
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _missing(call: Call) -> AwsError:
    if call.service == "s3":
        return AwsError("AccessDenied", "Access Denied", 403)
    code = "MissingAuthenticationToken"
    if protocol_of(call.service) in ("json", "rest-json"):
        code += "Exception"
    return AwsError(code, "Request is missing Authentication Token", 403)


def _unknown_key(call: Call) -> AwsError:
    if call.service == "ec2":
        return AwsError("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
    if call.service == "s3":
        return AwsError("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403)
    message = "The security token included in the request is invalid."
    if protocol_of(call.service) in ("json", "rest-json"):
        return AwsError("UnrecognizedClientException", message, 403)
    return AwsError("InvalidClientTokenId", message, 403)


def _wrong_signature(call: Call) -> AwsError:
    if call.service == "ec2":
        return AwsError("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
    message = (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details."
    )
    if protocol_of(call.service) in ("json", "rest-json"):
        return AwsError("InvalidSignatureException", message, 403)
    return AwsError("SignatureDoesNotMatch", message, 403)


def _expired(call: Call) -> AwsError:
    if call.service == "ec2":
        return AwsError("RequestExpired", "Request has expired.", 400)
    if call.service == "s3":
        return AwsError("ExpiredToken", "The provided token has expired.", 400)
    message = "The security token included in the request is expired"
    if protocol_of(call.service) in ("json", "rest-json"):
        return AwsError("ExpiredTokenException", message, 403)
    return AwsError("ExpiredToken", message, 403)
