# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the bucket that holds an application's artifacts and release manifests."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  bucket:
    description:
      - Name of the bucket that holds the artifacts and the release manifests, under keys that begin with
        C(applications/<application>/<version>/).
      - By default that of the use V(application) of the platform, as M(slipway.platform.s3_buckets) makes it.
    type: str
  platform_name:
    description:
      - The platform whose bucket is meant where O(bucket) is not set.
    type: str
  account_id:
    description:
      - The account of that platform, 12 digits in quotes. By default that of the caller.
    type: str
"""
