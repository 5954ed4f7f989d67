from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from rudaux.domain.sharing import Grader, Piece, Progress, divide, hand_over, progress

ANN, BO, CY = Grader("Ann"), Grader("Bo"), Grader("Cy")


def pieces(count: int) -> list[Piece]:
    return [Piece(f"{n:04}") for n in range(count)]


def answers(students: int, *questions: str) -> list[Piece]:
    return [Piece(f"{n:04}", question) for n in range(students) for question in questions]


def counts(whose: Mapping[Piece, str]) -> Counter[str]:
    return Counter(whose.values())


# --- examples ------------------------------------------------------------------------------------


def test_three_graders_get_equal_parts() -> None:
    assert counts(divide(pieces(12), (ANN, BO, CY), {}).whose) == {"Ann": 4, "Bo": 4, "Cy": 4}


def test_a_grader_of_double_weight_gets_double() -> None:
    division = divide(pieces(30), (Grader("Ann", 2), BO), {})
    assert counts(division.whose) == {"Ann": 20, "Bo": 10}


def test_a_late_comer_goes_to_whoever_has_least_left_not_to_whoever_had_least() -> None:
    first = divide(pieces(10), (ANN, BO), {}).whose
    bos = [p for p, who in first.items() if who == "Bo"]
    still = [p for p in first if p not in bos[:3]]  # Bo has marked three
    late = Piece("9999")
    assert divide([*still, late], (ANN, BO), first).whose[late] == "Bo"


def test_whoever_is_barred_from_a_student_does_not_get_their_work_and_the_shares_stay_even() -> (
    None
):
    ann = Grader("Ann", barred=frozenset(p.student_id for p in pieces(10)))
    whose = divide(pieces(20), (ann, BO), {}).whose
    assert counts(whose) == {"Ann": 10, "Bo": 10}
    assert {p for p, who in whose.items() if who == "Bo"} == set(pieces(10))


def test_a_student_whom_everybody_is_barred_from_is_named_and_all_others_are_given_out() -> None:
    both = [Grader(name, barred=frozenset({"0001"})) for name in ("Ann", "Bo")]
    division = divide(pieces(3), both, {})
    assert division.nobody == (Piece("0001"),)
    assert set(division.whose) == {Piece("0000"), Piece("0002")}


def test_a_bar_that_comes_later_takes_the_work_away() -> None:
    first = divide(pieces(4), (ANN, BO), {}).whose
    one = next(p for p, who in first.items() if who == "Ann")
    barred = Grader("Ann", barred=frozenset({one.student_id}))
    again = divide(pieces(4), (barred, BO), first).whose
    assert again == {**first, one: "Bo"}


def test_what_a_grader_had_who_is_gone_is_divided_among_the_others() -> None:
    first = divide(pieces(9), (ANN, BO, CY), {}).whose
    again = divide(pieces(9), (ANN, BO), first).whose
    assert sorted(counts(again).values()) == [4, 5]
    assert all(again[p] == who for p, who in first.items() if who != "Cy")


def test_a_grader_of_weight_0_keeps_what_they_have_and_gets_nothing_new() -> None:
    first = divide(pieces(4), (ANN, BO), {}).whose
    again = divide(pieces(8), (Grader("Ann", 0), BO), first).whose
    assert counts(again) == {"Ann": 2, "Bo": 6}


def test_where_nobody_takes_anything_every_piece_is_named() -> None:
    assert divide(pieces(2), (Grader("Ann", 0),), {}).nobody == tuple(pieces(2))


def test_all_answers_to_a_question_go_to_one_person_also_those_that_come_late() -> None:
    first = divide(answers(5, "nb/a", "nb/b"), (ANN, BO), {}).whose
    again = divide(answers(8, "nb/a", "nb/b"), (ANN, BO), first).whose
    for question in ("nb/a", "nb/b"):
        assert len({who for p, who in again.items() if p.question == question}) == 1
    assert counts(again) == {"Ann": 8, "Bo": 8}


def test_only_the_answers_of_a_student_they_are_barred_from_go_to_somebody_else() -> None:
    ann = Grader("Ann", barred=frozenset({"0000"}))
    whose = divide(answers(5, "nb/a"), (ann, BO), {}).whose
    assert [p.student_id for p, who in whose.items() if who == "Bo"] == ["0000"]


def test_handing_over_moves_what_waits_but_not_what_the_other_may_not_mark() -> None:
    first = divide(pieces(6), (ANN, BO), {}).whose
    anns = sorted(p for p, who in first.items() if who == "Ann")
    bo = Grader("Bo", barred=frozenset({anns[0].student_id}))
    waiting = [p for p in first if p != anns[2]]
    assert hand_over(waiting, first, "Ann", bo) == ({anns[1]: "Bo"}, (anns[0],))


def test_progress_counts_what_is_marked_and_names_also_who_left() -> None:
    known = {Piece("1"): "Ann", Piece("2"): "Ann", Piece("3"): "Di"}
    assert progress(known, {Piece("2")}, ["Ann", "Bo"]) == (
        Progress("Ann", 2, 1),
        Progress("Bo", 0, 0),
        Progress("Di", 1, 0),
    )
    assert [p.done for p in progress(known, {Piece("2")})] == [1, 1]


# --- properties ----------------------------------------------------------------------------------

weights = st.sampled_from((0.5, 1.0, 1.5, 2.0, 3.0))
students = st.integers(0, 40).map(lambda n: [f"{k:04}" for k in range(n)])


@st.composite
def teams(draw: st.DrawFn, barred: bool = True) -> tuple[Grader, ...]:
    ids = [f"{k:04}" for k in range(40)]
    size = draw(st.integers(1, 5))
    bars = st.frozensets(st.sampled_from(ids), max_size=15) if barred else st.just(frozenset())
    return tuple(Grader(f"G{n}", draw(weights), draw(bars)) for n in range(size))


def work(ids: Sequence[str], by_question: bool) -> list[Piece]:
    return [Piece(s, q) for s in ids for q in (("nb/a", "nb/b", "nb/c") if by_question else ("",))]


@given(students, teams(barred=False))
def test_submissions_are_divided_so_evenly_that_moving_one_would_not_help(
    ids: list[str], team: tuple[Grader, ...]
) -> None:
    left = counts(divide(work(ids, False), team, {}).whose)
    assert sum(left.values()) == len(ids)
    for one in team:
        for other in team:
            # In exact numbers, for the weights are halves.
            assert left[one.name] * other.weight <= (left[other.name] + 1) * one.weight


@given(students, st.integers(1, 6))
def test_equal_graders_differ_by_one_submission_at_most(ids: list[str], size: int) -> None:
    team = [Grader(f"G{n}") for n in range(size)]
    left = counts(divide(work(ids, False), team, {}).whose)
    shares = [left[g.name] for g in team]
    assert max(shares) - min(shares) <= 1


@given(students, teams(), st.booleans())
def test_nobody_marks_whom_they_are_barred_from_and_nothing_is_lost(
    ids: list[str], team: tuple[Grader, ...], by_question: bool
) -> None:
    by_name, all_of_it = {g.name: g for g in team}, work(ids, by_question)
    division = divide(all_of_it, team, {})
    assert {*division.whose, *division.nobody} == set(all_of_it)
    assert not set(division.whose) & set(division.nobody)
    assert all(p.student_id not in by_name[who].barred for p, who in division.whose.items())
    assert all(p.student_id in g.barred for p in division.nobody for g in team)


@given(students, teams(), st.booleans(), st.data())
def test_run_again_nothing_moves_whatever_was_marked_and_whoever_came(
    ids: list[str], team: tuple[Grader, ...], by_question: bool, data: st.DataObject
) -> None:
    known = divide(work(ids, by_question), team, {}).whose
    assert divide(work(ids, by_question), team, known).whose == known
    still = data.draw(st.lists(st.sampled_from(sorted(known)), unique=True)) if known else []
    late = work([f"{n:04}" for n in range(40, 40 + data.draw(st.integers(0, 10)))], by_question)
    again = divide([*still, *late], team, known).whose
    assert all(again[p] == known[p] for p in still)
    assert divide([*still, *late], team, {**known, **again}).whose == again


@given(students, teams(), st.booleans(), st.randoms())
def test_the_order_in_which_work_is_read_does_not_matter(
    ids: list[str], team: tuple[Grader, ...], by_question: bool, random: Random
) -> None:
    mixed = work(ids, by_question)
    random.shuffle(mixed)
    assert divide(mixed, team, {}) == divide(work(ids, by_question), team, {})
