from __future__ import annotations

import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from rudaux.config import FILE, Config, assignment_names, load_config
from rudaux.errors import ConfigError
from tests.config.course_file import MINIMAL, assignment

OWN = """
extends = "../common.toml"
[canvas]
course_id = 12346
"""
SHARED = MINIMAL.replace("course_id = 12345\n", "")


def course(
    folder: Path, own: str = OWN, shared: str = SHARED + assignment(), name: str = "evening"
) -> Path:
    """A course folder beside a shared file."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "common.toml").write_text(shared)
    (folder / name / FILE).write_text(own)
    return folder / name


def loaded(folder: Path, own: str = OWN, shared: str = SHARED + assignment()) -> Config:
    return load_config(course(folder, own, shared))


def mistakes(folder: Path, own: str = OWN, shared: str = SHARED + assignment()) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, own, shared)
    return caught.value.mistakes


def only(folder: Path, own: str = OWN, shared: str = SHARED + assignment()) -> str:
    found = mistakes(folder, own, shared)
    assert len(found) == 1, found
    return found[0]


def test_shared_tables_are_read_first_and_the_courses_own_keys_win(tmp_path: Path) -> None:
    own = OWN + '[course]\nname = "dsci100-evening"\n[grading]\njobs = 3\n'
    shared = SHARED + '[grading]\njobs = 2\nmemory = "2g"\npreload = ["numpy", "pandas"]\n'
    config = loaded(tmp_path, own, shared)
    assert config.folder == tmp_path / "evening"
    assert (config.canvas.course_id, config.canvas.external_tool_name) == (12346, "Jupyter")
    assert (config.course.name, str(config.course.timezone)) == (
        "dsci100-evening", "America/Vancouver",
    )  # fmt: skip
    assert (config.grading.jobs, config.grading.memory) == (3, "2g")
    assert config.grading.preload == ("numpy", "pandas")


def test_a_list_of_values_is_replaced_as_a_whole(tmp_path: Path) -> None:
    own = OWN + '[grading]\npreload = ["sympy"]\n'
    shared = SHARED + '[grading]\npreload = ["numpy", "pandas"]\n'
    assert loaded(tmp_path, own, shared).grading.preload == ("sympy",)


def test_assignments_are_joined_by_name_and_own_ones_come_after(tmp_path: Path) -> None:
    shared = SHARED + assignment() + assignment(name='"homework_2"', manual="true")
    own = (
        OWN
        + assignment(name='"homework_2"', due="2026-10-09", points="")
        + assignment(name='"project"')
    )
    found = {a.name: a for a in loaded(tmp_path, own, shared).assignments}
    assert list(found) == ["homework_1", "homework_2", "project"]
    assert found["homework_2"].due.date() == date(2026, 10, 9)
    assert (found["homework_2"].points, found["homework_2"].manual) == (Decimal(10), True)
    assert found["homework_1"].due.date() == date(2026, 10, 1)
    assert assignment_names(tmp_path / "evening") == list(found)


def test_a_file_may_extend_one_that_extends_another(tmp_path: Path) -> None:
    (tmp_path / "department").mkdir()
    (tmp_path / "department" / "hub.toml").write_text("[grading]\njobs = 7\ncpus = 2.0\n")
    shared = 'extends = "department/hub.toml"\n' + SHARED + "[grading]\ncpus = 1.5\n"
    config = loaded(tmp_path, OWN, shared)
    assert (config.grading.jobs, config.grading.cpus) == (7, 1.5)


def test_a_token_file_is_seen_from_where_it_is_named_and_logs_stay_with_each_course(
    tmp_path: Path,
) -> None:
    shared = SHARED.replace("[canvas]", '[canvas]\ntoken_file = "private/token"')
    shared += '[schedule]\nlog_dir = "cron"\n'
    config = loaded(tmp_path, OWN, shared)
    assert config.canvas.token_file == tmp_path / "private" / "token"
    assert config.folder / config.schedule.log_dir == tmp_path / "evening" / "cron"
    own = OWN + 'token_file = "token"\n'
    assert loaded(tmp_path, own, shared).canvas.token_file == tmp_path / "evening" / "token"


# --- Mistakes name the file in which they stand --------------------------------------------------


def test_each_mistake_is_told_with_the_file_in_which_it_stands(tmp_path: Path) -> None:
    shared = SHARED.replace("America/Vancouver", "Vancouver") + assignment(points='"many"')
    own = OWN + "[grading]\njobs = -1\nmemroy = 3\n" + assignment(due='"soon"', points="")
    found = mistakes(tmp_path, own, shared)
    assert [m.partition(" = ")[0].partition(" is ")[0] for m in found] == [
        "../common.toml: course.timezone",
        "rudaux.toml: grading.jobs",
        "rudaux.toml: assignments[1].due",
        "../common.toml: assignments[1].points",
        "rudaux.toml: grading.memroy",
    ]


def test_an_assignment_is_counted_in_the_file_that_it_stands_in(tmp_path: Path) -> None:
    shared = SHARED + assignment() + assignment(name='"homework_2"')
    own = OWN + assignment(name='"project"', points='"many"')
    assert only(tmp_path, own, shared).startswith("rudaux.toml: assignments[1].points")
    own = OWN + assignment(name='"homework_2"', points='"many"')
    assert only(tmp_path, own, shared).startswith("rudaux.toml: assignments[1].points")


def test_a_name_that_one_file_has_twice_is_a_mistake(tmp_path: Path) -> None:
    assert "already" in only(tmp_path, OWN + assignment() + assignment())
    assert "already" in only(tmp_path, OWN, SHARED + assignment() + assignment())


def test_a_misspelt_key_is_told_once_with_the_file_that_holds_it(tmp_path: Path) -> None:
    shared = SHARED.replace("external_tool_name", "external_tool_nam")
    said = only(tmp_path, OWN + assignment(), shared)
    assert said.startswith("../common.toml: canvas.external_tool_nam is an unknown key")
    assert "did you mean external_tool_name" in said


def test_malformed_toml_is_told_with_the_name_of_the_shared_file(tmp_path: Path) -> None:
    assert only(tmp_path, OWN, "[course\n").startswith("../common.toml is not valid TOML")


@pytest.mark.parametrize("where", ["own", "shared", "deeper"])
def test_a_circle_is_a_mistake(tmp_path: Path, where: str) -> None:
    own, shared = OWN, SHARED
    if where == "own":
        own = OWN.replace("../common.toml", FILE)
    elif where == "shared":
        shared = f'extends = "evening/{FILE}"\n' + SHARED
    else:
        (tmp_path / "a.toml").write_text('extends = "common.toml"\n')
        shared = 'extends = "a.toml"\n' + SHARED
    said = only(tmp_path, own, shared)
    assert "leads in a circle" in said
    assert " -> " in said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('"../comon.toml"', "there is no such file"),
        ('".."', "it cannot be read: Is a directory"),
        ('""', "should name one file"),
        ("3", "should name one file"),
        ('["../common.toml"]', "should name one file"),
    ],
)
def test_a_shared_file_that_is_none_is_a_mistake(tmp_path: Path, value: str, said: str) -> None:
    found = only(tmp_path, OWN.replace('"../common.toml"', value))
    assert found.startswith("rudaux.toml: extends = ")
    assert said in found


def test_a_token_in_the_shared_file_is_a_mistake_and_not_shown(tmp_path: Path) -> None:
    token = "1234~" + "a" * 64
    shared = SHARED.replace("[canvas]", f'[canvas]\ntoken = "{token}"') + f"# {token}\n"
    found = mistakes(tmp_path, OWN, shared)
    assert all(m.startswith("../common.toml: ") for m in found)
    assert "canvas.token" in found[0]
    assert "the comment on line" in found[1]
    assert token not in "".join(found)
    assert token not in only(tmp_path, OWN.replace("../common.toml", token))


def test_a_canvas_course_is_never_shared(tmp_path: Path) -> None:
    own = 'extends = "../common.toml"\n'
    said = only(tmp_path, own, MINIMAL)
    assert said.startswith("../common.toml: canvas.course_id = 12345: belongs in the rudaux.toml")
    assert loaded(tmp_path, OWN, MINIMAL).canvas.course_id == 12346


def test_a_far_away_file_is_named_in_full(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    far = tmp_path / "etc" / "rudaux-common.toml"
    far.write_text(SHARED.replace("America/Vancouver", "Vancouver"))
    deep = tmp_path / "a" / "b" / "c"
    course(deep, OWN.replace("../common.toml", os.fspath(far)))
    with pytest.raises(ConfigError, match="Vancouver") as caught:
        load_config(deep / "evening")
    assert caught.value.mistakes[0].startswith(f"{far}: course.timezone")
