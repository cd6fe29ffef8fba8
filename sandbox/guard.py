"""Who may talk to the sandbox's own programs: no web page, and to its control calls nobody without the secret.

Everything listens on 127.0.0.1, but so does every other user of the machine and every page in a browser reach it.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

HOSTS = {"127.0.0.1", "localhost"}
# What only browsers send. With a name of its own that points to 127.0.0.1, a page is of the same origin and sends no
# Origin: that is why the name counts too.
OF_BROWSERS = ("origin", "sec-fetch-site", "sec-fetch-mode")


def refusal(headers: Mapping[str, str]) -> str | None:
    """Why a request is refused before anybody looks at what it wants; None when it is not.

    :param headers: names in lower case
    """
    for name in OF_BROWSERS:
        if headers.get(name):
            return f"the sandbox answers no web page ({name})"
    host = headers.get("host") or ""
    name = host.rpartition(":")[0] or host
    if name not in HOSTS and not name.endswith(".localhost"):  # S3 puts a bucket in front; no page can have such a name
        return f"'{host}' is none of the sandbox's names"
    return None


def bearer(secret: str) -> dict[str, str]:
    """The header of a control call."""
    return {"Authorization": f"Bearer {secret}"}


def authorized(headers: Mapping[str, str], secret: str | None) -> bool:
    """Whether a control call carries the secret; without one, nobody may call."""
    given = headers.get("authorization") or ""
    return bool(secret) and hmac.compare_digest(given.encode(), f"Bearer {secret}".encode())


def ticket(secret: str, purpose: str) -> str:
    """A secret for one purpose only, for a URL: API servers send no header to a webhook without TLS."""
    return hmac.new(secret.encode(), purpose.encode(), "sha256").hexdigest()
