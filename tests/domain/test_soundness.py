from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from rudaux.domain.checks import Check, exit_code, verdict
from rudaux.domain.execution import Verdict
from rudaux.domain.rehearsal import Attempt, CellError, CellSeconds, Rehearsal, RehearsedMark
from rudaux.domain.soundness import Limits, Wanted, fails_itself, judge, summary
from rudaux.domain.watching import Peak, Reached, Watched

LIMITS = Limits(cell_timeout=60, timeout=600, memory=1 << 30, network=False)
WANTED = Wanted("homework_1", Decimal(10), ("/course", "/home/ann"))


def mark(name: str, points: float, maximum: float = 5, by_hand: bool = False) -> RehearsedMark:
    return RehearsedMark("nb", name, Decimal(str(points)), Decimal(str(maximum)), by_hand)


def run(*marks: RehearsedMark, verdict: Verdict = "ok", reason: str = "") -> Attempt:
    return Attempt(verdict, reason, 4.0, marks, times=(CellSeconds("nb.ipynb", "a", 2.0),))


SOLVED = run(mark("a", 5), mark("b", 5))
SOUND = Rehearsal(
    (SOLVED, SOLVED, SOLVED), run(mark("a", 0), mark("b", 0)),
    Watched(peaks=(Peak("a", 100 << 20), Peak("b", 100 << 20))),
)  # fmt: skip


def found(seen: Rehearsal, limits: Limits = LIMITS, points: str = "10") -> dict[str, Check]:
    return {c.name: c for c in judge(seen, limits, replace(WANTED, points=Decimal(points)))}


def test_a_sound_assignment_has_nothing_amiss_and_says_so_in_a_clause() -> None:
    checks = judge(SOUND, LIMITS, WANTED)
    assert exit_code(checks) == 0
    assert not fails_itself(checks)
    assert summary(checks) == (
        "the solution gets all 10 points of 2 tests, 3 times over; the release, handed in "
        "untouched, gets 0 points; it holds no solution and no hidden test"
    )
    assert found(SOUND)["time"].text == "slowest cell: a, 2.0 s of 60 s; in total 4.0 s of 600 s"
    assert found(SOUND)["memory"].text == "at most 100 MB of 1 GB, reached in a"


def test_a_test_that_always_fails_and_one_that_differs_are_told_apart() -> None:
    bad = replace(run(mark("a", 0), mark("b", 0)), errors=(CellError("nb.ipynb", "a", "E: x"),))
    half = run(mark("a", 0), mark("b", 5))
    checks = found(replace(SOUND, solutions=(bad, half, half)))
    assert checks["solution"].text == "a: the solution got 0 of 5 points (E: x)"
    assert checks["flaky"].text == "b: the solution passed in 2 of 3 runs (a: E: x)"
    assert fails_itself(checks.values())


def test_a_solution_that_would_be_held_is_broken() -> None:
    doubtful = replace(SOLVED, doubts=("nb: it replaces builtins.round",))
    checks = found(replace(SOUND, solutions=(doubtful, SOLVED, SOLVED)))
    assert "builtins.round" in checks["solution"].text


def test_partial_points_of_the_release_are_counted_and_marks_by_hand_are_not() -> None:
    untouched = run(mark("a", 1.5), mark("b", 0), mark("essay", 3, by_hand=True))
    checks = found(replace(SOUND, untouched=untouched), points="15")
    assert checks["untouched"].text == (
        "the release, handed in untouched, gets 1.5 points: it passes a"
    )


@pytest.mark.parametrize(
    ("points", "result", "words"),
    [
        ("10", "ok", "as in Canvas"),
        ("20", "ok", "each counts 2"),
        ("12.5", "ok", "each counts 1.25"),
        ("7.77777", "look", "each point counts 0.7778 there"),
        ("0", "ok", "each counts 0"),
    ],
)
def test_points_add_up_or_scale_by_a_number_that_people_can_read(
    points: str, result: str, words: str
) -> None:
    check = found(SOUND, points=points)["points"]
    assert check.result == result
    assert words in check.text


def test_an_assignment_without_points_is_broken() -> None:
    nothing = run(mark("a", 0, 0))
    checks = found(replace(SOUND, solutions=(nothing,) * 3, untouched=nothing))
    assert checks["points"].result == "broken"


@pytest.mark.parametrize(
    ("verdict", "name"),
    [("cell_timeout", "time"), ("timeout", "time"), ("out_of_memory", "memory")],
)
def test_a_solution_that_runs_into_a_limit_is_broken(verdict: Verdict, name: str) -> None:
    cut = run(mark("a", 5), mark("b", 5), verdict=verdict, reason="cell 2 was cut off")
    check = found(replace(SOUND, solutions=(cut, SOLVED, SOLVED)))[name]
    assert (check.result, "cell 2 was cut off" in check.text) == ("broken", True)


def test_a_kernel_that_dies_once_is_broken() -> None:
    died = run(mark("a", 5), mark("b", 5), verdict="kernel_died", reason="the kernel died")
    check = found(replace(SOUND, solutions=(died, SOLVED, SOLVED)))["solution"]
    assert check.text == "its run ended early: the kernel died"


def test_near_a_limit_is_worth_a_look() -> None:
    slow = replace(SOLVED, times=(CellSeconds("nb.ipynb", "a", 31.0),))
    assert found(replace(SOUND, solutions=(slow, SOLVED, SOLVED)))["time"].result == "look"
    fat = Watched(peaks=(Peak("a", 1 << 20), Peak("b", 600 << 20)))
    check = found(replace(SOUND, watched=fat))["memory"]
    assert (check.result, check.text) == ("look", "at most 600 MB of 1 GB, reached in b")


def test_memory_of_other_kernels_is_not_guessed() -> None:
    assert "not measured" in found(replace(SOUND, watched=Watched()))["memory"].text


def test_the_network_is_broken_where_grading_has_none_else_worth_a_look() -> None:
    calls = replace(SOUND, watched=Watched(hosts=(Reached("a", "example.org"),)))
    assert found(calls)["network"].result == "broken"
    assert found(calls, replace(LIMITS, network=True))["network"].result == "look"


@pytest.mark.parametrize(
    "text",
    [
        "gaierror: [Errno -2] Name or service not known",
        "Error: cannot open the connection to 'http://example.org'",
        "ConnectionError: HTTPSConnectionPool(host='x'): Max retries exceeded",
    ],
)
def test_an_error_tells_of_the_network_where_no_kernel_is_watched(text: str) -> None:
    failed = replace(run(mark("a", 0), mark("b", 5)), errors=(CellError("nb.ipynb", "a", text),))
    assert found(replace(SOUND, solutions=(failed,) * 3))["network"].result == "broken"


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("FileNotFoundError: [Errno 2] No such file or directory: 'a b.csv'", "a b.csv"),
        ("Error: cannot open file 'marks.csv': No such file or directory", "marks.csv"),
    ],
)
def test_a_file_that_is_not_released_is_named(text: str, file: str) -> None:
    failed = replace(run(mark("a", 0), mark("b", 5)), errors=(CellError("nb.ipynb", "a", text),))
    check = found(replace(SOUND, solutions=(failed,) * 3))["files"]
    assert check.text == f"a reads {file}, which is not released"
    assert "source/homework_1" in check.remedy


def test_a_file_of_the_instructors_own_is_named_and_a_librarys_is_not() -> None:
    files = (Reached("a", "/home/ann/data.csv"), Reached("a", "/opt/lib/x.dat"))
    check = found(replace(SOUND, watched=Watched(files=files)))["files"]
    assert check.text == "a opens /home/ann/data.csv, which students do not have"


def test_each_leak_is_named() -> None:
    leaks = ("nb.ipynb, cell 3 shows the solution of nb.ipynb, cell a.",)
    check = found(replace(SOUND, leaks=leaks))["release"]
    assert (check.result, check.text) == ("broken", leaks[0].rstrip("."))


def test_the_exit_code_is_of_the_worst() -> None:
    look = Check("a", "look", "")
    ours, theirs = Check("b", "broken", "", ours=True), Check("c", "broken", "")
    assert [exit_code(c) for c in ((), (look,), (look, ours), (look, ours, theirs))] == [0, 6, 3, 5]
    assert verdict((look, ours, theirs)) == "2 broken, 1 to look at"
