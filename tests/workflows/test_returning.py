"""What goes back into homes, on fakes: twice, killed, refused, hidden, and when solutions do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from rudaux.config import ReturnSettings
from rudaux.domain.canvas import CanvasAssignment
from rudaux.domain.deadlines import Override
from rudaux.domain.outcome import Outcome
from rudaux.errors import StorageFailure
from rudaux.workflows import returning
from tests.fakes import NEXT_WEEK, FakeContext, assignment, fake_course
from tests.workflows.run import run_grade, run_init, run_submit, standings

FEEDBACK, SOLUTION = "feedback/homework_1/homework_1.html", "solutions/homework_1/homework_1.html"


@pytest.fixture
def ctx(tmp_path: Path) -> FakeContext:
    """A course of four, three of whom handed in, graded and pushed."""
    ctx = fake_course(tmp_path, [assignment()])
    give_back(ctx, feedback=True, solution_share=0.7)
    run_init(ctx)
    for sid in ("1", "2", "3"):
        ctx.storage.hand_in(sid, sid)
    run_grade(ctx)
    run_submit(ctx)
    return ctx


def give_back(ctx: FakeContext, **settings: object) -> None:
    ctx.config = replace(ctx.config, returning=ReturnSettings(**settings))  # type: ignore[arg-type]


def give(ctx: FakeContext) -> list[Outcome]:
    return list(returning.apply(ctx, returning.plan(ctx, standings(ctx))))


def homes(ctx: FakeContext, path: str) -> list[str]:
    return sorted(sid for sid, where in ctx.storage.files if where == path)


def test_feedback_goes_to_the_graded_and_the_solution_to_the_whole_class_once(
    ctx: FakeContext,
) -> None:
    assert all(outcome.ok for outcome in give(ctx))
    assert homes(ctx, FEEDBACK) == ["1", "2", "3"]
    assert homes(ctx, SOLUTION) == ["1", "2", "3", "4"]
    before = dict(ctx.storage.files)
    assert len(returning.plan(ctx, standings(ctx))) == 0
    assert give(ctx) == []
    assert ctx.storage.files == before


def test_everybody_gets_their_own_feedback(ctx: FakeContext) -> None:
    give(ctx)
    for sid in ("1", "2", "3"):
        assert f"homework_1/{sid}/".encode() in ctx.storage.files[sid, FEEDBACK]


def test_a_report_that_is_another_student_s_goes_nowhere(ctx: FakeContext) -> None:
    ctx.grader.reports["homework_1", "1"] = ctx.grader.reports["homework_1", "2"]
    give(ctx)
    assert homes(ctx, FEEDBACK) == ["2", "3"]


def test_new_marks_replace_the_page_and_a_page_that_the_student_changed_stays(
    ctx: FakeContext,
) -> None:
    give(ctx)
    ctx.storage.files["1", FEEDBACK] += b"<p>my notes</p>"
    theirs = ctx.storage.files["1", FEEDBACK]
    for sid in ("1", "2"):
        row = ctx.gradebook.rows["homework_1", sid]
        ctx.gradebook.rows["homework_1", sid] = replace(row, score=row.score + 1)
        ctx.grader.feedback("homework_1", sid)
    run_submit(ctx)
    plan = returning.plan(ctx, standings(ctx))
    assert plan.counts == {("changed", FEEDBACK): 1, ("new", FEEDBACK): 1}
    outcomes = list(returning.apply(ctx, plan))
    assert ctx.storage.files["1", FEEDBACK] == theirs
    assert ("1", "feedback/homework_1/homework_1 (2).html") in ctx.storage.files
    assert "homework_1.html of their own" in outcomes[0].reason
    assert len(returning.plan(ctx, standings(ctx))) == 0


def test_grades_that_canvas_hides_are_not_shown_in_a_home_either(ctx: FakeContext) -> None:
    [known] = ctx.canvas.existing.values()
    ctx.canvas.posts_manually[known.id] = True
    ctx.canvas.existing[known.id] = replace(known, post_manually=True)
    rows = ctx.canvas.grades[known.id]
    for sid, row in rows.items():
        rows[sid] = replace(row, posted_at=None)
    plan = returning.plan(ctx, standings(ctx))
    assert FEEDBACK not in {path for _, path in plan.counts}
    assert "rudaux canvas post homework_1" in plan.notes[0]
    ctx.canvas.post_grades(known.id)
    assert ("new", FEEDBACK) in returning.plan(ctx, standings(ctx)).counts


def test_a_home_that_is_full_is_that_student_s_outcome_alone(ctx: FakeContext) -> None:
    ctx.storage.closed["2"] = "their home is full"
    outcomes = give(ctx)
    assert [(o.item, o.reason) for o in outcomes if not o.ok] == [
        ("Moon 2", "not returned: their home is full")
    ]
    assert homes(ctx, FEEDBACK) == ["1", "3"]
    ctx.storage.closed.clear()
    give(ctx)
    assert homes(ctx, FEEDBACK) == ["1", "2", "3"]


def test_who_has_no_home_is_no_trouble(ctx: FakeContext) -> None:
    ctx.storage.homeless.add("4")
    assert all(outcome.ok for outcome in give(ctx))
    assert homes(ctx, SOLUTION) == ["1", "2", "3"]


def test_a_storage_that_is_away_stops_it_before_anything(ctx: FakeContext) -> None:
    ctx.storage.down = StorageFailure("not mounted")
    with pytest.raises(StorageFailure):
        returning.plan(ctx, standings(ctx))


def test_killed_between_the_page_and_the_ledger_the_next_run_finds_it_its_own(
    ctx: FakeContext,
) -> None:
    give(ctx)
    ctx.ledger.done.clear()  # written ahead, and never said to be done
    row = ctx.gradebook.rows["homework_1", "1"]
    ctx.gradebook.rows["homework_1", "1"] = replace(row, score=row.score + 1)
    ctx.grader.feedback("homework_1", "1")
    run_submit(ctx)
    give(ctx)
    assert sorted(path for sid, path in ctx.storage.files if sid == "1") == [FEEDBACK, SOLUTION]


def test_without_a_ledger_nothing_is_written_over(ctx: FakeContext) -> None:
    give(ctx)
    before = dict(ctx.storage.files)
    ctx.ledger.ours.clear()
    ctx.ledger.done.clear()
    give(ctx)
    assert ctx.storage.files == before


# --- when solutions do ---------------------------------------------------------------------------


def extend(ctx: FakeContext, sid: str) -> CanvasAssignment:
    [known] = ctx.canvas.existing.values()
    ctx.canvas.existing[known.id] = replace(known, has_overrides=True)
    ctx.canvas.override_list[known.id] = [Override(1, NEXT_WEEK, student_ids=frozenset({sid}))]
    return known


def test_an_extension_keeps_the_solution_from_everybody_or_with_a_share_from_them(
    ctx: FakeContext,
) -> None:
    extend(ctx, "4")
    give_back(ctx, solution_share=1.0)
    plan = returning.plan(ctx, standings(ctx))
    assert len(plan) == 0
    assert "1 student can still hand in" in plan.notes[0]
    give_back(ctx, solution_share=0.75)
    give(ctx)
    assert homes(ctx, SOLUTION) == ["1", "2", "3"]
    ctx.moment = NEXT_WEEK + timedelta(hours=1)
    run_grade(ctx)
    give(ctx)
    assert homes(ctx, SOLUTION) == ["1", "2", "3", "4"]


def test_an_extension_of_somebody_whose_work_is_in_keeps_it_back_until_it_is_collected_again(
    ctx: FakeContext,
) -> None:
    extend(ctx, "1")
    give_back(ctx, solution_share=0.5)
    give(ctx)
    assert homes(ctx, SOLUTION) == ["2", "3", "4"]
    ctx.moment = NEXT_WEEK + timedelta(hours=1)
    give(ctx)
    assert homes(ctx, SOLUTION) == ["2", "3", "4"]
    run_grade(ctx)
    give(ctx)
    assert homes(ctx, SOLUTION) == ["1", "2", "3", "4"]


def test_a_proof_that_nothing_was_handed_in_counts_as_of_the_last_deadline_alone(
    ctx: FakeContext,
) -> None:
    extend(ctx, "4")
    give_back(ctx, solution_share=1.0)
    ctx.moment = NEXT_WEEK + timedelta(hours=1)
    assert len(returning.plan(ctx, standings(ctx))) == 0
    run_grade(ctx)
    give(ctx)
    assert homes(ctx, SOLUTION) == ["1", "2", "3", "4"]


def test_work_that_could_not_be_read_keeps_the_solution_back(tmp_path: Path) -> None:
    ctx = fake_course(tmp_path, [assignment()])
    give_back(ctx, solution_share=1.0)
    run_init(ctx)
    for sid in ("1", "2", "3", "4"):
        ctx.storage.hand_in(sid, sid)
    ctx.storage.broken["3"] = StorageFailure("cannot be read")
    run_grade(ctx)
    assert len(returning.plan(ctx, standings(ctx))) == 0


def test_a_solution_that_shows_a_hidden_test_stays_here_and_says_which(ctx: FakeContext) -> None:
    ctx.grader.leaks = ("nb.html shows the hidden test of nb.ipynb, cell squares.",)
    plan = returning.plan(ctx, standings(ctx))
    assert SOLUTION not in {path for _, path in plan.counts}
    assert "nb.html shows the hidden test" in plan.notes[0]


def test_nothing_goes_back_where_it_is_not_asked_for(ctx: FakeContext) -> None:
    give_back(ctx)
    assert give(ctx) == []
    assert ctx.storage.files == {}


def test_an_assignment_with_nothing_else_to_do_is_due_until_its_solution_is_there(
    ctx: FakeContext,
) -> None:
    assert returning.solutions_due(ctx, standings(ctx))
    give(ctx)
    assert not returning.solutions_due(ctx, standings(ctx))
    give_back(ctx, feedback=True)
    assert not returning.solutions_due(ctx, standings(ctx))
