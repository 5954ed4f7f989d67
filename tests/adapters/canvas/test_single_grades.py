"""Grades written one by one, and the course's late policy, against the practice Canvas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import httpx
import pytest

from rudaux.adapters.canvas import CanvasClient
from rudaux.demo.simulator.entities import LatePolicy
from rudaux.demo.simulator.server import Simulator, serve
from rudaux.demo.simulator.state import World
from rudaux.demo.simulator.switches import Fault
from rudaux.domain.grades import CanvasSubmission
from rudaux.errors import NotFound, PermissionRefused, TokenRefused


@dataclass
class Practice:
    """A practice Canvas with an assignment and two students, and a client of it."""

    simulator: Simulator
    canvas: CanvasClient
    assignment: int
    io: str
    titan: str


@pytest.fixture
def practice() -> Iterator[Practice]:
    world = World.new()
    io, titan = (str(world.add_student(n)) for n in ("Io Jupiter", "Titan Saturn"))
    assignment = world.add_assignment("homework_1")
    with serve(world) as simulator, httpx.Client(timeout=5) as http:
        canvas = CanvasClient(
            simulator.url, world.course.id, "practice-token", http=http, sleep=lambda _: None
        )
        yield Practice(simulator, canvas, assignment, io, titan)


def test_each_grade_comes_back_as_canvas_shows_it(practice: Practice) -> None:
    wanted = {practice.io: Decimal("8.3333"), practice.titan: Decimal("1E-4")}
    answers = dict(practice.canvas.push_singly(practice.assignment, wanted))
    shown = {s: a.entered for s, a in answers.items() if isinstance(a, CanvasSubmission)}
    assert shown == wanted
    again = dict(practice.canvas.push_singly(practice.assignment, wanted))
    assert set(again) == set(wanted)


def test_who_is_not_in_the_course_stops_nobody_else(practice: Practice) -> None:
    wanted = {"987654": Decimal(1), practice.io: Decimal(2)}
    answers = dict(practice.canvas.push_singly(practice.assignment, wanted))
    assert isinstance(answers["987654"], NotFound)
    assert isinstance(answers[practice.io], CanvasSubmission)


def test_a_concluded_student_is_refused_in_words(practice: Practice) -> None:
    for enrollment in practice.simulator.world.enrollments.values():
        if str(enrollment.user_id) == practice.titan:
            enrollment.state = "completed"
    [(student, refusal)] = practice.canvas.push_singly(
        practice.assignment, {practice.titan: Decimal(1)}
    )
    assert student == practice.titan
    assert isinstance(refusal, Exception)


@pytest.mark.parametrize("fault", ["reset_after", "html_error_after", "throttle", "server_error"])
def test_a_fault_on_the_way_is_survived(practice: Practice, fault: Fault) -> None:
    left = [fault]
    practice.simulator.switches.fault = lambda method, _path: (
        left.pop() if left and method == "PUT" else None
    )
    [(_, answer)] = practice.canvas.push_singly(practice.assignment, {practice.io: Decimal(7)})
    assert isinstance(answer, CanvasSubmission)
    assert answer.entered == 7


def test_a_refused_token_is_raised(practice: Practice) -> None:
    practice.simulator.world.tokens.clear()
    with pytest.raises(TokenRefused):
        list(practice.canvas.push_singly(practice.assignment, {practice.io: Decimal(7)}))


def test_only_a_policy_that_deducts_counts_as_one(practice: Practice) -> None:
    assert practice.canvas.late_deductions() is False
    practice.simulator.world.course.late_policy = LatePolicy()
    assert practice.canvas.late_deductions() is False
    practice.simulator.world.course.late_policy = LatePolicy(
        late_submission_deduction_enabled=True, late_submission_deduction=10.0
    )
    assert practice.canvas.late_deductions() is True


def test_a_policy_that_may_not_be_seen_is_a_refusal(practice: Practice) -> None:
    practice.simulator.switches.may_grade = False
    with pytest.raises(PermissionRefused, match="late policy"):
        practice.canvas.late_deductions()
