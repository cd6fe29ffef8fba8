# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A process that ends with the one that started it: what a run that was killed has forked writes nothing more."""

from __future__ import annotations

import ctypes
import os
import signal

_LOADED_BY = os.getpid()
_SET_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of Linux; elsewhere only `check` ends the process."""

_parent: int | None = None


def hold() -> None:
    """From now on this process gets SIGTERM when its parent ends, as one of Ansible's workers does from Ansible itself:
    its handler ends the worker's process group, and with it a module that runs out of process.
    """
    global _parent
    _parent = os.getppid() if os.getpid() == _LOADED_BY else _LOADED_BY
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_SET_DEATH_SIGNAL, int(signal.SIGTERM), 0, 0, 0)
    check()  # it may have ended before


def check() -> None:
    """Ends this process if its parent has ended: asked for before each write."""
    if _parent is not None and os.getppid() != _parent:
        os.kill(os.getpid(), signal.SIGKILL)
