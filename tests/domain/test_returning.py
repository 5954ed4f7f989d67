from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rudaux.domain.returning import (
    HomePages,
    Page,
    Seat,
    leftover_of,
    page_name,
    part_name,
    place,
    solution_receivers,
)

NOW = datetime(2026, 10, 2, 8, 0, tzinfo=timezone.utc)
PAGE = Page("feedback/homework_1", "nb.html", "new" * 20)
PATH = "feedback/homework_1/nb.html"
OLD = "old" * 20


def seats(settled: int, missing: int = 0, still_open: int = 0) -> list[Seat]:
    """A class: who has handed in, who provably has not, and who still can."""
    kinds = [(True, True)] * settled + [(False, True)] * missing + [(False, False)] * still_open
    return [Seat(str(n), *kind) for n, kind in enumerate(kinds)]


def receivers(
    settled: int,
    missing: int = 0,
    still_open: int = 0,
    share: float | None = None,
    not_before: datetime | None = None,
    unseen: int = 0,
) -> int:
    people = seats(settled, missing, still_open)
    return len(solution_receivers(people, share, not_before, NOW, unseen).students)


def test_without_a_share_the_solution_waits_for_the_last_who_can_still_hand_in() -> None:
    assert receivers(19, still_open=1) == 0
    assert receivers(19, missing=1) == 20


def test_with_a_share_it_goes_out_before_that_but_not_to_those_who_can_still_hand_in() -> None:
    assert receivers(18, still_open=2, share=0.93) == 0
    assert receivers(19, still_open=1, share=0.93) == 19


def test_who_handed_in_nothing_does_not_count_for_the_share() -> None:
    assert receivers(10, missing=9, still_open=1, share=0.93) == 0
    assert receivers(10, missing=10, share=0.93) == 20


def test_an_extension_of_somebody_who_has_handed_in_keeps_it_back_from_them() -> None:
    people = [*seats(19), Seat("extended", handed_in=True, settled=False)]
    assert not solution_receivers(people, None, None, NOW).students
    assert "extended" not in solution_receivers(people, 0.93, None, NOW).students


def test_not_before_its_time_whatever_was_collected() -> None:
    later = NOW + timedelta(hours=1)
    assert receivers(20, not_before=later) == receivers(20, share=0.1, not_before=later) == 0
    assert receivers(20, not_before=NOW) == 20


def test_students_whom_the_token_does_not_see_keep_it_back() -> None:
    assert receivers(20, unseen=1) == 0
    assert receivers(20, unseen=20, share=0.93) == 0


def test_an_empty_class_gets_nothing_and_says_why() -> None:
    found = solution_receivers([], 0.5, None, NOW)
    assert (found.students, found.why) == (frozenset(), "there are no students")


@given(
    st.lists(st.builds(Seat, st.uuids().map(str), st.booleans(), st.booleans())),
    st.none() | st.floats(0.01, 1),
    st.integers(0, 3),
)
def test_whoever_can_still_hand_in_never_gets_it_and_nobody_does_below_the_share(
    people: list[Seat], share: float | None, unseen: int
) -> None:
    found = solution_receivers(people, share, None, NOW, unseen)
    assert found.students <= {s.student_id for s in people if s.settled}
    waits = unseen + sum(not s.settled for s in people)
    collected = sum(s.handed_in and s.settled for s in people)
    if waits and (share is None or collected < share * (len(people) + unseen)):
        assert not found.students
        assert found.why


# --- where a page goes ---------------------------------------------------------------------------


def test_a_page_takes_its_name_where_nothing_is_there() -> None:
    found = place(PAGE, HomePages({}), {})
    assert found is not None
    assert (found.name, found.change, found.beside) == ("nb.html", "new", "")


def test_a_page_of_our_own_is_changed_and_one_that_is_right_stays() -> None:
    changed = place(PAGE, HomePages({"nb.html": OLD}), {PATH: frozenset({OLD})})
    same = place(PAGE, HomePages({"nb.html": PAGE.digest}), {})
    assert changed is not None
    assert same is not None
    assert (changed.name, changed.change) == ("nb.html", "changed")
    assert (same.name, same.change) == ("nb.html", "same")


@pytest.mark.parametrize("theirs", ["something", ""])
def test_beside_a_student_s_own_file_a_free_name_is_chosen_and_found_again(theirs: str) -> None:
    first = place(PAGE, HomePages({"nb.html": theirs}), {PATH: frozenset({OLD})})
    assert first is not None
    assert (first.name, first.change, first.beside) == ("nb (2).html", "new", "nb.html")
    there = HomePages({"nb.html": theirs, "nb (2).html": OLD})
    again = place(PAGE, there, {"feedback/homework_1/nb (2).html": frozenset({OLD})})
    assert again is not None
    assert (again.name, again.change) == ("nb (2).html", "changed")


def test_where_every_name_is_a_file_of_the_student_s_there_is_no_place() -> None:
    assert place(PAGE, HomePages(dict.fromkeys(PAGE.names, "theirs")), {}) is None


def test_the_rest_of_a_killed_run_makes_a_page_be_written_again() -> None:
    left = HomePages({"nb.html": PAGE.digest}, leftovers=frozenset({("nb.html", OLD[:12])}))
    known = place(PAGE, left, {PATH: frozenset({OLD})})
    unknown = place(PAGE, left, {})
    assert known is not None
    assert unknown is not None
    assert (known.change, unknown.change) == ("changed", "same")


def test_a_part_is_recognised_by_its_name_alone_where_it_is_one() -> None:
    digest = "0123456789abcdef" * 4
    assert leftover_of(part_name("a.b.html", digest, "part")) == ("a.b.html", "0123456789ab")
    assert leftover_of(part_name("nb.html", digest, "old")) == ("nb.html", "0123456789ab")
    assert leftover_of("nb.html") is None
    assert leftover_of(".nb.html.0123.rudaux-part") is None


def test_a_report_is_called_by_its_notebook() -> None:
    assert page_name("hw-1-4711-my-nb-0a1b2c3d.html", "hw-1", "4711") == "my-nb.html"
    assert page_name("else.html", "hw-1", "4711") == "hw-1.html"
