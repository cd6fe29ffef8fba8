"""Makes the checkout importable as `ansible_collections.slipway.platform`, and the sandbox as `sandbox`."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINK = ROOT / ".ansible" / "collections" / "ansible_collections" / "slipway" / "platform"

if not LINK.exists():
    LINK.parent.mkdir(parents=True, exist_ok=True)
    LINK.unlink(missing_ok=True)
    LINK.symlink_to("../../../..", target_is_directory=True)
sys.path.insert(0, str(ROOT))

finder = import_module("ansible.utils.collection_loader._collection_finder")
finder._AnsibleCollectionFinder(paths=[str(ROOT / ".ansible" / "collections")])._install()
