"""Every error that rudaux raises on purpose, each with its exit code.

0 done, 1 a bug, 2 usage, 3 configuration, 4 needs a person, 5 an outside system failed,
6 partly done, 130 interrupted. A message is one sentence (or one line per mistake) that says
what happened, to whom, and what to do next.
"""

from __future__ import annotations

from typing import ClassVar


class RudauxError(Exception):
    """The base of all expected errors: shown as a sentence, never as a traceback."""

    exit_code: ClassVar[int] = 1


class UsageError(RudauxError):
    """The command line or a Python call names something that does not exist."""

    exit_code = 2


class ConfigError(RudauxError):
    """`rudaux.toml`, or what it points to in the course folder, is wrong."""

    exit_code = 3

    def __init__(self, *mistakes: str) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class NeedsPersonError(RudauxError):
    """A question came up that no unattended run may answer; the message names its option."""

    exit_code = 4


class SystemFailure(RudauxError):  # noqa: N818 - it is the outside system's failure, not ours
    """An outside system is down, refused a request, or answered nonsense."""

    exit_code = 5


class CanvasFailure(SystemFailure):
    """Canvas refused, failed or cannot be reached."""


class TokenRefused(CanvasFailure):
    """Canvas says that the access token is invalid, expired or revoked."""


class ScopesRefused(TokenRefused):
    """The token is valid, but its scopes do not include this request."""


class PermissionRefused(CanvasFailure):
    """The token is valid, but its owner may not do this."""


class NotFound(CanvasFailure):
    """Canvas has no such course, assignment or user (or hides it from this token)."""


class RequestRefused(CanvasFailure):
    """Canvas is up but refuses this one request, such as a score that it does not accept."""


class LostAnswer(CanvasFailure):
    """A write was sent but never answered: it may or may not have happened."""


class ClockWrong(SystemFailure):
    """This machine's clock and Canvas's differ, so that no deadline can be trusted."""


class StorageFailure(SystemFailure):
    """The file server's folder is missing or unreadable."""


class GitFailure(SystemFailure):
    """git, a remote or a push failed."""


class PushRejected(GitFailure):
    """The remote has commits that this checkout lacks (a non-fast-forward)."""


class GradebookFailure(SystemFailure):
    """The nbgrader gradebook is locked, unreadable, or has another schema."""


class MarksInTheWay(GradebookFailure):
    """A cell is gone from the source, and its marks or comments by hand would be lost."""


class CronFailure(SystemFailure):
    """There is no crontab program, or it refused the crontab."""


class ExecutorFailure(SystemFailure):
    """Student code cannot be run at all: no kernel, no engine, no scratch space."""


class PartlyDone(RudauxError):  # noqa: N818 - a state, raised so that it has an exit code
    """Some students could not be dealt with; all others were."""

    exit_code = 6


class Interrupted(RudauxError):  # noqa: N818 - the person's wish, with words of its own
    """Somebody pressed Ctrl-C where running the same command again would not go on."""

    exit_code = 130
