"""Every error rudaux raises on purpose; each class owns its exit code.

0 done, 1 a bug, 2 usage, 3 configuration, 4 needs a person, 5 an outside system failed,
6 partly done, 130 interrupted. A message is one sentence (or one line per mistake) that says
what happened, to whom, and what to do next.
"""

from __future__ import annotations

from typing import ClassVar


class RudauxError(Exception):
    """Base of all expected errors: shown as a sentence, never as a traceback."""

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
    """A question came up that nobody may answer unattended; the message names the flag for it."""

    exit_code = 4


class SystemFailure(RudauxError):  # noqa: N818 - it is the outside system's failure, not ours
    """An outside system is down, refused us, or answered nonsense."""

    exit_code = 5


class CanvasFailure(SystemFailure):
    """Canvas refused, failed or cannot be reached."""


class TokenRefused(CanvasFailure):
    """Canvas says the access token itself is invalid, expired or revoked."""


class ScopesRefused(TokenRefused):
    """The token is good, but was made for other requests than this one."""


class PermissionRefused(CanvasFailure):
    """The token is good, but its owner may not do this."""


class NotFound(CanvasFailure):
    """Canvas has no such course, assignment or user (or hides it from this token)."""


class RequestRefused(CanvasFailure):
    """Canvas is up, and will not do this one thing: a score or a date that it does not take."""


class LostAnswer(CanvasFailure):
    """A write was sent and its answer never came: it may or may not have happened."""


class ClockWrong(SystemFailure):
    """This machine's clock and Canvas's differ, so that nobody's deadline can be told."""


class StorageFailure(SystemFailure):
    """The file server's folder is absent or unreadable."""


class GitFailure(SystemFailure):
    """git, a remote or a push failed."""


class PushRejected(GitFailure):
    """The remote has commits that we do not (a non-fast-forward); pull and try again."""


class GradebookFailure(SystemFailure):
    """The nbgrader gradebook is locked, unreadable or of another schema."""


class MarksInTheWay(GradebookFailure):
    """A cell is gone from the source, and marks or comments by hand would go with it."""


class CronFailure(SystemFailure):
    """There is no crontab program, or it refused the table."""


class ExecutorFailure(SystemFailure):
    """Student code cannot be run at all (no kernel, no engine, no scratch space)."""


class PartlyDone(RudauxError):  # noqa: N818 - a state, raised so that one table maps it to its code
    """Some students could not be dealt with; the others were."""

    exit_code = 6
