"""Makes the checkout importable as `ansible_collections.slipway.platform`, and the sandbox as `sandbox`."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINK = ROOT / ".ansible" / "collections" / "ansible_collections" / "slipway" / "platform"

if not LINK.exists():
    LINK.parent.mkdir(parents=True, exist_ok=True)
    LINK.unlink(missing_ok=True)
    LINK.symlink_to("../../../..", target_is_directory=True)
sys.path.insert(0, str(ROOT))

from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder  # noqa: E402

_AnsibleCollectionFinder(paths=[str(ROOT / ".ansible" / "collections")])._install()
