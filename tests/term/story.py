"""Twelve weeks, day by day: who does what when."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest
from nbgrader.api import Gradebook

from tests.term.course import SECTION, SIZE, Term
from tests.term.facts import (
    BROKEN,
    BY_HAND,
    MARK,
    OUTAGE,
    PARTLY,
    RIGHT,
    TASKS,
    WRONG,
    Task,
    day,
)

Event = tuple[datetime, Callable[[], object]]
ONE, TWO = TASKS[0], TASKS[1]
EVENING = day(10, 18)
"""Until when the evening section has the project."""
LONGER = day(11, 24)
"""Until when the instructor gave two students the last worksheet, in Canvas."""
NIGHT = (day(10, 3, 20, 0, 0), day(10, 4, 8, 0, 0))
"""When Canvas was down."""
AWAY = (day(11, 21, 22, 0, 0), day(11, 22, 7, 0, 0))
"""When the file server was away."""
END = day(11, 30)


def live(term: Term, patch: pytest.MonkeyPatch) -> None:
    """Let the term happen."""
    events = [*_students(term), *_people(term), *_instructor(term), *_disasters(term, patch)]
    for at, event in sorted(events, key=lambda found: found[0]):
        term.until(at)
        event()
    term.until(END)


def answer(number: int, task: Task) -> str | None:
    """Return what most students hand in: six of ten are right, and one has nothing."""
    turn = (number + 3 * TASKS.index(task)) % 10
    return {6: PARTLY, 7: PARTLY, 8: WRONG, 9: None}.get(turn, RIGHT)


def _students(term: Term) -> Iterator[Event]:
    """Yield what everybody does who does nothing special."""
    for task in TASKS:
        for number in range(SIZE):
            text = answer(number, task)
            at = task.due - timedelta(days=1 + number % 4, minutes=number)
            if text and not (number == 15 and task in (TWO, BY_HAND)):
                yield at, partial(_save, term, number, task, text)


def _save(term: Term, number: int, task: Task, text: str) -> None:
    sid = term.students[number]
    if sid not in term.facts.left:
        term.save(sid, task, text)


def _people(term: Term) -> Iterator[Event]:
    """Yield what single students do: those who join are numbers 45, 46 and 47."""
    save = partial(partial, _save, term)
    leave = partial(partial, lambda number: term.leave(term.students[number]))
    join = partial(partial, term.join)
    yield day(9, 10, 12, 0, 0), leave(9)
    yield day(9, 15, 10, 0, 0), join("Late One")
    yield day(9, 20, 15, 0, 0), save(12, ONE, WRONG)  # too late to count
    yield day(9, 21, 15, 0, 0), save(45, ONE, RIGHT)
    yield day(9, 25, 15, 0, 0), save(8, ONE, RIGHT)  # extended after grading
    yield day(9, 29, 12, 0, 0), leave(5)
    yield day(9, 30, 12, 0, 0), leave(15)
    yield day(10, 1, 12, 0, 0), join("Late Two")
    yield day(10, 4, 20, 0, 0), save(6, TWO, RIGHT)  # late by one day, two, three, and too late
    yield day(10, 5, 15, 0, 0), save(20, TWO, RIGHT)  # extended
    yield day(10, 5, 20, 0, 0), save(16, TWO, RIGHT)
    yield day(10, 6, 20, 0, 0), save(26, TWO, PARTLY)
    yield day(10, 7, 20, 0, 0), save(36, TWO, RIGHT)
    yield day(10, 7, 21, 0, 0), save(46, ONE, PARTLY)
    yield day(10, 8, 10, 0, 0), join("Late Three")
    yield day(10, 14, 12, 0, 0), leave(47)
    yield day(10, 18, 12, 30, 0), save(41, BY_HAND, RIGHT)  # the evening section has a day more
    yield day(10, 18, 12, 30, 0), save(1, BY_HAND, WRONG)  # the others do not
    yield day(10, 20, 13, 0, 0), lambda: term.come_back(term.students[15])
    yield day(10, 25, 12, 0, 0), save(15, TWO, RIGHT)
    yield day(10, 26, 12, 0, 0), save(15, BY_HAND, PARTLY)
    yield day(11, 1, 12, 0, 0), save(10, BROKEN, RIGHT)
    yield day(11, 2, 20, 0, 0), save(20, BROKEN, PARTLY)
    yield day(11, 6, 12, 0, 0), save(38, BROKEN, RIGHT)
    yield day(11, 22, 7, 30, 0), save(40, OUTAGE, RIGHT)  # the server is back, no snapshot yet
    yield day(11, 23, 12, 0, 0), save(30, OUTAGE, RIGHT)


def _instructor(term: Term) -> Iterator[Event]:
    """Yield what instructor and teaching assistants do."""
    run = partial(partial, term.run)
    yield day(9, 2, 9, 0, 0), run("init")
    yield day(9, 12, 9, 0, 0), partial(_excuse, term, 13, ONE)
    yield day(9, 22, 9, 0, 0), partial(_extend, term, 8, ONE, day(9, 26))
    yield day(10, 2, 9, 0, 0), partial(_extend, term, 20, TWO, day(10, 5))
    yield day(10, 6, 9, 0, 0), partial(_type, term, 14, TWO, "9.5")
    yield day(10, 7, 9, 0, 0), partial(_evening, term)
    yield day(10, 18, 12, 0, 0), partial(_share, term, ("Ann",))
    yield day(10, 19, 12, 0, 0), partial(_share, term, ("Ann", "Bo"))
    yield day(10, 20, 10, 0, 0), run("submit", BY_HAND.name)
    yield day(10, 21, 9, 0, 0), run("init")
    yield day(10, 28, 12, 0, 0), partial(_share, term, ("Ann", "Bo"))
    yield day(10, 28, 13, 0, 0), run("submit", BY_HAND.name)
    yield day(11, 1, 15, 0, 0), partial(_type, term, 22, BROKEN, "6.25")
    yield day(11, 3, 10, 0, 0), term.mend
    yield day(11, 4, 10, 0, 0), partial(_extend, term, 38, BROKEN, day(11, 7))
    yield day(11, 10, 10, 0, 0), partial(_longer, term)
    yield day(11, 22, 8, 5, 0), run("snapshot")
    yield day(11, 22, 8, 10, 0), run("grade", "--auto")


def _excuse(term: Term, number: int, task: Task) -> None:
    sid = term.students[number]
    row = term.world.submission(term.assignment(task), int(sid))
    row.excused, row.workflow_state = True, "graded"
    term.facts.excused.add((sid, task.name))


def _type(term: Term, number: int, task: Task, score: str) -> None:
    """Let a teaching assistant type a score into Canvas."""
    sid = term.students[number]
    term.world.grade(term.assignment(task), int(sid), float(score))
    term.facts.edited[sid, task.name] = Decimal(score).quantize(Decimal("0.0001"))


def _extend(term: Term, number: int, task: Task, until: datetime) -> None:
    term.extend(term.students[number], task, until)


def _evening(term: Term) -> None:
    there = term.assignment(BY_HAND)
    term.world.add_override(there, section_id=term.section, title="Evening", due_at=EVENING)
    for number in SECTION:
        term.facts.instead[term.students[number], BY_HAND.name] = EVENING


def _longer(term: Term) -> None:
    two = [term.students[30], term.students[31]]
    term.world.add_override(term.assignment(OUTAGE), [int(s) for s in two], due_at=LONGER)
    for sid in two:
        term.facts.instead[sid, OUTAGE.name] = LONGER


def _share(term: Term, who_marks: tuple[str, ...]) -> None:
    """Divide what waits, and let some mark what is on their list."""
    term.run("gradebook", "share", BY_HAND.name)
    lists = {}
    for grader in ("Ann", "Bo"):
        with (term.folder / "marking" / BY_HAND.name / f"{grader}.csv").open() as file:
            lists[grader] = [row["id"] for row in csv.DictReader(file)]
    term.lists.append(lists)
    with Gradebook(f"sqlite:///{term.folder / 'gradebook.db'}") as gradebook:
        for sid in (sid for grader in who_marks for sid in lists[grader]):
            work = term.facts.handed_in(sid, BY_HAND, term.now)
            assert work is not None
            submission = gradebook.find_submission(BY_HAND.name, sid)
            for grade in (g for n in submission.notebooks for g in n.grades):
                if grade.needs_manual_grade:
                    grade.manual_score = float(MARK[work.answer])
                    grade.needs_manual_grade = False
        gradebook.db.commit()


def _disasters(term: Term, patch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Yield a night without Canvas, and one without the file server."""
    away = term.practice.folder / "homes-away"

    def down() -> None:
        patch.setattr("rudaux.adapters.canvas.wire.BUDGET", 0.0)
        term.canvas.switches.fault = lambda method, path: "maintenance"

    def up() -> None:
        term.canvas.switches.fault = None

    yield NIGHT[0], down
    yield NIGHT[1], up
    yield AWAY[0], lambda: term.practice.homes.rename(away)
    yield AWAY[1], lambda: away.rename(term.practice.homes)
    term.facts.storage_down.append((AWAY[0], day(11, 22, 8, 5, 0)))
