"""One student's marks of one notebook, read once, with nbgrader's own query methods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nbgrader import api
from sqlalchemy import select


@dataclass(frozen=True)
class Sheet:
    """The rows of a submitted notebook: grades and comments by the name of their cell."""

    row: Any
    grades: Mapping[str, Any]
    comments: Mapping[str, Any]

    @property
    def score(self) -> float:
        """The notebook's points before a late penalty, as nbgrader defines Grade.score."""
        return float(sum(score_of(grade) for grade in self.grades.values()))

    def __deepcopy__(self, memo: object) -> Sheet:
        """Return itself: nbconvert copies what it passes on, and a copied row has no session."""
        return self

    @property
    def db(self) -> Sheet:
        """The session, as far as nbgrader's preprocessors use it."""
        return self

    def commit(self) -> None:
        """Do nothing: the whole submission is committed at once."""

    def find_grade(self, cell: str, notebook: str, assignment: str, student: str) -> Any:
        """Return a grade, as `nbgrader.api.Gradebook.find_grade` does."""
        return _found(self.grades, cell)

    def find_comment(self, cell: str, notebook: str, assignment: str, student: str) -> Any:
        """Return a comment, as `nbgrader.api.Gradebook.find_comment` does."""
        return _found(self.comments, cell)


def score_of(grade: Any) -> float:
    """Return a grade's points: a mark by hand takes precedence over the automatic one."""
    if grade.manual_score is None and grade.auto_score is None:
        return 0.0
    base = grade.auto_score if grade.manual_score is None else grade.manual_score
    return float(base) + float(grade.extra_credit or 0)


def load_sheets(session: Any, submission_id: str) -> dict[str, Sheet]:
    """Read a submission's sheets, by the notebook's name."""
    rows = session.execute(
        select(api.SubmittedNotebook, api.Notebook)
        .join(api.Notebook, api.Notebook.id == api.SubmittedNotebook.notebook_id)
        .where(api.SubmittedNotebook.assignment_id == submission_id)
        .order_by(api.Notebook.name)
    ).all()
    return {
        notebook.name: Sheet(
            submitted,
            _by_cell(session, api.Grade, submitted),
            _by_cell(session, api.Comment, submitted),
        )
        for submitted, notebook in rows
    }


def _by_cell(session: Any, table: Any, submitted: Any) -> dict[str, Any]:
    # nbgrader's only index on grades and comments starts with cell_id.
    query = (
        select(api.BaseCell.__table__.c.name, table)
        .join(table, table.cell_id == api.BaseCell.__table__.c.id)
        .where(api.BaseCell.__table__.c.notebook_id == submitted.notebook_id)
        .where(table.notebook_id == submitted.id)
    )
    return dict(session.execute(query).all())


def _found(rows: Mapping[str, Any], cell: str) -> Any:
    if cell not in rows:
        raise api.MissingEntry(f"No such row for cell {cell}")
    return rows[cell]
