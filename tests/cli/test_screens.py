"""What commands look like: each screen is kept as text in `screens/`, to be read in a review.

    REDRAW=1 pytest tests/cli/test_screens.py

writes them anew. Times, names and widths are fixed: no screen depends on the machine or the clock.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from rudaux.cli import explain as explaining
from rudaux.cli import init as setting_up
from rudaux.cli import pushing
from rudaux.cli import status as standing
from rudaux.cli.app import app
from rudaux.cli.describe.push import heading
from rudaux.cli.describe.words import UNGRADED
from rudaux.cli.summary import finish, graded_summary
from rudaux.cli.view import View
from rudaux.cli.width import wrapped
from rudaux.domain.grades import PushLine
from rudaux.domain.outcome import Outcome
from rudaux.domain.roster import Student
from rudaux.domain.submissions import Standing, State
from rudaux.errors import ConfigError, PartlyDone
from rudaux.workflows import explain, init, release
from rudaux.workflows.deadlines import Deadlines
from rudaux.workflows.standings import Standings
from rudaux.workflows.status import AssignmentStatus, CourseStatus
from rudaux.workflows.submit import FeedbackLine, SubmitPlan
from tests.fakes import NOW, VANCOUVER, assignment, fake_course
from tests.workflows import test_explain

SCREENS = Path(__file__).parent / "screens"
DUE = datetime(2026, 9, 30, 23, 59, tzinfo=VANCOUVER)
NAMES = (
    "Io Jupiter", "Europa Jupiter", "Ganymede Jupiter", "Callisto Jupiter", "Amalthea Jupiter",
    "Himalia Jupiter", "Mimas Saturn", "Enceladus Saturn", "Tethys Saturn", "Dione Saturn",
    "Rhea Saturn", "Titan Saturn", "Hyperion Saturn", "Iapetus Saturn", "Miranda Uranus",
    "Ariel Uranus", "Umbriel Uranus", "Titania Uranus", "Oberon Uranus", "Triton Neptune",
)  # fmt: skip
CUT_OFF = "homework_1.ipynb is cut off (line 107)"
DIED = "its kernel died twice; `rudaux grade homework_1 --student 4711` tries again"
STUDENTS = tuple(Student(str(1001 + n), name) for n, name in enumerate(NAMES))
ID = {s.name: s.id for s in STUDENTS}


def screen(width: int, terminal: str = "dumb", **more: str) -> tuple[View, io.StringIO]:
    """Return a view whose results and notices go to one screen of that width, and that screen."""
    seen, view = io.StringIO(), View(no_prompt=True)
    view.out = view.err = Console(
        file=seen, width=width, height=50, force_terminal=True, highlight=False,
        legacy_windows=False, _environ={"TERM": terminal, **more},
    )  # fmt: skip
    return view, seen


def is_as_kept(name: str, seen: str) -> None:
    """Compare with the screen that is kept, or keep it."""
    text = "".join(f"{line.rstrip()}\n" for line in seen.splitlines())
    kept = SCREENS / f"{name}.txt"
    if "REDRAW" in os.environ:
        kept.write_text(text)
    assert text == kept.read_text()


def help_of(*command: str, width: int) -> str:
    done = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": str(width)})
    assert done.exit_code == 0
    return done.output


@pytest.mark.parametrize("width", [60, 100, 160])
def test_help(width: int) -> None:
    is_as_kept(f"help-{width}", help_of(width=width))


def test_help_of_a_command_and_of_a_group() -> None:
    is_as_kept("help-grade-100", help_of("grade", width=100))
    is_as_kept("help-canvas-60", help_of("canvas", width=60))


def people() -> Standings:
    """Everybody, before anything is known of them."""
    deadlines = Deadlines(DUE, {s.id: DUE for s in STUDENTS})
    return Standings(assignment(), STUDENTS, None, deadlines, (), {})


def outcomes() -> list[Outcome]:
    """What becomes of everybody: graded, repaired, held, failed; three are missing."""
    odd = {
        "Iapetus Saturn": Outcome(
            "Iapetus Saturn", reason='cell "squares" was there twice', repaired=True
        ),
        "Ariel Uranus": Outcome(
            "Ariel Uranus", reason="a deleted test was put back", repaired=True
        ),
        "Rhea Saturn": Outcome("Rhea Saturn", "failed", CUT_OFF),
        "Oberon Uranus": Outcome("Oberon Uranus", "failed", "an unresolved merge conflict"),
        "Titan Saturn": Outcome("Titan Saturn", "held", "its tests were not shown to have run"),
        "Mimas Saturn": Outcome("Mimas Saturn", "held", "its tests were not shown to have run"),
    }
    missing = {"Amalthea Jupiter", "Hyperion Saturn", "Umbriel Uranus"}
    return [odd.get(name, Outcome(name)) for name in NAMES if name not in missing]


def a_run(view: View) -> None:
    view.line(f"{heading(people(), VANCOUVER)}\n", "bold")
    view.follow("  Collect", iter(map(Outcome, NAMES)), 20, "from snapshot 2026-10-01-0030")
    view.follow("  Autograde", iter(outcomes()), 17, failed=UNGRADED)
    view.notice("")
    view.summary(graded_summary(outcomes(), missing=3))


def a_manual_run(view: View) -> None:
    waiting = (("problem1", 3), ("problem2", 2))
    done = [
        replace(o, result="held", waiting=waiting, note=o.reason) if o.ok else o for o in outcomes()
    ]
    view.summary(graded_summary(done, planned=True, missing=3))


def a_push(view: View) -> None:
    kinds: dict[str, PushLine] = {
        "Io Jupiter": PushLine("", "changed", Decimal("7.5"), Decimal("8.5"), "regraded"),
        "Ganymede Jupiter": PushLine("", "changed", Decimal(9), Decimal(7), "lower than before"),
        "Europa Jupiter": PushLine(
            "", "conflict", Decimal(9), Decimal("7.5"),
            "edited in Canvas on 3 Oct by someone else: kept (--overwrite-edits replaces it)",
        ),
        "Callisto Jupiter": PushLine("", "excused", why="excused in Canvas"),
        "Rhea Saturn": PushLine("", "held", why=CUT_OFF),
        "Titan Saturn": PushLine("", "held", why=DIED),
        "Mimas Saturn": PushLine("", "held", why=DIED),
        "Amalthea Jupiter": PushLine("", "missing", None, Decimal(0), "no home"),
        "Hyperion Saturn": PushLine("", "missing", None, Decimal(0), "no home"),
        "Umbriel Uranus": PushLine("", "missing", Decimal(4), Decimal(0), "lower than before"),
    }  # fmt: skip
    plain = PushLine("", "unchanged", Decimal(10), Decimal(10))
    lines = tuple(replace(kinds.get(name, plain), student_id=ID[name]) for name in NAMES)
    plan = SubmitPlan(
        assignment(), 101, lines, (FeedbackLine("1001", ("a.html",), False),),
        {s.id: s.name for s in STUDENTS}, {}, {}, NOW,
        warnings=("good students fail the test squares (discrimination -0.41 over 15 students)",),
    )  # fmt: skip
    pushing._show(view, plan, pushing.Pushing(dry_run=True))


def a_course() -> CourseStatus:
    def one(name: str, day: int, published: bool, **counts: int) -> AssignmentStatus:
        due = datetime(2026, 10, day, 23, 59, tzinfo=VANCOUVER)
        states = dict.fromkeys(
            ("not_due", "missing", "collected", "failed", "needs_manual", "graded", "pushed"), 0
        )
        reasons = {"Rhea Saturn": Standing("1011", "failed", CUT_OFF)}
        all_in = tuple(
            reasons.get(s.name, Standing(s.id, "pushed" if s.id < "1018" else "needs_manual"))
            for s in STUDENTS
        )
        points = {s.id: Decimal("8.3333") for s in STUDENTS}
        where = replace(people(), by_student=all_in, targets=points)
        return AssignmentStatus(
            name, due, Decimal("12.5") if day > 9 else Decimal(10), 100 + day, None, published,
            True, None if day < 9 else due.replace(day=day + 1, hour=0, minute=9),
            {**states, **counts}, where,  # type: ignore[dict-item]
        )  # fmt: skip

    return CourseStatus(
        "dsci100", 12345, 20,
        (
            one("homework_1", 1, True, failed=1, needs_manual=3, pushed=16),
            one("homework_2", 8, True, missing=2, graded=18),
            one("worksheet_03", 15, False, not_due=20),
        ),
    )  # fmt: skip


def a_status(view: View) -> None:
    standing._show(view, a_course())
    standing._next_step(view, a_course())


def students_of_an_assignment(view: View) -> None:
    standing._students(view, a_course().assignments[0])


@pytest.mark.parametrize("width", [60, 100, 160])
@pytest.mark.parametrize(
    "drawn", [a_run, a_push, a_status, students_of_an_assignment], ids=lambda d: d.__name__
)
def test_a_screen(drawn: Callable[[View], None], width: int) -> None:
    view, seen = screen(width)
    drawn(view)
    assert max(map(len, seen.getvalue().splitlines())) <= width
    is_as_kept(f"{drawn.__name__.replace('_', '-')}-{width}", seen.getvalue())


def test_marking_by_hand_comes_next() -> None:
    view, seen = screen(100)
    a_manual_run(view)
    is_as_kept("a-manual-run-100", seen.getvalue())


def test_a_run_in_colour_and_where_no_colour_is_wanted() -> None:
    for name, unwanted in (("a-run-in-colour-100", {}), ("a-run-no-color-100", {"NO_COLOR": "1"})):
        view, seen = screen(100, "xterm", **unwanted)
        a_run(view)
        is_as_kept(name, seen.getvalue().replace("\x1b", "ESC"))


@pytest.mark.parametrize("width", [60, 100, 160])
def test_a_plan_of_init(width: int, tmp_path: Path) -> None:
    ctx = fake_course(tmp_path, [assignment(), assignment("homework_2", NOW.replace(day=9))])
    view, seen = screen(width)
    with release.workspace(ctx) as clone:
        setting_up._show(ctx, view, init.plan(ctx, clone))
    is_as_kept(f"init-{width}", seen.getvalue())


def test_an_explanation(tmp_path: Path) -> None:
    ctx = test_explain.ctx.__wrapped__(tmp_path)  # type: ignore[attr-defined]
    view, seen = screen(100)
    explaining._show(view, explain.explain(ctx, ctx.config.assignments[0], "1"), VANCOUVER)
    is_as_kept("explain-100", seen.getvalue())


def test_errors() -> None:
    with pytest.raises(PartlyDone) as partly:
        finish(
            outcomes(),
            "`rudaux status homework_1` lists them all.",
            [Outcome("Io", "failed"), Outcome("Europa", "held")],
        )
    wrong = ConfigError('rudaux.toml: canvas.course_id = "x": this should be a number', "two.")
    said = [CliRunner().invoke(app, ["grad"]).stderr]
    for error in (wrong, partly.value):
        said += [wrapped(f"rudaux: {line}\n", 60, hang=8) for line in str(error).splitlines()]
    is_as_kept("errors-60", "".join(said))


def test_who_is_due_and_not_collected_is_never_called_not_due() -> None:
    course = a_course()
    late, ahead = Standing("1001", "not_due", "due, but not collected yet"), course.assignments[2]
    early = tuple(Standing(s.id, "not_due", due=False) for s in STUDENTS[1:])
    where = replace(ahead.standings, by_student=(replace(late, student_id=STUDENTS[0].id), *early))
    one = replace(ahead, standings=where)
    header, rows = standing.overview([one])
    assert header[-2:] == ["not due", "to collect"]
    assert rows[0][-2:] == [19, 1]
    view, seen = screen(160)
    standing._next_step(view, replace(course, assignments=(one,)))
    assert "Next: `rudaux grade worksheet_03` collects and grades what is due." in seen.getvalue()


@pytest.mark.parametrize(
    ("state", "due", "command"),
    [
        ("failed", True, "rudaux grade homework_1"),
        ("not_due", True, "rudaux grade homework_1"),
        ("not_due", False, "rudaux submit homework_1"),
        ("needs_manual", True, "rudaux submit homework_1"),
    ],
)
def test_what_tries_again_is_what_helps(state: State, due: bool, command: str) -> None:
    left = replace(people(), by_student=(Standing(STUDENTS[0].id, state, due=due),))
    assert f"`{command}` tries again" in pushing.go_on(left)
