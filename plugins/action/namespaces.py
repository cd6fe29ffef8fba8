# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.slipway.platform.plugins.plugin_utils._in_process import BoxAction


class ActionModule(BoxAction):
    """Runs the module of the same name in process."""
