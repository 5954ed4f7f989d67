"""The `Gradebook` port on nbgrader's database: few statements, each change one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

from nbgrader import api
from sqlalchemy import bindparam, case, delete, func, insert, select, update

from rudaux.adapters.nbgrader.gradebook import backups, rows, times, waiting
from rudaux.adapters.nbgrader.gradebook.cells import above_maximum, by_hand, exact, test_cells
from rudaux.adapters.nbgrader.gradebook.database import Database
from rudaux.adapters.nbgrader.gradebook.holders import holders
from rudaux.adapters.nbgrader.gradebook.marks import mark_sheet
from rudaux.adapters.nbgrader.gradebook.matrix import read_marks
from rudaux.adapters.nbgrader.gradebook.postgres import PostgresDump
from rudaux.adapters.nbgrader.gradebook.regrading import cell_marks, graded_cells, source_tests
from rudaux.adapters.nbgrader.gradebook.sqlite import SqliteFile
from rudaux.adapters.nbgrader.settings import NbgraderCourse, load_course
from rudaux.config import BackupSettings
from rudaux.config.private import exists
from rudaux.domain.alarms import CellScore, MarkAbove
from rudaux.domain.marks import SheetMark
from rudaux.domain.regrade import CellMark, SourceTest
from rudaux.domain.roster import GradebookContents, GradebookStudent, Student
from rudaux.domain.sharing import OpenMark
from rudaux.domain.statistics import Marks
from rudaux.domain.submissions import GradebookAssignment, GradebookSubmission
from rudaux.errors import GradebookFailure, UsageError


class NbgraderGradebook:
    """The gradebook of the course at `folder`; made at its first use."""

    def __init__(self, folder: Path, course: NbgraderCourse | None = None) -> None:
        self._course = course or load_course(folder)
        self._backups = self._course.folder / ".rudaux" / "backups"
        self.database = Database(
            self._course.db_url, self._course.course_id, self._course.rights("gradebook")
        )

    @property
    def name(self) -> str:
        return self.database.name

    @property
    def gone(self) -> bool:
        return self.database.file is not None and not exists(self.database.file)

    def close(self) -> None:
        """Close the database; the next use opens it again."""
        self.database.close()

    def check(self) -> None:
        self._course.set_right()
        self.database.check()

    def holders(self) -> tuple[str, ...]:
        return holders(self.database)

    def students(self) -> tuple[GradebookStudent, ...]:
        student, submission = api.Student, api.SubmittedAssignment
        query = (
            select(
                student.id,
                student.first_name,
                student.last_name,
                student.email,
                func.count(submission.id).label("submissions"),
            )
            .outerjoin(submission, submission.student_id == student.id)
            .group_by(student.id, student.first_name, student.last_name, student.email)
            .order_by(student.id)
        )
        with self.database.reading() as session:
            return tuple(GradebookStudent(**row) for row in session.execute(query).mappings())

    def assignments(self) -> tuple[GradebookAssignment, ...]:
        assignment = api.Assignment
        query = select(
            assignment.name,
            assignment.duedate,
            assignment.max_score.label("max_score"),
            assignment.num_submissions.label("submissions"),
        ).order_by(assignment.duedate, assignment.name)
        with self.database.reading() as session:
            found = session.execute(query).all()
        return tuple(
            GradebookAssignment(
                row.name, _aware(row.duedate), exact(row.max_score or 0.0), row.submissions
            )
            for row in found
        )

    def save_students(self, students: Iterable[Student]) -> None:
        wanted = {s.id: s for s in students}
        columns = ("first_name", "last_name", "email")
        table = api.Student.__table__
        rename = update(table).where(table.c.id == bindparam("key"))
        rename = rename.values({name: bindparam(name) for name in columns})
        with self.database.session() as session:
            known = dict(session.execute(select(api.Student.id, api.Student.email)).all())
            new = [{"id": s.id, **_names(s, None)} for s in wanted.values() if s.id not in known]
            old = [
                {"key": s.id, **_names(s, known[s.id])} for s in wanted.values() if s.id in known
            ]
            if new:
                session.execute(insert(table), new)
            if old:
                session.connection().execute(rename, old)

    def remove_students(self, ids: Iterable[str]) -> None:
        submission, student = api.SubmittedAssignment, api.Student.__table__
        gone = list(ids)
        with self.database.session() as session:
            for mine in rows.chunked_in(submission.student_id, gone):
                rows.remove_submissions(session, select(submission.id).where(mine))
            for me in rows.chunked_in(student.c.id, gone):
                session.execute(delete(student).where(me))

    def save_assignment(self, name: str, due_at: datetime) -> None:
        # nbgrader keeps UTC without a time zone (nbgrader.utils.parse_utc).
        due = due_at.astimezone(timezone.utc).replace(tzinfo=None)
        with self.database.session() as session:
            rows.ensure_assignment(session, name, self.database.course_id).duedate = due

    def remove_assignments(self, names: Iterable[str]) -> None:
        with self.database.session() as session:
            for name in names:
                row = rows.find_assignment(session, name)
                if row is None:
                    continue
                submission, notebook = api.SubmittedAssignment, api.Notebook
                rows.remove_submissions(
                    session, select(submission.id).where(submission.assignment_id == row.id)
                )
                rows.remove_notebooks(
                    session, select(notebook.id).where(notebook.assignment_id == row.id)
                )
                session.expire_all()
                session.execute(
                    delete(api.Assignment.__table__).where(api.Assignment.__table__.c.id == row.id)
                )

    def submissions(self, assignment: str) -> Mapping[str, GradebookSubmission]:
        with self.database.reading() as session:
            found = session.execute(_totals(assignment)).all()
        return {row.student_id: self._submission(assignment, row) for row in found}

    def submitted(self) -> frozenset[tuple[str, str]]:
        submission = api.SubmittedAssignment
        query = select(api.Assignment.name, submission.student_id).join(
            submission, submission.assignment_id == api.Assignment.id
        )
        with self.database.reading() as session:
            return frozenset((row.name, row.student_id) for row in session.execute(query))

    def graded_cells(self) -> frozenset[tuple[str, str, str]]:
        with self.database.reading() as session:
            return graded_cells(session)

    def cell_scores(self, assignment: str) -> tuple[CellScore, ...]:
        with self.database.reading() as session:
            found = session.execute(test_cells(assignment)).all()
        return tuple(
            CellScore(f"{row.cell} in {row.notebook}", exact(row.maximum), row.graded, row.zeros)
            for row in found
        )

    def marks(self, assignment: str) -> Marks:
        with self.database.reading() as session:
            return read_marks(session, assignment)

    def marks_above(self, assignment: str) -> tuple[MarkAbove, ...]:
        with self.database.reading() as session:
            found = session.execute(above_maximum(assignment)).all()
        return tuple(
            MarkAbove(
                row.student_id,
                f"{row.cell} in {row.notebook}",
                exact(row.mark),
                exact(row.maximum),
            )
            for row in found
        )

    def mark_sheet(self, assignment: str, student_id: str) -> tuple[SheetMark, ...]:
        with self.database.reading() as session:
            return mark_sheet(session, assignment, student_id)

    def open_marks(self, assignment: str) -> tuple[OpenMark, ...]:
        return waiting.open_marks(self.database, self._course, assignment)

    def mark_fields(self, assignment: str, student_id: str, notebook: str) -> Mapping[str, int]:
        return waiting.mark_fields(self._course, assignment, student_id, notebook)

    def tests(self, assignment: str) -> tuple[SourceTest, ...]:
        with self.database.reading() as session:
            return source_tests(session, assignment)

    def cell_marks(
        self, assignment: str, student_id: str | None = None, by_hand: bool = False
    ) -> tuple[CellMark, ...]:
        with self.database.reading() as session:
            return cell_marks(session, assignment, student_id, by_hand)

    def record_submission(self, assignment: str, student_id: str, at: datetime | None) -> None:
        when = at and at.astimezone(timezone.utc).replace(tzinfo=None)
        if when:
            self._note_time(assignment, student_id, when)
        with self.database.session() as session:
            course_id = self.database.course_id
            row = rows.ensure_submission(session, assignment, student_id, course_id)
            if when:
                row.timestamp = when

    def note_times(self) -> None:
        submission = api.SubmittedAssignment
        query = (
            select(api.Assignment.name, submission.student_id, submission.timestamp)
            .join(submission, submission.assignment_id == api.Assignment.id)
            .where(submission.timestamp.is_not(None))
        )
        with self.database.reading() as session:
            found = session.execute(query).all()
        for name, student_id, when in found:
            if not times.is_noted(self._course.submitted(name, student_id)):
                with suppress(OSError):  # belongs to another account, whose next run does it
                    self._note_time(name, student_id, when)

    def _note_time(self, assignment: str, student_id: str, when: datetime) -> None:
        folder = self._course.submitted(assignment, student_id)
        if folder.is_dir():
            times.note(folder, when, self._course.rights("submitted"))

    def backup(self, reason: str) -> Path:
        return backups.back_up(self._copier(), self._backups, reason)

    def contents(self, backup: Path | None = None) -> GradebookContents:
        return self._copier().contents(backup)

    def uncopied(self) -> str:
        try:
            copier = self._copier()
        except GradebookFailure as reason:
            return str(reason)
        return copier.lacking() if isinstance(copier, PostgresDump) else ""

    def keep(self, run: int, keep: BackupSettings) -> None:
        if not self.uncopied() and (copier := self._copier()).there():
            backups.keep(copier, self._backups, run, keep)

    def fuller_backup(self, cells: bool = False) -> Path | None:
        if self.uncopied():
            return None
        return backups.newest(self._copier(), self._backups, cells)

    def restore(self, backup: Path) -> Path | None:
        copier, kept = self._copier(), None
        copier.contents(backup)
        if broken := copier.damage(backup):
            raise UsageError(
                f"{backup} is damaged ({broken}), so nothing was restored: choose another backup "
                "in .rudaux/backups"
            )
        if copier.there():
            kept = backups.back_up(copier, self._backups, "before-restore")
        self.database.close()
        copier.put_back(backup)
        return kept

    def _copier(self) -> backups.Copier:
        if self.database.file is not None:
            return SqliteFile(self.database.file)
        if self.database.kind == "postgresql":
            return PostgresDump(self.database)
        raise GradebookFailure(
            f"the gradebook {self.database.name} is neither an SQLite file nor in PostgreSQL, so "
            "rudaux cannot copy it: back it up and restore it with the database's own tools"
        )

    def _submission(self, assignment: str, row: Any) -> GradebookSubmission:
        penalty = exact(row.penalty or 0.0)
        return GradebookSubmission(
            student_id=row.student_id,
            submitted_at=_aware(row.timestamp),
            autograded=bool(row.notebooks)
            and (row.grades or 0) == row.marked
            and not row.unmarked
            and self._course.autograded(assignment, row.student_id).is_dir(),
            needs_manual=bool(row.open),
            score=max(Decimal(0), exact(row.score or 0.0) - penalty),
            penalty=penalty,
        )


def _totals(assignment: str) -> Any:
    """Select every submission of the assignment with the sums of its marks and penalties.

    `marked` counts the assignment's cells that need a grade, `grades` the submission's rows for
    them, `unmarked` its tests without a mark, and answers that do not even wait for one: it has
    those until it is graded.
    """
    submission, notebook, grade = api.SubmittedAssignment, api.SubmittedNotebook, api.Grade
    notebooks = (
        select(api.Notebook.id)
        .join(api.Assignment, api.Assignment.id == api.Notebook.assignment_id)
        .where(api.Assignment.name == assignment)
    )
    cells = select(api.BaseCell.id).where(api.BaseCell.notebook_id.in_(notebooks))
    marked = select(func.count(api.BaseCell.id)).where(
        api.BaseCell.notebook_id.in_(notebooks), api.BaseCell.type != "SolutionCell"
    )
    test = api.GradeCell
    tests = select(test.id).where(
        test.notebook_id.in_(notebooks), test.cell_type == "code", ~by_hand(test)
    )
    nothing = grade.auto_score.is_(None) & grade.manual_score.is_(None)
    unmarked = nothing & (grade.cell_id.in_(tests) | grade.needs_manual_grade.is_(False))
    marks = (
        select(
            notebook.assignment_id,
            func.sum(grade.score).label("score"),
            func.sum(case((grade.needs_manual_grade, 1), else_=0)).label("open"),
            func.count(grade.id).label("grades"),
            func.sum(case((unmarked, 1), else_=0)).label("unmarked"),
        )
        .join(notebook, notebook.id == grade.notebook_id)
        .where(grade.cell_id.in_(cells))
        .group_by(notebook.assignment_id)
        .subquery()
    )
    penalty = func.sum(notebook.late_submission_penalty).label("penalty")
    late = (
        select(notebook.assignment_id, penalty)
        .where(notebook.notebook_id.in_(notebooks))
        .group_by(notebook.assignment_id)
        .subquery()
    )
    sums = (marks.c.score, marks.c.open, marks.c.grades, marks.c.unmarked, late.c.penalty)
    counts = (
        marked.scalar_subquery().label("marked"),
        select(func.count()).select_from(notebooks.subquery()).scalar_subquery().label("notebooks"),
    )
    return (
        select(submission.student_id, submission.timestamp, *sums, *counts)
        .join(api.Assignment, api.Assignment.id == submission.assignment_id)
        .outerjoin(marks, marks.c.assignment_id == submission.id)
        .outerjoin(late, late.c.assignment_id == submission.id)
        .where(api.Assignment.name == assignment)
        .order_by(submission.student_id)
    )


def _names(student: Student, known_email: str | None) -> dict[str, str | None]:
    return {
        "first_name": student.first_name,
        "last_name": student.last_name,
        "email": student.email or known_email,
    }


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=timezone.utc) if moment else None
