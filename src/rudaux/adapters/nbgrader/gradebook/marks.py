"""One student's marks and comments, cell by cell."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from nbgrader import api
from sqlalchemy import func, select

from rudaux.domain.marks import SheetMark


def mark_sheet(session: Any, assignment: str, student_id: str) -> tuple[SheetMark, ...]:
    """Read every cell that can earn points, and every answer with a comment."""
    cell, grade, comment = api.BaseCell.__table__, api.Grade, api.Comment
    earns = func.coalesce(api.GradeCell.__table__.c.max_score, api.TaskCell.__table__.c.max_score)
    graded = _of_student(
        select(
            api.Notebook.name.label("notebook"),
            cell.c.name.label("cell"),
            earns.label("maximum"),
            grade.auto_score,
            grade.manual_score,
            grade.extra_credit,
            grade.needs_manual_grade,
        )
        .join(cell, cell.c.id == grade.cell_id)
        .outerjoin(api.GradeCell.__table__, api.GradeCell.__table__.c.id == cell.c.id)
        .outerjoin(api.TaskCell.__table__, api.TaskCell.__table__.c.id == cell.c.id)
        .join(api.SubmittedNotebook, api.SubmittedNotebook.id == grade.notebook_id),
        assignment,
        student_id,
    )
    commented = _of_student(
        select(
            api.Notebook.name.label("notebook"),
            cell.c.name.label("cell"),
            comment.auto_comment,
            comment.manual_comment,
        )
        .join(cell, cell.c.id == comment.cell_id)
        .join(api.SubmittedNotebook, api.SubmittedNotebook.id == comment.notebook_id),
        assignment,
        student_id,
    )
    texts = {
        (row.notebook, row.cell): (row.manual_comment or row.auto_comment, bool(row.manual_comment))
        for row in session.execute(commented)
        if row.manual_comment or row.auto_comment
    }
    found = [
        SheetMark(
            f"{row.notebook}.ipynb",
            row.cell,
            _decimal(row.maximum) or Decimal(0),
            _decimal(row.auto_score),
            _decimal(row.manual_score),
            _decimal(row.extra_credit) or Decimal(0),
            bool(row.needs_manual_grade),
            *texts.pop((row.notebook, row.cell), ("", False)),
        )
        for row in session.execute(graded)
    ]
    found += [
        SheetMark(f"{notebook}.ipynb", name, None, comment=text, comment_by_hand=by_hand)
        for (notebook, name), (text, by_hand) in texts.items()
    ]
    return tuple(sorted(found, key=lambda mark: (mark.notebook, mark.cell)))


def _of_student(query: Any, assignment: str, student_id: str) -> Any:
    submission = api.SubmittedAssignment
    return (
        query.join(api.Notebook, api.Notebook.id == api.SubmittedNotebook.notebook_id)
        .join(submission, submission.id == api.SubmittedNotebook.assignment_id)
        .join(api.Assignment, api.Assignment.id == submission.assignment_id)
        .where(api.Assignment.name == assignment, submission.student_id == student_id)
    )


def _decimal(score: float | None) -> Decimal | None:
    # As everywhere: what is far below any mark is the noise of floats.
    return None if score is None else Decimal(str(round(score, 9)))
