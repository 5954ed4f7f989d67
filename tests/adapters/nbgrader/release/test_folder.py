from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from rudaux.adapters.nbgrader.grader import NbgraderGrader
from rudaux.errors import ConfigError
from tests.adapters.nbgrader.course import Course, cell_named, make_course
from tests.forked import nbgrader


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path / "course")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


def add_test(content: dict[str, Any]) -> None:
    new = json.loads(json.dumps(cell_named(content, "correct_squares")))
    new["metadata"]["nbgrader"].update(grade_id="squares_of_three", points=3)
    new["source"] = "assert squares(3) == [1, 4, 9]"
    content["cells"].insert(6, new)


def test_the_release_is_what_nbgrader_generates(course: Course, tmp_path: Path) -> None:
    built = course.grader.build_release("ps1", tmp_path / "into")
    nbgrader("generate_assignment", "ps1", "--force", folder=course.folder)
    theirs = contents(course.folder / "release" / "ps1")
    assert contents(built.folder).keys() == theirs.keys() == set(built.files)
    for name, content in contents(built.folder).items():
        if name.endswith(".ipynb"):
            assert json.loads(content) == json.loads(theirs[name])
        else:
            assert content == theirs[name]
    assert course.grader.source_in_step("ps1")


def test_a_release_has_the_same_bytes_every_time(course: Course, tmp_path: Path) -> None:
    def without_ids(content: dict[str, Any]) -> None:
        content["nbformat_minor"] = 5
        content["cells"][1]["id"] = content["cells"][2]["id"] = "twice"

    course.edit_source(without_ids)
    first = contents(course.grader.build_release("ps1", tmp_path / "one").folder)
    again = NbgraderGrader(course.folder, tmp_path / "scratch")
    assert contents(again.build_release("ps1", tmp_path / "two").folder) == first
    for name in ("problem1.ipynb", "problem2.ipynb"):
        nbformat.validate(json.loads(first[name]))


def test_building_touches_neither_gradebook_nor_release_folder(
    course: Course, tmp_path: Path
) -> None:
    course.edit_source(add_test)
    before = contents(course.folder)
    course.grader.build_release("ps1", tmp_path / "into")
    assert contents(course.folder) == before


def test_building_works_from_any_folder_and_leaves_ignored_files_out(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (course.source().parent / "__pycache__").mkdir()
    (course.source().parent / "__pycache__" / "x.pyc").write_text("x")
    (course.source().parent / "data").mkdir()
    (course.source().parent / "data" / "rain.csv").write_text("mm\n1\n")
    monkeypatch.chdir(tmp_path)
    built = course.grader.build_release("ps1", tmp_path / "into")
    assert built.files == ("data/rain.csv", "jupyter.png", "problem1.ipynb", "problem2.ipynb")
    assert built.notebooks == ("problem1.ipynb", "problem2.ipynb")
    assert built.leaks == ()
    assert cell_named(json.loads((built.folder / "problem1.ipynb").read_text()), "jupyter")


def test_solutions_in_data_files_and_left_over_cells_are_leaks(
    course: Course, tmp_path: Path
) -> None:
    def leave_a_copy(content: dict[str, Any]) -> None:
        source = cell_named(content, "squares")["source"]
        text = "".join(source)
        inner = text.split("### BEGIN SOLUTION")[1].split("### END SOLUTION")[0]
        content["cells"][4]["source"] = "def mine(n):" + inner

    course.edit_source(leave_a_copy)
    (course.source().parent / "key.md").write_text("The answer:\n\n$\\sum_{i=1}^n  i^2$\n")
    built = course.grader.build_release("ps1", tmp_path / "into")
    assert built.leaks == (
        "key.md shows the solution of problem1.ipynb, cell sum_of_squares_equation.",
        "problem1.ipynb, cell 8 shows the solution of problem1.ipynb, cell squares.",
    )


def test_hidden_tests_and_mark_schemes_never_reach_the_release(
    course: Course, tmp_path: Path
) -> None:
    def hide(content: dict[str, Any]) -> None:
        test = cell_named(content, "correct_squares")
        test["source"] = "### HIDE\nassert squares(77)[-1] == 5929\n### SHOW"
        task = cell_named(content, "cell-938593c4a215c6cc")
        task["source"] = "Part E\n=== BEGIN MARK SCHEME\nTwo points each.\n=== END MARK SCHEME"

    config = course.folder / "nbgrader_config.py"
    config.write_text(
        config.read_text() + "\nc.ClearHiddenTests.begin_test_delimeter = 'HIDE'\n"
        "c.ClearHiddenTests.end_test_delimeter = 'SHOW'\n"
    )
    course.edit_source(hide)
    grader = NbgraderGrader(course.folder, tmp_path / "scratch")
    built = grader.build_release("ps1", tmp_path / "into")
    released = (built.folder / "problem1.ipynb").read_text()
    assert "5929" not in released
    assert "Two points each" not in released
    assert built.leaks == ()
    course.source().parent.joinpath("tests.py").write_text("assert squares(77)[-1]  ==  5929")
    built = grader.build_release("ps1", tmp_path / "into")
    assert built.leaks == (
        "tests.py shows the hidden test of problem1.ipynb, cell correct_squares.",
    )


def test_a_mistake_in_the_source_names_the_notebook(course: Course, tmp_path: Path) -> None:
    def unclosed(content: dict[str, Any]) -> None:
        cell_named(content, "squares")["source"] = "### BEGIN SOLUTION\nx = 1"

    course.edit_source(unclosed)
    with pytest.raises(ConfigError, match=r"problem1\.ipynb cannot be converted \(no end solution"):
        course.grader.build_release("ps1", tmp_path / "into")


def test_a_copied_cell_and_a_cut_off_notebook_are_told_in_plain_words(
    course: Course, tmp_path: Path
) -> None:
    def copied(content: dict[str, Any]) -> None:
        content["cells"].append(dict(cell_named(content, "squares")))

    course.edit_source(copied)
    with pytest.raises(ConfigError, match='two cells have the grade id "squares"'):
        course.grader.build_release("ps1", tmp_path / "into")
    file = course.source()
    file.write_text(file.read_text()[:900])
    with pytest.raises(ConfigError, match=r"cannot be converted \(it is not valid JSON: "):
        course.grader.build_release("ps1", tmp_path / "into")


def test_an_assignment_without_folder_or_notebook_is_a_configuration_error(
    course: Course,
) -> None:
    (course.folder / "source" / "ps2").mkdir()
    for name, said in (("ps2", "contains no notebook"), ("ps3", "has no folder")):
        with pytest.raises(ConfigError, match=said):
            course.grader.source_notebooks(name)
    assert course.grader.source_notebooks("ps1") == ("problem1.ipynb", "problem2.ipynb")
