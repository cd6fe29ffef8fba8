# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EC2 launch templates, a kind that several boxes include."""

from __future__ import annotations

from .apply import KINDS
from .read import found, templates, versions

__all__ = ["KINDS", "found", "templates", "versions"]
