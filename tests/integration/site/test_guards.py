"""Account and confirmation guard every task that deletes, also where the play's first task is passed over."""

from __future__ import annotations

import pytest

from sandbox.resources import resources
from tests.integration.conftest import Emulator

from .plays import play

CONFIRMED = ("-e", "destroy_confirm=demo")
WRONG = ("-e", '{"platform_account_id": "999999999999"}')
PASSED_OVER = {
    "start": ("--start-at-task", "slipway.platform.buckets : Buckets of the platform"),
    "skip": ("--skip-tags", "always"),
    "both": ("--skip-tags", "always", "--tags", "buckets"),
}
ACCOUNT = "account_id is '999999999999'; the credentials belong to the account 123456789012, nothing else is allowed."
NAME = "'demo' is required, the name of the platform that is to be destroyed."


@pytest.fixture
def standing(emulator: Emulator) -> Emulator:
    play(emulator, "site.yml", "--tags", "buckets").assert_good()
    emulator.forget()
    return emulator


@pytest.mark.parametrize("way", PASSED_OVER)
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((*CONFIRMED, *WRONG), ACCOUNT),
        ((), f"confirmation is not set; {NAME}"),
        (("-e", "destroy_confirm=other"), f"confirmation is 'other'; {NAME}"),
    ],
    ids=["account", "unconfirmed", "other"],
)
def test_nothing_is_destroyed_where_the_check_is_passed_over(
    standing: Emulator, way: str, arguments: tuple[str, ...], sentence: str
) -> None:
    run = play(standing, "destroy.yml", *PASSED_OVER[way], *arguments)
    assert run.sentences == [sentence]
    assert standing.writes() == []


def test_what_is_confirmed_goes_where_the_check_is_passed_over(standing: Emulator) -> None:
    play(standing, "destroy.yml", "--skip-tags", "always", *CONFIRMED).assert_good()
    assert resources(standing.url) == {}


def test_the_site_is_guarded_too(emulator: Emulator) -> None:
    assert play(emulator, "site.yml", "--skip-tags", "always", *WRONG).sentences == [ACCOUNT]
    assert emulator.writes() == []
