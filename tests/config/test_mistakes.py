from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rudaux.config.file import parse
from rudaux.errors import ConfigError
from tests.config.course_file import MINIMAL, assignment, changed, mistakes, only_mistake, parsed


@pytest.mark.parametrize(
    ("table", "key", "value", "right"),
    [
        ("course", "name", '""', "should not be empty"),
        ("course", "name", '"two\\nlines"', "one line"),
        ("course", "timezone", '"America/Vancuver"', "did you mean America/Vancouver?"),
        ("course", "timezone", '"vancouver"', "did you mean America/Vancouver?"),
        ("course", "timezone", '"../../etc/passwd"', "is not an IANA time zone"),
        ("course", "timezone", '"America"', "is not an IANA time zone"),
        ("canvas", "url", '"canvas.example.edu"', 'with "https://"'),
        ("canvas", "url", '"https://canvas.example.edu/courses/1"', "the site alone"),
        ("canvas", "url", '"https://[canvas"', 'with "https://"'),
        ("canvas", "url", '"ftp://canvas.example.edu"', 'with "https://"'),
        ("canvas", "course_id", '"12345"', "without quotes"),
        ("canvas", "course_id", "true", "should be the number"),
        ("canvas", "course_id", "0", "should be the number"),
        ("canvas", "course_id", "12345.0", "should be the number"),
        ("canvas", "external_tool_level", '"corse"', '"course", "account" or "group"'),
        ("canvas", "token_env", '"CANVAS TOKEN"', "name of an environment variable"),
        ("canvas", "token_file", "5", "should be text in quotes"),
        ("canvas", "token_file", '"~nobody-here/token"', "home folder that does not exist"),
        ("git", "release_path", '"../elsewhere"', "a relative path"),
        ("git", "release_path", '"/materials"', "a relative path"),
        ("git", "release_path", '".git/hooks"', 'without "..", ".git" or'),
        ("git", "push", "1", "should be true or false"),
        ("git", "push", '"false"', "should be true or false"),
        ("git", "student_repo", '"org/dsci100"', "should be a git remote"),
        ("git", "student_repo", '"--upload-pack=x"', "should be a git remote"),
        ("jupyterhub", "url", '"https://hub.example.edu/jupyter"', "the site alone"),
        ("jupyterhub", "base_url", '"https://hub.example.edu"', "prefix alone"),
        ("jupyterhub", "storage_path", '"tank/home"', "an absolute path"),
        ("jupyterhub", "work_path", '"{student}/{assignment}"', "unknown placeholder {student}"),
        ("jupyterhub", "work_path", '"{student_id}"', "should contain {assignment} exactly once"),
        ("jupyterhub", "work_path", '"{student_id/{assignment}"', "an unmatched brace"),
        ("jupyterhub", "work_path", '"{student_id}}/{assignment}"', "an unmatched brace"),
        ("jupyterhub", "work_path", '"../{student_id}/{assignment}"', "a relative path"),
    ],
)
def test_a_wrong_value_is_named_with_what_would_be_right(
    table: str, key: str, value: str, right: str
) -> None:
    line = only_mistake(changed(key, value, table))
    assert line.startswith(f"rudaux.toml: {table}.{key} = ")
    assert right in line


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("executor", '"podman"'),
        ("image", '""'),
        ("jobs", "-1"),
        ("jobs", "true"),
        ("jobs", "1.5"),
        ("memory", '"lots"'),
        ("memory", '"1k"'),
        ("memory", "1024"),
        ("cpus", "0"),
        ("cpus", "nan"),
        ("cpus", "inf"),
        ("cell_timeout", "0"),
        ("timeout", '"10 minutes"'),
        ("timeout", "59"),
        ("network", '"no"'),
        ("zero_guard", "30"),
        ("median_guard", "20"),
        ("scratch", "512"),
        ("preload", '"numpy"'),
        ("preload", '"Auto"'),
        ("preload", '["scikit-learn"]'),
        ("stderr_fails", '"no"'),
        ("scheduler", '"10.0.0.5:8786"'),
        ("scheduler", '"tcp://10.0.0.5"'),
        ("scheduler", '"tcp://user:word@10.0.0.5:8786"'),
        ("scheduler", '"inproc://1"'),
        ("root", '"images/dsci100"'),
        ("hidden_tests", '"secret"'),
        ("hidden_tests", "true"),
    ],
)
def test_wrong_grading_settings_are_named(key: str, value: str) -> None:
    line = only_mistake(f"{MINIMAL}[grading]\n{key} = {value}\n")
    assert line.startswith(f"rudaux.toml: grading.{key} = ")


def test_a_network_for_students_is_refused_where_it_reaches_an_open_scheduler() -> None:
    grading = '[grading]\nnetwork = true\nscheduler = "{}://10.0.0.5:8786"\n'
    line = only_mistake(MINIMAL + grading.format("tcp"))
    assert line.startswith("rudaux.toml: grading.network = true: should be false with this")
    assert parsed(MINIMAL + grading.format("tls")).grading.scheduler == "tls://10.0.0.5:8786"


def test_an_unpacked_image_goes_with_the_sandbox_alone() -> None:
    grading = '[grading]\nexecutor = "{}"\nroot = "/srv/images/dsci100"\n'
    line = only_mistake(MINIMAL + grading.format("docker"))
    assert line.startswith('rudaux.toml: grading.root = "/srv/images/dsci100": is only used with')
    assert parsed(MINIMAL + grading.format("sandbox")).grading.root == "/srv/images/dsci100"


@pytest.mark.parametrize(("before", "now"), [("true", "redacted"), ("false", "shown")])
def test_the_key_that_hidden_tests_took_the_place_of_says_what_to_write(
    before: str, now: str
) -> None:
    line = only_mistake(f"{MINIMAL}[grading]\nredact_hidden_tests = {before}\n")
    assert "grading.redact_hidden_tests has been replaced" in line
    assert f'write hidden_tests = "{now}"' in line


@pytest.mark.parametrize(("key", "value"), [("delay_minutes", "-1"), ("log_dir", "false")])
def test_wrong_schedule_settings_are_named(key: str, value: str) -> None:
    line = only_mistake(f"{MINIMAL}[schedule]\n{key} = {value}\n")
    assert line.startswith(f"rudaux.toml: schedule.{key} = ")


@pytest.mark.parametrize(
    ("key", "value", "right"),
    [
        ("name", '""', "should not be empty"),
        ("name", '"week/1"', "the name of a folder"),
        ("name", '".hidden"', "the name of a folder"),
        ("name", '"homework+1"', "the name of a folder"),
        ("name", '"homework*"', "the name of a folder"),
        ("name", '" homework_1"', "should not start or end with a space"),
        ("due", '"2026-10-01"', "without quotes"),
        ("due", "23:59:59", "should be a date"),
        ("due", "2026-10-02T06:59:59Z", "write it as 2026-10-01T23:59:59"),
        ("due", "2026-10-01T23:59:59-07:00", "write it as 2026-10-01T23:59:59"),
        ("points", "0", "from 0.01"),
        ("points", "-3", "from 0.01"),
        ("points", "inf", "from 0.01"),
        ("points", "true", "from 0.01"),
        ("points", '"10"', "without quotes"),
        ("manual", '"yes"', "true or false"),
        ("unlock", "2026-10-01T23:59:59", "should be before due"),
        ("lock", "2026-10-01T23:59:58", "should not be before due"),
        ("late_until", "2026-10-01T23:59:59", "should be after due"),
        ("notebook", '"homework_1"', "the file name of a notebook"),
        ("notebook", '"../other/x.ipynb"', "the file name of a notebook"),
    ],
)
def test_a_wrong_assignment_is_named_with_what_would_be_right(
    key: str, value: str, right: str
) -> None:
    line = only_mistake(MINIMAL + assignment(**{key: value}))
    assert line.startswith(f"rudaux.toml: assignments[1].{key} = ")
    assert right in line


def test_two_assignments_of_one_name_are_a_mistake() -> None:
    line = only_mistake(MINIMAL + assignment() + assignment(name='"lab_1"') + assignment())
    assert "assignments[3].name" in line
    assert "is already the name of assignments[1]" in line


def test_assignments_in_single_brackets_are_a_mistake() -> None:
    assert "[[assignments]], in double brackets" in only_mistake(
        MINIMAL + assignment().replace("[[assignments]]", "[assignments]")
    )


def test_one_repository_for_teachers_and_students_is_a_mistake() -> None:
    line = only_mistake(
        changed("student_repo", '"https://github.com/org/dsci100-instructors"', "git")
    )
    assert "which holds the solutions" in line


@pytest.mark.parametrize(
    ("key", "value", "right"),
    [
        ("pattern", "'('", "is not a valid regular expression"),
        ("pattern", r"'\d{8}'", 'should match all of "2026-10-02-0030"'),
        ("format", '"%H%M"', "should contain year, month and day"),
        ("format", '"%Q"', "should contain year, month and day"),
        ("path", '""', "should be a folder under storage_path"),
        ("path", '"{assignment}/.zfs"', "unknown placeholder {assignment}"),
        ("timezone", '"UCT+1"', "is not an IANA time zone"),
    ],
)
def test_wrong_snapshot_settings_are_named(key: str, value: str, right: str) -> None:
    keys = {
        "path": '".zfs/snapshot"',
        "pattern": r"'\d{4}-\d{2}-\d{2}-\d{4}'",
        "format": '"%Y-%m-%d-%H%M"',
        "timezone": '"UTC"',
        key: value,
    }
    table = "[jupyterhub.snapshots]\n" + "".join(f"{k} = {v}\n" for k, v in keys.items())
    line = only_mistake(MINIMAL + table)
    assert line.startswith(f"rudaux.toml: jupyterhub.snapshots.{key} = ")
    assert right in line


def test_an_empty_file_names_every_key_that_is_needed() -> None:
    assert [line.split(" is missing: add ")[0] for line in mistakes("")] == [
        "rudaux.toml: course.name",
        "rudaux.toml: course.timezone",
        "rudaux.toml: canvas.url",
        "rudaux.toml: canvas.course_id",
        "rudaux.toml: canvas.external_tool_name",
        "rudaux.toml: git.instructor_repo",
        "rudaux.toml: git.student_repo",
        "rudaux.toml: jupyterhub.storage_path",
        "rudaux.toml: jupyterhub.url",
    ]


def test_a_merge_conflict_is_told_with_its_line() -> None:
    line = only_mistake(MINIMAL + "<<<<<<< HEAD\n")
    assert "unresolved merge conflict (<<<<<<< in line" in line


def test_a_key_that_is_missing_because_it_is_misspelt_is_told_once() -> None:
    text = MINIMAL + assignment().replace("points =", "point =")
    assert only_mistake(text) == (
        "rudaux.toml: assignments[1].point (homework_1) is an unknown key; did you mean points?"
    )


def test_what_is_suggested_for_missing_keys_makes_a_file_that_loads() -> None:
    tables: dict[str, str] = {}
    for line in mistakes(""):
        found = re.search(r"add (.*) to \[(\w+)\]$", line)
        assert found
        tables[found[2]] = tables.get(found[2], "") + found[1] + "\n"
    config = parsed("".join(f"[{table}]\n{keys}" for table, keys in tables.items()))
    assert config.course.name == "dsci100"


def test_all_mistakes_are_told_at_once() -> None:
    text = changed("course_id", '"x"', "canvas") + assignment(points="0", due="1")
    assert [line.split(" = ")[0] for line in mistakes(text)] == [
        "rudaux.toml: canvas.course_id",
        "rudaux.toml: assignments[1].due",
        "rudaux.toml: assignments[1].points",
    ]


def test_an_unknown_key_or_table_is_told_with_the_nearest_one() -> None:
    text = changed("Course_Id2", "5", "canvas") + "[shedule]\ndelay = 1\n" + assignment(dew="5")
    found = "\n".join(mistakes(text))
    assert "canvas.Course_Id2 is an unknown key; did you mean course_id?" in found
    assert "shedule is an unknown table; did you mean schedule?" in found
    assert "assignments[1].dew (homework_1) is an unknown key; did you mean due?" in found


def test_a_wrong_time_zone_is_not_blamed_on_the_dates() -> None:
    text = changed("timezone", '"Mars"', "course") + assignment(due="2026-03-08T02:30:00")
    assert "course.timezone" in only_mistake(text)


def test_a_value_in_place_of_a_table_is_a_mistake() -> None:
    assert "should be a table: [grading]" in only_mistake("grading = 5\n" + MINIMAL)


def test_malformed_toml_names_the_line() -> None:
    assert "line 2" in only_mistake("[course]\nname = dsci100\n")


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
))  # fmt: skip
def test_no_value_anywhere_makes_a_bug(value: object) -> None:
    places = [("course", "timezone"), ("git", "student_repo"), ("jupyterhub", "work_path")]
    for table, key in places:
        with suppress(ConfigError):
            assert parsed(changed(key, toml(value), table)).course.name == "dsci100"


def toml(value: object) -> str:
    """Write a value as TOML, roughly: some of it is malformed on purpose."""
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(c):08X}" for c in value) + '"'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return str(value).lower()


@pytest.mark.parametrize(
    ("table", "key", "value", "right"),
    [
        ("schedule", "wait", '"a while"', '"30m" or "6h"'),
        ("schedule", "limit", '"0s"', 'from "1s"'),
        ("schedule", "limit", "true", "a duration"),
        ("schedule", "keep_logs", "0", "from 1 to 3650"),
        ("notify", "on", '"problem"', 'such as ["problem"], of any of problem, done, todo'),
        ("notify", "on", '["problems"]', "problem"),
    ],
)
def test_wrong_settings_of_unattended_runs_are_named(
    table: str, key: str, value: str, right: str
) -> None:
    file = 'urls_file = "urls"\n' if table == "notify" else ""
    line = only_mistake(f"{MINIMAL}[{table}]\n{file}{key} = {value}\n")
    assert line.startswith(f"rudaux.toml: {table}.{key} = ")
    assert right in line


def test_notify_needs_its_addresses() -> None:
    assert "notify.urls_file is missing" in only_mistake(f"{MINIMAL}[notify]\n")


SNAPSHOTS = """
[jupyterhub.snapshots]
path = ".zfs/snapshot"
pattern = '\\d{4}-\\d{2}-\\d{2}-\\d{4}'
format = "%Y-%m-%d-%H%M"
timezone = "UTC"
"""


@pytest.mark.parametrize(
    ("lines", "right"),
    [
        ('take = "zfs"', "dataset is missing"),
        ('take = "btrfs"', "a program and its arguments"),
        ('take = ["snap"]', "should contain {name}"),
        ('take = ["snap", "{name}"]\ndataset = "tank/home"', 'is only used with take = "zfs"'),
        ('take = "zfs"\ndataset = "/tank/home"', '"tank/home/dsci100"'),
        ('take = "zfs"\ndataset = "tank/home"\nhost = "-oProxyCommand=x"', "a host for ssh"),
    ],
)
def test_wrong_ways_of_taking_snapshots_are_named(lines: str, right: str) -> None:
    assert right in only_mistake(f"{MINIMAL}{SNAPSHOTS}{lines}\n")


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("due = 20.11.2026", "due: write a date as 2026-10-01T23:59:59, and a number as 10 or 2.5"),
        ("points = 10,5", "points: write a date as 2026-10-01T23:59:59, and a number as 10 or 2.5"),
        ('name = "hw', "close the quotation mark of name"),
        ("name = hw", "name: put text in quotation marks, and write true or false in lower case"),
        ("[[assignments]", "close as many brackets as are opened, as in [[assignments]]"),
    ],
)
def test_a_line_that_is_not_toml_is_told_how_to_be_written(line: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=r"not valid TOML: .*\(at line 2, column") as error:
        parse(f"[course]\n{line}\n")
    assert str(error.value).endswith(f"); {hint}.")


def test_a_secret_on_a_line_that_is_not_toml_is_not_shown() -> None:
    with pytest.raises(ConfigError) as error:
        parse("token = 7~sEcReT\n")
    assert "sEcReT" not in str(error.value)
