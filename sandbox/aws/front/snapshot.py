"""Save and restore the whole state, or a service's part of it, by pickling moto's backends and our own records."""

from __future__ import annotations

import io
import itertools
import pickle
import threading
import weakref
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from moto.backends import get_backend
from moto.core.base_backend import AccountSpecificBackend, BackendDict, BaseBackend
from moto.iam.models import AWSManagedPolicy

from sandbox.aws.front.moto_tuning import managed_policy
from sandbox.aws.front.state import Remembered, state

Address = tuple[str, str, str]
LOCKS = (type(threading.RLock()), type(threading.Lock()))


def _load_key(der: bytes) -> PrivateKeyTypes:
    return serialization.load_der_private_key(der, None)


def _load_certificate(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


class _Pickler(pickle.Pickler):
    """Knows what moto holds that pickle does not: locks, private keys, certificates.

    With an address, backends of other services stay outside the pickle: only references to them are stored.
    """

    def __init__(self, file: io.BytesIO, inside: Address | None = None) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self.inside = inside

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, LOCKS):
            return (threading.RLock if isinstance(value, LOCKS[0]) else threading.Lock), ()
        if hasattr(value, "private_bytes") and hasattr(value, "public_key"):
            der = value.private_bytes(
                serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            return _load_key, (der,)
        if isinstance(value, x509.Certificate):
            return _load_certificate, (value.public_bytes(serialization.Encoding.DER),)
        if isinstance(value, AWSManagedPolicy):
            return managed_policy, (value.arn, value.account_id, value.attachment_count)
        if isinstance(value, weakref.ReferenceType):
            return weakref.ref, (value(),)
        return NotImplemented

    def persistent_id(self, value: Any) -> Any:
        if isinstance(value, BackendDict):
            return ("service", value.service_name)
        if isinstance(value, AccountSpecificBackend):
            return ("account", value.service_name, value.account_id)
        if self.inside and isinstance(value, BaseBackend):
            address = (_service(value), value.account_id, value.region_name)
            if address != self.inside:
                return ("backend", *address)
        return None


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, identity: Any) -> Any:
        kind, service, *rest = identity
        backends: Any = get_backend(service)
        if kind == "service":
            return backends
        account = backends[rest[0]]
        return account if kind == "account" else account[rest[1]]


def _service(backend: BaseBackend) -> str:
    return type(backend).__module__.split(".")[1]


def _dump(value: Any, inside: Address | None = None) -> bytes:
    file = io.BytesIO()
    _Pickler(file, inside).dump(value)
    return file.getvalue()


def _load(pickled: bytes) -> Any:
    return _Unpickler(io.BytesIO(pickled)).load()


def save(file: Path) -> int:
    """Write the whole state to a file of the sandbox's own folder; returns its size in bytes."""
    backends = {
        instance.service_name: {account: dict(regions.items()) for account, regions in instance.items()}
        for instance in list(BackendDict._instances)
    }
    pickled = _dump({"moto": backends, "remembered": state.remembered, "settings": state.settings})
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(pickled)
    return len(pickled)


def restore(file: Path) -> None:
    """Put back the state of a file that `save` wrote; the write log is not part of it.

    Loading a pickle runs what it says: the file must be ours.
    """
    from sandbox.aws.front import account, weather

    pickled = file.read_bytes()
    account.reset()
    saved = _load(pickled)
    for service, accounts in saved["moto"].items():
        backends: Any = get_backend(service)
        for account_id, regions in accounts.items():
            for region, backend in regions.items():
                dict.__setitem__(backends[account_id], region, backend)
    state.remembered = saved["remembered"]
    state.settings = saved["settings"]
    state.counter = itertools.count(1)
    weather.forget()


def _get(address: Address) -> Any:
    service, account, region = address
    if service == "eks":
        return state.clusters(account, region)
    backends: Any = get_backend(service)
    return backends[account][region]


def take(address: Address) -> bytes:
    """A service's state in an account and region, pickled."""
    return _dump(_get(address), address)


def put(address: Address, value: Any) -> None:
    service, account, region = address
    if service == "eks":
        state.remembered.clusters[(account, region)] = value
    else:
        backends: Any = get_backend(service)
        dict.__setitem__(backends[account], region, value)


def swap(address: Address, pickled: bytes) -> Any:
    """Put a pickled state in place; returns the one that stood there."""
    present = _get(address)
    put(address, _load(pickled))
    return present


__all__ = ["Remembered", "put", "restore", "save", "swap", "take"]
