"""Who marks what, on fakes: twice, late comers, bars, hand-overs, and each grader's list."""

from __future__ import annotations

import csv
import stat
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from rudaux.config import GraderSettings
from rudaux.domain.sharing import OpenMark
from rudaux.domain.submissions import GradebookSubmission
from rudaux.errors import UsageError
from rudaux.workflows import sharing
from rudaux.workflows.lists import mark_links
from rudaux.workflows.sharing import SharePlan, marker_of, progress
from tests.fakes import FakeContext, FakeNotifier, assignment, fake_course

NAME = "homework_1"
LIST = Path("marking", NAME)


@pytest.fixture
def ctx(tmp_path: Path) -> FakeContext:
    ctx = fake_course(tmp_path, [assignment()], students=6)
    ctx.gradebook.save_students(ctx.canvas.roster)
    graders(ctx, GraderSettings("Ann"), GraderSettings("Bo"))
    wait(ctx, *"123456")
    return ctx


def graders(ctx: FakeContext, *people: GraderSettings) -> None:
    ctx.config = replace(ctx.config, graders=people)


def wait(ctx: FakeContext, *students: str) -> None:
    """Let two answers of each of these students wait, and nobody else's."""
    ctx.gradebook.waiting = tuple(
        OpenMark(sid, "nb", cell, 2.0, f"page{sid}") for sid in students for cell in ("a", "b")
    )
    for sid in students:
        row = GradebookSubmission(sid, None, True, True, Decimal(0))
        ctx.gradebook.rows[NAME, sid] = row


def share(ctx: FakeContext, **how: object) -> SharePlan:
    plan = sharing.plan(ctx, ctx.config.assignments[0], **how)  # type: ignore[arg-type]
    list(sharing.apply(ctx, plan))
    return plan


def whose(ctx: FakeContext) -> dict[str, str]:
    return {p.student_id + p.question: who for p, who in ctx.ledger.division(NAME).items()}


def test_submissions_are_divided_and_a_second_run_changes_nothing(ctx: FakeContext) -> None:
    share(ctx)
    assert Counter(whose(ctx).values()) == {"Ann": 3, "Bo": 3}
    before, files = whose(ctx), contents(ctx)
    assert len(share(ctx)) == 0
    assert (whose(ctx), contents(ctx)) == (before, files)


def contents(ctx: FakeContext) -> dict[str, str]:
    folder = ctx.config.folder / LIST
    return {p.name: p.read_text() for p in folder.iterdir() if p.name != ".gitignore"}


def test_a_dry_run_writes_nothing(ctx: FakeContext) -> None:
    assert len(sharing.plan(ctx, ctx.config.assignments[0]))
    assert whose(ctx) == {}
    assert list(ctx.config.folder.iterdir()) == []


def test_each_list_has_the_links_of_that_grader_and_nobody_else_can_read_it(
    ctx: FakeContext,
) -> None:
    share(ctx)
    for grader in ("Ann", "Bo"):
        with (ctx.config.folder / LIST / f"{grader}.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert {row["id"] for row in rows} == {s for s, who in whose(ctx).items() if who == grader}
        page = (ctx.config.folder / LIST / f"{grader}.html").read_text()
        assert all(row["link"].replace("&", "&amp;") in page for row in rows)
        assert "<script" not in page
    link = rows[1]["link"]
    assert link == (
        "https://hub.example.edu/jupyter/hub/user-redirect/formgrader/submissions/"
        f"page{rows[1]['id']}/?index=4"
    )
    for path in (ctx.config.folder / "marking").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    assert (ctx.config.folder / "marking" / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize(
    "url", ["https://g.example.edu/services/x", "https://g.example.edu/services/x/formgrader"]
)
def test_the_address_of_formgrader_can_be_configured(ctx: FakeContext, url: str) -> None:
    ctx.config = replace(ctx.config, grading=replace(ctx.config.grading, formgrader_url=url))
    share(ctx)
    assert (
        '"https://g.example.edu/services/x/formgrader/submissions/page' in contents(ctx)["Ann.html"]
    )


def test_an_answer_that_waits_leads_to_its_field_in_formgrader(ctx: FakeContext) -> None:
    links = mark_links(ctx, NAME, "2")
    assert list(links) == ["a", "b"]
    assert links["b"].endswith("/formgrader/submissions/page2/?index=4")


def test_a_name_that_is_markup_or_a_formula_stays_a_name(ctx: FakeContext) -> None:
    for sid, name in (("1", "<script>x</script>"), ("2", "=1+1")):
        ctx.gradebook.people[sid] = replace(ctx.gradebook.people[sid], first_name=name)
    share(ctx)
    pages = [text for name, text in contents(ctx).items() if name.endswith(".html")]
    assert "&lt;script&gt;x" in "".join(pages)
    assert "<script" not in "".join(pages)
    assert any("'=1+1" in text for name, text in contents(ctx).items() if name.endswith(".csv"))


def test_late_comers_go_to_whoever_has_least_left(ctx: FakeContext) -> None:
    share(ctx)
    anns = [sid for sid, who in whose(ctx).items() if who == "Ann"]
    wait(ctx, *(sid for sid in "123456" if sid not in anns[:2]), "7")
    share(ctx)
    assert whose(ctx)["7"] == "Ann"
    assert {p.grader: (p.done, p.left) for p in progress(ctx, NAME)} == {
        "Ann": (2, 2),
        "Bo": (0, 3),
    }


def test_whoever_has_left_the_course_is_given_to_nobody(ctx: FakeContext) -> None:
    ctx.ledger.record_dropped(["6"])
    share(ctx)
    assert "6" not in whose(ctx)


def test_graders_of_other_assignments_get_nothing_and_without_any_it_says_what_to_add(
    ctx: FakeContext,
) -> None:
    graders(ctx, GraderSettings("Ann", ("lab_*",)), GraderSettings("Bo", ("home*",)))
    share(ctx)
    assert set(whose(ctx).values()) == {"Bo"}
    graders(ctx, GraderSettings("Ann", ("lab_*",)))
    with pytest.raises(UsageError, match=r"add \[\[graders\]\]"):
        share(ctx)


def test_by_question_each_question_has_one_marker_and_explain_can_ask_who(ctx: FakeContext) -> None:
    share(ctx, by="question")
    [a], [b] = ({who for p, who in whose(ctx).items() if p.endswith(q)} for q in ("nb/a", "nb/b"))
    assert {a, b} == {"Ann", "Bo"}
    assert marker_of(ctx, NAME, "1") == {"nb/a": a, "nb/b": b}
    assert marker_of(ctx, NAME, "unknown") == {}


def test_another_way_of_dividing_must_be_asked_for_and_then_replaces_what_waits(
    ctx: FakeContext,
) -> None:
    share(ctx)
    with pytest.raises(UsageError, match="--anew"):
        share(ctx, by="question")
    wait(ctx, *"23456")  # 1 is marked
    share(ctx, by="question", anew=True)
    marked = marker_of(ctx, NAME, "1")
    assert list(marked) == [""]
    assert set(marker_of(ctx, NAME, "2")) == {"nb/a", "nb/b"}
    assert len(share(ctx)) == 0


def test_one_hands_over_to_another_by_name_in_any_case_and_it_stays_so(ctx: FakeContext) -> None:
    share(ctx)
    plan = share(ctx, hand=("ann", "bo"))
    assert set(whose(ctx).values()) == {"Bo"}
    assert {s.grader: (s.new, s.left, s.taken) for s in plan.shares} == {
        "Ann": (0, 0, 3),
        "Bo": (3, 6, 0),
    }
    assert len(share(ctx)) == 0
    assert "Nothing waits" in contents(ctx)["Ann.html"]
    nobody = 'nobody called "Cy" marks homework_1: the graders are Ann, Bo'
    with pytest.raises(UsageError, match=nobody):
        share(ctx, hand=("Ann", "Cy"))


def test_a_hand_over_leaves_what_the_other_is_barred_from(ctx: FakeContext) -> None:
    share(ctx)
    [first, *others] = [sid for sid, who in whose(ctx).items() if who == "Ann"]
    graders(ctx, GraderSettings("Ann"), GraderSettings("Bo", except_=(first,)))
    plan = share(ctx, hand=("Ann", "Bo"))
    assert plan.barred == (f"{first} Moon",)
    assert [whose(ctx)[s] for s in (first, *others)] == ["Ann", "Bo", "Bo"]


def test_work_that_nobody_may_mark_is_named(ctx: FakeContext) -> None:
    barred = ("3",)
    graders(ctx, *(GraderSettings(name, except_=barred) for name in ("Ann", "Bo")))
    assert share(ctx).nobody == ("3 Moon",)
    assert "3" not in whose(ctx)


def test_a_list_that_somebody_wrote_into_is_kept(ctx: FakeContext) -> None:
    share(ctx)
    file = ctx.config.folder / LIST / "Ann.csv"
    file.write_text("my notes")
    plan = sharing.plan(ctx, ctx.config.assignments[0])
    [outcome] = sharing.apply(ctx, plan)
    assert "Ann.csv.old" in outcome.reason
    assert file.with_name("Ann.csv.old").read_text() == "my notes"
    assert file.read_text().startswith("student,id,")
    assert len(sharing.plan(ctx, ctx.config.assignments[0])) == 0


def test_killed_before_the_lists_the_next_run_writes_them(ctx: FakeContext) -> None:
    plan = sharing.plan(ctx, ctx.config.assignments[0])
    ctx.ledger.record_division(NAME, plan.given, plan.gone)
    share(ctx)
    assert set(contents(ctx)) == {"Ann.csv", "Ann.html", "Bo.csv", "Bo.html"}


def test_without_the_ledger_no_mark_is_lost_and_all_is_divided_again(ctx: FakeContext) -> None:
    share(ctx)
    before = whose(ctx)
    ctx.ledger.marking.clear()
    assert progress(ctx, NAME) == ()
    share(ctx)
    assert whose(ctx) == before


def test_a_message_goes_to_each_grader_with_an_address_who_got_something_new(
    ctx: FakeContext,
) -> None:
    graders(ctx, GraderSettings("Ann", notify="mailto://ann@example.edu"), GraderSettings("Bo"))
    plan = share(ctx)
    [notice] = sharing.notices(ctx, plan)
    assert [(o.item, o.reason) for o in sharing.tell(ctx, plan)] == [("Ann", "told")]
    [message] = ctx.notifiers["mailto://ann@example.edu"].sent
    assert (message.title, message.body) == (notice.title, notice.body)
    assert (notice.grader, notice.address) == ("Ann", "mailto://ann@example.edu")
    assert notice.title == "dsci100: 3 submissions of homework_1 to mark"
    assert "marking/homework_1/Ann.html" in notice.body
    assert "Moon" not in notice.body
    assert "ann@" not in repr(notice)
    assert list(sharing.tell(ctx, share(ctx))) == []


def test_a_message_that_reaches_nobody_is_said_and_loses_no_list(ctx: FakeContext) -> None:
    graders(ctx, GraderSettings("Ann", notify="json://127.0.0.1:9"))
    ctx.notifiers["json://127.0.0.1:9"] = FakeNotifier(down=True)
    [outcome] = sharing.tell(ctx, share(ctx))
    assert (outcome.item, outcome.result) == ("Ann", "failed")
    assert "Ann.html" in contents(ctx)
