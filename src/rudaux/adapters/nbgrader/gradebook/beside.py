"""A separate gradebook in which a regrade grades one assignment, and taking over its results.

It is an SQLite file, whatever the course's gradebook is. A second file keeps its state before the
regrade: comparing with it shows the marks that a person made meanwhile, which stay.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nbgrader import api
from sqlalchemy import insert, select

from rudaux.adapters.nbgrader import files
from rudaux.adapters.nbgrader.gradebook import record
from rudaux.adapters.nbgrader.gradebook.book import NbgraderGradebook
from rudaux.adapters.nbgrader.gradebook.database import Database
from rudaux.adapters.nbgrader.release.source import SourceCell, SourceNotebook
from rudaux.adapters.nbgrader.settings import NbgraderCourse
from rudaux.config import BackupSettings

BOOK, BEFORE, SOURCE, WORK = "gradebook.db", "before.db", "source.json", "autograded"
_CHUNK = 500
_GRADES = ("auto_score", "manual_score", "extra_credit", "needs_manual_grade")


class GradebookBeside(NbgraderGradebook):
    """The regrade's gradebook, which is never backed up."""

    def backup(self, reason: str) -> Path:
        return self.database.file or Path()

    def keep(self, run: int, keep: BackupSettings) -> None:
        return


def make_beside(course: NbgraderCourse, database: Database, assignment: str, folder: Path) -> None:
    """Copy one assignment with everybody's marks into `folder`; link the autograded work."""
    target = Database(course.beside(folder).db_url, database.course_id, course.rights("gradebook"))
    students = []
    with database.reading() as session, target.session() as copy:
        for table, chosen in _rows_of(assignment):
            found = [dict(row) for row in session.execute(chosen).mappings()]
            if table.name == "submitted_assignment":
                students = [row["student_id"] for row in found]
            if table.name == "course":
                known = set(copy.scalars(select(table.c.id)))
                found = [row for row in found if row["id"] not in known]
            for start in range(0, len(found), _CHUNK):
                copy.execute(insert(table), found[start : start + _CHUNK])
    target.close()
    shutil.copyfile(folder / BOOK, folder / BEFORE)
    for student in students:
        there = course.autograded(assignment, student)
        if there.is_dir():
            link = folder / WORK / student / assignment
            link.parent.mkdir(parents=True)
            link.symlink_to(there, target_is_directory=True)


def write_source(folder: Path, notebooks: Iterable[SourceNotebook]) -> None:
    """Note the source that the results in `folder` belong to."""
    text = json.dumps([asdict(notebook) for notebook in notebooks])
    (folder / SOURCE).write_text(text, encoding="utf-8")


def take_marks(
    database: Database, assignment: str, folder: Path, students: Collection[str]
) -> None:
    """Write the marks in `folder` into the gradebook in one transaction; idempotent.

    What a person has marked since the copy was made stays as it is.
    """
    before, after = (_read(folder / name, assignment) for name in (BEFORE, BOOK))
    penalties = _penalties(folder / BOOK, assignment)
    with database.session(alone=True) as session:
        record.record(session, assignment, _source(folder), database.course_id, lambda: None)
        session.flush()
        session.expire_all()
        for (student, notebook, cell), grade in _grades(session, assignment):
            key = (student, notebook, cell)
            if student in students and key in after:
                _take(grade, before.get(key), after[key])
        for (student, name), row in _notebooks(session, assignment):
            if student in students and (student, name) in penalties:
                row.late_submission_penalty = penalties[student, name]
        for (student, notebook, cell), comment in _comments(session, assignment):
            key = (student, notebook, cell)
            if student in students and key in after.comments:
                comment.auto_comment = after.comments[key]


def take_work(course: NbgraderCourse, assignment: str, folder: Path) -> None:
    """Move the autograded work in `folder` into the course; idempotent."""
    rights = course.rights("autograded")
    for fresh in sorted((folder / WORK).glob(f"*/{assignment}")):
        if fresh.is_symlink():
            continue
        target = course.autograded(assignment, fresh.parent.name)

        def fill(into: Path, fresh: Path = fresh) -> None:
            shutil.copytree(fresh, into, dirs_exist_ok=True)

        files.replace_folder(target, fill, rights)()
        files.remove(fresh)


class _Marks(dict[tuple[str, str, str], dict[str, Any]]):
    """Grades by student, notebook and cell, and nbgrader's automatic comments."""

    comments: dict[tuple[str, str, str], str | None]


def _take(grade: Any, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> None:
    """Take over a cell's result; one that a person marked meanwhile gets no extra credit."""
    by_hand = ("manual_score", "needs_manual_grade")
    untouched = before is None or all(getattr(grade, name) == before[name] for name in by_hand)
    grade.auto_score = after["auto_score"]
    if untouched:
        grade.needs_manual_grade = after["needs_manual_grade"]
    elif before is not None:
        # They saw the old result: as after any run, a new one needs a second look.
        seen = ("auto_score", "extra_credit")
        changed = any(after[name] != before[name] for name in seen)
        grade.needs_manual_grade = changed or grade.needs_manual_grade
        if grade.manual_score != before["manual_score"]:
            return
    if before is None or grade.extra_credit == before["extra_credit"]:
        grade.extra_credit = after["extra_credit"]


def _read(file: Path, assignment: str) -> _Marks:
    with _opened(file) as session:
        marks = _Marks(
            (key, {name: getattr(grade, name) for name in _GRADES})
            for key, grade in _grades(session, assignment)
        )
        marks.comments = {key: c.auto_comment for key, c in _comments(session, assignment)}
    return marks


def _penalties(file: Path, assignment: str) -> dict[tuple[str, str], float | None]:
    with _opened(file) as session:
        rows = _notebooks(session, assignment)
        return {key: row.late_submission_penalty for key, row in rows}


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    database = Database(f"sqlite:///{file}", "")
    try:
        with database.reading() as session:
            yield session
    finally:
        database.close()


def _grades(session: Any, assignment: str) -> Iterator[tuple[tuple[str, str, str], Any]]:
    return _of_cells(session, assignment, api.Grade)


def _comments(session: Any, assignment: str) -> Iterator[tuple[tuple[str, str, str], Any]]:
    return _of_cells(session, assignment, api.Comment)


def _of_cells(session: Any, assignment: str, table: Any) -> Iterator[Any]:
    cell, submitted = api.BaseCell.__table__, api.SubmittedNotebook
    query = (
        select(api.SubmittedAssignment.student_id, api.Notebook.name, cell.c.name, table)
        .join(submitted, submitted.id == table.notebook_id)
        .join(api.Notebook, api.Notebook.id == submitted.notebook_id)
        .join(api.SubmittedAssignment, api.SubmittedAssignment.id == submitted.assignment_id)
        .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
        .join(cell, cell.c.id == table.cell_id)
        .where(api.Assignment.name == assignment)
    )
    for student, notebook, name, row in session.execute(query):
        yield (student, notebook, name), row


def _notebooks(session: Any, assignment: str) -> Iterator[tuple[tuple[str, str], Any]]:
    submitted = api.SubmittedNotebook
    query = (
        select(api.SubmittedAssignment.student_id, api.Notebook.name, submitted)
        .join(api.Notebook, api.Notebook.id == submitted.notebook_id)
        .join(api.SubmittedAssignment, api.SubmittedAssignment.id == submitted.assignment_id)
        .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
        .where(api.Assignment.name == assignment)
    )
    for student, name, row in session.execute(query):
        yield (student, name), row


def _source(folder: Path) -> list[SourceNotebook]:
    noted = json.loads((folder / SOURCE).read_text(encoding="utf-8"))
    return [
        SourceNotebook(n["name"], n["kernelspec"], tuple(SourceCell(**cell) for cell in n["cells"]))
        for n in noted
    ]


def _rows_of(assignment: str) -> Iterator[tuple[Any, Any]]:
    """Yield a select per table of what belongs to an assignment, referenced tables first."""
    t = api.Base.metadata.tables
    mine = select(t["assignment"].c.id).where(t["assignment"].c.name == assignment)
    notebooks = select(t["notebook"].c.id).where(t["notebook"].c.assignment_id.in_(mine))
    cells = select(t["base_cell"].c.id).where(t["base_cell"].c.notebook_id.in_(notebooks))
    work = t["submitted_assignment"]
    handed_in = select(work.c.student_id).where(work.c.assignment_id.in_(mine))
    submitted = select(t["submitted_notebook"].c.id).where(
        t["submitted_notebook"].c.notebook_id.in_(notebooks)
    )
    yield t["course"], select(t["course"])
    yield t["student"], select(t["student"]).where(t["student"].c.id.in_(handed_in))
    for name, column, chosen in (
        ("assignment", "id", mine),
        ("notebook", "id", notebooks),
        ("base_cell", "id", cells),
        ("grade_cells", "id", cells),
        ("solution_cells", "id", cells),
        ("task_cells", "id", cells),
        ("source_cell", "notebook_id", notebooks),
        ("submitted_assignment", "assignment_id", mine),
        ("submitted_notebook", "id", submitted),
        ("grade", "notebook_id", submitted),
        ("comment", "notebook_id", submitted),
    ):
        yield t[name], select(t[name]).where(t[name].c[column].in_(chosen))
