# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A container image from a version's artifact: built, asserted, started and checked. `run.Runner` ties the parts."""

from __future__ import annotations
