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
    """Select every mark by hand that is more than its cell earns."""
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


def open_marks(assignment: str) -> Any:
    """Select every answer that waits for a mark by hand."""
    cell, grade = api.BaseCell.__table__, api.Grade
    earns = func.coalesce(api.GradeCell.__table__.c.max_score, api.TaskCell.__table__.c.max_score)
    return (
        select(
            api.SubmittedAssignment.student_id,
            api.Notebook.name.label("notebook"),
            cell.c.name.label("cell"),
            earns.label("points"),
            api.SubmittedNotebook.id.label("page"),
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
        .where(api.Assignment.name == assignment, grade.needs_manual_grade.is_(True))
        .order_by(api.SubmittedAssignment.student_id, api.Notebook.name, cell.c.name)
    )


def fields(notebook: Any) -> dict[str, int]:
    """Count the fields of formgrader's page, which its address numbers: marks by their cell.

    The first is the link to the next submission; a mark has a second field for extra credit, and
    whatever a student answers has a comment
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


def by_hand(cell: Any) -> Any:
    """Whether the cell with a mark is also the student's answer: then it is no test."""
    # Both kinds of cell share a table of nbgrader's.
    answer = aliased(api.SolutionCell)
    return (
        select(answer.id)
        .where(answer.notebook_id == cell.notebook_id, answer.name == cell.name)
        .exists()
    )
