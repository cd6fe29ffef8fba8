"""The module github_repository and GitHub's refusals, limits and outages; and where its token shows."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from werkzeug.wrappers import Response

from ansible_collections.slipway.platform.plugins.module_utils._core.apply import ApplyFailure
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible
from ansible_collections.slipway.platform.plugins.module_utils._core.provider import Failure
from ansible_collections.slipway.platform.plugins.module_utils._github.client import Github as Client
from ansible_collections.slipway.platform.plugins.module_utils._github.client import GithubError
from tests.github.life import PRODUCTION, REPOSITORY, RULESET, run
from tests.github.server import Github, serving

READING = f"Reading repository '{REPOSITORY}' failed at GET /repos/{REPOSITORY}"
ALONE: dict[str, Any] = {"rulesets": [], "environments": []}


@pytest.fixture
def github() -> Iterator[Github]:
    with serving(Github()) as fake:
        yield fake


def failed(github: Github, **options: Any) -> Exception:
    with pytest.raises((ApplyFailure, Failure)) as failure:
        run(github, **options)
    return failure.value


class Trouble:
    """Answers of GitHub's that come in place of the real ones, a number of times for calls that fit."""

    def __init__(self, times: int, method: str = "", path: str = "", **answer: Any) -> None:
        self.left = times
        self.method, self.path, self.answer = method, path, answer

    def __call__(self, method: str, path: str) -> Response | None:
        if self.left == 0 or not method.startswith(self.method) or self.path not in path:
            return None
        self.left -= 1
        body = json.dumps({"message": self.answer.get("message", "No")})
        return Response(body, status=self.answer["status"], headers=self.answer.get("headers", {}))


class Clock:
    """Time that passes by sleeping only."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


def test_a_token_that_is_not_valid(github: Github) -> None:
    assert str(failed(github, token="ghp_wrong")) == (
        f"{READING}: 401: Bad credentials. The token is not valid, or has expired; set GITHUB_TOKEN to one that is."
    )
    assert github.writes == []


def test_a_token_without_the_permission_learns_which_one(github: Github) -> None:
    assert str(failed(github, token="ghp_reader")) == (
        f"{READING}/actions/permissions: 403: Resource not accessible by personal access token. "
        "Give the token the permission administration: write."
    )
    assert github.writes == []


@pytest.mark.parametrize("options", [{"repository": "octo-org/nothing"}, {"repository": "mallory/shop"}])
def test_a_repository_that_does_not_exist_or_is_hidden(github: Github, options: dict[str, Any]) -> None:
    where = options["repository"]
    assert str(failed(github, **options)) == (
        f"Reading repository '{where}' failed at GET /repos/{where}: 404: Not Found. "
        "It does not exist, or the token may not see it."
    )


def test_a_repository_that_has_moved(github: Github) -> None:
    """The token does not follow a redirection."""
    elsewhere = {"Location": "http://127.0.0.1:9/repositories/456"}
    github.trouble = Trouble(9, status=301, message="Moved Permanently", headers=elsewhere)
    assert str(failed(github)) == f"{READING}: 301: Moved Permanently. The repository has moved; write its new name."
    assert len(github.calls) == 1


def test_what_the_organization_forbids(github: Github) -> None:
    github.state.forbids_write_token = True
    run(github, **ALONE)
    failure = failed(github, **ALONE, actions={"default_workflow_permissions": "write"})
    assert str(failure) == (
        f"Changing workflow permissions '{REPOSITORY}' failed at PUT /repos/{REPOSITORY}/actions/permissions/workflow: "
        "409: Conflict: the organization does not allow this setting. The organization's own settings forbid it; "
        "change them there, or the option here."
    )


def test_what_github_says_of_a_body_is_passed_on_and_what_was_done_is_told(github: Github) -> None:
    ruleset = {"name": "deployed", "rules": {"required_deployments": ["nowhere"]}}
    failure = failed(github, rulesets=[RULESET, ruleset], environments=[PRODUCTION])
    assert str(failure) == (
        f"Creating ruleset 'deployed' failed at POST /repos/{REPOSITORY}/rulesets: 422: Validation Failed: "
        "Invalid rule 'required_deployments': environment nowhere does not exist."
    )
    assert [change.ref.kind for change in failure.done][-2:] == ["environment", "ruleset"]
    assert [change.ref.name for change in failure.left] == ["deployed"]
    assert [
        change["name"] for change in run(github, rulesets=[RULESET], environments=[PRODUCTION]).plan.as_list()
    ] == []


def test_secret_scanning_that_is_not_to_be_had(github: Github) -> None:
    github.state.repository.private, github.state.repository.licensed = True, False
    assert str(failed(github, **ALONE)) == (
        f"Changing repository '{REPOSITORY}' failed at PATCH /repos/{REPOSITORY}: 422: Secret scanning is not "
        "available for this repository. Set settings.secret_scanning and settings.secret_scanning_push_protection to "
        "false, or buy GitHub Secret Protection."
    )


def test_what_the_plan_does_not_offer(github: Github) -> None:
    """The status is that of a missing right."""
    run(github, **ALONE)
    words = "Upgrade to GitHub Pro or make this repository public to enable this feature."
    github.trouble = Trouble(1, path="/rulesets", status=403, message=words)
    assert str(failed(github, rulesets=[RULESET])) == (
        f"{READING}/rulesets: 403: {words} The owner's plan does not offer this for private repositories; leave it out "
        "of the options, or take another plan."
    )


SPENT = {"x-ratelimit-remaining": "0"}


@pytest.mark.parametrize(
    ("status", "headers", "pause"),
    [
        (403, {"Retry-After": "7"}, 7.0),
        (429, {"Retry-After": "7"}, 7.0),
        (429, {}, 60.0),
        (403, {**SPENT, "x-ratelimit-reset": "in 20"}, 21.0),
        (429, {**SPENT, "x-ratelimit-reset": "in 20"}, 21.0),
        (403, {**SPENT, "x-ratelimit-reset": "in -20"}, 1.0),
    ],
)
def test_a_limit_is_waited_for_as_long_as_github_says(
    github: Github, status: int, headers: dict[str, str], pause: float
) -> None:
    now = int(time.time())
    headers = {name: str(now + int(value[3:])) if value.startswith("in ") else value for name, value in headers.items()}
    github.trouble = Trouble(1, status=status, message="You have exceeded a rate limit", headers=headers)
    clock = Clock()
    client = Client(github.url, "ghp_good", sleep=clock.sleep, clock=lambda: float(now))
    assert client.get("repos", *REPOSITORY.split("/"))["id"] == 456
    assert clock.pauses == [pause]


def test_a_limit_that_lasts_too_long_is_told_with_its_end(github: Github) -> None:
    headers = {**SPENT, "x-ratelimit-reset": "4102444800"}  # 2100
    github.trouble = Trouble(99, status=403, message="API rate limit exceeded", headers=headers)
    assert str(failed(github)) == (
        f"{READING}: 403: API rate limit exceeded. The limit of the token is used up; run again after 00:00:00 UTC."
    )
    assert len(github.calls) == 1


def test_limits_without_end_are_given_up(github: Github) -> None:
    github.trouble = Trouble(99, status=429, message="Too many requests")
    clock = Clock()
    with pytest.raises(Failure) as failure:
        run(github, sleep=clock.sleep)
    assert str(failure.value) == (
        f"{READING}: 429: Too many requests. The limit of the token is used up; run again in a while."
    )
    assert sum(clock.pauses) <= 300


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_error_of_the_server_is_tried_again(github: Github, status: int) -> None:
    github.trouble = Trouble(2, status=status)
    clock = Clock()
    run(github, **ALONE, sleep=clock.sleep)
    assert clock.pauses[:2] == [1.0, 2.0]


def test_what_post_has_made_would_stand_twice(github: Github) -> None:
    """An error after a ruleset was made, or before: nobody knows, so the run ends, and the next one looks."""
    run(github, **ALONE)
    github.trouble = Trouble(1, "POST", status=502, message="Server Error")
    clock = Clock()
    with pytest.raises(ApplyFailure) as failure:
        run(github, rulesets=[RULESET], sleep=clock.sleep)
    assert str(failure.value).startswith(
        f"Creating ruleset 'default branch' failed at POST /repos/{REPOSITORY}/rulesets"
    )
    assert clock.pauses == []
    assert len(run(github, rulesets=[RULESET]).plan.changes) == 1
    assert len(github.state.repository.rulesets) == 1


def test_a_limit_holds_up_post_too(github: Github) -> None:
    github.trouble = Trouble(1, "POST", status=403, headers={"Retry-After": "1"})
    run(github, rulesets=[RULESET])
    assert len(github.state.repository.rulesets) == 1


def test_a_missing_right_is_not_waited_for(github: Github) -> None:
    clock = Clock()
    with pytest.raises(Failure):
        run(github, token="ghp_reader", sleep=clock.sleep)
    assert clock.pauses == []


def test_nobody_answers(github: Github) -> None:
    sentence = str(failed(github, api_url="http://127.0.0.1:9"))
    assert sentence.startswith(f"{READING}: ")
    assert "Connection refused" in sentence
    assert sentence.endswith("Check api_url, the network and the proxy.")


def test_somebody_else_answers(github: Github) -> None:
    github.trouble = lambda method, path: Response("<html>Welcome</html>", status=200)
    assert str(failed(github)) == f"{READING}: 200: an answer that is not GitHub's. Check api_url."
    github.trouble = lambda method, path: Response("<html>Sorry</html>", status=418)
    assert str(failed(github)) == f"{READING}: 418: an answer that is not GitHub's."


def test_the_token_goes_to_no_other_host(github: Github) -> None:
    """Neither by a redirection nor by the link to a list's next page."""
    with serving(Github()) as other:
        link = {"Link": f'<{other.url}/repos/{REPOSITORY}/rulesets?page=2>; rel="next"'}
        github.trouble = lambda method, path: Response("[]", headers=link) if path.endswith("/rulesets") else None
        assert f"the next page is not below {github.url}" in str(failed(github))
        github.trouble = lambda method, path: Response("", status=302, headers={"Location": other.url})
        assert "302" in str(failed(github))
        assert other.calls == []


def test_a_proxy_of_the_environment_is_used(github: Github, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", github.url)
    with pytest.raises(GithubError) as refused:
        Client("http://github.example", "ghp_good").get("repos", "octo-org", "shop")
    assert refused.value.status in (400, 401, 404), "the fake was asked in place of github.example"
    assert len(github.calls) == 1
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert Client(github.url, "ghp_good").get("repos", "octo-org", "shop")["id"] == 456


@pytest.mark.parametrize(
    "break_it", [lambda fake: None, lambda fake: setattr(fake, "trouble", Trouble(99, status=500))]
)
def test_the_token_is_in_no_error(github: Github, break_it: Callable[[Github], None]) -> None:
    break_it(github)
    failure = failed(github, token="ghp_secret")
    causes: list[str] = []
    cause: BaseException | None = failure
    while cause is not None:
        causes.append(repr(cause))
        cause = cause.__cause__
    assert "ghp_secret" not in " ".join(causes)


class Late:
    """Answers to the list of rulesets that lag behind what was written by some reads."""

    def __init__(self, reads: int) -> None:
        self.left = reads
        self.written = False

    def __call__(self, method: str, path: str) -> Response | None:
        if not path.endswith("/rulesets"):
            return None
        self.written = self.written or method == "POST"
        if method != "GET" or not self.written or self.left == 0:
            return None
        self.left -= 1
        return Response("[]", mimetype="application/json")


def test_what_shows_late_is_waited_for(github: Github) -> None:
    run(github, **ALONE)
    late = github.trouble = Late(3)
    assert len(run(github, rulesets=[RULESET]).plan.changes) == 1
    assert len(github.state.repository.rulesets) == 1
    assert late.left == 0


def test_what_never_shows_is_an_error(github: Github, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible_collections.slipway.platform.plugins.module_utils._core.run.VERIFY_SECONDS", 1)
    run(github, **ALONE)
    github.trouble = Late(999)
    with pytest.raises(Impossible) as failure:
        run(github, rulesets=[RULESET])
    beginning = "GitHub took all changes of the repository but still shows differences: ruleset"
    assert str(failure.value).startswith(beginning)
    assert len(github.state.repository.rulesets) == 1, "it was made once"
