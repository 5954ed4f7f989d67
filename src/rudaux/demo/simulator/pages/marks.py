"""What a cell of the gradebook says: a score, or why there is none, and to whom it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rudaux.demo.simulator.call import Call
from rudaux.demo.simulator.entities import Assignment, Comment, StoredFile, Submission, User
from rudaux.demo.simulator.scores import score_to_grade, seconds_late
from rudaux.demo.simulator.submissions import missing
from rudaux.demo.simulator.visibility import CURRENT, anonymized, assigned, due_dates, students


@dataclass(frozen=True)
class Mark:
    """One student's row for one assignment, as it is now."""

    assignment: Assignment
    student: User
    row: Submission
    due: datetime | None
    late: bool
    missing: bool
    anonymous: bool = False
    """Whether it cannot be told whose it is yet, so that graders see no score beside a name."""

    @property
    def score(self) -> float | None:
        """The score after Canvas's own deduction."""
        entered = self.row.entered_score
        return None if entered is None else entered - (self.row.points_deducted or 0.0)

    @property
    def grade(self) -> str:
        """The grade in the assignment's own type, such as a letter; empty where it is points."""
        if self.assignment.grading_type in {"points", "gpa_scale"}:
            return ""
        return score_to_grade(self.assignment, self.score) or ""

    @property
    def hidden(self) -> bool:
        """Return whether there is something that the student does not see yet."""
        row = self.row
        given = row.entered_score is not None or bool(row.excused) or bool(row.comments)
        return given and row.posted_at is None

    @property
    def own_due(self) -> bool:
        """Return whether the student's due date is not everybody's."""
        return self.due != self.assignment.due_at


@dataclass(frozen=True)
class Said:
    """A comment as it is read: by whom, and with which files."""

    comment: Comment
    author: User
    files: tuple[StoredFile, ...]


def people_of(call: Call) -> list[User]:
    """Return the course's students in the order of the alphabet, without the Test Student."""
    users = (call.world.users[uid] for uid in students(call.world, CURRENT))
    found = [user for user in users if not user.test]
    return sorted(found, key=lambda u: (u.sortable_name.lower(), u.id))


def columns_of(call: Call) -> list[Assignment]:
    """Return the assignments in their order."""
    found = [a for a in call.world.assignments.values() if not a.deleted]
    return sorted(found, key=lambda a: (a.position, a.id))


def marks_of(call: Call, assignment: Assignment) -> dict[int, Mark]:
    """Return the marks of those who have the assignment, by the student's id."""
    world = call.world
    dates = due_dates(world, assignment)
    unnamed = call.switches.anonymous_ids and anonymized(world, assignment)
    found = {}
    for uid in assigned(world, assignment, students(world, CURRENT)):
        key = f"{assignment.id}/{uid}"
        # A page only reads: the row that Canvas would have is not put into the world.
        row = world.submissions.get(key) or Submission(0, assignment.id, uid)
        due = dates.get(uid, assignment.due_at)
        late, absent = seconds_late(row, due) > 0, missing(call, assignment, row, due)
        student = world.users[uid]
        found[uid] = Mark(assignment, student, row, due, late, absent, unnamed)
    return found


def said_in(call: Call, row: Submission) -> list[Said]:
    """Return the comments on a submission, oldest first, with those files that are here."""
    files, users = call.world.files, call.world.users
    return [
        Said(c, users[c.author_id], tuple(files[i] for i in c.file_ids if i in files))
        for c in row.comments
    ]
