"""What a regrade compares: the source's tests as they were, and every mark for each."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from nbgrader import api
from sqlalchemy import case, func, select

from rudaux.domain.regrade import CellMark, SourceTest


def source_tests(session: Any, assignment: str) -> tuple[SourceTest, ...]:
    """Read the cells that can earn points, as the gradebook has them."""
    return tuple(
        SourceTest(row.notebook, row.cell, _decimal(row.points), row.text or "", bool(row.hand))
        for row in session.execute(_cells(assignment))
    )


def cell_marks(session: Any, assignment: str, student_id: str | None) -> tuple[CellMark, ...]:
    """Read every mark of all submissions, or of one student's."""
    return tuple(
        CellMark(
            row.student_id, row.notebook, row.cell, _decimal(row.maximum),
            _or_none(row.auto), _or_none(row.manual), _decimal(row.extra),
        )
        for row in session.execute(_marks(assignment, student_id))
    )  # fmt: skip


def _cells(assignment: str) -> Any:
    """Select every cell that can earn points, its source, and whether it is marked by hand.

    A task, or a cell that is also the student's answer, is marked by hand.
    """
    cell, source = api.BaseCell.__table__, api.SourceCell.__table__
    graded, task = api.GradeCell.__table__, api.TaskCell.__table__
    answer = cell.alias()
    answered = (
        select(answer.c.id)
        .where(
            answer.c.notebook_id == cell.c.notebook_id,
            answer.c.name == cell.c.name,
            answer.c.type == "SolutionCell",
        )
        .exists()
    )
    return (
        select(
            api.Notebook.name.label("notebook"),
            cell.c.name.label("cell"),
            func.coalesce(graded.c.max_score, task.c.max_score).label("points"),
            source.c.source.label("text"),
            case((cell.c.type == "TaskCell", 1), (answered, 1), else_=0).label("hand"),
        )
        .join(api.Notebook, api.Notebook.id == cell.c.notebook_id)
        .join(api.Assignment, api.Assignment.id == api.Notebook.assignment_id)
        .outerjoin(graded, graded.c.id == cell.c.id)
        .outerjoin(task, task.c.id == cell.c.id)
        .outerjoin(
            source, (source.c.notebook_id == cell.c.notebook_id) & (source.c.name == cell.c.name)
        )
        .where(api.Assignment.name == assignment, cell.c.type.in_(("GradeCell", "TaskCell")))
        .order_by(api.Notebook.name, cell.c.name)
    )


def _marks(assignment: str, student_id: str | None = None) -> Any:
    """Select every mark of the assignment's submissions, or of one student's."""
    cell, grade = api.BaseCell.__table__, api.Grade
    graded, task = api.GradeCell.__table__, api.TaskCell.__table__
    query = (
        select(
            api.SubmittedAssignment.student_id,
            api.Notebook.name.label("notebook"),
            cell.c.name.label("cell"),
            func.coalesce(graded.c.max_score, task.c.max_score).label("maximum"),
            grade.auto_score.label("auto"),
            grade.manual_score.label("manual"),
            grade.extra_credit.label("extra"),
        )
        .join(cell, cell.c.id == grade.cell_id)
        .outerjoin(graded, graded.c.id == cell.c.id)
        .outerjoin(task, task.c.id == cell.c.id)
        .join(api.SubmittedNotebook, api.SubmittedNotebook.id == grade.notebook_id)
        .join(api.Notebook, api.Notebook.id == api.SubmittedNotebook.notebook_id)
        .join(
            api.SubmittedAssignment,
            api.SubmittedAssignment.id == api.SubmittedNotebook.assignment_id,
        )
        .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
        .where(api.Assignment.name == assignment)
        .order_by(api.SubmittedAssignment.student_id, api.Notebook.name, cell.c.name)
    )
    if student_id is not None:
        query = query.where(api.SubmittedAssignment.student_id == student_id)
    return query


def _or_none(score: float | None) -> Decimal | None:
    return None if score is None else _decimal(score)


def _decimal(score: float | None) -> Decimal:
    # As everywhere: what is far below any mark is the noise of floats.
    return Decimal(str(round(score or 0, 9)))
