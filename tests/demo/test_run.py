from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rudaux.cli.app import app
from rudaux.config import load_config
from rudaux.demo.run import run_course, steps_left
from rudaux.demo.simulator.state import World
from rudaux.demo.story import WORLD
from rudaux.errors import UsageError
from tests.demo.listener import Listener


def test_the_practice_course_ends_with_every_expected_score(tmp_path: Path) -> None:
    listener = Listener()
    folder = tmp_path / "practice"
    run_course(folder, listener, "sandbox")  # raises where a score is not the expected one
    assert "Every score in the practice Canvas is the expected one" in listener.heard
    assert re.findall(r"Step (\d) of 5", listener.heard) == ["1", "2", "3", "4", "5"]
    assert len(listener.pauses) == 4
    assert steps_left(folder) == 0
    world = World.load(folder / WORLD)
    config = load_config(folder / "instructors")
    assert len(config.assignments) == 3
    assert config.grading.executor == "sandbox"
    commented = [s for s in world.submissions.values() if s.comments]
    assert len(commented) == 2 * 15
    assert all(len(s.comments) == 1 for s in commented)
    assert "rudaux grade --auto" in (folder / "crontab").read_text()


def test_a_dry_run_builds_nothing(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["demo", str(tmp_path / "practice"), "--dry-run"])
    assert result.exit_code == 0
    assert str(tmp_path / "practice") in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_refuses_what_a_run_would_refuse(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    result = CliRunner().invoke(app, ["demo", str(tmp_path), "--dry-run"])
    assert result.exit_code == 2
    assert "not empty" in result.stderr


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        run_course(tmp_path, Listener())
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]
