"""Autograded notebooks -> HTML reports, by nbgrader's own exporter and template, on their own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import nbformat
from nbgrader.converters import GenerateFeedback
from nbgrader.preprocessors import GetGrades, NbGraderPreprocessor
from sqlalchemy.exc import SQLAlchemyError

from rudaux.adapters.nbgrader import files
from rudaux.adapters.nbgrader.feedback.alone import prefer_still, stand_alone
from rudaux.adapters.nbgrader.feedback.mathematics import markdown2html
from rudaux.adapters.nbgrader.feedback.redact import redact
from rudaux.adapters.nbgrader.gradebook.sheet import Sheet
from rudaux.adapters.nbgrader.grading.hidden import SEALED, Delimiters
from rudaux.adapters.nbgrader.grading.notes import NOTES, with_notes
from rudaux.adapters.nbgrader.grading.sanitise import first_line
from rudaux.adapters.nbgrader.settings import NbgraderCourse
from rudaux.config import HiddenTests
from rudaux.domain.artifacts import FeedbackFile, mark
from rudaux.errors import NeedsPersonError, RudauxError

_ATTACHED = re.compile(r"attachment:([^\s\"'>]+)")


class GradesFromSheet(GetGrades):  # type: ignore[misc]
    """nbgrader's step with marks that were read at once instead of a query for each."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        self.notebook_id = resources["nbgrader"]["notebook"]
        self.assignment_id = resources["nbgrader"]["assignment"]
        self.student_id = resources["nbgrader"]["student"]
        sheet: Sheet = resources["nbgrader"].pop("sheet")
        self.gradebook = sheet
        nb, resources = NbGraderPreprocessor.preprocess(self, nb, resources)
        penalty = sheet.row.late_submission_penalty or 0
        resources["nbgrader"]["score"] = sheet.score - penalty
        resources["nbgrader"]["max_score"] = sheet.row.max_score
        resources["nbgrader"]["late_penalty"] = penalty
        return nb, resources


class Reporter:
    """nbgrader's feedback exporter of one course, made once and used for every notebook."""

    def __init__(self, course: NbgraderCourse, hidden_tests: HiddenTests = "redacted") -> None:
        self._course, self._hidden_tests = course, hidden_tests
        self.delimiters = Delimiters.of(course.config)
        converter = course.converter(GenerateFeedback)
        self._rights = course.rights("feedback")
        self._exporter = converter.exporter_class(parent=converter, config=converter.config)
        for step in converter.preprocessors:
            self._exporter.register_preprocessor(GradesFromSheet if step is GetGrades else step)
        self._exporter.register_filter("markdown2html", markdown2html)

    def report(
        self, assignment: str, student_id: str, sheets: Mapping[str, Sheet]
    ) -> tuple[FeedbackFile, ...]:
        """Make the reports of the autograded notebooks; an outdated one is taken away.

        Raises `NeedsPersonError` for a notebook that nbconvert cannot show, or that has no sealed
        run to show.
        """
        autograded = self._course.autograded(assignment, student_id)
        folder = self._course.feedback(assignment, student_id)
        made = []
        sealed = self._must_be_sealed(autograded, folder, tuple(sheets))
        for name, sheet in sheets.items():
            target = folder / f"{name}.html"
            if not (autograded / f"{name}.ipynb").is_file():
                target.unlink(missing_ok=True)
                continue
            try:
                path = autograded / f"{name}.ipynb"
                notebook = self._seen_by_students(_read(path), sealed)
                content = self._export(assignment, student_id, path, notebook, sheet)
            except (RudauxError, SQLAlchemyError):
                raise
            except Exception as refused:
                target.unlink(missing_ok=True)  # it tells of other marks by now
                raise NeedsPersonError(
                    f"no report can be made of {name}.ipynb: {first_line(refused)}"
                ) from refused
            files.write_atomically(target, content, self._rights)
            made.append(feedback_file(assignment, student_id, name, content))
        return tuple(made)

    def read(
        self, assignment: str, student_id: str, notebooks: tuple[str, ...]
    ) -> tuple[FeedbackFile, ...]:
        """Read the reports that are there; a file that is no report of a notebook is left out."""
        folder = self._course.feedback(assignment, student_id)
        return tuple(
            feedback_file(assignment, student_id, name, (folder / f"{name}.html").read_bytes())
            for name in notebooks
            if (folder / f"{name}.html").is_file()
        )

    def _must_be_sealed(self, autograded: Path, folder: Path, names: tuple[str, ...]) -> bool:
        """Whether only sealed runs may be shown; where there is none, no older report stays."""
        if self._hidden_tests != "sealed":
            return False
        paths = (autograded / f"{name}.ipynb" for name in names)
        notebooks = [_read(path) for path in paths if path.is_file()]
        # Each notebook may have seen the hidden tests of the others.
        if not any(map(self.delimiters.tests, notebooks)):
            return False
        if all(SEALED in notebook.metadata for notebook in notebooks):
            return True
        for name in names:
            (folder / f"{name}.html").unlink(missing_ok=True)
        raise NeedsPersonError(
            'no report can be made: it was graded without hidden_tests = "sealed", so that there '
            "is no run to show that saw no hidden test; grade it again with --student"
        )

    def _seen_by_students(self, notebook: Any, sealed: bool) -> Any:
        if sealed:
            shown = notebook.metadata[SEALED]
            shown.metadata[NOTES] = notebook.metadata.get(NOTES, {})
            return shown
        return redact(notebook, self.delimiters) if self._hidden_tests != "shown" else notebook

    def _export(
        self, assignment: str, student_id: str, path: Path, notebook: Any, sheet: Sheet
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
                "sheet": sheet,
            },
        }
        text, _ = self._exporter.from_notebook_node(notebook, resources=resources)
        page = stand_alone(str(text), path.parent)
        marked = mark(page, assignment, student_id, path.stem)
        return with_notes(marked, notebook.metadata.get(NOTES, {})).encode()


def _read(path: Path) -> Any:
    return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)


def fill_in_attachments(notebook: Any) -> None:
    """Show a picture that is not there as a missing one: nbconvert would refuse the notebook.

    A cell that is copied to another notebook leaves its attachments behind.
    """
    for cell in notebook.cells:
        found = _ATTACHED.findall(cell.source) if cell.cell_type == "markdown" else ()
        for name in {spelt for text in found for spelt in _spellings(text)}:
            cell.setdefault("attachments", {}).setdefault(name, {"image/png": ""})


def _spellings(text: str) -> Iterator[str]:
    """Give the names that may be meant: a parenthesis is part of it, or ends the link."""
    ends = [number for number, letter in enumerate(text) if letter == ")"]
    for name in (text, *(text[:end] for end in ends)):
        yield from (name, quote(name), unquote(name))


def feedback_file(assignment: str, student_id: str, notebook: str, content: bytes) -> FeedbackFile:
    """Name a report by its content, so that the same marks never make a second attachment."""
    mark = hashlib.sha256(content).hexdigest()[:8]
    return FeedbackFile(f"{assignment}-{student_id}-{notebook}-{mark}.html", content)
