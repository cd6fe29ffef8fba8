# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `log_group` (CloudWatch Logs), shared by the boxes whose resources write logs.

A box adds `*KINDS` to its kinds, `read_log_groups(api, names)` to what it reads and `log_group(...)` to what it
declares.
"""

from __future__ import annotations

from .apply import KINDS
from .model import OPTIONS, RETENTION_IN_DAYS, check_retention
from .plan import log_group
from .read import read_log_groups

__all__ = ["KINDS", "OPTIONS", "RETENTION_IN_DAYS", "check_retention", "log_group", "read_log_groups"]
