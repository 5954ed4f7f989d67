"""A grading run as a person meets it; the systems behind it are fakes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rudaux.cli import session
from rudaux.cli.app import app
from tests.fakes import NEXT_WEEK, FakeContext, fake_course
from tests.workflows.run import run_init


@pytest.fixture
def ctx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeContext:
    course = fake_course(tmp_path, students=3)
    run_init(course)
    monkeypatch.setattr(session, "open_context", lambda *_: course)
    return course


@pytest.mark.parametrize(
    ("snapshots", "shown"),
    [
        (("s1", "s1"), "Collect: 3 to do, from snapshot s1\n"),
        (("s1", "s2"), "Collect: 3 to do, from snapshot s1 and 1 more\n"),
        ((None, None), "Collect: 3 to do\n"),
    ],
)
def test_a_run_says_which_snapshot_it_collects_from(
    ctx: FakeContext, snapshots: tuple[str | None, ...], shown: str
) -> None:
    for sid, snapshot in zip("12", snapshots, strict=True):
        ctx.storage.hand_in(sid, "4", snapshot)
    done = CliRunner().invoke(app, ["grade", "homework_1", "--auto", "--accept-zeros"])
    assert done.exit_code == 0, done.output
    assert shown in done.output


def test_before_the_deadline_it_says_when_there_is_something_to_collect(ctx: FakeContext) -> None:
    rows = ctx.canvas.existing
    ctx.canvas.existing = {k: replace(row, due_at=NEXT_WEEK) for k, row in rows.items()}
    done = CliRunner().invoke(app, ["grade", "homework_1", "--auto"])
    assert done.exit_code == 0, done.output
    assert "Nobody is due before then, so there is nothing to collect yet." in done.output
    assert "Collect" not in done.output
