from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rudaux.cli.returning import Returning
from rudaux.cli.view import View
from rudaux.config import ReturnSettings
from tests.fakes import assignment, fake_course
from tests.workflows.run import run_grade, run_init, run_submit, standings


def test_an_ordinary_account_says_once_a_run_whose_files_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ctx = fake_course(tmp_path, [assignment("homework_1"), assignment("homework_2")])
    ctx.config = replace(ctx.config, returning=ReturnSettings(feedback=True, solution_share=1))
    ctx.storage.owned = False
    run_init(ctx)
    for sid in "1234":
        ctx.storage.hand_in(sid)
    returning = Returning(ctx, View(no_prompt=True))
    for name in ("homework_1", "homework_2"):
        run_grade(ctx, name)
        run_submit(ctx, name)
        assert returning.run(standings(ctx, name)) == []
    told = capsys.readouterr()
    assert told.err.count("belongs to its own account") == 1
    assert told.out.count("into 4 homes") == 4
    assert len(ctx.storage.files) == 16
