"""The end of a run that nobody watches: it is told by message, or by cron's mail."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rudaux.errors import RudauxError, SystemFailure

if TYPE_CHECKING:
    from rudaux.domain.messages import Digest, End
    from rudaux.ports import Teller

MAIL, LOG = "RUDAUX_MAIL_FD", "RUDAUX_LOG"
"""Where a guarded run (`cli.guard`) writes what cron is to mail, and the log it prints to."""

GUARDED = {"grade", "snapshot"}
"""The commands that cron runs."""
_AUTO = {"--auto", "-a", "--no-prompt"}
_SHORT = {"--help", "--dry-run"}


def needs_guard(args: Sequence[str]) -> bool:
    """Return whether these arguments start a run that needs a guard (`cli.guard`) and has none."""
    words = set(args)
    return bool(words & GUARDED and words & _AUTO and not words & _SHORT) and MAIL not in os.environ


@dataclass
class Facts:
    """What a run knows of itself; `through`: it has dealt with all that it had to."""

    digests: list[Digest] = field(default_factory=list)
    through: bool = False


@contextmanager
def telling(folder: Path | None, command: str, facts: Facts) -> Iterator[None]:
    """Notify people how the run ended, once it has; an error is raised on."""
    code, kind, text = 0, "", ""
    try:
        yield
    except BaseException as error:
        code, kind, text = _reading(error)
        raise
    finally:
        if code >= 0:
            _tell(folder, command, facts, code, kind, text)


def _reading(error: BaseException) -> tuple[int, str, str]:
    """Return exit code, kind and words of an error; a person's interruption is nobody's news."""
    kind = type(error).__name__
    if isinstance(error, RudauxError):
        return error.exit_code, kind, str(error)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return SystemFailure.exit_code, kind, f"{where}{error.strerror or kind}"
    if isinstance(error, Exception):
        return 1, kind, f"an error that rudaux did not expect ({kind}); the log has it in full"
    return -1, "", ""


def _tell(folder: Path | None, command: str, facts: Facts, code: int, kind: str, text: str) -> None:
    from rudaux.config import find_course_folder
    from rudaux.domain.messages import End

    with suppress(RudauxError):
        found = find_course_folder(folder or Path.cwd())
        log = os.environ.get(LOG, "")
        end = End(command, code, kind, text, facts.through, tuple(facts.digests), log)
        short = tell_end(found, end)
        if short and MAIL in os.environ:
            with suppress(OSError):
                os.write(int(os.environ[MAIL]), short.encode()[:_PIPE])


_PIPE = 16_000
"""Bytes that a pipe takes without a reader."""


def tell_end(folder: Path, end: End) -> str:
    """Send what is to be told of a run's end; return what cron is to mail about it.

    Whatever goes wrong here is said on stderr, and changes nothing about how the run ended.
    """
    from rudaux.wiring import open_teller
    from rudaux.workflows import notify

    try:
        teller = open_teller(folder)
        plan = notify.plan(teller, end, _names(teller) if end.text or end.digests else ())
        sent = notify.apply(teller, plan)
    except Exception as error:
        said = f"{folder}: `rudaux {end.command}` ended with exit code {end.code}. {end.log}"
        print_error(f"no message about the end of this run could be sent ({type(error).__name__})")
        return said if end.code else ""
    if teller.trouble:
        print_error(f"No message was sent: {teller.trouble}")
    elif sent.missed:
        print_error(f"No message reached {', '.join(sent.missed)}")
    return notify.short_text(teller, plan, sent)


def _names(teller: Teller) -> Collection[str]:
    from rudaux.wiring import CourseContext

    with suppress(RudauxError):
        if teller.config:
            return {s.name for s in CourseContext(teller.config).gradebook.students()}
    return ()


def print_error(text: str) -> None:
    """Print to stderr, which may be closed; nothing for an empty text."""
    if not text:
        return
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
