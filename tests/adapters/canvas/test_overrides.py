"""Overrides written over HTTP: to the practice Canvas, with its rules and its faults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

import pytest

from rudaux.adapters.canvas import CanvasClient, NamedCanvas
from rudaux.demo.simulator.server import Simulator, serve
from rudaux.demo.simulator.state import World
from rudaux.demo.simulator.switches import Fault
from rudaux.domain.deadlines import Override
from rudaux.errors import NotFound, RequestRefused

DUE = datetime(2026, 10, 2, 6, 59, 59, tzinfo=timezone.utc)
LATER = DUE + timedelta(days=2)


@dataclass
class Practice:
    """A practice Canvas with two students and one assignment."""

    simulator: Simulator
    canvas: CanvasClient
    io: str
    titan: str
    work: int

    @property
    def world(self) -> World:
        return self.simulator.world

    def shown(self) -> list[Override]:
        return list(self.canvas.overrides(self.work))


@pytest.fixture
def practice() -> Iterator[Practice]:
    world = World.new(time_zone="America/Vancouver")
    people = [world.add_student(f"{n} Jupiter", email=f"{n}@example.edu") for n in ("io", "titan")]
    work = world.add_assignment("homework_1", due_at=DUE)
    with serve(world) as simulator:
        canvas = client(simulator)
        yield Practice(simulator, canvas, str(people[0]), str(people[1]), work)


def client(simulator: Simulator) -> CanvasClient:
    return CanvasClient(simulator.url, 12345, "practice-token", sleep=lambda _: None)


def of(*students: str, title: str = "rudaux: extension 1") -> Override:
    return Override(0, LATER, student_ids=frozenset(students), title=title)


def test_what_is_written_is_what_canvas_shows(practice: Practice) -> None:
    wanted = replace(of(practice.io), lock_at=LATER, overrides_lock=True)
    made = practice.canvas.create_override(practice.work, wanted)
    assert practice.shown() == [made] == [replace(wanted, id=made.id)]


def test_lengthening_keeps_students_title_and_the_other_dates(practice: Practice) -> None:
    shut = replace(of(practice.io, practice.titan, title="ill"), lock_at=LATER, overrides_lock=True)
    made = practice.canvas.create_override(practice.work, shut)
    longer = replace(made, due_at=LATER + timedelta(days=1), student_ids=frozenset())
    practice.canvas.update_override(practice.work, longer)
    assert practice.shown() == [replace(longer, student_ids=made.student_ids)]


@pytest.mark.parametrize(("title", "after"), [("2 students", "1 student"), ("ill", "ill")])
def test_a_student_taken_out_leaves_the_others_and_the_name_that_a_person_gave(
    practice: Practice, title: str, after: str
) -> None:
    made = practice.canvas.create_override(
        practice.work, of(practice.io, practice.titan, title=title)
    )
    left = replace(made, student_ids=frozenset({practice.titan}))
    practice.canvas.update_override(practice.work, left, students=True)
    assert practice.shown() == [replace(left, title=after)]


def test_a_student_in_a_second_override_is_refused(practice: Practice) -> None:
    practice.canvas.create_override(practice.work, of(practice.io))
    with pytest.raises(RequestRefused, match="already belongs to an assignment override"):
        practice.canvas.create_override(practice.work, of(practice.io, title="another"))
    assert len(practice.shown()) == 1


def test_removing_twice_is_no_error_and_changing_what_is_gone_is_one(practice: Practice) -> None:
    made = practice.canvas.create_override(practice.work, of(practice.io))
    for _ in range(2):
        practice.canvas.remove_override(practice.work, made.id)
    with pytest.raises(NotFound, match="somebody has just removed it"):
        practice.canvas.update_override(practice.work, made)
    assert practice.shown() == []


def test_a_lost_answer_makes_no_second_override(practice: Practice) -> None:
    faults: Iterator[Fault] = iter(["reset_after"])
    practice.simulator.switches.fault = lambda method, path: (
        next(faults, None) if method == "POST" else None
    )
    made = practice.canvas.create_override(practice.work, of(practice.io))
    assert practice.shown() == [made]


def test_whoever_is_not_on_the_roster_stays_in_an_override_that_is_changed(
    practice: Practice,
) -> None:
    world = practice.world
    number = world.add_override(
        practice.work, [int(practice.io), int(practice.titan)], title="ill", due_at=DUE
    )
    world.set_state(int(practice.titan), "completed")
    named = NamedCanvas(practice.simulator.url, 12345, "practice-token", "login")
    (found,) = named.overrides(practice.work)
    assert (found.student_ids, found.outside) == (frozenset({"io"}), frozenset({practice.titan}))
    named.update_override(practice.work, replace(found, due_at=LATER), students=True)
    assert sorted(map(str, world.overrides[number].student_ids)) == [practice.io, practice.titan]
    named.create_override(world.add_assignment("homework_2"), of("io"))


def test_a_student_s_enrollments_say_when_they_joined_and_were_last_changed(
    practice: Practice,
) -> None:
    second = practice.world.enroll(
        int(practice.io), "StudentEnrollment", practice.world.add_section("Lab")
    )
    practice.world.enrollments[second].created_at = DUE
    first, *_ = practice.world.enrollments.values()
    for enrollment in practice.world.enrollments.values():
        if enrollment.user_id == int(practice.io) and enrollment.id != second:
            enrollment.created_at, enrollment.updated_at = DUE - timedelta(days=9), LATER
    io = next(s for s in practice.canvas.students() if s.id == practice.io)
    assert (io.joined_at, io.changed_at) == (DUE - timedelta(days=9), LATER)
    assert first.updated_at is None


def test_who_is_deleted_from_the_course_leaves_their_overrides(practice: Practice) -> None:
    practice.canvas.create_override(practice.work, of(practice.io))
    practice.world.set_state(int(practice.io), "deleted")
    assert practice.shown() == []
