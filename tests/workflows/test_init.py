from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from rudaux.cli.describe.plans import release_rows
from rudaux.domain.canvas import ExternalTool
from rudaux.domain.deadlines import Override
from rudaux.errors import CanvasFailure, ConfigError, GitFailure
from rudaux.workflows import assignments, init, release, schedule, sync
from tests.fakes import NEXT_WEEK, NOW, YESTERDAY, FakeContext, assignment, fake_course, student
from tests.workflows.run import run_grade, run_init


@pytest.fixture
def ctx(tmp_path: Path) -> FakeContext:
    return fake_course(tmp_path, [assignment(due=NEXT_WEEK)])


def test_a_new_course_gets_roster_gradebook_release_canvas_and_schedule(ctx: FakeContext) -> None:
    plan = run_init(ctx)
    assert len(plan) == 4 + 1 + 1 + 1 + 1
    assert set(ctx.gradebook.people) == {"1", "2", "3", "4"}
    assert set(ctx.gradebook.known) == {"homework_1"}
    assert ctx.canvas.writes == ["create homework_1"]
    [entry] = ctx.crontab.table[str(ctx.config.folder)]
    assert "grade --auto" in entry.command
    released = ctx.git.remotes[ctx.config.git.student_repo] / "m" / "homework_1"
    assert [p.name for p in released.iterdir()] == ["homework_1.ipynb"]
    assert sorted(ctx.git.pushes) == sorted(["dsci100", ctx.config.folder.name])


def test_a_second_init_changes_nothing(ctx: FakeContext) -> None:
    run_init(ctx)
    writes, commits, replaced = list(ctx.canvas.writes), list(ctx.git.commits), ctx.crontab.replaced
    plan = run_init(ctx)
    assert len(plan) == 0
    assert (ctx.canvas.writes, ctx.git.commits, ctx.crontab.replaced) == (writes, commits, replaced)


def test_planning_writes_nothing(ctx: FakeContext) -> None:
    with release.workspace(ctx) as clone:
        assert len(init.plan(ctx, clone)) == 8
    assert ctx.gradebook.people == {}
    assert ctx.canvas.writes == []
    assert ctx.git.commits == []
    assert ctx.crontab.table == {}
    assert not release.temporary_folder(ctx).exists()


def test_a_changed_due_date_updates_canvas_and_reschedules(ctx: FakeContext) -> None:
    run_init(ctx)
    later = NEXT_WEEK + timedelta(days=2)
    ctx.config = replace(ctx.config, assignments=(assignment(due=later),))
    plan = run_init(ctx)
    [line] = plan.assignments.lines
    assert [c.field for c in line.changes] == ["due"]
    assert ctx.canvas.writes[-1] == "update homework_1"
    [entry] = ctx.crontab.table[str(ctx.config.folder)]
    assert entry.day == later.day


def test_an_assignment_is_matched_by_its_exact_name(tmp_path: Path) -> None:
    ctx = fake_course(tmp_path, [assignment("worksheet_10", NEXT_WEEK)])
    run_init(ctx)
    one = assignment("worksheet_1", NEXT_WEEK)
    ctx.config = replace(ctx.config, assignments=(*ctx.config.assignments, one))
    run_init(ctx)
    assert [a.name for a in ctx.canvas.existing.values()] == ["worksheet_10", "worksheet_1"]


def test_two_canvas_assignments_of_one_name_stop_before_anything_is_written(
    ctx: FakeContext,
) -> None:
    run_init(ctx)
    made = next(iter(ctx.canvas.existing.values()))
    ctx.canvas.existing[999] = replace(made, id=999)
    with release.workspace(ctx) as clone, pytest.raises(CanvasFailure, match="101 and 999"):
        init.plan(ctx, clone)


def test_an_assignment_that_somebody_renamed_in_canvas_is_not_made_a_second_time(
    ctx: FakeContext,
) -> None:
    run_init(ctx)
    [made] = ctx.canvas.existing
    ctx.canvas.existing[made] = replace(ctx.canvas.existing[made], name="Homework 1 (week 3)")
    writes = list(ctx.canvas.writes)
    with pytest.raises(CanvasFailure, match=r'"Homework 1 \(week 3\)" \(id \d+\) opens the same'):
        run_init(ctx)
    assert ctx.canvas.writes == writes
    ctx.canvas.existing[made] = replace(ctx.canvas.existing[made], launch_url="https://elsewhere")
    run_init(ctx)
    assert ctx.canvas.writes == [*writes, "create homework_1"]


def test_a_plan_says_that_canvas_shows_due_dates_at_other_times(ctx: FakeContext) -> None:
    with release.workspace(ctx) as clone:
        assert init.plan(ctx, clone).zone is None
        ctx.canvas.facts = replace(ctx.canvas.facts, timezone="Asia/Tokyo")
        zone = init.plan(ctx, clone).zone
    assert zone is not None
    assert zone.text.endswith("but Canvas Asia/Tokyo: due times look shifted")


@pytest.mark.parametrize(
    ("tools", "words"),
    [
        ([ExternalTool(1, "Jupyter lab")], 'no external tool named "Jupyter"'),
        ([], r"there: none"),
        ([ExternalTool(1, "Jupyter"), ExternalTool(2, "Jupyter")], "has 2 external tools named"),
    ],
)
def test_a_missing_or_ambiguous_tool_is_a_configuration_error(
    ctx: FakeContext, tools: list[ExternalTool], words: str
) -> None:
    ctx.canvas.tool_list = tools
    with release.workspace(ctx) as clone, pytest.raises(ConfigError, match=words):
        init.plan(ctx, clone)


def test_several_notebooks_need_a_word_on_which_one_the_link_opens(ctx: FakeContext) -> None:
    ctx.grader.sources["homework_1"] = ("a.ipynb", "b.ipynb")
    with release.workspace(ctx) as clone, pytest.raises(ConfigError, match="set `notebook =`"):
        init.plan(ctx, clone)
    ctx.config = replace(ctx.config, assignments=(assignment(due=NEXT_WEEK, notebook="b.ipynb"),))
    plan = run_init(ctx)
    assert "b.ipynb" in plan.assignments.lines[0].spec.launch_url


def test_a_leak_stops_the_release_and_nothing_is_pushed(ctx: FakeContext) -> None:
    ctx.grader.leaks = ("homework_1.ipynb, cell 3 holds a solution",)
    with release.workspace(ctx) as clone, pytest.raises(ConfigError, match="cell 3"):
        init.plan(ctx, clone)
    assert ctx.git.pushes == []


def test_other_files_of_the_student_repository_are_left_alone(
    ctx: FakeContext, tmp_path: Path
) -> None:
    remote = tmp_path / "remote"
    (remote / "m" / "homework_1").mkdir(parents=True)
    (remote / "header.ipynb").write_text("header")
    (remote / "m" / "homework_1" / "hint.txt").write_text("put here by hand")
    ctx.git.remotes[ctx.config.git.student_repo] = remote
    run_init(ctx)
    now = ctx.git.remotes[ctx.config.git.student_repo]
    assert (now / "header.ipynb").read_text() == "header"
    assert (now / "m" / "homework_1" / "hint.txt").read_text() == "put here by hand"


def test_a_file_that_left_the_release_leaves_the_student_repository(ctx: FakeContext) -> None:
    ctx.grader.sources["homework_1"] = ("homework_1.ipynb",)
    run_init(ctx)
    ctx.grader.sources["homework_1"] = ("renamed.ipynb",)
    plan = run_init(ctx)
    assert plan.release.lines[0].removed == ("homework_1.ipynb",)
    released = ctx.git.remotes[ctx.config.git.student_repo] / "m" / "homework_1"
    assert [p.name for p in released.iterdir()] == ["renamed.ipynb"]


def test_a_file_that_a_person_put_into_the_release_folder_stays_there(ctx: FakeContext) -> None:
    ctx.grader.sources["homework_1"] = ("homework_1.ipynb",)
    run_init(ctx)
    own = ctx.grader.release_folder("homework_1")
    (own / "notes.txt").write_text("mine")
    assert len(run_init(ctx)) == 0
    ctx.grader.sources["homework_1"] = ("renamed.ipynb",)
    run_init(ctx)
    assert sorted(p.name for p in own.iterdir()) == ["notes.txt", "renamed.ipynb"]
    assert len(run_init(ctx)) == 0
    assert (own / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("git_says", ["changed", "untracked", "ignored"])
def test_what_a_person_changed_in_the_release_folder_and_did_not_commit_is_kept(
    ctx: FakeContext, git_says: str
) -> None:
    run_init(ctx)
    own = ctx.grader.release_folder("homework_1") / "homework_1.ipynb"
    own.write_text("changed by hand")
    if git_says == "ignored":
        ctx.git.patterns[ctx.config.folder] = ("release/",)
    else:
        name = str(own.relative_to(ctx.config.folder))
        ctx.git.dirty = (name if git_says == "changed" else "release/",)
    plan = run_init(ctx)
    assert plan.release.lines[0].kept == ("homework_1.ipynb",)
    shown = [str(row) for row in release_rows(plan.release, ctx.config)]
    assert sum("homework_1.ipynb in the course's own" in text for text in shown) == 1
    [kept] = (ctx.config.folder / ".rudaux" / "kept").rglob("*.ipynb")
    assert kept.read_text() == "changed by hand"
    ctx.git.dirty = ()
    assert len(run_init(ctx)) == 0


def test_a_leftover_of_an_earlier_run_is_kept_aside_every_time(ctx: FakeContext) -> None:
    folder = release.temporary_folder(ctx)
    ctx.git.unsaved[folder] = ("notes.txt",)
    for _ in range(3):
        folder.mkdir(parents=True)
        (folder / "notes.txt").write_text("mine")
        assert release.leftover(ctx) == folder
        run_init(ctx)
    kept = list((ctx.config.folder / ".rudaux" / "kept").iterdir())
    assert [(k / "notes.txt").read_text() for k in kept] == ["mine"] * 3
    assert release.leftover(ctx) is None


def test_a_leftover_that_holds_nothing_new_does_not_pile_up(ctx: FakeContext) -> None:
    release.temporary_folder(ctx).mkdir(parents=True)
    run_init(ctx)
    assert not (ctx.config.folder / ".rudaux" / "kept").exists()
    assert release.leftover(ctx) is None


def test_dropped_students_go_only_without_work(ctx: FakeContext) -> None:
    ctx.config = replace(ctx.config, assignments=(assignment(due=YESTERDAY),))
    ctx.canvas.roster = [student(n) for n in range(1, 11)]
    run_init(ctx)
    ctx.storage.hand_in("1", "3")
    run_grade(ctx)
    ctx.canvas.roster = [student(n) for n in range(2, 10)]
    plan = run_init(ctx)
    assert [s.id for s in plan.sync.roster.kept] == ["1"]
    assert [s.id for s in plan.sync.roster.removed] == ["10"]
    assert "1" in ctx.gradebook.people
    assert ctx.ledger.gone == {"1"}


def test_removing_a_dropped_student_with_grades_backs_up_first(ctx: FakeContext) -> None:
    test_dropped_students_go_only_without_work(ctx)
    plan = sync.plan(ctx, remove_dropped=True)
    assert plan.loses_work
    list(sync.apply(ctx, plan))
    assert ctx.gradebook.backups == ["before-removing"]
    assert "1" not in ctx.gradebook.people


def test_a_sharply_smaller_roster_is_noticed(ctx: FakeContext) -> None:
    run_init(ctx)
    ctx.canvas.roster = ctx.canvas.roster[:2]
    assert sync.plan(ctx).roster.shrunk == "2 of 4 students are gone from Canvas"
    ctx.canvas.roster = []
    assert sync.plan(ctx).roster.shrunk == "Canvas lists no students at all"


@pytest.mark.parametrize(
    ("pattern", "left_out"),
    [
        ("release/", ["release/"]),
        ("homework_2", ["release/homework_2/"]),
        ("*.csv", ["release/homework_1/data.csv"]),
    ],
)
def test_what_git_ignores_of_the_courses_own_release_is_told_before_and_never_again(
    tmp_path: Path, pattern: str, left_out: list[str]
) -> None:
    ctx = fake_course(tmp_path, [assignment(n, NEXT_WEEK) for n in ("homework_1", "homework_2")])
    ctx.grader.sources["homework_1"] = ("data.csv", "homework_1.ipynb")
    ctx.config = replace(
        ctx.config,
        assignments=(
            assignment("homework_1", NEXT_WEEK, notebook="homework_1.ipynb"),
            assignment("homework_2", NEXT_WEEK),
        ),
    )
    ctx.git.patterns[tmp_path] = (pattern,)
    plan = run_init(ctx)
    assert [x.path for x in plan.release.uncommitted] == left_out
    assert (tmp_path / "release" / "homework_1" / "data.csv").exists()
    again = run_init(ctx)
    assert (len(again), again.release.uncommitted) == (0, ())


def test_a_file_that_students_would_not_get_stops_init_before_anything_is_written(
    ctx: FakeContext,
) -> None:
    ctx.git.patterns[release.temporary_folder(ctx)] = ("*.ipynb",)
    with (
        release.workspace(ctx) as clone,
        pytest.raises(ConfigError, match=r"homework_1.ipynb of homework_1 .*`\*.ipynb` in .gitig"),
    ):
        init.plan(ctx, clone)
    assert (ctx.git.commits, ctx.gradebook.people, ctx.canvas.writes) == ([], {}, [])


@pytest.mark.parametrize("which", ["instructors", "students"])
def test_a_repository_that_cannot_be_committed_to_stops_init_before_anything_is_written(
    ctx: FakeContext, which: str
) -> None:
    folder = ctx.config.folder if which == "instructors" else release.temporary_folder(ctx)
    ctx.git.unfit[folder] = "it is in the middle of a merge"
    with release.workspace(ctx) as clone, pytest.raises(GitFailure, match="of a merge"):
        init.plan(ctx, clone)
    assert (ctx.git.commits, ctx.gradebook.people, ctx.canvas.writes) == ([], {}, [])


@pytest.mark.parametrize(
    ("there", "words"),
    [
        ("release", "release is a file where homework_1 needs a folder"),
        ("release/homework_1/homework_1.ipynb/x", "is a folder where homework_1 needs a file"),
    ],
)
def test_what_stands_in_the_way_of_a_release_is_told_before_anything_is_written(
    ctx: FakeContext, there: str, words: str
) -> None:
    path = ctx.config.folder / there
    if "/" in there:
        run_init(ctx)
        path.parent.parent.joinpath("homework_1.ipynb").unlink()
        remote = ctx.git.remotes[ctx.config.git.student_repo] / "m" / "homework_1"
        (remote / "homework_1.ipynb").unlink()
        (remote / "homework_1.ipynb").mkdir()
        path = remote / "homework_1.ipynb" / "x"
    path.write_text("mine")
    before = list(ctx.canvas.writes)
    with release.workspace(ctx) as clone, pytest.raises(ConfigError, match=words):
        init.plan(ctx, clone)
    assert ctx.canvas.writes == before


def test_a_file_may_take_the_place_of_a_released_folder_and_back(ctx: FakeContext) -> None:
    ctx.config = replace(ctx.config, assignments=(assignment(due=NEXT_WEEK, notebook="a.ipynb"),))
    for names in (("a.ipynb", "data/x.csv"), ("a.ipynb", "data"), ("a.ipynb", "data/x.csv")):
        ctx.grader.sources["homework_1"] = names
        run_init(ctx)
        assert len(run_init(ctx)) == 0


def graded_course(ctx: FakeContext) -> None:
    """Everybody has handed in, so that nobody would be removed."""
    ctx.config = replace(ctx.config, assignments=(assignment(due=YESTERDAY),))
    run_init(ctx)
    for sid in ctx.gradebook.people:
        ctx.storage.hand_in(sid, "3")
    run_grade(ctx)


@pytest.mark.parametrize("left", [0, 2])
def test_a_shrunken_roster_is_asked_about_until_it_is_taken_and_again_once_it_grew(
    ctx: FakeContext, left: int
) -> None:
    graded_course(ctx)
    everybody = ctx.canvas.roster
    for _ in range(2):
        ctx.canvas.roster = everybody[:left]
        plan = sync.plan(ctx)
        assert plan.roster.shrunk
        assert len(plan) == 0
        sync.accept(ctx, plan.students, plan.roster)
        assert sync.plan(ctx).roster.shrunk == ""
        ctx.canvas.roster = everybody
        plan = sync.plan(ctx)
        assert len(plan.roster.returned) == 4 - left
        list(sync.apply(ctx, plan))
        assert len(sync.plan(ctx)) == 0
    assert ctx.ledger.gone == set()


def test_a_course_without_students_is_asked_about_once(ctx: FakeContext) -> None:
    ctx.canvas.roster = []
    assert run_init(ctx).sync.roster.shrunk == "Canvas lists no students at all"
    assert run_init(ctx).sync.roster.shrunk == ""


def test_an_extension_gets_a_crontab_entry_of_its_own(ctx: FakeContext) -> None:
    run_init(ctx)
    made = next(iter(ctx.canvas.existing.values()))
    later = NEXT_WEEK + timedelta(days=3)
    ctx.canvas.existing[made.id] = replace(made, has_overrides=True)
    ctx.canvas.override_list[made.id] = [Override(1, later, student_ids=frozenset({"2"}))]
    run_init(ctx)
    assert len(ctx.crontab.table[str(ctx.config.folder)]) == 2


def test_entries_are_in_the_machines_time_across_a_daylight_saving_change(
    ctx: FakeContext,
) -> None:
    ctx.crontab.zone = ZoneInfo("Europe/Berlin")
    due = NOW.replace(month=10, day=25, hour=0, minute=59, second=59)
    plan = schedule.plan(ctx, {"homework_1": [due]})
    [entry] = plan.entries
    # 01:09:59 UTC is in the second pass of 02:00 to 03:00 there, where cron would run too early.
    assert (entry.day, entry.hour, entry.minute) == (25, 3, 0)


def test_past_deadlines_are_not_scheduled(ctx: FakeContext) -> None:
    assert schedule.plan(ctx, {"homework_1": [YESTERDAY]}).entries == ()


def test_removing_the_schedule_leaves_nothing_of_this_course(ctx: FakeContext) -> None:
    run_init(ctx)
    list(schedule.apply(ctx, schedule.plan_removal(ctx)))
    assert ctx.crontab.table[str(ctx.config.folder)] == ()


def test_points_are_compared_as_numbers(ctx: FakeContext) -> None:
    run_init(ctx)
    made = next(iter(ctx.canvas.existing.values()))
    ctx.canvas.existing[made.id] = replace(made, points=Decimal("10.0"))
    assert len(run_init(ctx)) == 0


def test_a_date_that_a_person_set_in_canvas_stays_and_the_rest_is_written(
    ctx: FakeContext,
) -> None:
    run_init(ctx)
    [made] = ctx.canvas.existing
    moved = NEXT_WEEK + timedelta(days=1)
    ctx.canvas.existing[made] = replace(ctx.canvas.existing[made], due_at=moved)
    ctx.config = replace(ctx.config, assignments=(assignment(due=NEXT_WEEK, points=Decimal(12)),))
    for _ in range(2):
        [line] = run_init(ctx).assignments.lines
        assert [(c.field, c.old, c.new) for c in line.moved] == [("due", moved, NEXT_WEEK)]
        assert ctx.canvas.existing[made].due_at == moved
        assert ctx.canvas.existing[made].points == 12
    [entry] = ctx.crontab.table[str(ctx.config.folder)]
    assert entry.day == moved.day
    ctx.config = replace(ctx.config, assignments=(assignment(due=moved, points=Decimal(12)),))
    for _ in range(2):
        assert not run_init(ctx).assignments.moved
    later = moved + timedelta(days=1)
    ctx.config = replace(ctx.config, assignments=(assignment(due=later, points=Decimal(12)),))
    run_init(ctx)
    assert ctx.canvas.existing[made].due_at == later


def test_a_date_that_is_asked_for_is_written_over_a_persons(ctx: FakeContext) -> None:
    run_init(ctx)
    [made] = ctx.canvas.existing
    ctx.canvas.existing[made] = replace(ctx.canvas.existing[made], due_at=None)
    assert [c.field for c in assignments.plan(ctx).lines[0].moved] == ["due"]
    list(assignments.apply(ctx, assignments.plan(ctx, replace_dates=True)))
    assert ctx.canvas.existing[made].due_at == NEXT_WEEK
    assert not assignments.plan(ctx).moved


@pytest.mark.parametrize("arrived", [False, True])
def test_a_date_that_was_on_its_way_when_a_run_was_killed_is_nobodys(
    ctx: FakeContext, arrived: bool
) -> None:
    run_init(ctx)
    [made] = ctx.canvas.existing
    first = ctx.canvas.existing[made]
    later, last = (NEXT_WEEK + timedelta(days=n) for n in (1, 2))
    ctx.config = replace(ctx.config, assignments=(assignment(due=later),))
    ctx.canvas.fixed = {"homework_1"}  # the run ends before it knows
    run_init(ctx)
    ctx.canvas.fixed = set()
    ctx.canvas.existing[made] = replace(first, due_at=later) if arrived else first
    ctx.config = replace(ctx.config, assignments=(assignment(due=last),))
    assert not run_init(ctx).assignments.moved
    assert ctx.canvas.existing[made].due_at == last


def test_a_new_date_that_canvas_refused_is_written_by_the_next_run_though_nothing_was_known(
    ctx: FakeContext,
) -> None:
    run_init(ctx)
    [made] = ctx.canvas.existing
    ctx.ledger.dated.clear()  # as after an upgrade
    later = NEXT_WEEK + timedelta(days=1)
    ctx.config = replace(ctx.config, assignments=(assignment(due=later),))
    ctx.canvas.fixed = {"homework_1"}
    run_init(ctx)
    assert ctx.canvas.existing[made].due_at == NEXT_WEEK
    ctx.canvas.fixed = set()
    assert not run_init(ctx).assignments.moved
    assert ctx.canvas.existing[made].due_at == later


@pytest.mark.parametrize("recorded", [False, True])
def test_a_date_that_is_new_in_the_file_is_written_whatever_canvas_has(
    ctx: FakeContext, recorded: bool
) -> None:
    run_init(ctx)
    [made] = ctx.canvas.existing
    moved, later = (NEXT_WEEK + timedelta(days=n) for n in (1, 2))
    ctx.canvas.existing[made] = replace(ctx.canvas.existing[made], due_at=moved)
    if not recorded:
        ctx.ledger.dated.clear()
    ctx.config = replace(ctx.config, assignments=(assignment(due=later),))
    [line] = run_init(ctx).assignments.lines
    assert [(c.field, c.old, c.new) for c in line.changes] == [("due", moved, later)]
    assert not run_init(ctx).assignments.moved
