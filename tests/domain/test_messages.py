from __future__ import annotations

from datetime import timedelta

from rudaux.domain.messages import Message, Told, listed, open_problems, untold, without_names
from tests.fakes import NOW

OUTAGE = Message("problem", "grade:CanvasFailure", "Canvas is down", "...")
OVER = Message("problem", OUTAGE.key, "Over: Canvas is down", "...", over=True)


def told(message: Message, hours: float = 0) -> Told:
    """What is remembered of a message that was sent so many hours ago."""
    at = NOW - timedelta(hours=hours)
    return Told(message.topic, message.key, message.title, at, message.over)


def test_the_same_is_told_once_a_day() -> None:
    assert untold([OUTAGE], [], NOW) == [OUTAGE]
    assert untold([OUTAGE], [told(OUTAGE, 19)], NOW) == []
    assert untold([OUTAGE], [told(OUTAGE, 24)], NOW) == [OUTAGE]
    assert untold([OUTAGE], [told(OUTAGE, 40), told(OUTAGE, 16)], NOW) == []


def test_a_problem_that_was_over_and_is_back_is_told_at_once() -> None:
    assert untold([OUTAGE], [told(OUTAGE, 2), told(OVER, 1)], NOW) == [OUTAGE]


def test_the_end_of_a_problem_is_always_told() -> None:
    assert untold([OVER], [told(OUTAGE, 1)], NOW) == [OVER]


def test_a_problem_is_open_from_its_first_message_to_its_end() -> None:
    assert open_problems([told(OUTAGE, 30), told(OUTAGE, 6)]) == {OUTAGE.key: told(OUTAGE, 30)}
    assert open_problems([told(OUTAGE, 30), told(OVER, 6)]) == {}
    assert open_problems([told(Message("todo", "x", "x", ""))]) == {}


def test_a_grade_is_never_told_with_a_name() -> None:
    text = "a mark by hand above the maximum: Rhea Saturn has 12 of 10, Rhea has 3"
    said = without_names(text, {"Rhea", "Rhea Saturn", " "})
    assert said == "a mark by hand above the maximum: a student has 12 of 10, a student has 3"
    assert without_names(text, ()) == text


def test_many_names_are_three_and_a_count() -> None:
    assert listed(["A", "B", "C"]) == "A, B, C"
    assert listed(["A", "B", "C", "D", "E"]) == "A, B, C and 2 more"
