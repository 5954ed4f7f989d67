"""When the access token expires, as Canvas tells its owner.

https://developerdocs.instructure.com/services/canvas/file.all_resources/access_tokens
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from rudaux.adapters.canvas.fields import moment, row, text
from rudaux.adapters.canvas.protocol import PER_PAGE, Call


def own_tokens() -> Call:
    """Ask for the tokens of this token's owner; Canvas shows only their first characters."""
    return Call(
        "GET",
        "/users/self/user_generated_tokens",
        "say when your access token expires",
        query={"per_page": PER_PAGE},
    )


def expiry(tokens: Iterable[object], begins: Callable[[str], bool]) -> datetime | None:
    """Read when the token expires; `begins` says if a hint fits it. None unless one date does."""
    found = {
        moment(own, "expires_at")
        for own in map(row, tokens)
        if (hint := text(own, "token_hint")) and begins(hint)
    }
    return found.pop() if len(found) == 1 else None
