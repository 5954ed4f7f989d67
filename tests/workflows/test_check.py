from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from rudaux.config import SnapshotSettings
from rudaux.domain.canvas import CanvasCourse, ExternalTool
from rudaux.domain.checks import Check, exit_code
from rudaux.domain.collection import NotYet
from rudaux.domain.links import HubSeen
from rudaux.errors import CanvasFailure, ExecutorFailure, GitFailure, StorageFailure, TokenRefused
from rudaux.ports import Room, Surroundings
from rudaux.workflows.check import check_assignment, check_setup
from rudaux.workflows.check.look import broken
from tests.fakes import NEXT_WEEK, NOW, VANCOUVER, YESTERDAY, FakeContext, assignment, fake_course
from tests.workflows.run import run_init

GIGABYTE = 1 << 30
Found = dict[str, Check]


@pytest.fixture
def ctx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeContext:
    """A course in which all is well."""
    for name in ("CANVAS_TOKEN", "SSH_AUTH_SOCK"):
        monkeypatch.delenv(name, raising=False)
    made = fake_course(tmp_path, [assignment(due=NEXT_WEEK)])
    (tmp_path / ".rudaux").mkdir()
    (tmp_path / ".rudaux" / "canvas-token").touch(0o600)
    (tmp_path / ".rudaux" / "canvas-token").write_text("secret-token")
    made.canvas.facts = CanvasCourse(12345, "Practice", "America/Vancouver", may_grade=True)
    made.canvas.tool_list = [ExternalTool(7, "Jupyter", "https://hub.example.edu/x")]
    made.config = replace(made.config, grading=replace(made.config.grading, executor="docker"))
    for student in made.canvas.roster:
        made.storage.hand_in(student.id)
    run_init(made)
    return made


def surroundings(ctx: FakeContext, **others: object) -> Surroundings:
    """A machine on which all is well, but for `others`."""
    known: dict[str, object] = {
        "courses": lambda url, token: (),
        "canvas": lambda url, course_id, token: ctx.canvas,
        "hub": lambda hub: HubSeen("5.2"),
        "remote": lambda folder: None,
        "reach": lambda remote: None,
        "homes": lambda folder: frozenset(),
        "launch": lambda url: 405,
        "free": lambda folder: Room(80 * GIGABYTE, 100 * GIGABYTE),
        "docker": lambda: True,
        "sandbox": lambda: True,
    }
    return Surroundings(**known | others)  # type: ignore[arg-type]


def found(ctx: FakeContext, **others: object) -> tuple[Check, ...]:
    return tuple(check_setup(ctx, surroundings(ctx, **others)))


def amiss(ctx: FakeContext, **others: object) -> Check:
    """The one thing that is not as it should be; it says what to do."""
    [only] = [c for c in found(ctx, **others) if c.result != "ok"]
    assert only.remedy
    return only


def test_a_course_in_order_has_nothing_amiss(ctx: FakeContext) -> None:
    checks = found(ctx)
    assert [c for c in checks if c.result != "ok"] == []
    assert exit_code(checks) == 0
    systems = ["Canvas", "Hub", "Homes", "Git", "Cron", "Executor", "Gradebook", "Machine"]
    assert list(dict.fromkeys(c.system for c in checks)) == systems


def test_looking_twice_changes_nothing(ctx: FakeContext) -> None:
    before = (list(ctx.canvas.writes), dict(ctx.crontab.table), list(ctx.git.pushes))
    assert found(ctx) == found(ctx)
    assert (ctx.canvas.writes, ctx.crontab.table, ctx.git.pushes) == before


def test_a_token_that_ends_tomorrow_is_named_with_the_page_to_make_another(
    ctx: FakeContext,
) -> None:
    ctx.canvas.token_ends = NOW + timedelta(days=1)
    check = amiss(ctx)
    assert (check.name, check.result) == ("token", "look")
    assert "24 hours; 1 deadline comes after that" in check.text
    assert "https://canvas.example.edu/profile/settings" in check.remedy


def test_a_token_with_months_to_go_is_fine(ctx: FakeContext) -> None:
    ctx.canvas.token_ends = NOW + timedelta(days=90)
    assert exit_code(found(ctx)) == 0


def test_an_owner_who_may_not_grade_is_broken(ctx: FakeContext) -> None:
    ctx.canvas.facts = replace(ctx.canvas.facts, may_grade=False)
    check = amiss(ctx)
    assert (check.name, check.result) == ("rights", "broken")
    assert "may not enter grades" in check.text


def test_an_owner_who_may_not_change_assignments_is_broken(ctx: FakeContext) -> None:
    ctx.canvas.edits = False
    assert "may not change assignments" in amiss(ctx).text


def test_another_zone_in_canvas_is_named(ctx: FakeContext) -> None:
    ctx.canvas.facts = replace(ctx.canvas.facts, timezone="America/Toronto")
    check = amiss(ctx)
    assert check.name == "time zone"
    assert "America/Vancouver, but Canvas America/Toronto" in check.text


def test_another_name_for_the_same_zone_is_none(ctx: FakeContext) -> None:
    ctx.canvas.facts = replace(ctx.canvas.facts, timezone="Canada/Pacific")
    assert exit_code(found(ctx)) == 0


@pytest.mark.parametrize(("minutes", "how"), [(10, "behind"), (-10, "ahead of")])
def test_a_clock_that_is_ten_minutes_off_is_broken(
    ctx: FakeContext, minutes: int, how: str
) -> None:
    ctx.canvas.offset = timedelta(minutes=minutes)
    check = amiss(ctx)
    assert (check.name, check.result) == ("clock", "broken")
    assert f"10 minutes {how} Canvas's" in check.text


def test_a_tool_at_another_level_is_found_there(ctx: FakeContext) -> None:
    ctx.canvas.other_tools = {"course": [], "group": []}
    check = amiss(ctx)
    assert check.text == '"Jupyter" is not at course level in Canvas, but at account level'
    assert check.remedy == 'set canvas.external_tool_level = "account" in rudaux.toml'
    assert exit_code(found(ctx)) == 3


def test_a_tool_that_leads_elsewhere_is_broken(ctx: FakeContext) -> None:
    ctx.canvas.tool_list = [ExternalTool(7, "Jupyter", "https://old-hub.example.edu/x")]
    assert "leads to old-hub.example.edu, but jupyterhub.url is at hub.example.edu" in (
        amiss(ctx).text
    )


def test_a_refused_token_is_told_once_and_stops_no_other_check(ctx: FakeContext) -> None:
    def refused() -> CanvasCourse:
        raise TokenRefused("Canvas says that the token is expired: make a new one in Canvas.")

    ctx.canvas.course = refused  # type: ignore[method-assign]
    checks = found(ctx)
    assert [c.text for c in checks if c.result == "broken"] == [
        "Canvas says that the token is expired"
    ]
    assert [c.name for c in checks if c.result == "look"] == ["homes"]
    assert exit_code(checks) == 5
    assert {c.system for c in checks} >= {"Hub", "Git", "Cron", "Executor", "Machine"}


def test_a_hub_behind_a_login_page_cannot_be_seen_and_is_not_called_broken(
    ctx: FakeContext,
) -> None:
    seen = HubSeen(instead="it is no hub", login="https://sso.example.edu/login")
    check = amiss(ctx, hub=lambda hub: seen)
    assert (check.name, check.result) == ("hub", "look")
    assert "https://sso.example.edu/login" in check.text


def test_a_hub_below_another_prefix_is_told_it_though_its_own_login_page_answers(
    ctx: FakeContext,
) -> None:
    seen = HubSeen(instead="it is no hub", prefix="/jupyter", login="https://hub/jupyter/login")
    check = amiss(ctx, hub=lambda hub: seen)
    assert (check.result, check.text) == (
        "broken",
        'it is no hub: its prefix seems to be "/jupyter"',
    )


def test_a_hub_that_does_not_answer_is_broken(ctx: FakeContext) -> None:
    gone = HubSeen(instead="https://hub.example.edu does not answer", answers=False)
    assert amiss(ctx, hub=lambda hub: gone).result == "broken"


def test_a_hub_without_lti_is_named(ctx: FakeContext) -> None:
    check = amiss(ctx, launch=lambda url: 404)
    assert "https://hub.example.edu/jupyter/hub/lti/launch (404)" in check.text


def test_half_of_the_homes_missing_is_worth_a_look(ctx: FakeContext) -> None:
    for gone in ("1", "2"):
        del ctx.storage.homes[gone]
    check = amiss(ctx)
    assert (check.name, check.result) == ("homes", "look")
    assert check.text == "2 of 4 students have a home, but not Moon 1, Moon 2"


def test_homes_by_another_name_are_broken(ctx: FakeContext) -> None:
    ctx.storage.homes = {"ann": NotYet("")}
    check = amiss(ctx)
    assert check.result == "broken"
    assert "rudaux looks for 1, but finds ann" in check.text


def test_a_file_server_that_is_not_mounted_is_broken(ctx: FakeContext) -> None:
    ctx.storage.down = StorageFailure("/homes contains no homes at all: mount it")
    check = amiss(ctx)
    assert (check.text, check.remedy) == ("/homes contains no homes at all", "mount it")


def snapshots(ctx: FakeContext) -> None:
    """Let the course read snapshots, and have a deadline behind it."""
    settings = SnapshotSettings(".zfs/snapshot", r"\d+", "%Y", VANCOUVER)
    hub = replace(ctx.config.jupyterhub, snapshots=settings)
    ctx.config = replace(ctx.config, jupyterhub=hub, assignments=(assignment(due=YESTERDAY),))
    for number, known in ctx.canvas.existing.items():
        ctx.canvas.existing[number] = replace(known, due_at=YESTERDAY)
    ctx.storage.newest = ("2026-09-30", YESTERDAY - timedelta(days=1))


def test_a_past_deadline_without_a_snapshot_is_broken(ctx: FakeContext) -> None:
    snapshots(ctx)
    for someone in ctx.canvas.roster:
        ctx.storage.homes[someone.id] = NotYet("no snapshot at or after 2026-10-01 01:00 yet")
    check = amiss(ctx)
    assert (check.name, check.result) == ("deadline", "broken")
    assert check.text.startswith("homework_1, due Thu 1 Oct 01:00: no snapshot at or after")


def test_a_past_deadline_whose_work_is_collected_needs_none(ctx: FakeContext) -> None:
    snapshots(ctx)
    from rudaux.domain.collection import Collection

    for someone in ctx.canvas.roster:
        ctx.storage.homes[someone.id] = NotYet("none")
        ctx.ledger.collections["homework_1", someone.id] = Collection("x", "s", NOW)
    assert exit_code(found(ctx)) == 0


@pytest.mark.parametrize(
    ("remote", "name"),
    [("origin", "instructors"), ("git@example.edu:org/dsci100.git", "students")],
)
def test_a_push_that_is_refused_is_named(ctx: FakeContext, remote: str, name: str) -> None:
    ctx.git.refused = {remote}
    check = amiss(ctx)
    assert (check.name, check.result) == (name, "broken")
    assert check.remedy == (
        "check its deploy key (nobody is asked for a passphrase) or stored credentials"
    )


def test_a_student_repository_that_cannot_be_read_is_named(ctx: FakeContext) -> None:
    def unreachable(remote: str) -> None:
        raise GitFailure("could not reach it: the remote cannot be reached; check the network")

    assert amiss(ctx, reach=unreachable).name == "students"


def test_no_cron_daemon_is_broken(ctx: FakeContext) -> None:
    ctx.crontab.running = False
    check = amiss(ctx)
    assert (check.name, check.result) == ("daemon", "broken")
    assert "systemctl enable --now cron" in check.remedy


def test_a_coming_deadline_without_an_entry_is_named(ctx: FakeContext) -> None:
    ctx.crontab.table = {}
    check = amiss(ctx)
    assert (check.text, check.remedy) == ("there is no entry for homework_1", "run `rudaux init`")


def test_a_token_of_this_terminal_alone_is_none_for_cron(
    ctx: FakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ctx.config.folder / ".rudaux" / "canvas-token").unlink()
    monkeypatch.setenv("CANVAS_TOKEN", "secret-token")
    check = amiss(ctx)
    assert check.text == "cron will not find CANVAS_TOKEN"
    assert "rudaux schedule install --save-token" in check.remedy


def test_a_worker_that_is_left_out_is_named(ctx: FakeContext) -> None:
    ctx.executor.where = "on 2 workers"
    ctx.executor.notices = ("The worker tcp://10.0.0.7:4000 is left out: it has no rudaux 1.0",)
    only = amiss(ctx)
    assert (only.name, only.result) == ("workers", "look")
    assert "tcp://10.0.0.7:4000" in only.text


def test_an_image_without_the_kernel_is_broken(ctx: FakeContext) -> None:
    ctx.executor.missing = 'The image x (grading.image) lacks the kernel "ir": add it to the image.'
    check = amiss(ctx)
    assert (check.name, check.result, check.remedy) == ("docker", "broken", "add it to the image")


def test_a_disk_that_is_nearly_full_is_named_and_a_full_one_is_broken(ctx: FakeContext) -> None:
    nearly = amiss(ctx, free=lambda folder: Room(GIGABYTE, 100 * GIGABYTE))
    assert (nearly.name, nearly.result) == ("disk", "look")
    assert nearly.text.startswith("1.0 GB of 100 GB free")
    assert amiss(ctx, free=lambda folder: Room(1000, 100 * GIGABYTE)).result == "broken"


def test_who_else_has_the_gradebook_open_is_told(ctx: FakeContext) -> None:
    ctx.gradebook.open_in = ("jupyter-lab (process 7)",)
    [check] = [c for c in found(ctx) if c.name == "open"]
    assert check.text == "jupyter-lab (process 7) also has it open"


def test_a_notebook_to_launch_that_is_not_there_is_broken(ctx: FakeContext) -> None:
    check_assignment(ctx, "homework_1")
    [first, *others] = ctx.config.assignments
    named = (replace(first, notebook="problem9.ipynb"), *others)
    ctx.config = replace(ctx.config, assignments=named)
    [found] = check_assignment(ctx, "homework_1").checks
    assert (found.result, found.name) == ("broken", "source")
    assert '"problem9.ipynb" is not in source/homework_1' in found.text


def test_an_assignment_is_rehearsed_once_until_something_changes(ctx: FakeContext) -> None:
    first = check_assignment(ctx, "homework_1")
    assert ctx.executor.ran == [*(f"solution-{n}" for n in range(3)), "untouched", "watched"]
    ctx.executor.ran.clear()
    assert check_assignment(ctx, "homework_1") == first
    assert ctx.executor.ran == []


@pytest.mark.parametrize("what", ["source", "image", "limits", "again"])
def test_a_change_of_source_image_or_limits_has_it_rehearsed_again(
    ctx: FakeContext, what: str
) -> None:
    changes: dict[str, Callable[[], object]] = {
        "source": lambda: ctx.grader.sources.update(homework_1=("other.ipynb",)),
        "image": lambda: setattr(ctx.executor, "image", "image 2"),
        "limits": lambda: setattr(
            ctx,
            "config",
            replace(ctx.config, grading=replace(ctx.config.grading, cell_timeout=5)),
        ),
        "again": lambda: None,
    }
    check_assignment(ctx, "homework_1")
    ctx.executor.ran.clear()
    changes[what]()
    check_assignment(ctx, "homework_1", again=what == "again")
    assert len(ctx.executor.ran) == 5


def test_a_solution_that_fails_is_broken_and_a_release_that_passes_worth_a_look(
    ctx: FakeContext,
) -> None:
    ctx.grader.solved, ctx.grader.untouched = Decimal("0.5"), Decimal(1)
    results = {c.name: c.result for c in check_assignment(ctx, "homework_1").checks}
    assert (results["solution"], results["untouched"]) == ("broken", "look")


def test_without_an_executor_nothing_is_found_or_remembered(ctx: FakeContext) -> None:
    ctx.executor.missing = "Docker does not answer: start it"
    with pytest.raises(ExecutorFailure):
        check_assignment(ctx, "homework_1")
    assert ctx.ledger.checked("homework_1") is None


def test_our_own_failure_is_tried_again_and_never_a_verdict(ctx: FakeContext) -> None:
    ctx.executor.hiccups = {"solution-1"}
    assert check_assignment(ctx, "homework_1").checks
    ctx.executor.verdicts = {"solution-1": "failed"}
    with pytest.raises(ExecutorFailure, match="could not be run"):
        check_assignment(ctx, "homework_1", again=True)


def test_a_course_that_canvas_does_not_show_leaves_its_reason(ctx: FakeContext) -> None:
    def gone(url: str, course_id: int, token: str) -> object:
        raise CanvasFailure("canvas.example.edu cannot be reached: check canvas.url")

    [broken] = [c for c in found(ctx, canvas=gone) if c.result == "broken"]
    assert (broken.system, broken.remedy) == ("Canvas", "check canvas.url")


def test_a_remedy_is_never_cut_out_of_a_bracket() -> None:
    text = (
        "The image x is not here: run `docker pull x`, or build it (docs: Grading in containers)."
    )
    found = broken("docker", ExecutorFailure(text))
    assert found.text == "The image x is not here"
    assert found.remedy == "run `docker pull x`, or build it (docs: Grading in containers)"
