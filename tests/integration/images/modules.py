"""A module run as Ansible runs it, in this process."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args


def run_module(name: str, options: dict[str, Any], capture: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What a module of the collection answers; `failed` tells whether it failed."""
    module = import_module(f"ansible_collections.slipway.platform.plugins.modules.{name}")
    capture.readouterr()
    with patch_module_args(options), pytest.raises(SystemExit) as end:
        module.main()
    answer: dict[str, Any] = json.loads(capture.readouterr().out)
    return answer | {"failed": end.value.code != 0}
