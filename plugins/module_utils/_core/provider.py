# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the engine needs of an API: one small protocol, which AWS, GitHub and Kubernetes each fill in once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any, Protocol

from ansible.module_utils.basic import AnsibleModule

from .known import Known
from .options import Options
from .plan import Found, Observed, Ref, Value

Connection = Any
"""What a box's calls are made with. The engine only hands it on, and takes its `say`, which prints a line of progress:
`(text) -> None`."""


class Failure(Exception):
    """A call that an API refused or that did not reach it: one sentence what was being done, its words, what to do."""


class AnswerLost(Failure):
    """A write that was not answered: nobody knows whether it took effect, so it is not repeated. The engine looks."""


class Provider(Protocol):
    """An API as the engine sees it. A provider inherits from this and says only what is special about it."""

    @property
    def name(self) -> str:
        """The API as it stands in sentences ("AWS")."""

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What its calls raise; `failure` puts them into words."""

    @property
    def options(self) -> Options:
        """Options of every box on it, beside those of the engine (`_core.options.COMMON`)."""
        return {}

    @property
    def libraries(self) -> Mapping[str, object]:
        """Python packages that it needs -> something that is None or False where they are missing."""
        return {}

    def module(self, options: Options) -> Any:
        """The AnsibleModule."""
        return AnsibleModule(argument_spec=options, supports_check_mode=True)

    def connect(self, module: Any, say: Callable[[str], None]) -> Connection:
        """The connection, by the module's options; nothing is asked yet."""

    def subject(self, name: str, params: Mapping[str, Value]) -> str:
        """A box and whom it is about, in sentences ("the KMS keys of platform 'demo'")."""
        return name

    def prepared(self, params: Mapping[str, Value]) -> dict[str, Value]:
        """The options of `options` checked beyond their types, and made ready for `parse`; Refusal. Pure."""
        return dict(params)

    def facts(
        self,
        connection: Connection,
        known: Known,
        params: Mapping[str, Value],
        wanted: Mapping[str, Iterable[str]],
    ) -> Any:
        """What `parse` is given beside the options: facts of the account or the cluster, read once in a run.

        :param known: carries them from task to task (`known.account`).
        :param wanted: `Box.facts`.
        """
        return None

    def belonging(self, observed: Observed, declared: Set[Ref], params: Mapping[str, Value]) -> dict[Ref, Found]:
        """What of `observed` belongs to the platform or is to be taken over; Impossible for what is somebody else's."""
        return dict(observed)

    def ignored(self, params: Mapping[str, Value]) -> tuple[str, ...]:
        """Beginnings of keys of tags or labels that others set, and that are left alone where they are not declared."""
        return ()

    def failure(self, doing: str, error: Exception, known: Known) -> Failure:
        """One of `errors` in words: what was being done, the API's own words, what to do."""
        return Failure(f"{doing} failed: {error}")

    def unseen(self, error: Exception) -> bool:
        """Whether a refusal can mean that the API does not see yet what was made a moment ago: it is tried again."""
        return False

    def in_use(self, error: Exception) -> bool:
        """Whether a deletion was refused because of what used the thing a moment ago: it is tried again."""
        return False
