"""Runs the checks of this folder: python -m tests.lint [pytest's arguments]."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.exit(pytest.main(["--quiet", str(Path(__file__).parent), *sys.argv[1:]]))
