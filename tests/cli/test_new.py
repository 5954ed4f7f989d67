from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rudaux.cli.app import app
from rudaux.config import load_config
from rudaux.config.draft import wrong
from tests.cli.terminal import ForkedTerminal

RUDAUX = str(Path(sys.executable).with_name("rudaux"))
ANSWERS = {
    "name": "dsci100",
    "timezone": "America/Vancouver",
    "canvas-url": "https://canvas.example.edu",
    "course-id": "12345",
    "tool": "Jupyter",
    "instructor-repo": "git@example.edu:org/dsci100-instructors.git",
    "student-repo": "git@example.edu:org/dsci100.git",
    "hub-url": "https://hub.example.edu",
    "storage": "/tank/home/dsci100",
    "executor": "docker",
}
SOMEBODYS = "# typed by a person\n"


def options(**changed: str) -> list[str]:
    answers = {**ANSWERS, **{k.replace("_", "-"): v for k, v in changed.items()}}
    return [word for key, value in answers.items() if value for word in (f"--{key}", value)]


def new(folder: Path, *args: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["new", "--no-prompt", "--dir", str(folder), *args])
    return result.exit_code, result.stdout, result.stderr


def test_every_answer_can_be_an_option(tmp_path: Path) -> None:
    more = {
        "level": "account", "release_path": "materials", "base_url": "/jupyter",
        "snapshots": ".zfs/snapshot",
    }  # fmt: skip
    assert new(tmp_path, *options(**more))[0] == 0
    config = load_config(tmp_path)
    assert config.course.name == "dsci100"
    assert config.course.timezone.key == "America/Vancouver"
    assert config.canvas.course_id == 12345
    assert config.canvas.external_tool_level == "account"
    assert config.git.release_path == "materials"
    assert config.jupyterhub.base_url == "/jupyter"
    assert config.jupyterhub.storage_path == Path("/tank/home/dsci100")
    assert config.jupyterhub.snapshots is not None
    assert config.jupyterhub.snapshots.path == ".zfs/snapshot"


def test_optional_answers_may_be_left_out(tmp_path: Path) -> None:
    assert new(tmp_path, *options())[0] == 0
    config = load_config(tmp_path)
    assert config.canvas.external_tool_level == "course"
    assert config.jupyterhub.snapshots is None


@pytest.mark.parametrize("name", ['Stats "101"', "C:\\new", "Théorie 数", "a # b", "'''", "{name}"])
def test_any_name_survives_the_writing(tmp_path: Path, name: str) -> None:
    assert new(tmp_path, *options(name=name))[0] == 0
    assert load_config(tmp_path).course.name == name


def test_the_next_step_is_named(tmp_path: Path) -> None:
    _, out, err = new(tmp_path, *options())
    assert out == f"Wrote {tmp_path / 'rudaux.toml'}.\n"
    for words in ("[[assignments]]", "CANVAS_TOKEN", "rudaux init"):
        assert words in err


def test_assignments_that_are_there_wait_for_their_dates(tmp_path: Path) -> None:
    for name in ("worksheet_1", "homework_1", ".ipynb_checkpoints"):
        (tmp_path / "source" / name).mkdir(parents=True)
    (tmp_path / "source" / "header.ipynb").touch()
    assert new(tmp_path, *options())[0] == 0
    file = tmp_path / "rudaux.toml"
    assert load_config(tmp_path).assignments == ()
    text = file.read_text()
    head, mark, tail = text.partition("# [[assignments]]")
    file.write_text(head + re.sub(r"(?m)^# ", "", mark + tail))
    assert [a.name for a in load_config(tmp_path).assignments] == ["homework_1", "worksheet_1"]


def test_the_snapshots_in_the_comment_are_right_when_taken_in(tmp_path: Path) -> None:
    assert new(tmp_path, *options())[0] == 0
    file = tmp_path / "rudaux.toml"
    lines = file.read_text().splitlines()
    start = next(n for n, line in enumerate(lines) if "[jupyterhub.snapshots]" in line)
    lines[start : start + 5] = [line.removeprefix("# ") for line in lines[start : start + 5]]
    file.write_text("\n".join(lines))
    assert load_config(tmp_path).jupyterhub.snapshots is not None


def test_lacking_answers_are_all_named_at_once(tmp_path: Path) -> None:
    code, _, err = new(tmp_path, *options(timezone="", course_id=""))
    assert code == 4
    assert "add --timezone, --course-id." in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"timezone": "vancouver"}, "did you mean America/Vancouver?"),
        ({"canvas_url": "canvas"}, "--canvas-url: "),
        ({"course_id": "dsci"}, "--course-id: "),
        ({"level": "planet"}, '"account"'),
        ({"storage": "home"}, "absolute"),
        ({"student_repo": ANSWERS["instructor-repo"]}, "not be the same repository"),
        ({"tool": "7~" + "a" * 64}, "token"),
    ],
)
def test_a_wrong_answer_writes_nothing(tmp_path: Path, changed: dict[str, str], words: str) -> None:
    code, out, err = new(tmp_path, *options(**changed))
    assert (code, out) == (3, "")
    assert words in err
    assert "rudaux.toml" not in err
    assert "a" * 64 not in err
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_answer_is_told_in_a_line_under_the_question() -> None:
    assert (
        wrong({}, "timezone", "Berlin")
        == "this is not an IANA time zone; did you mean Europe/Berlin?"
    )
    assert wrong({}, "course_id", "0").startswith("this should be the number")
    assert wrong({}, "name", "") == "this should not be empty"
    same = {"instructor_repo": ANSWERS["instructor-repo"]}
    assert wrong(same, "student_repo", ANSWERS["instructor-repo"]).startswith(
        "this should not be the same"
    )
    assert wrong({}, "base_url", "") == ""


def test_a_dry_run_shows_the_file_and_writes_none(tmp_path: Path) -> None:
    code, shown, _ = new(tmp_path, *options(), "--dry-run")
    assert code == 0
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "rudaux.toml").write_text(shown)
    assert load_config(tmp_path).course.name == "dsci100"


def test_an_existing_file_is_never_replaced_unattended(tmp_path: Path) -> None:
    file = tmp_path / "rudaux.toml"
    file.write_text(SOMEBODYS)
    assert new(tmp_path, *options())[0] == 4
    assert file.read_text() == SOMEBODYS
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_that_may_not_be_written_is_said_so() -> None:
    code, _, err = new(Path("/sys"), *options())  # not even root may
    assert code == 3
    assert "cannot be written" in err


def test_a_file_in_the_place_of_the_folder_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "course").write_text(SOMEBODYS)
    code, _, err = new(tmp_path / "course", *options())
    assert code == 3
    assert "cannot be written" in err
    assert (tmp_path / "course").read_text() == SOMEBODYS


def test_a_person_is_asked_for_the_rest_and_wrong_answers_stay_on_the_line(tmp_path: Path) -> None:
    given = options(timezone="", level="course", release_path="materials", base_url="/jupyter")
    terminal = ForkedTerminal([RUDAUX, "new", *given], tmp_path)
    terminal.wait_for("Time zone")
    terminal.press("vancouver\r")
    terminal.wait_for("this is not an IANA time zone; did you mean America/Vancouver?")
    terminal.press("\x15America/Vancouver\r")
    terminal.wait_for("snapshots")
    terminal.press("\r")
    assert terminal.ends() == 0
    assert load_config(tmp_path).course.timezone.key == "America/Vancouver"


def test_an_option_that_is_wrong_is_asked_again(tmp_path: Path) -> None:
    given = options(
        course_id="dsci", level="course", release_path="m", base_url="/j", snapshots=".zfs"
    )
    terminal = ForkedTerminal([RUDAUX, "new", *given], tmp_path)
    terminal.wait_for("The number at the end")
    terminal.press("\x15777\r")
    assert terminal.ends() == 0
    assert load_config(tmp_path).canvas.course_id == 777


def test_the_level_is_picked_from_a_list(tmp_path: Path) -> None:
    given = options(release_path="m", base_url="/j", snapshots=".zfs")
    terminal = ForkedTerminal([RUDAUX, "new", *given], tmp_path)
    terminal.wait_for("group")
    terminal.press("\x1b[B\r")
    assert terminal.ends() == 0
    assert load_config(tmp_path).canvas.external_tool_level == "account"


def test_whatever_was_there_is_kept_each_time(tmp_path: Path) -> None:
    file = tmp_path / "rudaux.toml"
    given = options(level="course", release_path="m", base_url="/j", snapshots=".zfs")
    for text in (SOMEBODYS, f"{SOMEBODYS}again\n"):
        file.write_text(text)
        terminal = ForkedTerminal([RUDAUX, "new", *given], tmp_path)
        terminal.wait_for("Replace it?")
        terminal.press("y")
        assert terminal.ends() == 0
    assert load_config(tmp_path).course.name == "dsci100"
    kept = sorted(p.read_text() for p in tmp_path.iterdir() if p != file)
    assert kept == [SOMEBODYS, f"{SOMEBODYS}again\n"]


def test_no_leaves_the_file_alone(tmp_path: Path) -> None:
    file = tmp_path / "rudaux.toml"
    file.write_text(SOMEBODYS)
    terminal = ForkedTerminal([RUDAUX, "new", *options()], tmp_path)
    terminal.wait_for("Replace it?")
    terminal.press("\r")
    assert terminal.ends() == 0
    assert file.read_text() == SOMEBODYS


def test_ctrl_c_among_the_questions_writes_nothing(tmp_path: Path) -> None:
    terminal = ForkedTerminal([RUDAUX, "new"], tmp_path)
    terminal.wait_for("A short name")
    terminal.press("\x03")
    assert terminal.ends() == 130
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_tells_how_to_go_on_with_the_answers_that_were_given(tmp_path: Path) -> None:
    name = "Dürer's course"
    given = options(name=name, timezone="", level="course")
    terminal = ForkedTerminal([RUDAUX, "new", *given], tmp_path)
    terminal.wait_for("Time zone")
    terminal.press("\x15America/Vancouver\r")
    terminal.wait_for("Folder of the student repository")
    terminal.press("\x03")
    assert terminal.ends() == 130
    assert "nothing was written. The command above goes on from there." in terminal.seen
    told = terminal.seen.partition("rudaux new \\")[2]
    assert "--timezone America/Vancouver" in told
    assert f"--name {shlex.quote(name)} \\" in told
    assert f"--canvas-url {ANSWERS['canvas-url']} \\" in told


def test_a_checkout_without_a_gitignore_gets_one(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    _, out, _ = new(tmp_path, *options())
    ignore = tmp_path / ".gitignore"
    assert f"Wrote {ignore}" in out
    assert ignore.read_text() == "gradebook.db\nsubmitted/\nautograded/\nfeedback/\nlogs/\n"
    ignore.write_text(SOMEBODYS)
    (tmp_path / "rudaux.toml").unlink()
    new(tmp_path, *options())
    assert ignore.read_text() == SOMEBODYS
