"""Post policies, posting and clearing grades, against the practice Canvas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import httpx
import pytest

from rudaux.adapters.canvas import CanvasClient, posting
from rudaux.demo.simulator.server import Simulator, serve
from rudaux.demo.simulator.state import World
from rudaux.demo.simulator.switches import Fault
from rudaux.errors import CanvasFailure, PermissionRefused

TOKEN = "practice-token"


@dataclass
class Practice:
    """A practice Canvas with an assignment and two students, and a client of it."""

    simulator: Simulator
    canvas: CanvasClient
    assignment: int
    io: str
    titan: str

    @property
    def manually(self) -> bool:
        """Whether grades of the assignment are posted by hand, as a client reads it."""
        [only] = self.canvas.assignments()
        return only.post_manually

    def hidden(self) -> set[str]:
        """Whose grade is there and cannot be seen."""
        return {s.student_id for s in self.canvas.submissions(self.assignment) if s.hidden}

    def entered(self) -> dict[str, Decimal | None]:
        """What each student's grade is."""
        return {s.student_id: s.entered for s in self.canvas.submissions(self.assignment)}

    def meet(self, fault: Fault, ending: str) -> None:
        """Let the first such request meet a fault."""
        left = [fault]

        def decide(method: str, path: str) -> Fault | None:
            return left.pop() if left and path.endswith(ending) else None

        self.simulator.switches.fault = decide


@pytest.fixture
def practice() -> Iterator[Practice]:
    world = World.new()
    io, titan = (str(world.add_student(n)) for n in ("Io Jupiter", "Titan Saturn"))
    assignment = world.add_assignment("homework_1")
    with serve(world) as simulator, httpx.Client(timeout=5) as http:
        canvas = CanvasClient(
            simulator.url, world.course.id, TOKEN, http=http, sleep=lambda seconds: None
        )
        yield Practice(simulator, canvas, assignment, io, titan)


def test_the_policy_is_set_both_ways_and_read_back(practice: Practice) -> None:
    for manually in (True, True, False):
        practice.canvas.set_posting(practice.assignment, manually)
        assert practice.manually is manually


def test_only_what_is_graded_is_posted(practice: Practice) -> None:
    practice.canvas.set_posting(practice.assignment, True)
    practice.canvas.push_grades(practice.assignment, {practice.io: Decimal(7)})
    assert practice.hidden() == {practice.io}
    for _ in range(2):
        assert practice.canvas.post_grades(practice.assignment) == ""
        assert practice.hidden() == set()
    rows = {s.student_id: s.posted_at for s in practice.canvas.submissions(practice.assignment)}
    assert rows[practice.io]
    assert rows[practice.titan] is None


def test_an_assignment_that_is_gone_or_hidden_is_a_refusal(practice: Practice) -> None:
    with pytest.raises(PermissionRefused, match=r"assignment 999 posted by hand \(not found\)"):
        practice.canvas.set_posting(999, True)
    practice.simulator.switches.may_grade = False
    with pytest.raises(PermissionRefused, match=r"post the grades of assignment \d+ \(not found\)"):
        practice.canvas.post_grades(practice.assignment)


@pytest.mark.parametrize("fault", ["reset_after", "server_error", "throttle", "html_error_after"])
def test_posting_gets_over_a_fault_on_the_way(practice: Practice, fault: Fault) -> None:
    practice.meet(fault, "/graphql")
    practice.canvas.set_posting(practice.assignment, True)
    practice.canvas.push_grades(practice.assignment, {practice.io: Decimal(7)})
    practice.meet(fault, "/graphql")
    assert practice.canvas.post_grades(practice.assignment) == ""
    assert (practice.manually, practice.hidden()) == (True, set())


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"errors": [{"message": "no such field"}]}, "no such field"),
        ({"data": None, "errors": [{"message": "no such field"}]}, "no such field"),
        (
            {"data": {"setAssignmentPostPolicy": {"errors": [{"message": "is anonymous"}]}}},
            "is anonymous",
        ),
        ({"data": {"setAssignmentPostPolicy": None}}, "refused to have it posted"),
        ({}, "refused to have it posted"),
        ([], "refused to have it posted"),
        (
            {"data": {"setAssignmentPostPolicy": {"postPolicy": {"postManually": False}}}},
            "but did not",
        ),
        ({"data": {"setAssignmentPostPolicy": {"postPolicy": None, "errors": None}}}, "but did"),
    ],
)
def test_a_success_that_is_none_is_told_apart(answer: object, words: str) -> None:
    with pytest.raises(CanvasFailure, match=words):
        posting.check_policy(answer, True, "have it posted")


def test_a_job_without_a_number_cannot_be_waited_for() -> None:
    answer = {"data": {"postAssignmentGrades": {"progress": None, "errors": None}}}
    with pytest.raises(CanvasFailure, match="did not say whether it started"):
        posting.progress(answer, "post")


def test_cleared_grades_are_gone_and_the_others_stay(practice: Practice) -> None:
    practice.canvas.push_grades(
        practice.assignment, {practice.io: Decimal(7), practice.titan: Decimal(3)}
    )
    for _ in range(2):
        cleared = list(practice.canvas.clear_grades(practice.assignment, [practice.io]))
        assert cleared == [(practice.io, None)]
        assert practice.entered() == {practice.io: None, practice.titan: Decimal(3)}


def test_a_student_who_is_gone_is_refused_and_the_others_are_cleared(practice: Practice) -> None:
    practice.canvas.push_grades(practice.assignment, {practice.io: Decimal(7)})
    done = dict(practice.canvas.clear_grades(practice.assignment, ["999", practice.io]))
    assert "shows no student 999" in str(done["999"])
    assert done[practice.io] is None
    assert practice.entered()[practice.io] is None


def test_a_closed_grading_period_is_a_refusal_of_that_grade(practice: Practice) -> None:
    practice.canvas.push_grades(practice.assignment, {practice.io: Decimal(7)})
    practice.simulator.world.assignments[practice.assignment].closed_period = True
    [(student, refused)] = practice.canvas.clear_grades(practice.assignment, [practice.io])
    assert student == practice.io
    assert "in a closed grading period for this student" in str(refused)
    assert practice.entered()[practice.io] == 7
