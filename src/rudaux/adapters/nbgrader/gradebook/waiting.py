"""Answers that wait for a mark by hand, and the field for it on formgrader's page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbgrader import api

from rudaux.adapters.nbgrader.gradebook.cells import every_mark
from rudaux.adapters.nbgrader.gradebook.database import Database
from rudaux.adapters.nbgrader.settings import NbgraderCourse
from rudaux.domain.sharing import OpenMark


def open_marks(database: Database, course: NbgraderCourse, assignment: str) -> tuple[OpenMark, ...]:
    """Read every answer that waits for a mark and whose notebook formgrader can show."""
    with database.reading() as session:
        query = every_mark(assignment, api.SubmittedNotebook.id)
        waiting = session.execute(query.where(api.Grade.needs_manual_grade.is_(True)))
        found = [OpenMark(*row) for row in waiting]
    return tuple(
        m for m in found if _graded(course, assignment, m.student_id, m.notebook).is_file()
    )


def mark_fields(
    course: NbgraderCourse, assignment: str, student_id: str, notebook: str
) -> Mapping[str, int]:
    """Return the positions of the fields for marks on formgrader's page, by cell."""
    try:
        text = _graded(course, assignment, student_id, notebook).read_text(encoding="utf-8")
        return _positions(json.loads(text))
    except (OSError, ValueError):
        return {}  # the link then opens the top of the page


def _graded(course: NbgraderCourse, assignment: str, student_id: str, notebook: str) -> Path:
    return course.autograded(assignment, student_id) / f"{notebook}.ipynb"


def _positions(notebook: Any) -> dict[str, int]:
    """Number the fields as the URL of formgrader's page does; return those for marks, by cell.

    The first is the link to the next submission. A mark has a second field, for extra credit, and
    each answer has a comment
    (nbgrader/server_extensions/formgrader/templates/formgrade/index.html.j2).
    """
    found, position = {}, 1
    for cell in notebook.get("cells", ()):
        meta = cell.get("metadata", {}).get("nbgrader", {})
        if cell.get("cell_type") not in {"code", "markdown"}:
            continue
        answer = meta.get("solution") or meta.get("task")
        if meta.get("grade") or meta.get("task"):
            found[str(meta.get("grade_id"))] = position
            position += 2
        position += bool(answer)
    return found
