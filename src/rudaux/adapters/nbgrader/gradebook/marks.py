"""One student's marks and comments, cell by cell."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from nbgrader import api
from sqlalchemy import select

from rudaux.adapters.nbgrader.gradebook.cells import every_mark, exact, exact_or_none
from rudaux.domain.marks import SheetMark


def mark_sheet(session: Any, assignment: str, student_id: str) -> tuple[SheetMark, ...]:
    """Read every cell that can earn points, and every answer with a comment."""
    cell, grade, comment = api.BaseCell.__table__, api.Grade, api.Comment
    scores = (grade.auto_score, grade.manual_score, grade.extra_credit, grade.needs_manual_grade)
    graded = every_mark(assignment, *scores).where(api.SubmittedAssignment.student_id == student_id)
    submission = api.SubmittedAssignment
    commented = (
        select(
            api.Notebook.name.label("notebook"),
            cell.c.name.label("cell"),
            comment.auto_comment,
            comment.manual_comment,
        )
        .join(cell, cell.c.id == comment.cell_id)
        .join(api.SubmittedNotebook, api.SubmittedNotebook.id == comment.notebook_id)
        .join(api.Notebook, api.Notebook.id == api.SubmittedNotebook.notebook_id)
        .join(submission, submission.id == api.SubmittedNotebook.assignment_id)
        .join(api.Assignment, api.Assignment.id == submission.assignment_id)
        .where(api.Assignment.name == assignment, submission.student_id == student_id)
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
            exact(row.maximum) if row.maximum else Decimal(0),
            exact_or_none(row.auto_score),
            exact_or_none(row.manual_score),
            exact(row.extra_credit) if row.extra_credit else Decimal(0),
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
