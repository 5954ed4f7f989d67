"""How many requests a course of 2,000 takes, counted by the practice Canvas."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from decimal import Decimal

import pytest

from rudaux.adapters.canvas import CanvasClient
from rudaux.adapters.canvas.parallel import in_parallel
from rudaux.demo.simulator.server import Simulator, serve
from rudaux.demo.simulator.state import World
from rudaux.domain.artifacts import FeedbackComment, FeedbackFile

STUDENTS = 2000


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    world = World.new()
    for n in range(STUDENTS):
        world.add_student(f"Moon Number{n}", email=f"moon{n}@example.edu")
    world.add_test_student()
    for n in range(30):
        world.add_assignment(f"homework_{n}")
    with serve(world) as running:
        yield running


@pytest.fixture
def canvas(simulator: Simulator) -> CanvasClient:
    simulator.requests.clear()
    return CanvasClient(simulator.url, 12345, "practice-token")


def test_the_roster_and_the_assignments_of_2000_students_take_at_most_60_requests(
    simulator: Simulator, canvas: CanvasClient
) -> None:
    assert len(canvas.students()) == STUDENTS
    assert len(canvas.assignments()) == 30
    assert len(simulator.requests) <= 60


def test_the_grades_of_2000_students_take_at_most_60_requests(
    simulator: Simulator, canvas: CanvasClient
) -> None:
    aid = max(simulator.world.assignments)
    ids = [s.student_id for s in canvas.submissions(aid)]
    scores = {sid: Decimal(n) / 200 for n, sid in enumerate(ids)}
    assert canvas.push_grades(aid, scores) == ""
    assert {s.student_id: s.entered for s in canvas.submissions(aid)} == scores
    assert len(simulator.requests) <= 60


def test_feedback_is_read_only_as_fast_as_it_is_sent(
    simulator: Simulator, canvas: CanvasClient
) -> None:
    aid = min(simulator.world.assignments)
    ids = [sid for sid, row in simulator.world.users.items() if row.email]
    taken = 0

    def reports() -> Iterator[FeedbackComment]:
        nonlocal taken
        for sid in ids[:60]:
            taken += 1
            yield FeedbackComment(str(sid), (FeedbackFile("homework_0.html", b"<p>"),), "Feedback")

    ahead = [taken - n for n, _ in enumerate(canvas.attach_all(aid, reports()), start=1)]
    assert len(ahead) == 60
    assert max(ahead) <= 8


def test_work_in_parallel_is_bounded_and_an_error_waits_for_what_is_under_way() -> None:
    busy, most, lock, finished = 0, 0, threading.Lock(), []

    def work(n: int) -> int:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(0.002)
        with lock:
            busy -= 1
        if n == 20:
            raise OSError("twenty")
        finished.append(n)
        return n

    told: list[int] = []
    with pytest.raises(OSError, match="twenty"):
        told.extend(in_parallel(work, iter(range(1000)), 4))
    assert most <= 4
    assert sorted(told) == sorted(finished)
    assert len(told) < 30
    assert list(in_parallel(work, [], 4)) == []
