"""Course and Assignment: the chainable Python interface, a thin front over the workflows.

    from rudaux import Assignment, Course

    course = Course("/path/to/instructors")
    Assignment("homework_1", course=course).collect().grade().feedback().submit()

Each step returns the object itself; what became of every student is in `outcomes`. Errors are the
classes of `rudaux.errors`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rudaux.config import AssignmentSettings, find_assignment, find_course_folder
from rudaux.domain.alarms import ABOUT_ZEROS
from rudaux.domain.messages import counted, listed
from rudaux.domain.outcome import Outcome
from rudaux.errors import NeedsPersonError, UsageError
from rudaux.wiring import open_course
from rudaux.workflows import (
    assignments,
    autograde,
    collect,
    explain,
    feedback,
    init,
    regrade,
    release,
    report,
    repository,
    run,
    schedule,
    submit,
    sync,
)
from rudaux.workflows.check import check_assignment
from rudaux.workflows.standings import Standings, read_standings
from rudaux.workflows.tool import find_tool

if TYPE_CHECKING:
    from rudaux.config import Config
    from rudaux.domain.checks import Check
    from rudaux.domain.explanation import Explanation
    from rudaux.domain.roster import RosterChange, Student
    from rudaux.ports import Context


class Course:
    """A course folder: checked, pulled and read on construction.

    `course_dir` defaults to the working folder or the nearest parent with a rudaux.toml. With
    uncommitted changes it asks whether to go on; `auto=True` goes on without asking, and answers
    every later question as an unattended run would.
    """

    def __init__(self, course_dir: str | Path | None = None, auto: bool = False) -> None:
        folder = find_course_folder(Path(course_dir) if course_dir else Path.cwd())
        self.auto = auto
        self.outcomes: list[Outcome] = []
        self.external_tool_id: int | None = None
        self.students: tuple[Student, ...] = ()
        self.context: Context = open_course(folder)
        dirty, _ = repository.split(repository.ready(self.context).dirty)
        if dirty and not auto:
            files = counted(len(dirty), "file")
            _agree(f"{folder} has {files} with uncommitted changes. Go on?", "auto=True")
        self.context.git.pull(folder)
        self.context = open_course(folder)
        self.context.canvas.course()
        self.assignments = tuple(Assignment(a.name, course=self) for a in self.config.assignments)

    @property
    def config(self) -> Config:
        """The course's rudaux.toml."""
        return self.context.config

    def __repr__(self) -> str:
        return f"Course({str(self.config.folder)!r})"

    def get_external_tool_id(self) -> Course:
        """Find the configured external tool in Canvas, exactly one by its exact name."""
        self.external_tool_id = find_tool(self.context).id
        return self

    def get_students_from_canvas(self) -> Course:
        """Read the roster: active and invited students."""
        self.students = self.context.canvas.students()
        return self

    def sync_nbgrader(self, accept_roster: bool = False) -> Course:
        """Bring the gradebook's students and assignments up to date.

        An empty or much smaller roster raises `NeedsPersonError`, here and in every step that would
        use it, unless `accept_roster` is true; that is remembered.
        """
        with self._run("sync_nbgrader"):
            plan = sync.plan(self.context)
            if not accept_roster:
                _expected(plan.roster)
            self.students = plan.students
            return self._did(sync.apply(self.context, plan))

    def assign(self, overwrite: bool = False) -> Course:
        """Release every configured assignment to both repositories.

        With `overwrite`, do not ask about a temporary folder that an earlier run left.
        """
        with self._run("assign"):
            left = release.leftover(self.context)
            if left and not (overwrite or self.auto):
                _agree(f"An earlier run left {left}. Set it aside and go on?", "overwrite=True")
            with release.workspace(self.context) as clone:
                plan = release.plan(self.context, clone)
                self._did(release.apply(self.context, plan))
            if plan.held:
                raise NeedsPersonError(
                    f"{listed([x.release.assignment for x in plan.held])}: not released, because a "
                    "person changed the files in the student repository; `rudaux git release` on a "
                    "terminal asks what to do."
                )
        return self

    def create_canvas_assignments(self) -> Course:
        """Create or update the Canvas assignments with their launch links."""
        with self._run("create_canvas_assignments"):
            return self._did(assignments.apply(self.context, assignments.plan(self.context)))

    def schedule_grading(self) -> Course:
        """Write one crontab entry for each future deadline."""
        with self._run("schedule_grading"):
            synced = sync.plan(self.context)
            _expected(synced.roster)
            deadlines = init.coming_deadlines(self.context, assignments.plan(self.context), synced)
            return self._did(schedule.apply(self.context, schedule.plan(self.context, deadlines)))

    def scores(self) -> list[dict[str, Any]]:
        """Return a row per assignment and student, as in `pandas.DataFrame(course.scores())`.

        `{"assignment", "student_id", "name", "state", "score", "points", "submitted_at", "late"}`:
        `score` is in Canvas points, None while there is no final one; missing work has 0.
        """
        return report.score_rows(self.context, self.config.assignments)

    def _run(self, step: str) -> AbstractContextManager[None]:
        return run.recorded(self.context, f"Course.{step}")

    def _did(self, outcomes: Iterable[Outcome]) -> Course:
        self.outcomes.extend(outcomes)
        return self


class Assignment:
    """One assignment of a course, by its name in rudaux.toml.

    Pass `course`, or subclass with a `course` attribute that all its assignments share.
    """

    course: ClassVar[Course | None] = None

    def __init__(self, name: str, course: Course | None = None) -> None:
        owner = course or type(self).course
        if owner is None:
            raise UsageError(
                f'Assignment("{name}") has no course: pass course=Course(...), or subclass '
                "Assignment with a `course` attribute."
            )
        self.of = owner
        self.settings: AssignmentSettings = find_assignment(owner.config, name)
        self.outcomes: list[Outcome] = []
        self.regraded: regrade.Regrade | None = None

    @property
    def name(self) -> str:
        """Its name: the folder under source/ and the assignment in Canvas."""
        return self.settings.name

    @property
    def due(self) -> str:
        """The configured due date in this machine's own time, ISO 8601."""
        return self.settings.due.astimezone().isoformat()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, course={self.of!r})"

    @property
    def problems(self) -> list[Outcome]:
        """Who was held or failed so far, and why."""
        return [o for o in self.outcomes if not o.ok]

    def check(self, again: bool = False) -> tuple[Check, ...]:
        """Check the assignment before it is released, and return the findings; writes no grade.

        They are remembered until the source, image or limits change; `again` checks anew.
        Raises `ExecutorFailure` if nothing can be run.
        """
        with self._context.ledger.lock(f"Assignment.check {self.name}"):
            return check_assignment(self._context, self.name, again).checks

    def collect(self) -> Assignment:
        """Copy the work of every student who is due, as it was at their own deadline."""
        with self._run("collect"):
            return self._did(
                collect.apply(self._context, collect.plan(self._context, self._read()))
            )

    def grade(self) -> Assignment:
        """Autograde what is collected and not graded yet."""
        with self._run("grade"):
            plan = autograde.plan(self._context, self._read())
            return self._did(autograde.apply(self._context, plan))

    def feedback(self) -> Assignment:
        """Make the HTML feedback of every graded submission."""
        with self._run("feedback"):
            plan = feedback.plan(self._context, self._read())
            return self._did(feedback.apply(self._context, plan))

    def submit(
        self,
        overwrite_edits: bool | Collection[str] = False,
        accept_zeros: bool = False,
        accept_alarms: bool = False,
    ) -> Assignment:
        """Push grades and feedback to Canvas.

        `overwrite_edits` replaces grades that somebody edited in Canvas: all, or those of the
        students with these ids. Raises `NeedsPersonError` if the push looks like a mistake,
        unless `accept_alarms` is true (or `accept_zeros`, for the alarms about zeros alone).
        """
        with self._run("submit"):
            standings = self._read()
            plan = submit.plan(self._context, standings, overwrite_edits, accept_zeros=accept_zeros)
            alarms = plan.unaccepted(accept_zeros, accept_alarms)
            if alarms:
                zeros = all(alarm.kind in ABOUT_ZEROS for alarm in alarms)
                raise NeedsPersonError(
                    f"{self.name}: {'; '.join(alarm.text for alarm in alarms)}; nothing was "
                    f"pushed. If that is right, pass accept_{'zeros' if zeros else 'alarms'}=True."
                )
            return self._did(submit.apply(self._context, plan))

    def explain(self, student: str) -> Explanation:
        """Return where a student's grade comes from; writes nothing.

        `student` is an id, a login, an e-mail address or part of a name; raises `UsageError` if
        nobody matches, or more than one student does.
        """
        return explain.explain(self._context, self.settings, student)

    def report(self, anonymous: bool = False) -> dict[str, Any]:
        """Write the report's page and return what `rudaux report NAME --json` prints.

        `anonymous` leaves people out of the page.
        """
        read = report.read_report(self._context, self._read())
        return report.as_json(read, self._context.pages.write(read, anonymous))

    def regrade(
        self,
        what_if: bool = False,
        students: Collection[str] = (),
        tests: Collection[str] = (),
        never_lower: bool = False,
        may_lower: bool = False,
        credit: Collection[str] = (),
        no_credit: Collection[str] = (),
    ) -> Assignment:
        """Regrade the class, or these students and tests, with the source as it is now.

        `regraded` then says whose score changes; with `what_if` nothing is written. `feedback` and
        `submit` come after it, as after `grade`. The arguments are those of `rudaux regrade`.
        """
        wanted = regrade.Wanted(
            frozenset(students), tuple(tests), never_lower, may_lower,
            tuple(credit), tuple(no_credit),
        )  # fmt: skip
        holding = self._context.ledger.lock(f"Assignment.regrade {self.name}")
        with holding if what_if else self._run("regrade"), self._context.beside(self.name) as copy:
            standings = self._read()
            plan = regrade.plan(self._context, copy, standings, wanted)
            self._did(regrade.apply(copy, plan))
            self.regraded = regrade.weigh(self._context, copy, standings, plan)
            if self.regraded.changes and not what_if:
                regrade.take_over(self._context, copy, self.regraded)
        return self

    @property
    def _context(self) -> Context:
        return self.of.context

    def _run(self, step: str) -> AbstractContextManager[None]:
        return run.recorded(self._context, f"Assignment.{step} {self.name}")

    def _read(self) -> Standings:
        read = read_standings(self._context, self.settings, self.of.students or None)
        _expected(sync.compare(self._context, read.students))
        return read

    def _did(self, outcomes: Iterable[Outcome]) -> Assignment:
        self.outcomes.extend(outcomes)
        return self


def _expected(roster: RosterChange) -> None:
    """Raise `NeedsPersonError` for a roster that lost many students, unless it was accepted."""
    if roster.shrunk:
        raise NeedsPersonError(
            f"{roster.shrunk}: check the roster in Canvas; if it is right, call "
            "Course.sync_nbgrader(accept_roster=True)."
        )


def _agree(question: str, flag: str) -> None:
    """Ask on the terminal; stop if there is none, or if the answer is no."""
    from rudaux.cli.view import confirm

    agreed = False
    with suppress(NeedsPersonError):  # no terminal, as in a notebook
        agreed = confirm(question)
    if not agreed:
        raise NeedsPersonError(f"{question} Nobody agreed, so nothing was changed: pass {flag}.")
