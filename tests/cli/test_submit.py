"""The push as a person and as a script meet it; the systems behind it are fakes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from rudaux.adapters.ledger import SqliteLedger
from rudaux.cli.app import app
from rudaux.cli.describe.push import SHOWN
from rudaux.cli.pushing import Pushing, make_feedback, push_grades
from rudaux.cli.view import View
from rudaux.domain.alarms import CellScore
from rudaux.errors import NeedsPersonError
from tests.cli.terminal import Terminal
from tests.course import SmallCourse
from tests.fakes import FakeContext
from tests.kept import CourseAfter
from tests.workflows.run import run_submit, standings
from tests.workflows.test_push import entered, graded, regrade

ROOT = Path(__file__).parents[2]
GRADED = (("init",), ("grade", "homework_1", "--manual"))
DOWN, ENTER = "\x1b[B", "\r"


def push(ctx: FakeContext, pushing: Pushing | None = None) -> list[str]:
    """Push unattended; give the reasons of what was not done."""
    done = push_grades(ctx, View(no_prompt=True), standings(ctx), pushing or Pushing())
    return [o.reason for o in done if not o.ok]


def looks_wrong(folder: Path) -> FakeContext:
    """A course in which many have 0 and one test fails for all."""
    ctx = graded(folder, *["0"] * 4, "4", "4")
    ctx.gradebook.cells = (CellScore("mean in homework_1", Decimal(1), 6, 6),)
    return ctx


# --- What is shown ------------------------------------------------------------------------------


def test_a_dry_run_shows_counts_and_what_is_not_plain_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ctx = graded(tmp_path, "4", "2", "1", students=4)
    ctx.canvas.enter(101, "2", "9")
    before = list(ctx.canvas.writes)
    assert push(ctx, Pushing(dry_run=True)) == []
    out = capsys.readouterr().out
    counts = "2 new · 1 missing (0 points) · 1 edited in Canvas · feedback for 2"
    assert f"4 students: {counts}" in out
    lines = [line.split() for line in out.splitlines() if "Moon" in line]
    assert lines[0] == ["-", "1", "missing", "(0", "points)", "Moon", "4"]
    assert lines[1][:4] == ["Moon", "2", "9.00", "5.00"]
    assert "--overwrite-edits" in out
    assert (ctx.canvas.writes, ctx.ledger.pushes) == (before, [])


def test_a_score_that_sinks_is_listed_before_one_that_rises(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ctx = graded(tmp_path, "2", "2", "2")
    run_submit(ctx)
    regrade(ctx, "3", "2", "1")
    push(ctx, Pushing(dry_run=True))
    lines = [line for line in capsys.readouterr().out.splitlines() if "Moon" in line]
    assert ["lower than before" in line for line in lines] == [True, False]


def test_a_long_list_is_cut_and_full_shows_everybody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ctx = graded(tmp_path, *["4"] * (SHOWN + 5), students=SHOWN + 25)
    run_submit(ctx)
    regrade(ctx, *["3"] * (SHOWN + 5))
    push(ctx, Pushing(dry_run=True))
    short = capsys.readouterr().out
    assert short.count("Moon") == SHOWN
    assert "and 5 more changed: --full shows all" in short
    push(ctx, Pushing(dry_run=True, full=True))
    whole = capsys.readouterr().out
    assert whole.count("Moon") == SHOWN + 25
    assert "--full" not in whole


def test_who_is_held_back_for_the_same_reason_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ctx = graded(tmp_path, "4", *["manual"] * 5)
    push(ctx, Pushing(dry_run=True))
    said = [line for line in capsys.readouterr().out.splitlines() if "Moon" in line]
    assert len(said) == 1
    assert "5 held back  Moon 2, Moon 3, Moon 4 and 2 more: " in said[0]


def test_it_is_said_whose_edited_feedback_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ctx = graded(tmp_path, "4", "3")
    ctx.grader.edited.add("1")
    assert make_feedback(ctx, View(no_prompt=True), standings(ctx)) == []
    where = "Edited feedback is kept in .rudaux/kept/feedback"
    assert f"  {where}: Moon 1\n" in capsys.readouterr().err


def test_alarms_are_in_a_dry_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    push(looks_wrong(tmp_path), Pushing(dry_run=True))
    out = capsys.readouterr().out
    assert "!  4 of the 6 students who handed in work get exactly 0" in out
    assert "!  all 6 students fail the test mean in homework_1" in out


# --- Unattended ---------------------------------------------------------------------------------


def test_what_looks_wrong_is_refused_with_the_flag_that_allows_it(tmp_path: Path) -> None:
    ctx = looks_wrong(tmp_path)
    with pytest.raises(NeedsPersonError) as refused:
        push(ctx)
    assert "exactly 0" in str(refused.value)
    assert "fail the test mean" in str(refused.value)
    assert "--accept-alarms would have allowed it" in str(refused.value)
    assert set(entered(ctx).values()) == {None}
    with pytest.raises(NeedsPersonError, match="--accept-alarms"):
        push(ctx, Pushing(accept_zeros=True))
    assert push(ctx, Pushing(accept_alarms=True)) == []
    assert entered(ctx)["5"] == 10


@pytest.mark.parametrize("pushing", [Pushing(accept_zeros=True), Pushing(accept_alarms=True)])
def test_zeros_alone_are_allowed_by_their_own_flag_or_the_general_one(
    tmp_path: Path, pushing: Pushing
) -> None:
    ctx = graded(tmp_path, *["0"] * 4, "4", "4")
    with pytest.raises(NeedsPersonError, match="--accept-zeros"):
        push(ctx)
    assert push(ctx, pushing) == []
    assert entered(ctx)["1"] == 0


def test_edits_are_kept_and_nothing_is_asked(tmp_path: Path) -> None:
    ctx = graded(tmp_path, "4", "2", "1")
    ctx.canvas.enter(101, "2", "9")
    assert push(ctx) == []
    assert entered(ctx)["2"] == 9
    assert push(ctx, Pushing(overwrite_edits=True)) == []
    assert entered(ctx)["2"] == 5


# --- For scripts --------------------------------------------------------------------------------


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_one_document_tells_the_plan_and_what_was_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ctx = graded(tmp_path, "4", "2", "1")
    push(ctx, Pushing(dry_run=True, as_json=True))
    planned = document(capsys)
    assert (planned["counts"]["new"], planned["outcomes"]) == (3, [])
    assert entered(ctx)["1"] is None
    push(ctx, Pushing(as_json=True))
    done = document(capsys)
    assert done["lines"] == planned["lines"]
    assert {o["result"] for o in done["outcomes"]} == {"done"}
    push(ctx, Pushing(as_json=True))
    assert document(capsys)["counts"]["unchanged"] == 3


def test_the_document_tells_the_alarms_of_a_refused_push(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ctx = looks_wrong(tmp_path)
    with pytest.raises(NeedsPersonError):
        push(ctx, Pushing(as_json=True))
    told = document(capsys)
    assert [alarm["kind"] for alarm in told["alarms"]] == ["zeros", "test"]
    assert told["outcomes"] == []


def test_the_command_speaks_json_and_exits_as_ever(course_after: CourseAfter) -> None:
    course = course_after(*GRADED, assignments=("homework_1",), kinds=("right", "partly"))
    course.edit("points = 10", "points = 20")
    refused = course.rudaux("submit", "homework_1", "--json", code=4)
    [alarm] = json.loads(refused.out)["alarms"]
    assert "Canvas has 10 points for it, but rudaux.toml has 20" in alarm["text"]
    assert "--accept-alarms" in refused.err
    assert "--accept-alarms" in course.rudaux("grade", "homework_1", code=4).err
    assert set(course.grades().values()) == {None}
    course.edit("points = 20", "points = 10")
    told = json.loads(course.rudaux("submit", "homework_1", "--json").out)
    assert {o["result"] for o in told["outcomes"]} == {"done"}
    assert course.grades() == course.practice.expected("homework_1")


def test_on_a_terminal_json_does_not_push_without_being_told_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rudaux.cli.view._is_terminal", lambda _: True)
    result = CliRunner().invoke(app, ["submit", "homework_1", "--json"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--dry-run to see the plan, or --no-prompt to push" in result.stderr


# --- Killed -------------------------------------------------------------------------------------


def kill_at_read_back(course: SmallCourse) -> None:
    """Run a submit that is killed when it asks what Canvas made of the grades."""
    command = [sys.executable, "-m", "rudaux", "submit", "homework_1", "--no-prompt"]
    seen: list[str] = []
    process = subprocess.Popen(
        [*command, "--dir", str(course.folder)], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip

    def watch(method: str, path: str) -> None:
        written = any(asked.endswith("/update_grades") for asked in seen)
        if written and method == "GET" and path.endswith("/submissions"):
            os.killpg(process.pid, signal.SIGKILL)
        seen.append(path)

    course.canvas.switches.fault = watch
    assert process.wait(60) == -signal.SIGKILL
    course.canvas.switches.fault = None


def test_grades_of_a_killed_run_are_told_from_a_persons(course_after: CourseAfter) -> None:
    course = course_after(*GRADED, assignments=("homework_1",), kinds=("right", "partly"))
    kill_at_read_back(course)
    wanted = course.practice.expected("homework_1")
    assert course.grades() == wanted
    ledger = SqliteLedger(course.folder / ".rudaux" / "ledger.db")
    assert {p.read_back for p in ledger.push_records()} == {None}
    course.edit("points = 10", "points = 20")
    course.rudaux("submit", "homework_1", "--accept-alarms")
    twice = {
        s: score and pytest.approx(score * 2, abs=Decimal("0.0002")) for s, score in wanted.items()
    }
    assert course.grades() == twice
    assert all(p.read_back == p.new and not p.adopted for p in ledger.push_records())


# --- On a terminal ------------------------------------------------------------------------------


def on_terminal(body: str, folder: Path) -> Terminal:
    """Run `body` with a course of three students, pushed and then edited in Canvas."""
    script = folder / "script.py"
    script.write_text(f"""
from pathlib import Path
from rudaux.cli.pushing import Pushing, push_grades
from rudaux.cli.view import View
from tests.workflows.run import run_submit, standings
from tests.workflows.test_push import entered, graded, regrade
from tests.cli.test_submit import looks_wrong

folder = Path({str(folder)!r})
{body}
push_grades(ctx, View(), standings(ctx), Pushing())
print("in Canvas:", *(str(score) for score in entered(ctx).values()), "end")
""")
    return Terminal([sys.executable, str(script)], folder, {"PYTHONPATH": str(ROOT)})


EDITED = """
ctx = graded(folder, "4", "2", "1")
run_submit(ctx)
ctx.canvas.enter(101, "1", "9")
ctx.canvas.enter(101, "2", "8")
"""


def test_edits_are_decided_one_by_one(tmp_path: Path) -> None:
    screen = on_terminal(EDITED, tmp_path)
    screen.wait_for("2 grades were edited in Canvas:")
    screen.press(DOWN + DOWN + ENTER)
    screen.wait_for("keep Canvas's 9.00")
    screen.press(ENTER)
    screen.wait_for("keep Canvas's 8.00")
    screen.press(DOWN + ENTER)
    screen.wait_for("push 1 grade to Canvas")
    screen.press(ENTER)
    screen.wait_for("in Canvas: 9 5.0000 2.5000 end")
    assert screen.ends() == 0


def test_all_edits_can_be_replaced_and_the_push_still_be_stopped(tmp_path: Path) -> None:
    screen = on_terminal(EDITED, tmp_path)
    screen.wait_for("2 grades were edited in Canvas:")
    screen.press(DOWN + ENTER)
    screen.wait_for("push 2 grades to Canvas")
    screen.press(DOWN + DOWN + ENTER)
    screen.wait_for("Nothing was pushed.")
    screen.wait_for("in Canvas: 9 8 2.5000 end")
    assert screen.ends() == 0


def test_the_whole_list_can_be_seen_before_the_push(tmp_path: Path) -> None:
    screen = on_terminal('ctx = graded(folder, "4", "2", "1")', tmp_path)
    screen.wait_for("push 3 grades and 3 feedback comments to Canvas")
    screen.press(DOWN + ENTER)
    screen.wait_for("Moon 3")
    screen.wait_for("What now?")
    screen.press(ENTER)
    screen.wait_for("in Canvas: 10.0000 5.0000 2.5000 end")
    assert screen.ends() == 0


def test_each_alarm_is_asked_about_and_enter_is_no(tmp_path: Path) -> None:
    screen = on_terminal("ctx = looks_wrong(folder)", tmp_path)
    screen.wait_for("exactly 0, more than the limit of 30%. Push anyway?")
    screen.press("y" + ENTER)
    screen.wait_for("fail the test mean in homework_1. Push anyway?")
    screen.press(ENTER)
    screen.wait_for("Nothing was pushed.")
    assert screen.ends() == 0
