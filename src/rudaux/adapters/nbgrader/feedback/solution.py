"""Pages with solutions and visible tests from the instructor's notebooks, for students' homes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import nbformat
from nbconvert.exporters import HTMLExporter
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearSolutions

from rudaux.adapters.nbgrader.feedback.alone import prefer_still, stand_alone
from rudaux.adapters.nbgrader.feedback.mathematics import markdown2html
from rudaux.adapters.nbgrader.feedback.redact import redact
from rudaux.adapters.nbgrader.feedback.report import fill_in_attachments
from rudaux.adapters.nbgrader.grading.hidden import Delimiters
from rudaux.adapters.nbgrader.release import secrets_of
from rudaux.adapters.nbgrader.release.source import Converted
from rudaux.adapters.nbgrader.settings import NbgraderCourse
from rudaux.domain.artifacts import FeedbackFile, Solution
from rudaux.domain.release import Secrets, leaks, regions


class Solutions:
    """nbconvert's exporter for one course, and what its pages must not show."""

    def __init__(self, course: NbgraderCourse) -> None:
        self._course = course
        self._hidden, self._scheme, self._answer = (
            course.make(cls) for cls in (ClearHiddenTests, ClearMarkScheme, ClearSolutions)
        )

    def make(self, assignment: str, notebooks: Sequence[Converted]) -> Solution:
        """Make a page per notebook; the same source always gives the same bytes."""
        pages = tuple(
            FeedbackFile(f"{n.record.name}.html", self._page(assignment, n).encode())
            for n in notebooks
        )
        shown = {page.name: page.content.decode() for page in pages}
        return Solution(pages, leaks(shown, self._secrets(notebooks)))

    def _secrets(self, notebooks: Sequence[Converted]) -> Secrets:
        """Collect hidden tests and mark schemes, which a solution must not show either."""
        found = secrets_of(self._course, notebooks)
        return Secrets(
            {mark: kind for mark, kind in found.markers.items() if kind != "solution"},
            tuple(secret for secret in found.texts if secret.kind != "solution"),
            found.public,
        )

    def _page(self, assignment: str, converted: Converted) -> str:
        notebook = nbformat.from_dict(json.loads(json.dumps(converted.original)))
        marks = Delimiters(self._hidden.begin_test_delimeter, self._hidden.end_test_delimeter)
        notebook = redact(notebook, marks)
        for cell in notebook.cells:
            cell.source = self._shown(cell.source)
        fill_in_attachments(notebook)
        prefer_still(notebook)
        folder = self._course.source(assignment)
        name = converted.record.name
        resources = {"metadata": {"name": f"{name}: solution", "path": str(folder)}}
        text, _ = self._exporter.from_notebook_node(notebook, resources=resources)
        return stand_alone(str(text), folder)

    def _shown(self, source: str) -> str:
        """Return the source without mark schemes and without the delimiters of solutions."""
        scheme = self._scheme
        begin, end = scheme.begin_mark_scheme_delimeter, scheme.end_mark_scheme_delimeter
        _, outside = regions(source, begin, end)
        around = (self._answer.begin_solution_delimeter, self._answer.end_solution_delimeter)
        kept = (line for line in outside.split("\n") if not any(mark in line for mark in around))
        return "\n".join(kept)

    @cached_property
    def _exporter(self) -> Any:
        exporter = HTMLExporter(template_name="classic")
        exporter.register_filter("markdown2html", markdown2html)
        return exporter
