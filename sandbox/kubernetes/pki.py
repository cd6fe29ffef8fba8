"""Keys and certificates of one control plane."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.state import write

LIFETIME = datetime.timedelta(days=365)


@dataclass(frozen=True)
class Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def make(folder: Path, service_address: str) -> None:
    """Write every file that the control plane needs into the folder, unless it is there already.

    :param service_address: first address of the service range, which the API server also answers for
    """
    if (folder / "sa.key").exists():  # written last
        return
    folder.mkdir(parents=True, exist_ok=True)
    authority = _authority(folder, "ca", "kubernetes")
    names = (
        "localhost",
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
    )
    _leaf(folder, "apiserver", authority, "kube-apiserver", names=names, addresses=("127.0.0.1", service_address))
    _leaf(folder, "kube-controller-manager", authority, "system:kube-controller-manager")
    _leaf(folder, "kube-scheduler", authority, "system:kube-scheduler")
    _leaf(folder, "admin", authority, "sandbox", organization="system:masters")
    # Requests that the API server hands on to aggregated APIs are signed under an authority of their own.
    _leaf(folder, "front-proxy", _authority(folder, "front-proxy-ca", "front-proxy"), "front-proxy")
    # etcd knows none of those whom the cluster's authority certifies: it has one of its own.
    etcd = _authority(folder, "etcd-ca", "etcd")
    _leaf(folder, "etcd", etcd, "etcd", names=("localhost",), addresses=("127.0.0.1",), client=True)
    _leaf(folder, "etcd-client", etcd, "kube-apiserver")
    # EKS signs service account tokens with RSA, and an OIDC provider in IAM takes nothing else.
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    write(folder / "sa.pub", public.decode())
    write(folder / "sa.key", _private(key))


def _authority(folder: Path, file: str, name: str) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    usage = _usage(key_cert_sign=True, crl_sign=True)
    builder = _builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), None, key)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate = builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())
    _save(folder, file, certificate, key)
    return Authority(certificate, key)


def _leaf(
    folder: Path,
    file: str,
    authority: Authority,
    name: str,
    organization: str | None = None,
    names: Sequence[str] = (),
    addresses: Sequence[str] = (),
    client: bool = False,
) -> None:
    """:param client: a server that is a client of its like, too"""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if organization:
        subject.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    builder = _builder(x509.Name(subject), authority, key)
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH] if names else []
    purposes += [ExtendedKeyUsageOID.CLIENT_AUTH] if client or not names else []
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(digital_signature=True), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    if names:
        alternatives: list[x509.GeneralName] = [x509.DNSName(entry) for entry in names]
        alternatives += [x509.IPAddress(ipaddress.ip_address(entry)) for entry in addresses]
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    _save(folder, file, builder.sign(authority.key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, authority: Authority | None, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    signer = authority.key.public_key() if authority else key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.certificate.subject if authority else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer), critical=False)
    )


def _usage(digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _save(folder: Path, file: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    write(folder / f"{file}.key", _private(key))
    write(folder / f"{file}.crt", certificate.public_bytes(serialization.Encoding.PEM).decode())


def _private(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()
