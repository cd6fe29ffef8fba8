# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The vulnerability database as Trivy keeps it: `db/trivy.db` and `db/metadata.json` in a folder."""

from __future__ import annotations

import hashlib
import json
import os

from ..._core.plan import Impossible, Refusal
from .model import Database, moment


def read(folder: str, *, file_needed: bool = True) -> Database:
    """Its metadata and checksum.

    :param file_needed: False for the database of a report from outside, of which the metadata is enough.
    :raises Refusal: there is no database.
    :raises Impossible: its metadata is damaged.
    """
    path, metadata = (os.path.join(folder, "db", name) for name in ("trivy.db", "metadata.json"))
    if not os.path.isfile(metadata) or (file_needed and not os.path.isfile(path)):
        raise Refusal("database", folder, "a folder with db/trivy.db and db/metadata.json is needed")
    try:
        with open(metadata, encoding="utf-8") as file:
            content = json.load(file)
        version, updated = content["Version"], moment(content["UpdatedAt"])
    except (ValueError, KeyError, TypeError) as error:
        raise Impossible(f"The metadata of the vulnerability database in '{folder}' is damaged.") from error
    if not isinstance(version, int) or isinstance(version, bool) or updated is None:
        raise Impossible(f"The metadata of the vulnerability database in '{folder}' is damaged.")
    checksum = ""
    if os.path.isfile(path):
        with open(path, "rb") as database:
            checksum = hashlib.file_digest(database, "sha256").hexdigest()
    return Database(version, updated, checksum)
