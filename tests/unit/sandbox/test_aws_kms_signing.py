"""KMS signs and verifies digests as well as messages; OpenSSL's library is the witness."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding

from .conftest import Platform, refusal

MESSAGE = b"what is signed"
SHA256 = hashes.SHA256()
SCHEMES: dict[str, tuple[str, tuple[Any, ...]]] = {
    "ECDSA_SHA_256": ("ECC_NIST_P256", (ec.ECDSA(SHA256),)),
    "RSASSA_PKCS1_V1_5_SHA_256": ("RSA_2048", (padding.PKCS1v15(), SHA256)),
    "RSASSA_PSS_SHA_256": ("RSA_2048", (padding.PSS(padding.MGF1(SHA256), 32), SHA256)),
}


@pytest.mark.parametrize("algorithm", SCHEMES)
def test_a_digest_is_signed_as_it_is(platform: Platform, algorithm: str) -> None:
    kms = platform.client("kms")
    spec, scheme = SCHEMES[algorithm]
    key = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec=spec)["KeyMetadata"]["KeyId"]
    digest = {
        "KeyId": key,
        "Message": hashlib.sha256(MESSAGE).digest(),
        "MessageType": "DIGEST",
        "SigningAlgorithm": algorithm,
    }
    signature = kms.sign(**digest)["Signature"]
    public: Any = serialization.load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])
    public.verify(signature, MESSAGE, *scheme)
    assert kms.verify(**digest, Signature=signature)["SignatureValid"] is True
    if "PSS" not in algorithm:  # moto takes the longest salt for messages, AWS that of the hash
        whole = {**digest, "Message": MESSAGE, "MessageType": "RAW"}
        assert kms.verify(**digest, Signature=kms.sign(**whole)["Signature"])["SignatureValid"] is True
    other = {**digest, "Message": hashlib.sha256(b"other").digest()}
    assert refusal(kms.verify, **other, Signature=signature)[0] == "KMSInvalidSignatureException"
    assert refusal(kms.sign, **{**digest, "Message": b"short"})[0] == "ValidationException"
    kms.disable_key(KeyId=key)
    assert refusal(kms.sign, **digest)[0] == "DisabledException"
