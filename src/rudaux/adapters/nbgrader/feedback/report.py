"""Feedback pages from autograded notebooks, by nbgrader's own exporter and template."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import nbformat
from nbgrader.converters import GenerateFeedback
from nbgrader.preprocessors import GetGrades, NbGraderPreprocessor

from rudaux.adapters.nbgrader import files
from rudaux.adapters.nbgrader.feedback.alone import prefer_still, stand_alone
from rudaux.adapters.nbgrader.feedback.marks import Marks
from rudaux.adapters.nbgrader.feedback.mathematics import markdown2html
from rudaux.adapters.nbgrader.feedback.redact import redact
from rudaux.adapters.nbgrader.feedback.written import WRITTEN, Written
from rudaux.adapters.nbgrader.grading.hidden import SEALED, Delimiters
from rudaux.adapters.nbgrader.grading.notes import NOTES, with_notes
from rudaux.adapters.nbgrader.grading.sanitise import first_line
from rudaux.adapters.nbgrader.settings import NbgraderCourse
from rudaux.config import HiddenTests
from rudaux.domain.artifacts import FeedbackFile, mark
from rudaux.errors import RudauxError

_UNSEALED = (
    'no feedback can be made: it was graded without hidden_tests = "sealed", so there is no run '
    "without the hidden tests to show; grade it again with --student"
)
_ATTACHED = re.compile(r"attachment:([^\s\"'>]+)")


class GradesFromMarks(GetGrades):  # type: ignore[misc]
    """nbgrader's preprocessor with marks that were read at once instead of a query for each."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        self.notebook_id = resources["nbgrader"]["notebook"]
        self.assignment_id = resources["nbgrader"]["assignment"]
        self.student_id = resources["nbgrader"]["student"]
        marks: Marks = resources["nbgrader"].pop("marks")
        self.gradebook = marks
        nb, resources = NbGraderPreprocessor.preprocess(self, nb, resources)
        resources["nbgrader"]["score"] = marks.score - marks.penalty
        resources["nbgrader"]["max_score"] = marks.max_score
        resources["nbgrader"]["late_penalty"] = marks.penalty
        return nb, resources


@dataclass(frozen=True)
class Made:
    """A submission's pages, in order; None if there is no such autograded notebook.

    `refused` says why there are no more; `outdated` has the notebooks whose pages must go.
    """

    pages: tuple[tuple[str, bytes | None], ...]
    refused: str = ""
    outdated: tuple[str, ...] = ()


class Reporter:
    """nbgrader's feedback exporter for one course, made once for all notebooks."""

    def __init__(self, course: NbgraderCourse, hidden_tests: HiddenTests = "redacted") -> None:
        self._course, self._hidden_tests = course, hidden_tests
        self.delimiters = Delimiters.of(course.config)
        converter = course.converter(GenerateFeedback)
        self._rights = course.rights("feedback")
        self._exporter = converter.exporter_class(parent=converter, config=converter.config)
        for step in converter.preprocessors:
            self._exporter.register_preprocessor(GradesFromMarks if step is GetGrades else step)
        self._exporter.register_filter("markdown2html", markdown2html)

    def make(self, assignment: str, student_id: str, marks: Mapping[str, Marks]) -> Made:
        """Make the pages of the autograded notebooks; nothing is written.

        A notebook that nbconvert cannot show, or that has no sealed run to show, is refused.
        """
        autograded = self._course.autograded(assignment, student_id)
        sealed = self._is_sealed(autograded, tuple(marks))
        if sealed is None:
            return Made((), _UNSEALED, tuple(marks))
        pages: list[tuple[str, bytes | None]] = []
        for name, mine in marks.items():
            path = autograded / f"{name}.ipynb"
            if not path.is_file():
                pages.append((name, None))
                continue
            try:
                notebook = self._seen_by_students(_read(path), sealed)
                pages.append((name, self._export(assignment, student_id, path, notebook, mine)))
            except RudauxError:
                raise
            except Exception as refused:
                why = f"no feedback can be made for {name}.ipynb: {first_line(refused)}"
                return Made(tuple(pages), why, (name,))
        return Made(tuple(pages))

    def keep(self, assignment: str, student_id: str, made: Made) -> bool:
        """Write the pages, and remove those that are out of date.

        Returns whether one was edited since it was written; it is then in `.rudaux/kept/feedback`.
        """
        folder = self._course.feedback(assignment, student_id)
        own = Written(folder / WRITTEN)
        kept = self._course.folder / ".rudaux" / "kept" / "feedback" / student_id / assignment
        edited = False
        for name, page in (*made.pages, *((name, None) for name in made.outdated)):
            file = folder / f"{name}.html"
            edited |= own.keep_edited(file, page, kept)
            if page is None:
                file.unlink(missing_ok=True)
            else:
                files.write_atomically(file, page, self._rights)
        own.record({f"{n}.html": page for n, page in made.pages if page is not None}, self._rights)
        return edited

    def read(
        self, assignment: str, student_id: str, notebooks: tuple[str, ...]
    ) -> tuple[FeedbackFile, ...]:
        """Read the pages that exist for these notebooks."""
        folder = self._course.feedback(assignment, student_id)
        return tuple(
            feedback_file(assignment, student_id, name, (folder / f"{name}.html").read_bytes())
            for name in notebooks
            if (folder / f"{name}.html").is_file()
        )

    def _is_sealed(self, autograded: Path, names: tuple[str, ...]) -> bool | None:
        """Return whether only sealed runs may be shown; None if one is needed and missing."""
        if self._hidden_tests != "sealed":
            return False
        paths = (autograded / f"{name}.ipynb" for name in names)
        notebooks = [_read(path) for path in paths if path.is_file()]
        # Each notebook may have seen the hidden tests of the others.
        if not any(map(self.delimiters.tests, notebooks)):
            return False
        return True if all(SEALED in notebook.metadata for notebook in notebooks) else None

    def _seen_by_students(self, notebook: Any, sealed: bool) -> Any:
        if sealed:
            shown = notebook.metadata[SEALED]
            shown.metadata[NOTES] = notebook.metadata.get(NOTES, {})
            return shown
        return redact(notebook, self.delimiters) if self._hidden_tests != "shown" else notebook

    def _export(
        self, assignment: str, student_id: str, path: Path, notebook: Any, marks: Marks
    ) -> bytes:
        fill_in_attachments(notebook)
        prefer_still(notebook)
        resources = {
            "unique_key": path.stem,
            "metadata": {"name": path.stem, "path": str(path.parent)},
            "nbgrader": {
                "student": student_id,
                "assignment": assignment,
                "notebook": path.stem,
                "db_url": self._course.db_url,
                "marks": marks,
            },
        }
        text, _ = self._exporter.from_notebook_node(notebook, resources=resources)
        page = stand_alone(str(text), path.parent)
        marked = mark(page, assignment, student_id, path.stem)
        return with_notes(marked, notebook.metadata.get(NOTES, {})).encode()


def _read(path: Path) -> Any:
    return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)


def fill_in_attachments(notebook: Any) -> None:
    """Add an empty picture for each missing attachment: nbconvert would refuse the notebook.

    A cell that is copied to another notebook loses its attachments.
    """
    for cell in notebook.cells:
        found = _ATTACHED.findall(cell.source) if cell.cell_type == "markdown" else ()
        for name in {spelt for text in found for spelt in _spellings(text)}:
            cell.setdefault("attachments", {}).setdefault(name, {"image/png": ""})


def _spellings(text: str) -> Iterator[str]:
    """Yield the names that may be meant: a parenthesis is part of the name, or ends the link."""
    ends = [number for number, letter in enumerate(text) if letter == ")"]
    for name in (text, *(text[:end] for end in ends)):
        yield from (name, quote(name), unquote(name))


def feedback_file(assignment: str, student_id: str, notebook: str, content: bytes) -> FeedbackFile:
    """Name a page by its content, so that the same marks never make a second attachment."""
    mark = hashlib.sha256(content).hexdigest()[:8]
    return FeedbackFile(f"{assignment}-{student_id}-{notebook}-{mark}.html", content)
