"""The fake as a process: python -m tests.github FILE writes its address there and serves until the file is gone."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import tests.conftest  # noqa: F401 - makes the checkout importable

from .server import Github, serving

SECONDS = 600.0
"""A fake that everybody has forgotten ends by itself."""

file, end = Path(sys.argv[1]), time.monotonic() + SECONDS
with serving(Github()) as fake:
    building = file.with_suffix(".new")
    building.write_text(fake.url, encoding="utf-8")
    building.rename(file)
    while file.exists() and time.monotonic() < end:
        time.sleep(0.2)
for violation in fake.violations:
    print(violation)
