# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs that modules run: found on PATH or by a path, in a given environment, with secrets in no argument."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .plan import Impossible

Execute = Callable[[Sequence[str], Mapping[str, str]], tuple[int, bytes, bytes]]
"""Runs a command: (command, variables beside the caller's) -> (exit status, standard output, standard error)."""


def executor(module: Any) -> Execute:
    """`Execute` by an AnsibleModule; Impossible for a program that does not start."""

    def execute(command: Sequence[str], environment: Mapping[str, str]) -> tuple[int, bytes, bytes]:
        try:
            status, output, errors = module.run_command(
                list(command),
                environ_update=dict(environment),
                encoding=None,
                expand_user_and_vars=False,
                handle_exceptions=False,
            )
        except OSError as error:
            raise not_runnable(command[0], error) from error
        return status, output, errors

    return execute


def not_runnable(program: str, error: OSError) -> Impossible:
    """The error for a program that does not start."""
    reason = error.strerror or str(error)
    return Impossible(f"The program '{program}' cannot be run ({reason}); install it or name its path.")
