"""A pristine account: one IAM user with a fixed key, and nothing else."""

from __future__ import annotations

import itertools
from typing import Any

import moto.iam.models
from moto.core.base_backend import BackendDict

from sandbox.aws import settings as defaults
from sandbox.aws.front import (
    moto_tuning,  # noqa: F401  (before the first backend is made)
    weather,
)
from sandbox.aws.front.moto_bridge import backend
from sandbox.aws.front.state import Key, Remembered, state

USER = "sandbox"


def reset() -> None:
    """Forget everything but the settings."""
    for backends in list(BackendDict._instances):
        if backends.service_name == "s3":
            # Objects lie in temporary files, which are to be closed.
            for regions in backends.values():
                regions.reset()
        # Otherwise moto would make each backend anew before it forgets it.
        backends.clear()
    BackendDict._instances.clear()
    state.remembered = Remembered()
    state.journal.clear()
    state.counter = itertools.count(1)
    weather.forget()
    _make_user()


def _make_user() -> None:
    iam = backend("iam", defaults.ACCOUNT_ID, "aws")
    user = iam.create_user(region_name="us-east-1", user_name=USER)
    key = iam.create_access_key(user_name=USER)
    iam.access_keys.pop(key.access_key_id, None)
    key.access_key_id, key.secret_access_key = defaults.ACCESS_KEY_ID, defaults.SECRET_ACCESS_KEY
    iam.access_keys[key.access_key_id] = key
    state.keys[defaults.ACCESS_KEY_ID] = Key(defaults.SECRET_ACCESS_KEY, user.arn, defaults.ACCOUNT_ID)
    state.keys[defaults.EXPIRED_ACCESS_KEY_ID] = Key(
        defaults.EXPIRED_SECRET_ACCESS_KEY, user.arn, defaults.ACCOUNT_ID, defaults.EXPIRED_SESSION_TOKEN, expires=0.0
    )


def _account_of(access_key: str) -> str:
    key = state.keys.get(access_key)
    return key.account if key else defaults.ACCOUNT_ID


# moto looks through every partition of every account, and makes each on the way.
models: Any = moto.iam.models
models.get_account_id_from = _account_of
