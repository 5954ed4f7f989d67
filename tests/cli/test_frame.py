from __future__ import annotations

import errno
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from rudaux import __version__, errors
from rudaux.cli import app as frame
from rudaux.cli.app import COMMANDS, app, load_command
from rudaux.cli.manual import EXAMPLES
from rudaux.cli.options import Folder, NoPrompt
from rudaux.errors import RudauxError

RUDAUX = str(Path(sys.executable).with_name("rudaux"))
LEAVES = [
    "init", "grade", "submit", "status", "new", "demo",
    "canvas students", "canvas tools", "canvas assignments", "canvas push",
    "canvas log", "canvas post", "canvas undo",
    "git status", "git pull", "git release",
    "gradebook sync", "gradebook scores", "gradebook backup", "gradebook restore",
    "gradebook export", "schedule show", "schedule install", "schedule remove",
]  # fmt: skip
READING = {
    "status", "canvas students", "canvas tools", "canvas assignments", "canvas log",
    "git status", "gradebook scores", "schedule show",
}  # fmt: skip


def run(*args: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(args))
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path | None, bool]]:
    """Put a command in place of `status` and `canvas students` that notes what it was given."""
    given: list[tuple[Path | None, bool]] = []

    def note(folder: Folder = None, no_prompt: NoPrompt = False) -> None:
        given.append((folder, no_prompt))

    group = typer.Typer(rich_markup_mode=None)
    group.command("students")(note)
    group.command("tools")(note)
    module = sys.modules[__name__]
    monkeypatch.setattr(module, "note", note, raising=False)
    monkeypatch.setattr(module, "group", group, raising=False)
    monkeypatch.setitem(COMMANDS, "status", f"{__name__}:note")
    monkeypatch.setitem(COMMANDS, "canvas", f"{__name__}:group")
    return given


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Put a command in place of `status` that raises."""

    def fail() -> None:
        raise error

    monkeypatch.setattr(sys.modules[__name__], "fail", fail, raising=False)
    monkeypatch.setitem(COMMANDS, "status", f"{__name__}:fail")


def test_the_help_lists_the_commands_in_order_each_with_a_line() -> None:
    code, out, _ = run("--help")
    groups = out.partition("Each week\n")[2].partition("\nOptions\n")[0]
    listed = [line.split(maxsplit=1) for line in groups.splitlines() if line.startswith("  ")]
    assert code == 0
    assert [name for name, _ in listed] == list(COMMANDS)
    assert all(text.strip() for _, text in listed)


@pytest.mark.parametrize(
    ("name", "line"), [(name, line) for name, each in EXAMPLES.items() for line, _ in each]
)
def test_every_example_in_the_help_is_a_command_that_rudaux_takes(name: str, line: str) -> None:
    first, *words = shlex.split(line)
    assert not name or line.startswith(name)
    command = load_command(first)
    if inner := getattr(command, "commands", None):
        command = inner[words.pop(0)]
    assert command.make_context(first, words, parent=None).args == []


def test_every_command_has_two_examples() -> None:
    assert {name for name in COMMANDS if len(EXAMPLES[name]) != 2} == set()


def test_no_command_gives_the_help() -> None:
    assert run()[1] == run("--help")[1]
    assert run("--dir", "x", "-a")[1] == run("--help")[1]
    assert run("canvas")[1] == run("canvas", "--help")[1]


def test_the_version_is_the_package_s() -> None:
    assert run("--version") == (0, f"rudaux {__version__}\n", "")


@pytest.mark.parametrize("command", LEAVES)
def test_every_command_takes_the_shared_options_and_writers_a_dry_run(command: str) -> None:
    code, out, _ = run(*command.split(), "--help")
    assert code == 0
    for option in ("--dir", "--no-prompt", "--auto", "-a,"):
        assert option in out
    assert ("--dry-run" in out) == (command not in READING)


@pytest.mark.parametrize(
    "line",
    [
        "--dir D -a status",
        "status --dir D -a",
        "--dir=D status --auto",
        "--no-prompt status --dir=D",
        "--dir OTHER -a status --dir D",
        "--dir D -a canvas students",
        "canvas --dir D -a students",
        "canvas students --dir D -a",
        "--auto canvas --dir D tools",
        "--dir OTHER canvas --dir D tools -a",
    ],
)
def test_shared_options_stand_anywhere_and_the_last_wins(
    probe: list[tuple[Path | None, bool]], line: str
) -> None:
    assert run(*line.split()) == (0, "", "")
    assert probe == [(Path("D"), True)]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("grad", 'there is no command "grad" in rudaux. Did you mean grade?'),
        ("canvas studnts", 'no command "studnts" in rudaux canvas. Did you mean students?'),
        ("xyzzy", "There are grade, submit, status"),
        ("grade --studnet 4711", "--student"),
        ("submit", "`rudaux submit --help`"),
        ("status one two", "two"),
        ("--dir", "requires an argument"),
        ("--bogus", "`rudaux --help`"),
        ("git release --dry-rnu", "--dry-run"),
        ("grade hw --only bad", "'--only': 'bad' is not one of 'failed', 'held'; `rudaux grade"),
    ],
)
def test_a_usage_error_is_one_line_that_names_the_way_out(line: str, words: str) -> None:
    code, out, err = run(*line.split())
    assert (code, out) == (2, "")
    assert err.startswith("rudaux: ")
    assert err.count("\n") == 1
    assert words in err


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.UsageError, 2),
        (errors.ConfigError, 3),
        (errors.NeedsPersonError, 4),
        (errors.TokenRefused, 5),
        (errors.StorageFailure, 5),
        (errors.PartlyDone, 6),
    ],
)
def test_each_error_is_a_sentence_on_stderr_with_its_own_code(
    monkeypatch: pytest.MonkeyPatch, kind: type[RudauxError], code: int
) -> None:
    raising(monkeypatch, kind("what happened."))
    assert run("status") == (code, "", "rudaux: what happened.\n")


def test_each_mistake_of_a_configuration_has_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(monkeypatch, errors.ConfigError("one.", "two."))
    assert run("status") == (3, "", "rudaux: one.\nrudaux: two.\n")


def test_an_error_cannot_move_the_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(monkeypatch, errors.UsageError('no "\x1b[2Jx"'))
    assert run("status") == (2, "", 'rudaux: no "\N{REPLACEMENT CHARACTER}[2Jx"\n')


@pytest.mark.parametrize("error", [KeyboardInterrupt(), typer.Abort(), EOFError()])
def test_an_interrupt_is_one_line_and_130(
    monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    raising(monkeypatch, error)
    code, out, err = run("status")
    assert (code, out) == (130, "")
    assert err.strip() == "rudaux: interrupted; running the same command again goes on."


def test_a_folder_of_somebody_else_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(
        monkeypatch, PermissionError(errno.EPERM, "Operation not permitted", "/course/feedback")
    )
    assert run("status") == (
        5, "",
        "rudaux: /course/feedback cannot be used: Operation not permitted; check who owns it and "
        "run this again.\n",
    )  # fmt: skip


def test_a_full_disk_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(monkeypatch, OSError(errno.ENOSPC, "No space left on device", "/course/feedback"))
    assert run("status") == (
        5, "",
        "rudaux: /course/feedback cannot be used: No space left on device; fix that and run "
        "this again.\n",
    )  # fmt: skip


def test_a_bug_is_not_taken_for_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(monkeypatch, KeyError("a bug"))
    result = CliRunner().invoke(app, ["status"])
    assert result.exit_code == 1
    assert isinstance(result.exception, KeyError)


def test_ctrl_c_ends_a_running_command_without_a_traceback(tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "import rudaux.cli.session as s\n"
        "def slow(*given):\n"
        "    print('working', flush=True)\n"
        "    time.sleep(60)\n"
        "s.open_context = slow\n"
        "from rudaux.cli.app import app\n"
        "app(['canvas', 'students'])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # What a shell starts in the background ignores Ctrl-C; so would all that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "working\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.strip() == "rudaux: interrupted; running the same command again goes on."


def test_a_reader_that_stops_early_is_no_bug(tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{RUDAUX} --help | true; echo ${{PIPESTATUS[0]}}"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("line", "drawn"),
    [
        ("--help", True), ("grade --help", True), ("canvas --help", True), ("--version", False),
        ("grad", False),
    ],
)  # fmt: skip
def test_only_help_is_drawn_and_nothing_heavier_is_imported(line: str, drawn: bool) -> None:
    script = (
        "import sys\n"
        "from rudaux.cli.app import app\n"
        "try:\n"
        f"    app({line.split()!r})\n"
        "except SystemExit:\n"
        "    heavy = {'nbgrader', 'docker', 'git', 'httpx', 'rich', 'questionary', 'pydantic'}\n"
        "    heavy |= {'rich.markdown', 'rudaux.cli.session'}\n"
        "    print('heavy:', sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = {"rich"} | ({"rudaux.cli.session"} if line == "canvas --help" else set())
    assert done.stdout.splitlines()[-1] == f"heavy: {sorted(loaded) if drawn else []}"


def test_texts_and_folders_are_converted_without_pydantic(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from rudaux.cli.app import app\n"
        "try:\n"
        f"    app(['status', 'homework_1', '--dir', {str(tmp_path)!r}, '--json'])\n"
        "except SystemExit as end:\n"
        "    print(end.code, 'pydantic' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert str(tmp_path) in done.stderr
    assert done.stdout == "3 False\n"


def test_a_module_runs_like_the_command(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rudaux", "status"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert done.stderr.startswith("rudaux: there is no rudaux.toml")


def test_only_options_before_the_name_are_moved() -> None:
    assert frame.moved_behind(["--dir", "D", "grade", "x"]) == ["grade", "--dir", "D", "x"]
    assert frame.moved_behind(["grade", "--dir", "D"]) == ["grade", "--dir", "D"]
    assert frame.moved_behind(["-a", "--help"]) == ["--help"]
    assert frame.moved_behind(["--dir"]) == ["--dir"]
    assert frame.moved_behind(["--dir", "D"]) == []
