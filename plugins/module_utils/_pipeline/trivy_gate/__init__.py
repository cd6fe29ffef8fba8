# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A scan by Trivy and the verdict over it. `run.Runner` ties the parts together, `decide` is what decides."""

from __future__ import annotations
