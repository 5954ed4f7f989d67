"""Files that rudaux makes for students: feedback reports and released assignments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from pathlib import Path

_MARK = re.compile(rb'<meta name="rudaux-submission" content="([^"/]*)/([^"/]*)/[^"]*">')


def mark(page: str, assignment: str, student_id: str, notebook: str) -> str:
    """Write into a report whose it is, ahead of anything that student code may have put there."""
    values = (escape(value.replace("/", "%2F")) for value in (assignment, student_id, notebook))
    tag = f'<meta name="rudaux-submission" content="{"/".join(values)}">'
    head = page.find("<head>")
    at = head + len("<head>") if head >= 0 else 0
    return page[:at] + tag + page[at:]


def is_report_of(content: bytes, assignment: str, student_id: str) -> bool:
    """Return whether a report says itself that it is this student's, for this assignment."""
    found = _MARK.search(content)
    wanted = [escape(value.replace("/", "%2F")).encode() for value in (assignment, student_id)]
    return found is not None and [found[1], found[2]] == wanted


@dataclass(frozen=True)
class FeedbackFile:
    """A feedback report of one notebook of one student; `name` is unique per content."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Solution:
    """The solution's pages, named as in a student's home."""

    pages: tuple[FeedbackFile, ...]
    leaks: tuple[str, ...] = ()
    """Sentences about hidden tests or mark schemes found in them."""


@dataclass(frozen=True)
class FeedbackComment:
    """One student's next comment: its text and the reports to attach to it."""

    student_id: str
    files: tuple[FeedbackFile, ...]
    text: str


@dataclass(frozen=True)
class Release:
    """A released assignment on disk, before it goes anywhere; `files` are relative paths."""

    assignment: str
    folder: Path
    notebooks: tuple[str, ...]
    files: tuple[str, ...]
    leaks: tuple[str, ...] = ()
    """Sentences about solution text, hidden tests or mark schemes found in it (rule 8)."""
