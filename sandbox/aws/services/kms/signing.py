"""KMS: signatures over digests that the caller has made (MessageType DIGEST), which moto would hash again."""

from __future__ import annotations

import base64
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from sandbox.aws.front.call import Call
from sandbox.aws.front.errors import AwsError
from sandbox.aws.front.hooks import instead
from sandbox.aws.services.kms.keys import find_key

HASHES: dict[str, Any] = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}


def _digest(call: Call) -> tuple[Any, bytes, Any] | None:
    """moto's key, the digest and its algorithm; None for what moto answers as well (whole messages, errors)."""
    key = find_key(call)
    algorithm = call.parameters["SigningAlgorithm"]
    if call.parameters.get("MessageType") != "DIGEST" or key is None or algorithm not in (key.signing_algorithms or ()):
        return None
    message = base64.b64decode(call.parameters["Message"])
    algorithm_of_hash = HASHES[algorithm[-3:]]()
    if key.key_state != "Enabled":
        raise AwsError("DisabledException", f"{key.arn} is disabled.")
    if len(message) != algorithm_of_hash.digest_size:
        raise AwsError("ValidationException", f"Digest is invalid length for algorithm {algorithm}.")
    return key, message, Prehashed(algorithm_of_hash)


def _scheme(call: Call, hashed: Any) -> tuple[Any, ...]:
    algorithm = call.parameters["SigningAlgorithm"]
    if algorithm.startswith("ECDSA"):
        return (ec.ECDSA(hashed),)
    if "PKCS1" in algorithm:
        return padding.PKCS1v15(), hashed
    own = HASHES[algorithm[-3:]]()
    return padding.PSS(mgf=padding.MGF1(own), salt_length=own.digest_size), hashed


@instead("kms", "Sign")
def sign(call: Call) -> dict[str, Any] | None:
    asked = _digest(call)
    if asked is None:
        return None
    key, message, hashed = asked
    signature = key.private_key.private_key.sign(message, *_scheme(call, hashed))
    return {"KeyId": key.arn, "Signature": signature, "SigningAlgorithm": call.parameters["SigningAlgorithm"]}


@instead("kms", "Verify")
def verify(call: Call) -> dict[str, Any] | None:
    asked = _digest(call)
    if asked is None:
        return None
    key, message, hashed = asked
    signature = base64.b64decode(call.parameters["Signature"])
    try:
        key.private_key.private_key.public_key().verify(signature, message, *_scheme(call, hashed))
    except InvalidSignature as error:
        raise AwsError("KMSInvalidSignatureException", "") from error
    return {"KeyId": key.arn, "SignatureValid": True, "SigningAlgorithm": call.parameters["SigningAlgorithm"]}
