"""Files that rudaux makes for students: feedback reports and released assignments."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class FeedbackFile:
    """A feedback report of one notebook of one student; `name` is unique per content."""

    name: str
    content: bytes


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
