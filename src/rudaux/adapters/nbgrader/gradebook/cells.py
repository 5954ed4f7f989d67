"""What the cells of an assignment earned, over all its submissions."""

from __future__ import annotations

from typing import Any

from nbgrader import api
from sqlalchemy import case, func, select
from sqlalchemy.orm import aliased


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
    cell, grade = api.BaseCell.__table__, api.Grade
    earns = func.coalesce(api.GradeCell.__table__.c.max_score, api.TaskCell.__table__.c.max_score)
    return (
        select(
            api.SubmittedAssignment.student_id,
            cell.c.name.label("cell"),
            api.Notebook.name.label("notebook"),
            grade.manual_score.label("mark"),
            earns.label("maximum"),
        )
        .join(cell, cell.c.id == grade.cell_id)
        .outerjoin(api.GradeCell.__table__, api.GradeCell.__table__.c.id == cell.c.id)
        .outerjoin(api.TaskCell.__table__, api.TaskCell.__table__.c.id == cell.c.id)
        .join(api.SubmittedNotebook, api.SubmittedNotebook.id == grade.notebook_id)
        .join(api.Notebook, api.Notebook.id == api.SubmittedNotebook.notebook_id)
        .join(
            api.SubmittedAssignment,
            api.SubmittedAssignment.id == api.SubmittedNotebook.assignment_id,
        )
        .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
        .where(api.Assignment.name == assignment, grade.manual_score > earns)
        .order_by(api.SubmittedAssignment.student_id, api.Notebook.name, cell.c.name)
    )


def by_hand(cell: Any) -> Any:
    """Return a condition: a cell that is also the student's answer is marked by hand, no test."""
    # Both kinds of cell share one of nbgrader's tables.
    answer = aliased(api.SolutionCell)
    return (
        select(answer.id)
        .where(answer.notebook_id == cell.notebook_id, answer.name == cell.name)
        .exists()
    )
