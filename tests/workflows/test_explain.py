from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from rudaux.domain.collection import Collection
from rudaux.domain.deadlines import Override
from rudaux.domain.explanation import Explanation
from rudaux.domain.extensions import OverrideRecord
from rudaux.domain.marks import SheetMark
from rudaux.domain.sharing import Piece
from rudaux.errors import UsageError
from rudaux.workflows.explain import as_json, explain
from tests.fakes import NEXT_WEEK, VANCOUVER, YESTERDAY, FakeContext, FakeLedger, fake_course
from tests.workflows.run import run_autograde, run_collect, run_init, run_submit


@pytest.fixture
def ctx(tmp_path: Path) -> FakeContext:
    """Moon 1 got 3 of 4 points, Moon 2 waits for a person, Moon 3 is missing; 1 and 3 pushed."""
    course = fake_course(tmp_path, students=3)
    course.config = replace(course.config, grading=replace(course.config.grading, zero_guard=1.0))
    run_init(course)
    course.storage.hand_in("1", "3")
    course.storage.hand_in("2", "manual")
    run_collect(course)
    course.ledger.start_run("grade homework_1")
    run_autograde(course)
    run_submit(course)
    course.ledger.end_run(1, 0)
    course.gradebook.sheets["homework_1", "1"] = (
        SheetMark("nb.ipynb", "a", Decimal(3), Decimal(2)),
        SheetMark(
            "nb.ipynb", "b", Decimal(1), None, Decimal(1), comment="Good", comment_by_hand=True
        ),
        SheetMark("nb.ipynb", "answer", None, comment="Shorter, please"),
    )
    course.grader.errors["homework_1", "1"] = {("nb.ipynb", "a"): "AssertionError: 1 is not 2"}
    return course


def told(ctx: FakeContext, given: str = "1") -> Explanation:
    return explain(ctx, ctx.config.assignments[0], given)


def test_a_grade_is_followed_from_the_deadline_to_canvas(ctx: FakeContext) -> None:
    written = len(ctx.canvas.writes)
    document = as_json(told(ctx), VANCOUVER)
    assert document["student"] == {"id": "1", "name": "Moon 1"}
    assert document["deadline"]["at"] == YESTERDAY.astimezone(VANCOUVER).isoformat()
    assert document["deadline"]["from"] == "base"
    assert document["collected"]["snapshot"] == "s1"
    assert document["collected"]["files"] == ["nb.ipynb"]
    assert document["collected"]["intact"] is True
    assert document["repairs"] == []
    assert document["graded"]["run"] == 1
    first, second = document["tests"]
    assert (first["points"], first["max"], first["by_hand"]) == ("2", "3", False)
    assert (first["verdict"], first["error"]) == ("partly", "AssertionError: 1 is not 2")
    assert (second["points"], second["by_hand"], second["verdict"]) == ("1", True, "passed")
    assert [c["text"] for c in document["comments"]] == ["Good", "Shorter, please"]
    scores = ("score", "max_score", "penalty", "canvas_points", "canvas_now")
    assert [document[key] for key in scores] == ["3", "4", "0", "7.5", "7.5"]
    [push] = document["pushes"]
    assert (push["run"], push["old"], push["new"], push["read_back"]) == (1, None, "7.5", "7.5")
    assert (document["state"], document["unknown"]) == ("pushed", [])
    assert len(ctx.canvas.writes) == written


def test_tests_stand_in_the_order_of_the_source_as_far_as_it_is_there(ctx: FakeContext) -> None:
    ctx.grader.order = ("answer", "b", "a")
    assert [mark.cell for mark in told(ctx).marks] == ["answer", "b", "a"]
    ctx.grader.order = ()
    assert [mark.cell for mark in told(ctx).marks] == ["a", "b", "answer"]


@pytest.mark.parametrize(
    ("override", "source"),
    [
        (Override(17, NEXT_WEEK, student_ids=frozenset({"1"}), title="Ill"), "student"),
        (Override(17, NEXT_WEEK, section_id=1, title="Lab 2"), "section"),
        (Override(17, NEXT_WEEK, group_id=5), "group"),
    ],
)
def test_an_override_is_named_as_what_the_deadline_is_from(
    ctx: FakeContext, override: Override, source: str
) -> None:
    ctx.canvas.existing[101] = replace(ctx.canvas.existing[101], has_overrides=True)
    ctx.canvas.override_list[101] = [override]
    ctx.canvas.groups = {5: frozenset({"1"})}
    deadline = as_json(told(ctx), VANCOUVER)["deadline"]
    assert (deadline["from"], deadline["override"]["id"]) == (source, 17)
    assert deadline["override"]["title"] == override.title
    assert deadline["base"] == YESTERDAY.astimezone(VANCOUVER).isoformat()


def test_a_late_penalty_is_part_of_the_formula(ctx: FakeContext) -> None:
    key = ("homework_1", "1")
    late = YESTERDAY + timedelta(hours=2)
    ctx.gradebook.rows[key] = replace(
        ctx.gradebook.rows[key], score=Decimal(1), penalty=Decimal(2), submitted_at=late
    )
    document = as_json(told(ctx), VANCOUVER)
    assert document["handed_in"]["seconds_late"] == 7200
    scores = ("score", "penalty", "canvas_points", "canvas_now", "state")
    assert [document[key] for key in scores] == ["1", "2", "2.5", "7.5", "graded"]


def test_work_that_waits_for_a_person_has_no_points_and_missing_work_has_none_of_its_own(
    ctx: FakeContext,
) -> None:
    waits, missing = (as_json(told(ctx, sid), VANCOUVER) for sid in ("2", "3"))
    assert (waits["state"], waits["canvas_points"], waits["canvas_now"]) == (
        "needs_manual", None, None,
    )  # fmt: skip
    assert (missing["score"], missing["canvas_points"], missing["canvas_now"]) == (None, "0", "0")
    assert missing["why"] == "no folder in their home"
    assert (missing["repairs"], missing["tests"], missing["unknown"]) == (None, [], [])


def test_with_a_lost_ledger_what_is_not_known_is_said(ctx: FakeContext) -> None:
    ctx.ledger = FakeLedger()
    document = as_json(told(ctx), VANCOUVER)
    assert document["collected"]["at"] is document["collected"]["digest"] is None
    assert document["repairs"] is document["graded"] is None
    assert document["pushes"] == []
    said = (
        "Either rudaux did not collect this work, or its ledger was lost:",
        "rudaux's ledger has no record of grading it,",
        "rudaux's ledger has no record of entering their grade in Canvas,",
    )
    assert len(document["unknown"]) == len(said)
    assert all(map(str.startswith, document["unknown"], said))
    assert (document["score"], document["canvas_now"]) == ("3", "7.5")


def test_a_folder_that_was_read_without_a_snapshot_proves_nothing_about_the_deadline(
    ctx: FakeContext,
) -> None:
    done = ctx.ledger.collections["homework_1", "1"]
    ctx.ledger.collections["homework_1", "1"] = replace(done, snapshot=None)
    [gap] = told(ctx).gaps
    assert "no snapshot" in gap


def test_files_that_changed_or_are_gone_since_they_were_collected_are_noticed(
    ctx: FakeContext,
) -> None:
    folder = ctx.grader.submitted_folder("homework_1", "1")
    (folder / "nb.ipynb").write_text("4")
    [gap] = told(ctx).gaps
    assert "differ from what was collected" in gap
    shutil.rmtree(folder)
    found = told(ctx)
    assert (found.files, found.intact) == (None, None)
    assert "gone from the submitted folder" in " ".join(found.gaps)


def test_work_that_nbgrader_collected_has_no_source_that_is_known(ctx: FakeContext) -> None:
    ctx.ledger.collections["homework_1", "1"] = Collection("", None, YESTERDAY)
    [gap] = told(ctx).gaps
    assert gap.startswith("Either rudaux did not collect this work")


def test_a_student_who_left_is_explained_as_far_as_it_is_known(ctx: FakeContext) -> None:
    ctx.canvas.roster = [s for s in ctx.canvas.roster if s.id != "1"]
    ctx.canvas.grades[101].pop("1")
    document = as_json(told(ctx, "moon 1"), VANCOUVER)
    assert document["deadline"]["at"] is document["deadline"]["from"] is None
    assert document["canvas_now"] is None
    assert document["score"] == "3"
    assert "Canvas no longer lists them" in document["unknown"][0]


def test_an_assignment_that_is_not_in_canvas_is_due_as_configured(ctx: FakeContext) -> None:
    ctx.canvas.existing.clear()
    found = told(ctx)
    assert found.deadline_from == "configuration"
    assert found.due is not None
    assert found.due.at == YESTERDAY
    assert "not in Canvas" in found.gaps[0]


def test_several_students_are_listed_and_nobody_is_guessed(ctx: FakeContext) -> None:
    with pytest.raises(UsageError, match="matches 3 students") as several:
        told(ctx, "moon")
    assert "  2  Moon 2" in str(several.value).splitlines()
    with pytest.raises(UsageError, match="did you mean Moon"):
        told(ctx, "moan")


def test_time_that_canvas_has_not_taken_yet_is_named_as_an_extension(ctx: FakeContext) -> None:
    assignment = ctx.config.assignments[0]
    record = OverrideRecord(
        assignment.name, "1", "extension", "create", None, YESTERDAY, NEXT_WEEK, ctx.now()
    )
    ctx.ledger.record_override(record)
    assert as_json(told(ctx), VANCOUVER)["deadline"]["from"] == "extension"
    assert not [gap for gap in told(ctx).gaps if "no override says why" in gap]


def test_who_was_to_mark_the_work_is_named(ctx: FakeContext) -> None:
    assert as_json(told(ctx, "2"), VANCOUVER)["markers"] == {}
    ctx.ledger.record_division("homework_1", {Piece("2", "nb/answer"): "Ann"})
    assert as_json(told(ctx, "2"), VANCOUVER)["markers"] == {"nb/answer": "Ann"}
