from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rudaux.cli.app import app, moved_behind
from rudaux.wiring import CourseContext

EXAMPLE = Path(__file__).parents[2] / "rudaux.toml.example"
RUDAUX = Path(sys.executable).with_name("rudaux")


@pytest.fixture
def course(tmp_path: Path) -> Path:
    (tmp_path / "rudaux.toml").write_text(EXAMPLE.read_text())
    return tmp_path


def complete(course: Path, line: str, shell: str = "bash") -> list[str]:
    """Ask for completions as a shell does."""
    words = line.split(" ")
    env = {
        **os.environ,
        "_RUDAUX_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_WORD_TO_COMPLETE": words[-1],
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    done = subprocess.run(
        [str(RUDAUX)], env=env, cwd=course, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("args", "moved"),
    [
        (["--dir", "D", "grade", "x"], ["grade", "--dir", "D", "x"]),
        (["-a", "canvas", "push"], ["canvas", "-a", "push"]),
        (["--dir=D", "--auto", "status"], ["status", "--dir=D", "--auto"]),
        (["grade", "x", "--dir", "D"], ["grade", "x", "--dir", "D"]),
        (["--help"], ["--help"]),
        (["--dir"], ["--dir"]),
    ],
)
def test_shared_options_may_stand_before_the_command(args: list[str], moved: list[str]) -> None:
    assert moved_behind(args) == moved


@pytest.mark.parametrize("command", [["status"], ["canvas", "students"], ["grade", "-a"]])
def test_no_course_folder_is_a_configuration_error(tmp_path: Path, command: list[str]) -> None:
    for args in (["--dir", str(tmp_path), *command], [*command, "--dir", str(tmp_path)]):
        result = CliRunner().invoke(app, args)
        assert result.exit_code == 3
        assert "rudaux new" in result.stderr
        assert "Traceback" not in result.output


def test_a_missing_token_says_where_to_make_one(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CANVAS_TOKEN", raising=False)
    result = CliRunner().invoke(app, ["canvas", "students", "--dir", str(course)])
    assert result.exit_code == 3
    assert "CANVAS_TOKEN is not set" in result.stderr


def test_an_unknown_assignment_names_the_nearest_one(course: Path) -> None:
    result = CliRunner().invoke(app, ["grade", "homwork_1", "-a", "--dir", str(course)])
    assert result.exit_code == 2
    assert result.stderr.strip().endswith("Did you mean homework_1?")


@pytest.mark.parametrize(
    "command",
    [
        "grade NAME -a",
        "submit NAME",
        "status NAME",
        "report NAME",
        "explain io NAME",
        "regrade NAME",
        "regrade NAME --what-if",
        "check NAME",
        "canvas extend NAME --student io --until +3d",
        "canvas extensions NAME",
        "canvas post NAME",
        "gradebook scores NAME",
        "gradebook share NAME",
        "gradebook export NAME",
    ],
)
def test_a_misspelt_assignment_is_told_before_gradebook_and_ledger_are_opened(
    command: str, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rudaux.wiring.CourseContext.gradebook", property(_unwanted))
    monkeypatch.setattr("rudaux.wiring.CourseContext.ledger", property(_unwanted))
    monkeypatch.setattr("rudaux.cli.session.telling", lambda *run: nullcontext())
    words = command.replace("NAME", "homwork_1").split()
    result = CliRunner().invoke(app, [*words, "--dir", str(course)])
    assert result.exit_code == 2
    assert result.stderr.strip().endswith("Did you mean homework_1?")


def _unwanted(context: CourseContext) -> None:
    raise AssertionError("opened for a name that is wrong")


def test_an_unknown_command_is_a_usage_error() -> None:
    result = CliRunner().invoke(app, ["grad"])
    assert result.exit_code == 2
    assert "grade" in result.stderr


def test_a_real_bug_shows_its_traceback_without_variables(course: Path) -> None:
    script = (
        "import rudaux.cli.session as s\n"
        "def broken(*given):\n"
        "    token = 'secret-value'\n"
        "    raise RuntimeError('a bug')\n"
        "s.open_context = broken\n"
        "from rudaux.cli.app import app\n"
        "app(['canvas', 'students'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=course
    )
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "secret-value" not in done.stderr.replace("token = 'secret-value'", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_assignment_names_complete(course: Path, shell: str) -> None:
    offered = complete(course, "rudaux grade hom", shell)
    assert any("homework_1" in word for word in offered)


@pytest.mark.parametrize("command", ["submit", "status", "git release", "gradebook scores"])
def test_names_complete_wherever_a_name_is_asked_for(course: Path, command: str) -> None:
    assert complete(course, f"rudaux {command} ") == ["homework_1"]


def test_completion_respects_the_folder_option(
    course: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert complete(elsewhere, f"rudaux --dir {course} grade h") == ["homework_1"]
    assert complete(elsewhere, f"rudaux grade --dir {course} h") == ["homework_1"]


def test_completion_outside_a_course_is_silent(tmp_path: Path) -> None:
    assert complete(tmp_path, "rudaux grade hom") == []


def test_without_a_terminal_nothing_is_asked(course: Path) -> None:
    result = CliRunner().invoke(app, ["new", "--dir", str(course)])
    assert result.exit_code == 4
    assert (course / "rudaux.toml").read_text() == EXAMPLE.read_text()


def test_ctrl_c_at_a_question_exits_with_130(course: Path) -> None:
    main, terminal = pty.openpty()
    process = subprocess.Popen(
        [str(RUDAUX), "new", "--dir", str(course)],
        stdin=terminal, stdout=terminal, stderr=terminal, close_fds=True,
    )  # fmt: skip
    os.close(terminal)
    seen = b""
    while b"Replace it?" not in seen:
        seen += os.read(main, 1024)
    os.write(main, b"\x03")
    assert process.wait(timeout=30) == 130
    os.close(main)


def test_new_writes_a_file_that_loads(tmp_path: Path) -> None:
    from rudaux.config import load_config

    answers = {
        "name": "dsci100", "timezone": "America/Vancouver", "course-id": "12345",
        "canvas-url": "https://canvas.example.edu", "tool": "Jupyter",
        "instructor-repo": "git@example.edu:o/i.git", "student-repo": "git@example.edu:o/s.git",
        "hub-url": "https://hub.example.edu", "storage": "/home",
    }  # fmt: skip
    options = [x for key, value in answers.items() for x in (f"--{key}", value)]
    result = CliRunner().invoke(app, ["new", "-a", "--dir", str(tmp_path), *options])
    assert result.exit_code == 0, result.output
    assert load_config(tmp_path).canvas.course_id == 12345


def test_new_names_every_missing_answer(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["new", "-a", "--dir", str(tmp_path), "--name", "x"])
    assert result.exit_code == 4
    assert "--canvas-url" in result.stderr
    assert not (tmp_path / "rudaux.toml").exists()
