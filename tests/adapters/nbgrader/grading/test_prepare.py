from __future__ import annotations

import errno
import json
import os
import re
import shutil
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest

from rudaux.adapters.nbgrader.grading import reading
from rudaux.domain.execution import Broken, Job
from rudaux.errors import GradebookFailure
from tests.adapters.nbgrader.course import RIGHT, WRONG, Course, cell_named, make_course

TEST = "correct_squares"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path / "course")


def cells(job: Job, notebook: str = "problem1") -> list[dict[str, Any]]:
    content = json.loads(job.notebooks[f"{notebook}.ipynb"])
    nbformat.validate(content)
    found: list[dict[str, Any]] = content["cells"]
    return found


def names(job: Job) -> list[str]:
    return [n for c in cells(job) if (n := c["metadata"].get("nbgrader", {}).get("grade_id"))]


def source_of(job: Job, name: str) -> str:
    return "".join(cell_named({"cells": cells(job)}, name)["source"])


def without_nonces(job: Job) -> Job:
    """Drop what is drawn at random for each run."""
    texts = dict(job.notebooks)
    for file, nonces in job.witnesses.items():
        for nonce in nonces.values():
            texts[file] = texts[file].replace(nonce, "")
        texts[file] = re.sub(r"'(place|key)\W+[0-9a-f]+", "", texts[file])
    return replace(job, notebooks=texts, witnesses={})


def test_a_source_whose_cells_lack_ids_is_read_without_a_warning(course: Course) -> None:
    for file in course.folder.glob("source/*/*.ipynb"):
        content = json.loads(file.read_text())
        content["nbformat_minor"] = 5
        content["cells"][0]["id"] = "first"
        file.write_text(json.dumps(content))
    course.hand_in("11", RIGHT)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert course.job("11").doubts == ()


def test_a_good_submission_needs_no_repair_and_is_the_same_twice(course: Course) -> None:
    course.hand_in("11", RIGHT)
    job = course.job("11")
    assert (job.repairs, job.doubts) == ((), ())
    assert list(job.notebooks) == ["problem1.ipynb", "problem2.ipynb"]
    assert [p.name for p in job.folder.iterdir()] == ["jupyter.png"]
    assert without_nonces(course.job("11")) == without_nonces(job)


def test_a_changed_test_gets_its_own_text_back(course: Course) -> None:
    def cheat(content: dict[str, Any]) -> None:
        cell_named(content, TEST)["source"] = "pass"
        meta = cell_named(content, "squares_invalid_input")["metadata"]["nbgrader"]
        meta.update(points=1000, grade=False)

    course.hand_in("11", RIGHT, cheat)
    job = course.job("11")
    assert "assert squares(10)" in source_of(job, TEST)
    meta = cell_named({"cells": cells(job)}, "squares_invalid_input")["metadata"]["nbgrader"]
    assert (meta["points"], meta["grade"]) == (1, True)
    assert job.repairs == (
        f'problem1: the locked cell "{TEST}" had been edited',
        'problem1: the settings of cell "squares_invalid_input" had been changed',
    )


def test_a_deleted_test_is_put_back_behind_its_answer(course: Course) -> None:
    def delete(content: dict[str, Any]) -> None:
        for name in ("jupyter", TEST, "squares_invalid_input", "sum_of_squares_uses_squares"):
            content["cells"].remove(cell_named(content, name))

    course.hand_in("12", RIGHT)
    course.hand_in("11", RIGHT, delete)
    job = course.job("11")
    assert names(job) == names(course.job("12"))
    assert f'problem1: the deleted cell "{TEST}" was put back' in job.repairs


def test_a_retyped_cell_and_a_cell_of_no_known_kind_are_repaired(course: Course) -> None:
    def retype(content: dict[str, Any]) -> None:
        answer, test = cell_named(content, "squares"), cell_named(content, TEST)
        for cell in (answer, test):
            cell.update(cell_type="markdown", attachments={})
            del cell["outputs"], cell["execution_count"]
        cell_named(content, "sum_of_squares_equation")["cell_type"] = "heading"

    course.hand_in("11", RIGHT, retype)
    job = course.job("11")
    kinds = {c["metadata"].get("nbgrader", {}).get("grade_id"): c["cell_type"] for c in cells(job)}
    assert (kinds["squares"], kinds[TEST]) == ("code", "code")
    assert kinds["sum_of_squares_equation"] == "markdown"
    assert 'problem1: cell "squares" was markdown instead of code' in job.repairs


def test_a_test_cannot_be_tagged_to_be_passed_over(course: Course) -> None:
    def tag(content: dict[str, Any]) -> None:
        cell_named(content, TEST)["metadata"]["tags"] = ["skip-execution", "mine"]

    course.hand_in("11", WRONG, tag)
    test = cell_named({"cells": cells(course.job("11"))}, TEST)
    assert test["metadata"]["tags"] == ["mine"]


def test_the_kernel_is_the_sources_whatever_the_student_chose(course: Course) -> None:
    def other_kernel(content: dict[str, Any]) -> None:
        content["metadata"]["kernelspec"] = {"name": "no-op", "display_name": "No-op"}

    course.hand_in("11", RIGHT, other_kernel)
    content = json.loads(course.job("11").notebooks["problem1.ipynb"])
    assert content["metadata"]["kernelspec"]["name"] == "python"


def test_a_cell_of_an_older_version_is_no_longer_graded(course: Course) -> None:
    def old_cell(content: dict[str, Any]) -> None:
        copy = json.loads(json.dumps(cell_named(content, TEST)))
        copy["metadata"]["nbgrader"]["grade_id"] = "gone"
        content["cells"].append(copy)

    course.hand_in("11", RIGHT, old_cell)
    job = course.job("11")
    assert "gone" not in names(job)
    assert job.repairs == ('problem1: cell "gone" is no longer part of the assignment (a test)',)


@pytest.mark.parametrize("name", ["problem1__20261001120000", "My homework"])
def test_a_renamed_notebook_is_found_by_its_cells(course: Course, name: str) -> None:
    folder = course.hand_in("11", RIGHT)
    (folder / "problem1.ipynb").rename(folder / f"{name}.ipynb")
    job = course.job("11")
    assert source_of(job, "squares") == RIGHT["squares"]
    assert job.repairs == (f"{name}.ipynb was graded as problem1.ipynb",)


def test_names_of_no_text_are_written_so_that_every_file_may_hold_them(course: Course) -> None:
    folder = course.hand_in("11", RIGHT)
    (folder / "problem1.ipynb").rename(folder / os.fsdecode(b"caf\xe9.ipynb"))
    assert course.job("11").repairs == (r"'caf\udce9.ipynb' was graded as problem1.ipynb",)
    (folder / os.fsdecode(b"caf\xe9.ipynb")).write_text("{")
    (folder / "problem2.ipynb").unlink()
    broken = course.grader.prepare("ps1", "11")
    assert isinstance(broken, Broken)
    assert broken.reason.startswith(r"'caf\udce9.ipynb' is not valid JSON")


def test_work_in_a_copy_counts_where_the_notebook_itself_is_blank(course: Course) -> None:
    folder = course.hand_in("11", RIGHT)
    (folder / "problem1.ipynb").rename(folder / "problem1__20261001120000.ipynb")
    shutil.copy(course.folder / "release" / "ps1" / "problem1.ipynb", folder)
    job = course.job("11")
    assert source_of(job, "squares") == RIGHT["squares"]
    assert job.repairs == (
        "problem1__20261001120000.ipynb was graded as problem1.ipynb "
        "(problem1.ipynb has no answers)",
    )
    assert job.doubts == ()


def test_different_work_in_two_files_is_a_doubt(course: Course) -> None:
    folder = course.hand_in("11", WRONG)
    (folder / "problem1.ipynb").rename(folder / "problem1__20261001120000.ipynb")
    other = course.hand_in("12", RIGHT)
    shutil.copy(other / "problem1.ipynb", folder)
    job = course.job("11")
    assert source_of(job, "squares") == RIGHT["squares"]
    assert job.doubts == (
        "problem1__20261001120000.ipynb has different answers from problem1.ipynb, which was "
        "graded: look at both",
    )


def test_a_notebook_of_an_old_format_is_upgraded(course: Course) -> None:
    folder = course.hand_in("11", RIGHT)
    path = folder / "problem1.ipynb"
    old = nbformat.convert(nbformat.read(path, as_version=4), 3)
    path.write_text(nbformat.writes(old, version=3))
    job = course.job("11")
    assert job.repairs[0] == "problem1.ipynb was upgraded from notebook format 3"
    assert source_of(job, "squares") == RIGHT["squares"]
    assert without_nonces(course.job("11")) == without_nonces(job)


def test_cells_that_no_schema_allows_are_mended(course: Course) -> None:
    def ruin(content: dict[str, Any]) -> None:
        content["nbformat_minor"] = 5
        content["metadata"]["authors"] = "me"
        for cell in content["cells"]:
            cell["id"] = "same id!"
        content["cells"][1] = {"cell_type": "code", "source": ["x = 1\n", "y = 2"]}
        content["cells"].append("nonsense")
        content["cells"].append({"metadata": {"nbgrader": "?"}})

    course.hand_in("11", RIGHT, ruin)
    job = course.job("11")
    ids = [cell["id"] for cell in cells(job)]
    assert len(set(ids)) == len(ids)
    assert source_of(job, "squares") == RIGHT["squares"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("{", "is not valid JSON"),
        ("<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> mine\n", "has an unresolved merge conflict"),
        ("[" * 100_000, "is not valid JSON"),
        ("{}", "is JSON, but not a notebook"),
        ('{"cells": [], "nbformat": 5}', "has the notebook format 5"),
    ],
)
def test_an_unreadable_notebook_is_broken_and_says_why(
    course: Course, text: str, reason: str
) -> None:
    folder = course.hand_in("11", RIGHT)
    (folder / "problem1.ipynb").write_text(text)
    broken = course.grader.prepare("ps1", "11")
    assert isinstance(broken, Broken)
    assert f"problem1.ipynb {reason}" in broken.reason


def test_a_binary_file_and_an_absurdly_large_one_are_broken(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = course.hand_in("11", RIGHT)
    (folder / "problem1.ipynb").write_bytes(b"\xff\xfe\x00")
    assert course.grader.prepare("ps1", "11") == Broken("problem1.ipynb is not a text file")
    monkeypatch.setattr(reading, "LARGEST", 2)
    broken = course.grader.prepare("ps1", "11")
    assert isinstance(broken, Broken)
    assert "clear its outputs" in broken.reason


def test_a_folder_that_cannot_be_read_is_not_an_empty_one(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, scandir = course.hand_in("11", RIGHT), os.scandir

    def broken_disk(path: Path) -> Any:
        if Path(path) == folder:
            raise OSError(errno.EIO, "Input/output error")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", broken_disk)
    with pytest.raises(OSError, match="Input/output"):
        course.grader.prepare("ps1", "11")


def test_nothing_of_the_assignment_is_broken_and_not_a_zero(course: Course) -> None:
    folder = course.hand_in("11", RIGHT)
    for path in folder.glob("*.ipynb"):
        path.unlink()
    (folder / "report.html").write_text("stray")
    broken = course.grader.prepare("ps1", "11")
    assert isinstance(broken, Broken)
    assert broken.reason.startswith("no notebook was handed in (expected: problem1.ipynb or")
    assert isinstance(course.grader.prepare("ps1", "nobody"), Broken)


def test_the_courses_data_files_win_and_links_are_never_followed(
    course: Course, tmp_path: Path
) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (course.source().parent / "data").mkdir()
    (course.source().parent / "data" / "rain.csv").write_text("mm\n1\n")
    folder = course.hand_in("11", RIGHT)
    (folder / "data").mkdir()
    (folder / "data" / "rain.csv").write_text("mm\n99\n")
    (folder / "own.py").write_text("x = 1")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "tree").symlink_to(tmp_path)
    (folder / "jupyter.png").unlink()
    (folder / "jupyter.png").mkdir()
    job = course.job("11")
    there = sorted(str(p.relative_to(job.folder)) for p in job.folder.rglob("*") if p.is_file())
    assert there == ["data/rain.csv", "jupyter.png", "own.py"]
    assert (job.folder / "data" / "rain.csv").read_text() == "mm\n1\n"


def test_a_notebook_that_is_a_link_was_not_handed_in(course: Course) -> None:
    folder = course.hand_in("11", RIGHT)
    (folder / "problem1.ipynb").unlink()
    (folder / "problem1.ipynb").symlink_to(course.source())
    job = course.job("11")
    assert list(job.notebooks) == ["problem2.ipynb"]
    assert job.repairs == ("problem1.ipynb was not handed in, so it scores 0",)


def test_an_assignment_that_was_never_recorded_is_a_failure(course: Course) -> None:
    shutil.copytree(course.source().parent, course.folder / "source" / "ps2")
    with pytest.raises(GradebookFailure, match="has no notebook of ps2"):
        course.grader.prepare("ps2", "11")
