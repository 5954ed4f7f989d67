from __future__ import annotations

from decimal import Decimal

from rudaux.domain.alarms import (
    Alarm,
    CellScore,
    Graded,
    MarkAbove,
    above_maximum_alarm,
    discrimination_alarms,
    equal_zeros_alarm,
    failed_test_alarms,
    lower_alarm,
    median_alarm,
    mixed_alarm,
    nothing_to_earn_alarm,
    points_alarm,
    scheme_alarm,
    zero_alarm,
)
from rudaux.domain.execution import GradedWith
from rudaux.domain.grades import PushClass, PushLine
from rudaux.domain.statistics import ItemStatistics, MarkedCell
from rudaux.domain.submissions import Standing, State

TEN = Decimal(10)


def class_of(*scores: str, last: str | None = None, writes: bool = True) -> list[Graded]:
    return [Graded(Decimal(s), None if last is None else Decimal(last), writes) for s in scores]


def standings(**counts: int) -> list[Standing]:
    states: list[State] = [s for s, n in counts.items() for _ in range(n)]  # type: ignore[misc]
    return [Standing(str(number), state) for number, state in enumerate(states)]


def test_more_missing_and_failed_than_the_limit_is_an_alarm() -> None:
    assert zero_alarm(standings(missing=2, failed=1, graded=7), 0.3) == ()
    [alarm] = zero_alarm(standings(missing=2, failed=2, graded=6), 0.3)
    assert (alarm.kind, alarm.text) == (
        "missing", "2 missing and 2 failed out of 10 due, more than the limit of 30%"
    )  # fmt: skip


def test_who_is_not_due_raises_no_alarm() -> None:
    waiting = [Standing(str(n), "missing", due=False) for n in range(9)]
    assert zero_alarm([*waiting, Standing("io", "graded")], 0.3) == ()
    assert zero_alarm([], 0.3) == ()
    asked = [Standing(str(n), "missing", asks=True) for n in range(9)]
    assert zero_alarm([*asked, Standing("io", "graded")], 0.3) == ()


def test_many_exact_zeros_among_those_who_handed_in_are_an_alarm() -> None:
    [alarm] = equal_zeros_alarm(class_of("0", "0", "0", "7", "8"), 0.3)
    assert (alarm.kind, alarm.text) == (
        "zeros", "3 of the 5 students who handed in work get exactly 0, more than the limit of 30%"
    )  # fmt: skip
    assert equal_zeros_alarm(class_of("0", "5", "6", "7", "8"), 0.3) == ()
    assert equal_zeros_alarm(class_of(*["0"] * 3, *["7"] * 7), 0.3) == ()
    assert equal_zeros_alarm(class_of("0.0001", "0.1", "0", "7", "8"), 0.3) == ()


def test_a_handful_of_students_raises_no_alarm_about_the_class() -> None:
    few = class_of("0", "0", "0", "0", last="10")
    assert equal_zeros_alarm(few, 0.3) == ()
    assert median_alarm(few, TEN, 0.2) == ()
    assert failed_test_alarms([CellScore("mean in hw", TEN, 4, 4)], few) == ()


def test_what_a_person_agreed_to_is_not_asked_again_for_a_late_comer() -> None:
    pushed = class_of("0", "0", "0", "0", "0", last="0", writes=False)
    one_more = [*pushed, *class_of("0")]
    cell = CellScore("mean in hw", TEN, 6, 6)
    assert equal_zeros_alarm(one_more, 0.3) == ()
    assert failed_test_alarms([cell], one_more) == ()
    assert failed_test_alarms([cell], class_of("0", "0", "0", "0", "0", "0")) != ()
    two_more = [*pushed, *class_of("0", "0")]
    assert failed_test_alarms([cell], two_more) == ()


def test_a_test_that_all_fail_is_asked_about_where_many_or_half_of_the_class_are_new() -> None:
    cell = CellScore("mean in hw", TEN, 20, 20)
    pushed = class_of(*["0"] * 15, last="0", writes=False)
    assert failed_test_alarms([cell], [*pushed, *class_of(*["0"] * 4)]) == ()
    assert failed_test_alarms([cell], [*pushed, *class_of(*["0"] * 5)]) != ()
    assert failed_test_alarms([cell], [*pushed[:5], *class_of(*["0"] * 4)]) == ()
    assert failed_test_alarms([cell], [*pushed[:4], *class_of(*["0"] * 4)]) != ()


def test_a_section_that_is_due_later_is_judged_by_itself() -> None:
    first = class_of(*["8"] * 60, last="8", writes=False)
    later = class_of(*["0"] * 40)
    [alarm] = equal_zeros_alarm([*first, *later], 0.3)
    assert alarm.text.startswith("40 of the 40 students who handed in")
    cell = CellScore("mean in hw", TEN, 100, 100)
    assert [a.kind for a in failed_test_alarms([cell], [*first, *later])] == ["test"]


def test_a_regrade_that_sinks_less_than_half_is_an_alarm_though_the_median_stays() -> None:
    same = class_of(*["8"] * 55, last="8", writes=False)
    sunk = class_of(*["3"] * 45, last="8")
    [alarm] = median_alarm([*same, *sunk], TEN, 0.2)
    assert alarm.kind == "median"
    assert alarm.text.startswith("the scores of 45 of 100 students change by more than 20%")
    few = [*class_of(*["8"] * 75, last="8", writes=False), *class_of(*["3"] * 25, last="8")]
    assert median_alarm(few, TEN, 0.2) == ()


def test_a_grading_scheme_is_an_alarm() -> None:
    assert scheme_alarm("points") == scheme_alarm("percent") == ()
    for kind in ("gpa_scale", "letter_grade"):
        [alarm] = scheme_alarm(kind)
        assert (alarm.kind, alarm.text) == (
            "points",
            f"Canvas uses a grading scheme ({kind}) and may take a score for one of its steps: "
            "set it to points there",
        )


def test_a_median_that_jumps_either_way_is_an_alarm() -> None:
    for before, after in (("9", "6.9"), ("6.9", "9")):
        [alarm] = median_alarm(class_of(*[after] * 5, last=before), TEN, 0.2)
        assert f"from {before}" in alarm.text
        assert alarm.text.endswith("by more than 20% of 10 points")
    assert median_alarm(class_of(*["7"] * 5, last="9"), TEN, 0.2) == ()


def test_newcomers_move_no_median() -> None:
    known = class_of("9", "9", "9", "9", "9", last="9", writes=False)
    assert median_alarm([*known, *class_of(*["0"] * 20)], TEN, 0.2) == ()


def test_only_a_test_that_all_fail_is_an_alarm() -> None:
    graded = class_of("5", "5", "5", "5", "5")
    cells = [
        CellScore("mean in hw", TEN, 5, 5),
        CellScore("variance in hw", TEN, 5, 4),
        CellScore("range in hw", Decimal(0), 5, 5),
    ]
    one_point = CellScore("mode in hw", Decimal(1), 5, 5)
    assert len(failed_test_alarms([one_point], graded)) == 1
    [alarm] = failed_test_alarms(cells, graded)
    assert (alarm.kind, alarm.text) == ("test", "all 5 students fail the test mean in hw")


def test_other_points_in_canvas_are_an_alarm() -> None:
    assert points_alarm(TEN, Decimal("10.0")) == ()
    [alarm] = points_alarm(TEN, Decimal("1E+2"))
    assert (alarm.kind, alarm.text) == (
        "points",
        "Canvas has 100 points for it, but rudaux.toml has 10 "
        "(`rudaux canvas push` updates Canvas)",
    )
    assert "Canvas has no points" in points_alarm(TEN, None)[0].text


def line(old: str | None, new: str | None, kind: PushClass = "changed") -> PushLine:
    there, then = (None if score is None else Decimal(score) for score in (old, new))
    return PushLine("io", kind, there, then)


def test_most_grades_of_canvas_going_down_is_an_alarm_from_one_student_on() -> None:
    [alarm] = lower_alarm([line("7", "6.5")])
    assert (alarm.kind, alarm.text) == ("lower", "1 of 1 grades in Canvas would go down")
    [alarm] = lower_alarm([line("7", "0"), line("6", "0"), line("5", "5", "unchanged")])
    assert alarm.text == "2 of 3 grades in Canvas would go down, 2 of them to 0"


def test_who_is_excused_and_who_has_no_grade_count_neither_way() -> None:
    beside = [line("9", None, "excused"), line("9", None, "excused"), line(None, "3", "new")]
    [alarm] = lower_alarm([line("7", "6"), *beside])
    assert alarm.text.startswith("1 of 1 grades")
    assert lower_alarm([line("7", "7"), *beside]) == ()
    assert lower_alarm([line("0.5", "0")]) != ()


def test_half_of_them_going_down_is_none() -> None:
    assert lower_alarm([line("7", "6"), line("7", "8")]) == ()
    assert lower_alarm([line("7", "6"), line("5", "5", "unchanged")]) == ()


def test_a_grade_that_was_not_there_cannot_go_down() -> None:
    assert lower_alarm([line(None, "0", "missing"), line(None, "3", "new")]) == ()
    assert lower_alarm([line("7", "6", "conflict"), line("9", None, "held")]) == ()


def test_one_student_whose_points_go_because_the_work_is_gone_is_an_alarm_in_any_class() -> None:
    class_of_ten = [line("7", "7", "unchanged")] * 9
    [alarm] = lower_alarm([*class_of_ten, line("7", "0", "missing")])
    assert "1 because the work is missing now" in alarm.text


def test_a_source_without_points_is_an_alarm_where_it_would_be_pushed() -> None:
    [alarm] = nothing_to_earn_alarm(Decimal(0), 4)
    assert alarm.kind == "points"
    assert alarm.text == "no cell of its source has points, so everybody would get exactly 0"
    assert nothing_to_earn_alarm(None, 4)
    assert nothing_to_earn_alarm(Decimal(0), 0) == ()
    assert nothing_to_earn_alarm(Decimal(4), 4) == ()


def test_a_mark_above_the_maximum_is_named_where_its_grade_would_be_written() -> None:
    names = {"1": "Io", "2": "Europa", "3": "Titan"}
    io = MarkAbove("1", "part-a in problem2", Decimal("55.0"), Decimal(5))
    europa = MarkAbove("2", "part-b in problem2", Decimal("5.5"), Decimal(5))
    [alarm] = above_maximum_alarm([io, europa], names, {"1", "3"})
    assert (alarm.kind, alarm.text) == (
        "above", "a mark by hand above the maximum: Io has 55 of 5 points for part-a in problem2"
    )  # fmt: skip
    assert above_maximum_alarm([io, europa], names, {"3"}) == ()
    [alarm] = above_maximum_alarm([io, europa, io, europa, io], names, names)
    assert alarm.text.startswith("5 marks by hand above the maximum: Io has 55 of 5 points")
    assert alarm.text.count("Europa has 5.5 of 5 points") == 1
    assert alarm.text.endswith("part-a in problem2, and 2 more")
    [alarm] = above_maximum_alarm([io, europa, io], names, names)
    assert "more" not in alarm.text


def test_a_test_that_nobody_reached_is_named_as_that() -> None:
    cell = CellScore("mean in hw", TEN, 5, 5)
    [alarm] = failed_test_alarms([cell], class_of(*["5"] * 5), {"mean in hw"})
    assert (alarm.kind, alarm.text) == (
        "test", "the test mean in hw ran in none of 5 submissions"
    )  # fmt: skip


def test_a_test_that_good_students_fail_is_an_alarm_where_it_is_more_than_chance() -> None:
    cell = MarkedCell("hw", "mean", TEN)

    def of(r: float | None) -> tuple[Alarm, ...]:
        return discrimination_alarms([ItemStatistics(cell, 12, TEN, 0.5, r, None, ())])

    [alarm] = of(-0.456)
    assert (alarm.kind, alarm.text) == (
        "discrimination",
        "good students fail the test mean in hw (discrimination -0.46 over 12 students)",
    )
    assert of(-0.1) != ()
    assert of(-0.09) == of(0.4) == of(None) == ()


def test_a_run_with_other_tests_or_in_another_image_is_an_alarm() -> None:
    same = [GradedWith("img", "tests")] * 4
    assert mixed_alarm(same) == mixed_alarm([]) == ()
    [alarm] = mixed_alarm([*same, GradedWith("img", "mended")])
    assert (alarm.kind, alarm.text) == (
        "mixed", "1 of 5 was graded with other tests than the rest"
    )  # fmt: skip
    [alarm] = mixed_alarm([*same, GradedWith("new", "mended"), GradedWith("new", "tests")])
    assert alarm.text == (
        "1 of 6 was graded with other tests than the rest, "
        "2 of 6 were graded in another image than the rest"
    )
