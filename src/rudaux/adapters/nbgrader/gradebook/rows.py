"""Rows of nbgrader's tables that belong together, written in bulk.

`Gradebook.add_submission` in nbgrader.api defines which rows a submission consists of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from nbgrader import api
from sqlalchemy import delete, insert, select

CHUNK = 500
"""Values per statement: old versions of SQLite allow 999."""


def find_assignment(session: Any, name: str) -> Any:
    """Return nbgrader's Assignment of that name, or None."""
    return session.scalars(select(api.Assignment).where(api.Assignment.name == name)).one_or_none()


def ensure_assignment(session: Any, name: str, course_id: str) -> Any:
    """Return nbgrader's Assignment of that name; make it if there is none."""
    row = find_assignment(session, name)
    if row is None:
        row = api.Assignment(name=name, course_id=course_id)
        session.add(row)
        session.flush()
    return row


def find_submission(session: Any, assignment: str, student_id: str) -> Any:
    """Return nbgrader's SubmittedAssignment of the student, or None."""
    query = (
        select(api.SubmittedAssignment)
        .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
        .where(api.Assignment.name == assignment, api.SubmittedAssignment.student_id == student_id)
    )
    return session.scalars(query).one_or_none()


def ensure_submission(session: Any, assignment: str, student_id: str, course_id: str) -> Any:
    """Return the student's SubmittedAssignment, made or completed if need be."""
    row = find_submission(session, assignment, student_id)
    if row is None:
        assignment_id = ensure_assignment(session, assignment, course_id).id
        if session.get(api.Student, student_id) is None:
            session.add(api.Student(id=student_id))
        row = api.SubmittedAssignment(assignment_id=assignment_id, student_id=student_id)
        session.add(row)
        session.flush()
    mirror(session, row.assignment_id, student_id)
    return row


def mirror(session: Any, assignment_id: str, student_id: str | None = None) -> None:
    """Add the notebooks, grades and comments that submissions (or one student's) lack.

    What all submissions lack is new in the source. Nothing new waits for a mark before a run has
    put its cell where formgrader can show it.
    """
    mine = select(api.SubmittedAssignment.id).where(
        api.SubmittedAssignment.assignment_id == assignment_id
    )
    if student_id is not None:
        mine = mine.where(api.SubmittedAssignment.student_id == student_id)
    submissions = session.scalars(mine).all()
    submitted = api.SubmittedNotebook
    notebooks = session.scalars(
        select(api.Notebook.id).where(api.Notebook.assignment_id == assignment_id)
    ).all()
    # nbgrader's only indexes start with notebook_id here and with cell_id below.
    found = select(submitted.id, submitted.assignment_id, submitted.notebook_id).where(
        submitted.notebook_id.in_(notebooks), submitted.assignment_id.in_(mine)
    )
    there = {(row.assignment_id, row.notebook_id) for row in session.execute(found)}
    missing = [
        {"assignment_id": s, "notebook_id": n}
        for s in submissions
        for n in notebooks
        if (s, n) not in there
    ]
    _insert(session, submitted, missing)
    _mirror_cells(session, assignment_id, session.execute(found).all(), student_id is not None)


def _mirror_cells(session: Any, assignment_id: str, notebooks: Sequence[Any], waits: bool) -> None:
    cells = session.execute(
        select(api.BaseCell.id, api.BaseCell.notebook_id, api.BaseCell.type)
        .join(api.Notebook, api.Notebook.id == api.BaseCell.notebook_id)
        .where(api.Notebook.assignment_id == assignment_id)
    ).all()
    ids, cell_ids = [n.id for n in notebooks], [c.id for c in cells]
    for table, types, values in (
        (api.Grade, ("GradeCell", "TaskCell"), {"needs_manual_grade": waits}),
        (api.Comment, ("SolutionCell", "TaskCell"), {}),
    ):
        there = {
            (row.cell_id, row.notebook_id)
            for some in _chunks(ids)
            for row in session.execute(
                select(table.cell_id, table.notebook_id).where(
                    table.cell_id.in_(cell_ids), table.notebook_id.in_(some)
                )
            )
        }
        missing = [
            {"cell_id": c.id, "notebook_id": n.id, **values}
            for n in notebooks
            for c in cells
            if c.type in types and c.notebook_id == n.notebook_id and (c.id, n.id) not in there
        ]
        _insert(session, table, missing)


def remove_submissions(session: Any, chosen: Any) -> None:
    """Remove the submissions whose ids the select `chosen` returns, with their marks."""
    notebooks = select(api.SubmittedNotebook.id).where(
        api.SubmittedNotebook.assignment_id.in_(chosen)
    )
    _remove_submitted(session, notebooks)
    _delete(session, api.SubmittedAssignment.__table__, "id", chosen)


def remove_notebooks(session: Any, chosen: Any) -> None:
    """Remove the notebooks whose ids the select `chosen` returns, with all submitted versions."""
    submitted = select(api.SubmittedNotebook.id).where(
        api.SubmittedNotebook.notebook_id.in_(chosen)
    )
    _remove_submitted(session, submitted)
    cells = select(api.BaseCell.id).where(api.BaseCell.notebook_id.in_(chosen))
    remove_cells(session, cells)
    _delete(session, api.SourceCell.__table__, "notebook_id", chosen)
    _delete(session, api.Notebook.__table__, "id", chosen)


def remove_cells(session: Any, chosen: Any) -> None:
    """Remove the cells whose ids the select `chosen` returns, with their marks and comments."""
    _delete(session, api.Grade.__table__, "cell_id", chosen)
    _delete(session, api.Comment.__table__, "cell_id", chosen)
    for cell in (api.GradeCell, api.SolutionCell, api.TaskCell):
        _delete(session, cell.__table__, "id", chosen)
    _delete(session, api.BaseCell.__table__, "id", chosen)


def chunked_in(column: Any, values: Iterable[str]) -> Iterator[Any]:
    """Yield `column IN (...)` conditions that together cover the values."""
    for some in _chunks(list(values)):
        yield column.in_(some)


def _remove_submitted(session: Any, notebooks: Any) -> None:
    _delete(session, api.Grade.__table__, "notebook_id", notebooks)
    _delete(session, api.Comment.__table__, "notebook_id", notebooks)
    ids = session.scalars(notebooks).all()
    for some in _chunks(ids):
        _delete(session, api.SubmittedNotebook.__table__, "id", some)


def _delete(session: Any, table: Any, column: str, chosen: Any) -> None:
    session.execute(
        delete(table).where(table.c[column].in_(chosen)),
        execution_options={"synchronize_session": False},
    )


def _insert(session: Any, cls: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(cls.__table__), rows)


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
