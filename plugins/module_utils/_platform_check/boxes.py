# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every box of the collection by the name of its module."""

from __future__ import annotations

from .._box import Box
from .._kms_keys import BOX as KMS_KEYS

BOXES: dict[str, Box] = {
    "kms_keys": KMS_KEYS,
}
