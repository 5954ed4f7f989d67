"""The outside world on one page: a Protocol per system, in domain types.

Adapters implement these, tests fake them (`tests/fakes.py`), workflows know nothing else. A system
that is down raises one of `rudaux.errors`; one student's trouble is a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Collection as Names
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from rudaux.config import BackupSettings, Config, Level
from rudaux.domain.alarms import CellScore, MarkAbove
from rudaux.domain.artifacts import FeedbackComment, FeedbackFile, Release
from rudaux.domain.canvas import AssignmentSpec, CanvasAssignment, CanvasCourse, ExternalTool
from rudaux.domain.collection import Collection, Copied, Located, Lookup
from rudaux.domain.deadlines import Override
from rudaux.domain.execution import Broken, Execution, Job
from rudaux.domain.grades import CanvasSubmission, Push
from rudaux.domain.history import FeedbackSent, Run
from rudaux.domain.links import Hub, HubSeen
from rudaux.domain.repository import Ignored, RepoState
from rudaux.domain.roster import GradebookContents, GradebookStudent, Student
from rudaux.domain.submissions import GradebookAssignment, GradebookSubmission, Record
from rudaux.domain.timetable import Entry
from rudaux.errors import CanvasFailure

# --- Canvas -------------------------------------------------------------------------------------


class Canvas(Protocol):
    """One course of a Canvas installation, as the token's owner may see and change it.

    Every call raises `TokenRefused`, `PermissionRefused`, `NotFound` or `CanvasFailure`.
    """

    def course(self) -> CanvasCourse:
        """The course, and what the token's owner may see and do there now."""

    def students(self) -> tuple[Student, ...]:
        """Active and invited StudentEnrollments, each user once, never the Test Student.

        Here and below they go by the id that `jupyterhub.student_id` chooses. Raises
        `NeedsPersonError` where two have the same, or one has none.
        """

    def waiting(self) -> tuple[Student, ...]:
        """Invited students who are not in `students` yet: Canvas does not show that id so far."""

    def tools(self, level: Level) -> tuple[ExternalTool, ...]:
        """All tools at that level, inherited ones included."""

    def assignments(self) -> tuple[CanvasAssignment, ...]: ...

    def closed_for(self, assignment_id: int) -> frozenset[str] | None:
        """Whose due date is in a closed grading period; None where Canvas does not say."""

    def overrides(self, assignment_id: int) -> tuple[Override, ...]: ...

    def group_members(self, group_id: int) -> frozenset[str]: ...

    def create_assignment(self, spec: AssignmentSpec) -> CanvasAssignment:
        """Create it, published; after a lost answer it looks before it tries again."""

    def update_assignment(self, assignment_id: int, spec: AssignmentSpec) -> CanvasAssignment: ...

    def submissions(self, assignment_id: int) -> tuple[CanvasSubmission, ...]:
        """Every listed student's submission with its comments' attachments.

        Raises `RequestRefused` where Canvas hides whose they are.
        """

    def push_grades(self, assignment_id: int, scores: Mapping[str, Decimal]) -> str:
        """Write scores in bulk and wait for the Progress; give its message where it failed.

        A failed Progress is partly applied: read back with `submissions` and compare.
        """

    def push_singly(
        self, assignment_id: int, scores: Mapping[str, Decimal]
    ) -> Iterator[tuple[str, CanvasSubmission | CanvasFailure]]:
        """Write scores one by one, several at a time: (student id, what Canvas shows, or why not).

        A Canvas that is down is raised, once what is under way has ended.
        """

    def late_deductions(self) -> bool:
        """Whether Canvas itself takes points from late submissions of this course."""

    def clear_grades(
        self, assignment_id: int, student_ids: Iterable[str]
    ) -> Iterator[tuple[str, CanvasFailure | None]]:
        """Take grades away, several at a time: (student id, refusal) as each is done."""

    def set_posting(self, assignment_id: int, manually: bool) -> None:
        """Set whether grades and comments stay hidden until posted; neither posts nor hides."""

    def post_grades(self, assignment_id: int) -> str:
        """Show students what is graded, and wait; give the Progress's message where it failed."""

    def attach_all(
        self, assignment_id: int, comments: Iterable[FeedbackComment]
    ) -> Iterator[tuple[str, CanvasFailure | None]]:
        """Upload files and attach each student's to one new comment, several at a time.

        Yields (student id, refusal of that one) as each is done. Takes comments only as fast as it
        can send them, in the caller's thread; a Canvas that is down is raised, once what is under
        way has ended.
        """


# --- The file server ----------------------------------------------------------------------------


class Storage(Protocol):
    """Students' homes as the file server shows them on this machine."""

    def check(self) -> None:
        """Raise `StorageFailure` unless the storage root is there and readable."""

    def locate(self, student_id: str, assignment: str, deadline: datetime) -> Lookup:
        """Find the work as of the deadline (aware)."""

    def copy(self, located: Located, destination: Path, needed: Names[str] = ()) -> Copied:
        """Copy into `destination` atomically: it appears whole or not at all.

        Raises `StorageFailure` where a file cannot be read, or one of the `needed` names is there
        and is a link, a device or too large.
        """


# --- nbgrader -----------------------------------------------------------------------------------


class Gradebook(Protocol):
    """nbgrader's database. Raises `GradebookFailure` (locked, older schema)."""

    @property
    def name(self) -> str:
        """What to call it in a message: its file, or its URL without the password."""

    def check(self) -> None: ...

    def students(self) -> tuple[GradebookStudent, ...]: ...

    def assignments(self) -> tuple[GradebookAssignment, ...]: ...

    def save_students(self, students: Iterable[Student]) -> None:
        """Add or rename in one transaction; a missing e-mail never erases a known one."""

    def remove_students(self, ids: Iterable[str]) -> None:
        """Remove them with their submissions; back up first."""

    def save_assignment(self, name: str, due_at: datetime) -> None: ...

    def remove_assignments(self, names: Iterable[str]) -> None: ...

    def submissions(self, assignment: str) -> Mapping[str, GradebookSubmission]: ...

    def submitted(self) -> frozenset[tuple[str, str]]:
        """Every submission recorded, as (assignment, student id)."""

    def cell_scores(self, assignment: str) -> tuple[CellScore, ...]:
        """How the autograded tests went, each over all students whose work was graded."""

    def marks_above(self, assignment: str) -> tuple[MarkAbove, ...]:
        """Marks by hand that are more than their cell earns."""

    def record_submission(self, assignment: str, student_id: str, at: datetime | None) -> None:
        """Enter a submission and its time, also beside the collected work, as nbgrader does.

        With None, when it was handed in stays as it was, or unknown.
        """

    def note_times(self) -> None:
        """Note the time beside every submission that has none: an earlier rudaux left it out."""

    def backup(self, reason: str) -> Path:
        """Copy the database, consistently, under .rudaux/backups; give the copy's path."""

    def contents(self, backup: Path | None = None) -> GradebookContents:
        """Count what a backup holds, or the database itself; raises `UsageError` for neither."""

    def keep(self, run: int, keep: BackupSettings) -> None:
        """Back up for `run`, unless nothing changed since the last; drop copies past their time.

        Does nothing where nothing is there yet, or no copies can be made.
        """

    def uncopied(self) -> str:
        """Return why no copies can be made of it; empty where they can."""

    def fuller_backup(self) -> Path | None:
        """Return the newest backup that holds more submissions than there are now."""

    def restore(self, backup: Path) -> Path | None:
        """Put a backup in place; return the copy made of what was there before, if there was."""


class Grader(Protocol):
    """nbgrader's conversions on the host; student code never runs here."""

    def source_notebooks(self, assignment: str) -> tuple[str, ...]:
        """File names of the source notebooks; raises `ConfigError` without folder or notebook."""

    def kernels(self, assignment: str) -> frozenset[str]:
        """Names of the kernelspecs that the source notebooks with code ask for."""

    def build_release(self, assignment: str, into: Path) -> Release:
        """Make the students' version under `into`/assignment; the same source gives the same bytes.

        Touches neither the gradebook nor the course's own release folder.
        """

    def record_source(self, assignment: str) -> bool:
        """Bring the gradebook's cells and maxima in step with the source; False: they were."""

    def source_in_step(self, assignment: str) -> bool:
        """Whether `record_source` would change nothing."""

    def release_folder(self, assignment: str) -> Path:
        """The course's own release folder of the assignment (nbgrader's layout)."""

    def submitted_folder(self, assignment: str, student_id: str) -> Path: ...

    def handed_in(self) -> frozenset[tuple[str, str]]:
        """Return whose folders there are, whoever put them there, as (assignment, student id)."""

    def submitted_at(self, assignment: str, student_id: str) -> datetime | None:
        """Read when it was handed in, as nbgrader keeps it beside the work; None: unknown."""

    def keep_submitted(self, assignment: str, student_id: str) -> None:
        """Copy a collected version that is about to be replaced to where kept things are."""

    def discard_autograded(self, assignment: str, student_id: str) -> None:
        """Set aside an autograded version made from older work; marks by hand stay in place."""

    def sweep(self) -> None:
        """Remove what `prepare` laid out and nobody scored, of a run that was killed also."""

    def prepare(self, assignment: str, student_id: str) -> Job | Broken:
        """Sanitise and repair a collected submission for execution."""

    def score(self, execution: Execution, seconds_late: float) -> tuple[str, ...]:
        """Score an execution into the gradebook; give the reasons why a person must look at it.

        A test cell that never ran scores 0; only outputs and counts of sent cells are used.
        """

    def feedback(self, assignment: str, student_id: str) -> tuple[FeedbackFile, ...]:
        """Make the HTML reports of an autograded submission; the same marks give the same bytes.

        They are also written to nbgrader's feedback folder, from where `feedback_files` reads them.
        """

    def feedback_files(self, assignment: str, student_id: str) -> tuple[FeedbackFile, ...]:
        """Read the reports that `feedback` made last; empty where there are none."""


class Executor(Protocol):
    """Runs student code, several submissions at a time."""

    def check(self, kernels: Names[str] = ()) -> None:
        """Raise `ExecutorFailure` where nothing could be run, or no notebook of these kernels."""

    def run(self, jobs: Iterable[Job]) -> Iterator[Execution]:
        """Yield executions as they end; takes jobs only as fast as it can run them."""


# --- git, cron, the ledger ----------------------------------------------------------------------


class Git(Protocol):
    """git in a given folder. Raises `GitFailure`; never asks for a password."""

    def state(self, folder: Path) -> RepoState:
        """Look at the checkout alone; what is `behind` is as of the last fetch."""

    def check(self, folder: Path) -> None:
        """Raise where a commit or a push could not work: an unfinished merge, no branch, ..."""

    def ignored(self, folder: Path, paths: Sequence[Path]) -> Mapping[Path, Ignored]:
        """Find the paths that a commit would leave out; what git tracks already is never one."""

    def fetch(self, folder: Path) -> None:
        """Learn what the remote has; no file and no branch of the checkout changes."""

    def pull(self, folder: Path) -> str:
        """Fast-forward or rebase onto the remote; say in a clause what came in ("" if nothing)."""

    def clone(self, remote: str, folder: Path) -> None: ...

    def commit(self, folder: Path, paths: Sequence[str], message: str) -> bool:
        """Commit exactly these paths, nothing else that is staged; False: nothing to commit.

        Of a folder, what git ignores is left out; a file that is named itself goes in.
        """

    def push(self, folder: Path) -> None:
        """Push the branch; on a non-fast-forward pull and try again, a few times."""


class Crontab(Protocol):
    """The user's crontab; only lines marked as `owner`'s are ever touched."""

    def timezone(self) -> tzinfo:
        """The zone that cron reads its times in: the system's, whatever TZ says here."""

    def entries(self, owner: str) -> tuple[Entry, ...]: ...

    def replace(self, owner: str, entries: Iterable[Entry]) -> None: ...


class Ledger(Protocol):
    """.rudaux/ledger.db: what rudaux did. Losing it loses no grade."""

    def lock(self, command: str) -> AbstractContextManager[None]:
        """Hold the course; raises `NeedsPersonError` naming who holds it and since when."""

    def start_run(self, command: str) -> int: ...

    def end_run(self, run: int, exit_code: int) -> None: ...

    def run_records(self) -> tuple[Run, ...]:
        """Every run that wrote, oldest first."""

    def records(self, assignment: str) -> Mapping[str, Record]: ...

    def record(self, assignment: str, student_id: str, record: Record) -> None: ...

    def forget(self, assignment: str, student_id: str) -> None:
        """Drop the last word on a student's assignment: new work has come."""

    def graded(self) -> frozenset[tuple[str, str]]:
        """Return every (assignment, student id) that was graded, or pushed with more than 0.

        The gradebook must have these; one that has not is not the gradebook that it was.
        """

    def disown(self, submissions: Iterable[tuple[str, str]]) -> None:
        """Forget that these were graded: a person has taken them out of the gradebook."""

    def collected(self, assignment: str) -> Mapping[str, Collection]: ...

    def record_collection(
        self, assignment: str, student_id: str, collection: Collection
    ) -> None: ...

    def record_execution(self, execution: Execution) -> None: ...

    def push_records(
        self,
        assignment: str | None = None,
        student_id: str | None = None,
        run: int | None = None,
        since: datetime | None = None,
    ) -> tuple[Push, ...]:
        """Every grade written or adopted, in that order.

        `since`: leave out what is older than the assignment in Canvas.
        """

    def record_pushes(self, pushes: Iterable[Push]) -> None:
        """Remember grades written, as those of the run under way.

        Written ahead, with nothing read back, it is the witness of a write that was cut short.
        """

    def settle_pushes(self, pushes: Iterable[Push]) -> None:
        """Fill in what Canvas showed for the latest record of each that nothing is read back of."""

    def feedback_records(
        self, assignment: str | None = None, student_id: str | None = None
    ) -> tuple[FeedbackSent, ...]:
        """Every feedback file attached, in that order."""

    def record_feedback(self, assignment: str, student_id: str, names: Sequence[str]) -> None: ...

    def dropped(self) -> frozenset[str]:
        """Students known to have left while their grades were kept."""

    def record_dropped(self, ids: Iterable[str]) -> None:
        """Replace the set of students known to have left."""

    def roster_size(self) -> int | None:
        """How many students the last roster had that was agreed to; None before the first."""

    def record_roster_size(self, students: int) -> None: ...


@dataclass(frozen=True)
class Surroundings:
    """What there is before a course has a rudaux.toml, seen within seconds; raises as above."""

    courses: Callable[[str, str], tuple[CanvasCourse, ...]]  # that a token's owner teaches
    canvas: Callable[[str, int, str], Canvas]
    hub: Callable[[Hub], HubSeen]
    remote: Callable[[Path], str | None]  # of the checkout in a folder
    reach: Callable[[str], None]  # a git remote
    homes: Callable[[Path], frozenset[str]]
    docker: Callable[[], bool]


class Context(Protocol):
    """What a command works with: the configuration, the systems, the clock. Made by `wiring`."""

    @property
    def config(self) -> Config: ...
    @property
    def canvas(self) -> Canvas: ...
    @property
    def storage(self) -> Storage: ...
    @property
    def gradebook(self) -> Gradebook: ...
    @property
    def grader(self) -> Grader: ...
    @property
    def executor(self) -> Executor: ...
    @property
    def git(self) -> Git: ...
    @property
    def crontab(self) -> Crontab: ...
    @property
    def ledger(self) -> Ledger: ...

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
