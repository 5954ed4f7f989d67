from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rudaux.config import (
    FILE,
    Config,
    assignment_names,
    find_assignment,
    find_course_folder,
    load_config,
)
from rudaux.errors import ConfigError, UsageError
from tests.config.course_file import MINIMAL, assignment, changed, course, only_mistake, parsed

EXAMPLE = Path(__file__).parents[2] / "rudaux.toml.example"

# --- what a good file means ----------------------------------------------------------------------


def test_the_example_file_loads_and_shows_every_key() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    config = parsed(text)
    assert config.assignments[0].name == "homework_1"
    written = set(re.findall(r"(?m)^#? ?(\w+) =", text))
    assert written == set(leaf_names(Config)) - {"folder"} | {"extends"}


def leaf_names(kind: Any) -> list[str]:
    """The names of all plain fields of a dataclass and of those inside it."""
    hints, names = get_type_hints(kind), []
    for entry in fields(kind):
        inner = [t for t in (hints[entry.name], *get_args(hints[entry.name])) if is_dataclass(t)]
        names += leaf_names(inner[0]) if inner else [entry.name.rstrip("_")]
    return names


def test_a_course_without_assignments_is_fine() -> None:
    config = parsed(MINIMAL)
    assert config.assignments == ()
    assert config.folder == Path("/course")
    assert config.git.push
    assert config.jupyterhub.snapshots is None
    assert config.grading.executor == "docker"


def test_a_due_date_is_in_the_courses_time_zone() -> None:
    [found] = parsed(MINIMAL + assignment()).assignments
    assert found.due.isoformat() == "2026-10-01T23:59:59-07:00"


def test_a_bare_date_is_the_end_of_that_day_and_to_unlock_its_start() -> None:
    text = assignment(unlock="2026-09-20", due="2026-10-01", lock="2026-10-01")
    [found] = parsed(MINIMAL + text).assignments
    assert found.unlock is not None
    assert found.lock is not None
    assert found.unlock.isoformat() == "2026-09-20T00:00:00-07:00"
    assert found.due.isoformat() == found.lock.isoformat() == "2026-10-01T23:59:59-07:00"


def test_a_time_that_clocks_show_twice_is_the_later_one() -> None:
    [found] = parsed(MINIMAL + assignment(due="2025-11-02T01:30:00")).assignments
    assert found.due.astimezone(timezone.utc) == datetime(2025, 11, 2, 9, 30, tzinfo=timezone.utc)


def test_a_time_that_clocks_skip_is_a_mistake_that_says_why() -> None:
    line = only_mistake(MINIMAL + assignment(due="2026-03-08T02:30:00"))
    assert line == (
        "rudaux.toml: assignments[1].due = 2026-03-08T02:30:00 (homework_1): does not exist in "
        "America/Vancouver, where the clocks skip it when they go forward: write "
        "2026-03-08T03:30:00"
    )


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)))
def test_every_accepted_date_reads_the_same_on_the_courses_clock(naive: datetime) -> None:
    naive = naive.replace(microsecond=0)
    try:
        [found] = parsed(MINIMAL + assignment(due=naive.isoformat())).assignments
    except ConfigError:
        assert naive.month == 3
        assert naive.hour == 2
        return
    there = found.due.astimezone(timezone.utc).astimezone(found.due.tzinfo)
    assert there.replace(tzinfo=None, fold=0) == naive


@pytest.mark.parametrize(
    ("written", "exact"), [("10", "10"), ("7.5", "7.5"), ("0.1", "0.1"), ("1_000", "1000")]
)
def test_points_are_exact_decimals(written: str, exact: str) -> None:
    [found] = parsed(MINIMAL + assignment(points=written)).assignments
    assert found.points == Decimal(exact)


def test_paths_are_made_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/io")
    home = parsed(changed("token_file", '"~/token"', "canvas"))
    beside = parsed(changed("token_file", '"secrets/token"', "canvas"))
    assert home.canvas.token_file == Path("/home/io/token")
    assert beside.canvas.token_file == Path("/course/secrets/token")
    assert parsed(changed("release_path", '"materials/"', "git")).git.release_path == "materials"
    assert parsed(changed("url", '"https://hub.example.edu/"', "jupyterhub")).jupyterhub.url == (
        "https://hub.example.edu"
    )


@pytest.mark.parametrize(
    "remote",
    [
        "git@github.com:org/course.git",
        "ssh://git@git.example.edu:2222/org/course.git",
        "https://github.com/org/course",
        "github:org/course",
        "/srv/git/course.git",
        "/home/io/My Courses/course.git",
        "file:///srv/git/course.git",
    ],
)
def test_remotes_of_every_usual_form_are_taken(remote: str) -> None:
    assert parsed(changed("student_repo", f'"{remote}"', "git")).git.student_repo == remote


# --- finding the course and its assignments ------------------------------------------------------


def test_the_course_folder_is_the_nearest_one_upwards(tmp_path: Path) -> None:
    outer, inner = course(tmp_path), course(tmp_path / "a" / "b")
    deep = inner / "source" / "homework_1"
    deep.mkdir(parents=True)
    assert find_course_folder(deep) == inner
    assert find_course_folder(tmp_path / "a") == outer


def test_no_course_folder_says_what_to_do(tmp_path: Path) -> None:
    for load in (find_course_folder, load_config):
        with pytest.raises(ConfigError, match=r"there is no rudaux\.toml in") as caught:
            load(tmp_path)
        assert "`rudaux new`" in str(caught.value)
        assert "--dir" in str(caught.value)


def test_a_file_as_windows_editors_save_it_is_read(tmp_path: Path) -> None:
    text = MINIMAL.replace("\n", "\r\n")
    (tmp_path / FILE).write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert load_config(tmp_path).course.name == parsed(MINIMAL).course.name


@pytest.mark.parametrize("due", ["0026-10-01", "9999-12-31"])
def test_a_year_nobody_can_mean_is_a_mistake(due: str) -> None:
    line = only_mistake(MINIMAL + assignment(due=due))
    assert "should be a date from 2000 to 2199" in line


def test_a_file_that_is_not_text_is_said_so(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b'[course]\nname = "caf\xe9"\n')
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        load_config(tmp_path)
    assert assignment_names(tmp_path) == []


def test_a_misspelt_assignment_is_told_with_the_nearest_name() -> None:
    config = parsed(MINIMAL + assignment() + assignment(name='"lab_1"'))
    assert find_assignment(config, "lab_1").name == "lab_1"
    with pytest.raises(UsageError) as caught:
        find_assignment(config, "homwork_1")
    assert str(caught.value) == (
        'there is no assignment "homwork_1" in rudaux.toml. Did you mean homework_1?'
    )
    with pytest.raises(UsageError, match=r"It has homework_1, lab_1\."):
        find_assignment(config, "xyz")
    with pytest.raises(UsageError, match="no \\[\\[assignments\\]\\] yet"):
        find_assignment(parsed(MINIMAL), "xyz")


def test_completion_gets_names_from_files_with_mistakes_and_nothing_from_broken_ones(
    tmp_path: Path,
) -> None:
    names = course(tmp_path, "[[assignments]]\nname = 'a b'\n[[assignments]]\nname = 5\n")
    assert assignment_names(names) == ["a b"]
    assert assignment_names(names / "source") == ["a b"]
    for text in ("[[assignments", "assignments = 5", "assignments = [5]", "x = 1"):
        assert assignment_names(course(tmp_path, text)) == []


def test_reading_the_configuration_imports_only_the_standard_library(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE, tmp_path / FILE)
    code = (
        "import sys; from pathlib import Path; from rudaux.config import load_config;"
        "load_config(Path(sys.argv[1]));"
        "print(*{m.partition('.')[0] for m in sys.modules} & "
        "{'nbgrader', 'docker', 'git', 'httpx', 'sqlalchemy', 'typer', 'rich'})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_the_later_reading_of_a_repeated_hour_is_an_hour_later() -> None:
    [early] = parsed(MINIMAL + assignment(due="2025-11-02T00:59:59")).assignments
    [late] = parsed(MINIMAL + assignment(due="2025-11-02T01:00:00")).assignments
    passed = late.due.astimezone(timezone.utc) - early.due.astimezone(timezone.utc)
    assert passed == timedelta(hours=1, seconds=1)
