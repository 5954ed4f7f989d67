"""What a regrade compares: the source's tests as they were, and every mark for each."""

from __future__ import annotations

from typing import Any

from nbgrader import api
from sqlalchemy import case, select, union_all

from rudaux.adapters.nbgrader.gradebook.cells import (
    MAXIMUM,
    by_hand,
    every_mark,
    exact,
    exact_or_none,
)
from rudaux.domain.regrade import CellMark, SourceTest


def graded_cells(session: Any) -> frozenset[tuple[str, str, str]]:
    """Read every cell that can earn points: its assignment, its notebook and its name."""
    both = union_all(
        *(
            select(api.Assignment.name, api.Notebook.name.label("notebook"), kind.name)
            .join(api.Notebook, api.Notebook.assignment_id == api.Assignment.id)
            .join(kind, kind.notebook_id == api.Notebook.id)
            for kind in (api.GradeCell, api.TaskCell)
        )
    )
    return frozenset(tuple(row) for row in session.execute(both))


def source_tests(session: Any, assignment: str) -> tuple[SourceTest, ...]:
    """Read the cells that can earn points, as the gradebook has them."""
    return tuple(
        SourceTest(row.notebook, row.cell, exact(row.points or 0), row.text or "", bool(row.hand))
        for row in session.execute(_cells(assignment))
    )


def cell_marks(
    session: Any, assignment: str, student_id: str | None, by_hand: bool
) -> tuple[CellMark, ...]:
    """Read every mark of all submissions, or of one student's, or what a person gave."""
    grade = api.Grade
    query = every_mark(assignment, grade.auto_score, grade.manual_score, grade.extra_credit)
    if student_id is not None:
        query = query.where(api.SubmittedAssignment.student_id == student_id)
    if by_hand:
        query = query.where(grade.manual_score.is_not(None) | (grade.extra_credit != 0))
    return tuple(
        CellMark(
            row.student_id, row.notebook, row.cell, exact(row.maximum or 0),
            exact_or_none(row.auto_score), exact_or_none(row.manual_score),
            exact(row.extra_credit or 0),
        )
        for row in session.execute(query)
    )  # fmt: skip


def _cells(assignment: str) -> Any:
    """Select every cell that can earn points, its source, and whether it is marked by hand."""
    cell, source = api.BaseCell.__table__, api.SourceCell.__table__
    graded, task = api.GradeCell.__table__, api.TaskCell.__table__
    return (
        select(
            api.Notebook.name.label("notebook"),
            cell.c.name.label("cell"),
            MAXIMUM.label("points"),
            source.c.source.label("text"),
            case((cell.c.type == "TaskCell", 1), (by_hand(cell.c), 1), else_=0).label("hand"),
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
