"""A release between its neighbours: the git of the course's people, and students' nbgitpuller."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgitpuller.pull import GitPuller  # type: ignore[import-untyped]

from rudaux.demo.material import answered, write
from tests.course import SmallCourse, git
from tests.kept import CourseAfter

HOMEWORK = "practice-course/materials/homework_1"
NOTEBOOK, RENAMED = "homework_1.ipynb", "squares.ipynb"
UP_TO_DATE = "Both repositories are up to date: nothing to release.\n"
TEST = {
    "cell_type": "code",
    "execution_count": None,
    "metadata": {
        "nbgrader": {
            "grade": True, "grade_id": "seven_squares", "locked": True, "points": 1,
            "schema_version": 3, "solution": False,
        }
    },
    "outputs": [],
    "source": ["assert squares(7)[-1] == 49"],
}  # fmt: skip


def source(course: SmallCourse) -> Path:
    return course.folder / "source" / "homework_1"


def mend(course: SmallCourse) -> None:
    """Do what an instructor does after the release: reword a task, add a test and a data file."""
    notebook = json.loads((source(course) / NOTEBOOK).read_text())
    cells = notebook["cells"]
    [task] = [c for c in cells if c["metadata"].get("nbgrader", {}).get("grade_id") == "squares"]
    task["source"] = ["# Give them in order.\n", *task["source"]]
    cells.insert(cells.index(task) + 1, TEST)
    write(source(course) / NOTEBOOK, notebook)
    (source(course) / "data.csv").write_bytes(b"a,b\r\n1,2\r\n")
    course.commit()


def filter_files(course: SmallCourse, tmp_path: Path, patch: pytest.MonkeyPatch) -> None:
    """Have git change line ends, and leave the kernel's display name out of notebooks."""
    settings = tmp_path / "gitconfig"
    settings.write_text('[filter "strip"]\n\tclean = sed s/Python/python/\n\tsmudge = cat\n')
    patch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    students = tmp_path / "students"
    git(
        tmp_path,
        "clone",
        str(course.practice.folder / "remotes" / "practice-course.git"),
        "students",
    )
    for folder in (students, course.folder):
        (folder / ".gitattributes").write_text("* text=auto\n*.ipynb filter=strip\n")
        git(folder, "add", "--all")
        git(folder, "commit", "-m", "Normalize files")
        git(folder, "push")


def test_a_release_is_up_to_date_also_where_git_changes_files_on_their_way(
    course_after: CourseAfter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = course_after(assignments=("homework_1",), kinds=("no_home",))
    filter_files(course, tmp_path, monkeypatch)
    (source(course) / "data.csv").write_bytes(b"a,b\r\n1,2\r\n")
    course.commit()
    course.rudaux("git", "release")
    assert course.rudaux("git", "release").out == UP_TO_DATE
    (source(course) / "data.csv").write_bytes(b"a,b\r\n3,4\r\n")
    course.commit()
    shown = course.rudaux("git", "release").out
    assert "~  homework_1" in shown
    assert "by hand" not in shown
    (source(course) / "data.csv").unlink()
    course.commit()
    course.rudaux("git", "release")
    assert not (course.folder / "release" / "homework_1" / "data.csv").exists()
    assert course.rudaux("git", "release").out == UP_TO_DATE
    assert git(course.folder, "status", "--porcelain") == ""


def test_what_a_hook_refused_is_committed_by_the_next_run(course_after: CourseAfter) -> None:
    course = course_after(assignments=("homework_1",), kinds=("no_home",))
    hook = course.folder / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\necho 'a file is too large' >&2\nexit 1\n")
    hook.chmod(0o755)
    assert "(git: a file is too large)" in course.rudaux("git", "release", code=5).err
    course.rudaux("git", "release", code=5)
    hook.unlink()
    course.rudaux("git", "release")
    assert git(course.folder, "status", "--porcelain") == ""
    assert course.rudaux("git", "release").out == UP_TO_DATE


def rename(course: SmallCourse) -> None:
    """Call the notebook otherwise, after students have begun."""
    (source(course) / NOTEBOOK).rename(source(course) / RENAMED)
    course.commit()


def pull(course: SmallCourse, student: str, name: str = NOTEBOOK) -> Path:
    """Do what the launch link does; return the student's notebook."""
    remote = course.practice.folder / "remotes" / "practice-course.git"
    home = course.practice.homes / student
    home.mkdir(exist_ok=True)
    for _ in GitPuller(str(remote), str(home / "practice-course"), branch="main").pull():
        pass
    return home / HOMEWORK / name


def save(notebook: Path, minor: int, own: Sequence[Any] = ()) -> None:
    """Answer and run a notebook, add cells, save it in a newer format: JupyterLab's is 4.4 here."""
    content = answered(json.loads(notebook.read_text()), "right")
    content["nbformat_minor"] = minor
    content["metadata"]["language_info"] = {"name": "python", "version": "3.12.1"}
    content["cells"].extend(own)
    for number, cell in enumerate(content["cells"]):
        if minor == 5:
            cell["id"] = f"new-{number}"
        if cell["cell_type"] == "code":
            printed = nbformat.v4.new_output("stream", text=f"{number}\n")
            cell |= {"execution_count": number, "outputs": [printed]}
    nbformat.write(nbformat.from_dict(content), notebook)


def test_students_keep_their_answers_when_a_mended_assignment_is_pulled(
    course_after: CourseAfter,
) -> None:
    kinds = ("no_home", "no_home", "no_home")
    course = course_after(("init",), live_homes, assignments=("homework_1",), kinds=kinds)
    early, notes, late = course.practice.kinds
    save(pull(course, early), 4)
    save(pull(course, notes), 5, [nbformat.v4.new_code_cell("squares(3)")])
    for change, name in ((mend, NOTEBOOK), (rename, RENAMED)):
        change(course)
        course.rudaux("git", "release")
        for student in (early, notes, late):
            notebook = pull(course, student, name)
            assert sorted(p.name for p in notebook.parent.iterdir()) == sorted(
                ["data.csv", "jupyter.png", name]
            )
            json.loads(notebook.read_text())
            git(notebook.parent, "diff", "--quiet", "HEAD")
    save(notebook, 4)
    course.rudaux("grade", "homework_1")
    assert course.grades() == dict.fromkeys((early, notes, late), Decimal(10))


def live_homes(course: SmallCourse) -> None:
    """Collect from the homes themselves."""
    text = (course.folder / "rudaux.toml").read_text()
    before, _, after = text.partition("[jupyterhub.snapshots]")
    course.edit(text, before + "[" + after.partition("\n[")[2])
