"""What the client learns of Canvas's special modes, and what it leaves open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

import httpx
import pytest

from rudaux.adapters.canvas import CanvasClient
from rudaux.demo.simulator.server import Simulator, serve
from rudaux.demo.simulator.state import World
from rudaux.domain.canvas import CanvasAssignment
from rudaux.errors import RequestRefused

DUE = datetime(2026, 10, 2, 6, 59, 59, tzinfo=timezone.utc)


@dataclass
class Practice:
    simulator: Simulator
    canvas: CanvasClient

    @property
    def world(self) -> World:
        return self.simulator.world

    def read(self) -> CanvasAssignment:
        [found] = self.canvas.assignments()
        return found


@pytest.fixture
def practice() -> Iterator[Practice]:
    world = World.new()
    world.add_student("Io Jupiter", user_id=11)
    world.add_student("Titan Saturn", user_id=12)
    world.add_assignment("homework_1", due_at=DUE)
    with serve(world) as simulator, httpx.Client() as http:
        token = "practice-token"
        canvas = CanvasClient(simulator.url, world.course.id, token, http=http)
        yield Practice(simulator, canvas)


def test_whose_grading_period_is_closed_is_known_by_student(practice: Practice) -> None:
    practice.world.course.closed_until = DUE
    practice.world.add_override(2001, [12], due_at=DUE + timedelta(days=9))
    assert practice.read().closed is True
    assert practice.canvas.closed_for(2001) == frozenset({"11"})


def test_a_closed_period_does_not_bind_an_administrator(practice: Practice) -> None:
    practice.world.course.closed_until = DUE
    practice.world.users[1001].admin = True
    assert practice.read().closed is False


def test_released_grades_end_moderation(practice: Practice) -> None:
    row = practice.world.assignments[2001]
    row.moderated_grading = True
    assert practice.read().moderated is True
    row.grades_published = True
    assert practice.read().moderated is False


def test_hidden_names_are_a_refusal_and_no_empty_list(practice: Practice) -> None:
    practice.world.assignments[2001].anonymous_grading = True
    assert practice.read().anonymous is True
    with pytest.raises(RequestRefused, match="whose submission is whose"):
        practice.canvas.submissions(2001)


def test_keys_that_are_absent_are_not_known(practice: Practice) -> None:
    row = practice.world.assignments[2001]
    row.closed_period = row.moderated_grading = row.anonymous_grading = True
    practice.simulator.switches.absent_keys = frozenset(
        {"in_closed_grading_period", "grades_published", "anonymous_grading", "manage_grades",
         "concluded", "limit_privileges_to_course_section"}
    )  # fmt: skip
    found = practice.read()
    assert (found.closed, found.moderated, found.anonymous) == (None, None, None)
    course = practice.canvas.course()
    assert (course.concluded, course.may_grade, course.limited) == (None, None, None)


def test_a_token_of_one_section_knows_that_it_is_one(practice: Practice) -> None:
    own = next(e for e in practice.world.enrollments.values() if e.user_id == 1001)
    assert practice.canvas.course().limited is False
    own.limited = True
    assert practice.canvas.course().limited is True
    practice.world.enroll(1001, "TaEnrollment", practice.world.add_section("2"))
    assert practice.canvas.course().limited is False


def test_when_the_token_ends_is_known_where_canvas_tells(practice: Practice) -> None:
    assert practice.canvas.token_expires() is None
    [token] = practice.world.tokens.values()
    token.expires_at = DUE
    assert practice.canvas.token_expires() == DUE


def test_a_token_that_begins_like_another_with_another_end_is_not_guessed_about(
    practice: Practice,
) -> None:
    [token] = practice.world.tokens.values()
    practice.world.tokens["practice-other"] = replace(token, expires_at=DUE)
    assert practice.canvas.token_expires() is None


def test_an_older_canvas_that_lists_no_tokens_tells_nothing(practice: Practice) -> None:
    practice.simulator.switches.absent_keys = frozenset({"token_hint"})
    [token] = practice.world.tokens.values()
    token.expires_at = DUE
    assert practice.canvas.token_expires() is None


def test_who_may_change_assignments_is_asked(practice: Practice) -> None:
    assert practice.canvas.may_edit() is True
    practice.simulator.switches.may_edit_assignments = False
    assert practice.canvas.may_edit() is False
