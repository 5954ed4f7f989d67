"""All marks of an assignment at once: the cells that can earn points, and a row per student."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from nbgrader import api
from sqlalchemy import func, literal, select, union_all

from rudaux.adapters.nbgrader.gradebook.cells import by_hand, exact
from rudaux.domain.statistics import MarkedCell, Marks


def read_marks(session: Any, assignment: str) -> Marks:
    """Read all marks of an assignment; None where there is no mark."""
    cells = session.execute(_cells(assignment)).all()
    place = {row.id: number for number, row in enumerate(cells)}
    rows: dict[str, list[Decimal | None]] = {}
    for student, cell, points in session.execute(_marks(assignment)):
        row = rows.setdefault(student, [None] * len(cells))
        if cell in place and points is not None:
            row[place[cell]] = exact(points or 0)
    return Marks(
        tuple(
            MarkedCell(c.notebook, c.cell, exact(c.maximum or 0), bool(c.by_hand)) for c in cells
        ),
        {student: tuple(row) for student, row in rows.items()},
    )


def _cells(assignment: str) -> Any:
    """Select every cell that can earn points, and whether it is marked by hand."""
    cells = []
    for kind, hand in ((api.GradeCell, by_hand(api.GradeCell)), (api.TaskCell, literal(True))):
        cells.append(
            select(
                kind.id.label("id"),
                api.Notebook.name.label("notebook"),
                kind.name.label("cell"),
                kind.max_score.label("maximum"),
                hand.label("by_hand"),
            )
            .join(api.Notebook, api.Notebook.id == kind.notebook_id)
            .join(api.Assignment, api.Assignment.id == api.Notebook.assignment_id)
            .where(api.Assignment.name == assignment)
        )
    return union_all(*cells).order_by("notebook", "cell")


def _marks(assignment: str) -> Any:
    """Select every mark: the student, the cell's id, and the points (None without a mark)."""
    grade = api.Grade
    mark = func.coalesce(grade.manual_score, grade.auto_score)
    return (
        select(
            api.SubmittedAssignment.student_id,
            grade.cell_id,
            (mark + func.coalesce(grade.extra_credit, 0.0)).label("points"),
        )
        .join(api.SubmittedNotebook, api.SubmittedNotebook.id == grade.notebook_id)
        .join(
            api.SubmittedAssignment,
            api.SubmittedAssignment.id == api.SubmittedNotebook.assignment_id,
        )
        .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
        .where(api.Assignment.name == assignment)
    )
