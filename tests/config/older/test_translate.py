from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from rudaux.config import Config
from rudaux.config.draft import build
from rudaux.config.older import Older, read_older
from rudaux.errors import ConfigError
from tests.config.older import FIRST, SECOND, THIRD, TOKEN


def older(tmp_path: Path, text: str, course_id: str = "") -> Older:
    file = tmp_path / "rudaux_config.py"
    file.write_text(text)
    return read_older(file, course_id)


def config(found: Older) -> Config:
    return build({**found.guesses, **found.answers}, found.assignments)


def said(found: Older, key: str) -> str:
    return next(note.sentence for note in found.notes if key in note.keys)


def test_a_file_of_2018_is_taken_over(tmp_path: Path) -> None:
    found = older(tmp_path, FIRST)
    read = config(found)
    assert (read.course.name, read.course.timezone.key) == ("dsci-100", "US/Pacific")
    assert (read.canvas.url, read.canvas.course_id) == ("https://canvas.example.edu", 5394)
    assert (read.canvas.token_env, read.canvas.external_tool_level) == ("MY_TOKEN", "account")
    assert read.git.instructor_repo == "git@example.edu:org/instructors.git"
    assert read.git.release_path == "materials"
    assert (read.jupyterhub.url, read.jupyterhub.base_url) == (
        "https://hub.example.edu",
        "/jupyter",
    )
    assert read.jupyterhub.storage_path == Path("/tank/home/dsci100")
    assert read.jupyterhub.snapshots is not None
    assert read.jupyterhub.snapshots.format == "%Y-%m-%d-%H%M"
    assert read.grading.image == "org/r-dsci-grading"
    assert set(found.guesses) == {"name"}


def test_its_assignments_keep_their_dates_and_a_lacking_one_is_named(tmp_path: Path) -> None:
    found = older(tmp_path, FIRST)
    week, homework = config(found).assignments
    assert (week.name, week.manual, week.points) == ("week_1", True, Decimal(2))
    assert week.due.replace(tzinfo=None) == datetime(2026, 10, 14, 23, 59, 59)
    assert homework.due.replace(tzinfo=None) == datetime(2026, 10, 15, 11)
    assert "points" in said(found, "week_2")
    assert said(found, "week_3") == said(found, "week_2")


def test_points_stay_where_only_the_date_cannot_be_used_and_nameless_ones_are_named(
    tmp_path: Path,
) -> None:
    text = (
        "c = get_config()\nc.Course.assignments = [{'name': 'a', 'duedate': '3 Oct', 'points': 5}, "
        "{'duedate': '2018-09-19', 'points': 3}]\n"
    )
    found = older(tmp_path, text)
    assert [(a.name, a.due, a.points) for a in found.assignments] == [("a", None, Decimal(5))]
    assert "no usable name" in said(found, "Course.assignments")


def test_a_password_in_a_remote_is_left_out(tmp_path: Path) -> None:
    found = older(tmp_path, FIRST)
    assert found.answers["student_repo"] == "https://example.edu/org/dsci-100"
    assert "s3cret" not in repr(found)


def test_a_file_of_2020_is_taken_over(tmp_path: Path) -> None:
    found = older(tmp_path, SECOND)
    read = config(found)
    assert (read.course.name, read.canvas.course_id) == ("dsci100", 12345)
    assert read.git.student_repo == "git@example.edu:org/dsci-100.git"
    assert "student_repo" in found.guesses
    assert read.git.release_path == "materials"
    assert read.jupyterhub.url == "https://hub.example.edu"
    assert read.jupyterhub.storage_path == Path("/tank-student/home/dsci100")
    assert read.jupyterhub.work_path == "{student_id}/dsci-100/materials/{assignment}"
    assert (read.grading.jobs, read.grading.memory) == (4, "1g")
    assert read.assignments == ()
    assert [a.name for a in found.assignments] == ["worksheet_01", "tutorial_01"]


def test_what_it_could_not_take_over_is_said_each_with_what_to_do(tmp_path: Path) -> None:
    found = older(tmp_path, SECOND)
    for key, words in (
        ("graders", "[[graders]]"),
        ("latereg_extension_days", "[late_registration]"),
        ("return_solution_threshold", "[return]"),
        ("notify_days", "[notify]"),
        ("notification_type", "[notify]"),
        ("jupyterhub_config_dir", "no longer needed"),
        ("[jupyterhub.snapshots]", "snapshots"),
        ("worksheet_01", "complete"),
    ):
        assert words in said(found, key), key


def test_no_token_and_no_password_is_carried_or_spoken_of(tmp_path: Path) -> None:
    found = older(tmp_path, f'{SECOND}c.name = "a " + c.canvas_token\n')
    assert TOKEN not in repr(found)
    assert "hunter2" not in repr(found)
    assert "canvas.token_file" in said(found, "canvas_token")
    assert "not copied" in said(found, "smtp.passwd")


def test_a_token_in_the_place_of_a_variables_name_is_none(tmp_path: Path) -> None:
    found = older(tmp_path, FIRST.replace("MY_TOKEN", "f" * 64))
    assert "f" * 64 not in repr(found)
    assert "token_env" not in found.answers
    assert "canvas.token_file" in said(found, "Canvas.token_name")


def test_a_file_for_several_courses_wants_one_of_them(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"3 courses \(12345, 67890, 54321\).*--course-id"):
        older(tmp_path, THIRD)
    found = older(tmp_path, THIRD, "54321")
    read = config(found)
    assert (read.course.name, read.canvas.course_id) == ("stat201", 54321)
    assert read.course.timezone.key == "America/Vancouver"
    assert read.jupyterhub.storage_path == Path("/tank/home/stat201")
    assert [a.name for a in found.assignments] == ["lab_1"]
    assert TOKEN not in repr(found)


def test_computed_values_are_named(tmp_path: Path) -> None:
    lines = (
        "import os",
        'c.Canvas.course_id = int(os.environ["COURSE"])',
        'c.Course.timezone = "US/" + ZONE',
    )
    found = older(tmp_path, FIRST + "\n".join(lines))
    note = next(note for note in found.notes if "computed" in note.sentence)
    assert note.keys == ("Canvas.course_id", "Course.timezone")
    assert found.computed == {"course_id": "Canvas.course_id", "timezone": "Course.timezone"}


@pytest.mark.parametrize(
    ("tokens", "layout"),
    [("YYYY-MM-DD-HHmm", "%Y-%m-%d-%H%M"), ("YYYYMMDD[T]HHmmss", "%Y%m%dT%H%M%S")],
)
def test_a_snapshots_name_without_expression_is_all_time(
    tmp_path: Path, tokens: str, layout: str
) -> None:
    changed = f'c.JupyterHub.zfs_regex = None\nc.JupyterHub.zfs_datetime_pattern = "{tokens}"\n'
    snapshots = config(older(tmp_path, FIRST + changed)).jupyterhub.snapshots
    assert snapshots is not None
    assert snapshots.format == layout


def test_a_way_of_writing_times_that_is_unknown_leaves_snapshots_to_a_person(
    tmp_path: Path,
) -> None:
    found = older(tmp_path, f'{FIRST}c.JupyterHub.zfs_datetime_pattern = "x"\n')
    assert config(found).jupyterhub.snapshots is None
    assert "[jupyterhub.snapshots]" in said(found, "JupyterHub.zfs")
