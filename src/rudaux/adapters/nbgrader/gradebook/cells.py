"""What the cells of an assignment earned, over all its submissions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from nbgrader import api
from sqlalchemy import case, func, select
from sqlalchemy.orm import aliased

MAXIMUM = func.coalesce(api.GradeCell.__table__.c.max_score, api.TaskCell.__table__.c.max_score)


def exact(score: float) -> Decimal:
    """Return a score without the noise of floats, which is far below any mark."""
    return Decimal(str(round(score, 9)))


def exact_or_none(score: float | None) -> Decimal | None:
    """Return a score without the noise of floats, or None if there is none."""
    return None if score is None else exact(score)


def every_mark(assignment: str, *columns: Any) -> Any:
    """Select every mark: student, notebook, cell and its maximum, and these columns as well."""
    cell, submission = api.BaseCell.__table__, api.SubmittedAssignment
    graded, task = api.GradeCell.__table__, api.TaskCell.__table__
    return (
        select(
            submission.student_id,
            api.Notebook.name.label("notebook"),
            cell.c.name.label("cell"),
            MAXIMUM.label("maximum"),
            *columns,
        )
        .select_from(api.Grade)
        .join(cell, cell.c.id == api.Grade.cell_id)
        .outerjoin(graded, graded.c.id == cell.c.id)
        .outerjoin(task, task.c.id == cell.c.id)
        .join(api.SubmittedNotebook, api.SubmittedNotebook.id == api.Grade.notebook_id)
        .join(api.Notebook, api.Notebook.id == api.SubmittedNotebook.notebook_id)
        .join(submission, submission.id == api.SubmittedNotebook.assignment_id)
        .join(api.Assignment, api.Assignment.id == submission.assignment_id)
        .where(api.Assignment.name == assignment)
        .order_by(submission.student_id, api.Notebook.name, cell.c.name)
    )


def test_cells(assignment: str) -> Any:
    """Select every autograded test, and how many graded submissions got none of its points."""
    cell, grade = api.GradeCell, api.Grade
    mark = func.coalesce(grade.manual_score, grade.auto_score)
    return (
        select(
            cell.name.label("cell"),
            api.Notebook.name.label("notebook"),
            cell.max_score.label("maximum"),
            func.count(grade.id).label("graded"),
            func.sum(case((mark <= 0, 1), else_=0)).label("zeros"),
        )
        .join(api.Notebook, api.Notebook.id == cell.notebook_id)
        .join(api.Assignment, api.Assignment.id == api.Notebook.assignment_id)
        .join(grade, grade.cell_id == cell.id)
        .where(
            api.Assignment.name == assignment,
            cell.max_score > 0,
            mark.is_not(None),
            ~by_hand(cell),
        )
        .group_by(cell.id, cell.name, api.Notebook.name, cell.max_score)
        .order_by(api.Notebook.name, cell.name)
    )


def above_maximum(assignment: str) -> Any:
    """Select every mark by hand that is higher than its cell's maximum."""
    mark = api.Grade.manual_score
    return every_mark(assignment, mark.label("mark")).where(mark > MAXIMUM)


def by_hand(cell: Any) -> Any:
    """Return a condition: a cell that is also the student's answer is marked by hand, no test."""
    # Both kinds of cell share one of nbgrader's tables.
    answer = aliased(api.SolutionCell)
    return (
        select(answer.id)
        .where(answer.notebook_id == cell.notebook_id, answer.name == cell.name)
        .exists()
    )
