from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rudaux.cli.ask import Question
from rudaux.cli.describe.plans import Row
from rudaux.cli.progress import pace, time_left, troubles
from rudaux.cli.summary import finish
from rudaux.cli.view import View, printable
from rudaux.domain.outcome import Outcome
from rudaux.errors import NeedsPersonError, PartlyDone, StorageFailure
from tests.cli.terminal import Terminal

LONG = "the file server gave an error while this notebook was read " * 6
OUTCOMES = [
    Outcome("Io Jupiter"),
    Outcome("Titan Saturn", "failed", "the kernel died twice"),
    Outcome("Triton Neptune", "held", "edited in Canvas"),
]


@pytest.fixture
def view() -> View:
    return View(no_prompt=True)


def outcomes(count: int) -> Iterator[Outcome]:
    return (Outcome(f"student {n}") for n in range(count))


def on_terminal(body: str, tmp_path: Path, **env: str) -> Terminal:
    """Run `body` with a `view` on a terminal."""
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, time\n"
        "from rudaux.cli.app import app, COMMANDS\n"
        "from rudaux.cli.ask import Question\n"
        "from rudaux.cli.describe.plans import Row\n"
        "from rudaux.cli.view import View, confirm\n"
        "from rudaux.domain.outcome import Outcome\n"
        "def main():\n"
        "    view = View()\n" + "".join(f"    {line}\n" for line in body.splitlines()) + "\n"
        "COMMANDS['status'] = '__main__:main'\n"
        "app(['status'])\n"
    )
    return Terminal([sys.executable, str(script)], tmp_path, env)


def test_results_and_notices_take_their_own_streams(
    view: View, capsys: pytest.CaptureFixture[str]
) -> None:
    view.line("result")
    view.notice("aside")
    view.troubles(OUTCOMES)
    seen = capsys.readouterr()
    assert seen.out == "result\n"
    assert seen.err.splitlines() == [
        "aside",
        "  ✗  1 failed        Titan Saturn: the kernel died twice",
        "  !  1 held for you  Triton Neptune: edited in Canvas",
    ]


def test_json_is_one_document_in_ascii(view: View, capsys: pytest.CaptureFixture[str]) -> None:
    document = {"course": {"name": "Théorie 数", "canvas_id": None}}
    view.json(document)
    out = capsys.readouterr().out
    assert json.loads(out) == document
    assert out.isascii()


def test_a_plan_is_aligned_and_each_section_named_once(
    view: View, capsys: pytest.CaptureFixture[str]
) -> None:
    view.rows(
        [
            Row("Roster", "+", "2 joined", "Io Jupiter, Titan Saturn"),
            Row("Canvas", "+", "homework_3", "10 points"),
            Row("Canvas", "~", "hw_2", "due Tue 22 Sep -> Thu 24 Sep"),
            Row("Schedule", "!", "cron will not find CANVAS_TOKEN"),
        ]
    )
    assert capsys.readouterr().out.splitlines() == [
        "  Roster    +  2 joined     Io Jupiter, Titan Saturn",
        "  Canvas    +  homework_3   10 points",
        "            ~  hw_2         due Tue 22 Sep -> Thu 24 Sep",
        "  Schedule  !  cron will not find CANVAS_TOKEN",
    ]


def test_a_table_puts_numbers_right_and_nothing_as_a_dash(
    view: View, capsys: pytest.CaptureFixture[str]
) -> None:
    view.table(("student", "now"), [("Io Jupiter", "7.50"), ("Titan Saturn", "10"), ("x", None)])
    assert capsys.readouterr().out.splitlines() == [
        "student         now",
        "Io Jupiter     7.50",
        "Titan Saturn  10.00",
        "x                 -",
    ]


def test_an_empty_table_is_its_header(view: View, capsys: pytest.CaptureFixture[str]) -> None:
    view.table(("id", "student"), [])
    assert capsys.readouterr().out.split() == ["id", "student"]


def test_nothing_is_cut_or_broken_in_a_log(view: View, capsys: pytest.CaptureFixture[str]) -> None:
    view.line(LONG)
    view.table(("student", "why"), [("Io Jupiter", LONG)])
    view.rows([Row("Canvas", "!", "homework_1", LONG)])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert all(LONG.strip() in line for line in (lines[0], lines[2], lines[3]))


def test_markup_in_a_name_is_shown_as_it_is(view: View, capsys: pytest.CaptureFixture[str]) -> None:
    name = "[red]Io[/red] [link=x] :smile: \\["
    view.line(name)
    view.notice(name)
    view.table(("[b]id", "student"), [(1, name)])
    view.rows([Row("[b]Canvas", "+", name, name)])
    view.follow(name, [Outcome(name)], 1)
    seen = capsys.readouterr()
    assert seen.out.count(name) == 4
    assert seen.err.count(name) == 3
    assert "[b]id" in seen.out
    assert "[b]Canvas" in seen.out


def test_control_characters_of_a_name_never_reach_the_screen(
    view: View, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "Io\x1b[2J\x07\x9b31m\u202eretipuJ"
    view.line(name)
    view.table(("id",), [(name,)])
    view.rows([Row("Canvas", "+", name)])
    view.troubles([Outcome(name, "failed", name)])
    seen = capsys.readouterr()
    assert not set("\x1b\x07\x9b\u202e") & set(seen.out + seen.err)
    assert printable("Ío 月 Jupiter\n") == "Ío 月 Jupiter\n"


def test_progress_in_a_log_is_a_line_at_each_end(
    view: View, capsys: pytest.CaptureFixture[str]
) -> None:
    assert view.follow("Autograde", iter(OUTCOMES), 3) == OUTCOMES
    assert view.follow("Submit", [], 0) == []
    seen = capsys.readouterr()
    assert seen.out == ""
    assert seen.err.splitlines() == [
        "Autograde: 3 to do",
        "Autograde: 1 done · 1 held for you · 1 failed",
        "Submit: nothing to do",
    ]


def test_progress_in_a_log_says_where_it_stopped(
    view: View, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> Iterator[Outcome]:
        yield from OUTCOMES[:2]
        raise StorageFailure("the file server went away.")

    with pytest.raises(StorageFailure):
        view.follow("Collect", broken(), 40)
    assert capsys.readouterr().err.splitlines()[-1] == "Collect: stopped after 2 of 40 · 1 failed"


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "TTY_COMPATIBLE"])
def test_a_log_has_no_cursor_movements_whatever_the_environment_says(
    tmp_path: Path, variable: str
) -> None:
    script = (
        "from rudaux.cli.view import View\n"
        "from rudaux.domain.outcome import Outcome\n"
        "View().follow('Grade', (Outcome(str(n)) for n in range(30)), 30)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True, text=True, check=True, env={**os.environ, variable: "1"},
    )  # fmt: skip
    assert done.stderr.splitlines() == ["Grade: 30 to do", "Grade: 30 done"]


def test_a_locale_without_the_letters_stops_no_run(tmp_path: Path) -> None:
    script = (
        "from rudaux.cli.view import View\n"
        "view = View()\n"
        "view.line('Ío 月 · ok'); view.notice('月'); view.table(('月',), [('月',)])\n"
    )
    env = {**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, env=env)
    assert done.stdout.decode("latin-1").splitlines() == ["Ío ? · ok", "?", "?"]


def test_a_terminal_shows_a_bar_with_counts(tmp_path: Path) -> None:
    body = (
        "results = ['done'] * 18 + ['failed', 'held']\n"
        "steps = (time.sleep(0.03) or Outcome('[red]x', r) for r in results)\n"
        "view.follow('[red]Autograde', steps, 20)\n"
    )
    terminal = on_terminal(body, tmp_path)
    assert terminal.ends() == 0
    assert "[red]Autograde" in terminal.seen
    assert "20/20 1 held for you · 1 failed" in " ".join(plain(terminal.seen).split())
    assert " s left" in terminal.seen


def test_a_dumb_terminal_gets_lines(tmp_path: Path) -> None:
    terminal = on_terminal("view.follow('Grade', [Outcome('x')], 1)", tmp_path, TERM="dumb")
    assert terminal.ends() == 0
    assert terminal.seen.splitlines() == ["Grade: 1 to do", "Grade: 1 done"]


def test_colour_is_for_terminals_that_want_it(tmp_path: Path) -> None:
    body = "view.rows([Row('Canvas', '+', 'homework_1')])"
    coloured = on_terminal(body, tmp_path)
    assert coloured.ends() == 0
    assert "\x1b[32m" in coloured.seen
    plainly = on_terminal(body, tmp_path, NO_COLOR="1")
    assert plainly.ends() == 0
    assert "\x1b[32m" not in plainly.seen


def test_nobody_to_ask_is_answered_as_declared(
    view: View, capsys: pytest.CaptureFixture[str]
) -> None:
    assert view.ask(Question("Apply 8 changes?", "yes", default=False)) is True
    assert view.ask(Question("Restore?", "no")) is False
    with pytest.raises(NeedsPersonError, match=r"Push anyway\? .*--accept-zeros"):
        view.ask(Question("Push anyway?", "refuse", "--accept-zeros"))
    seen = capsys.readouterr()
    assert seen.out == ""
    assert seen.err.splitlines() == [
        "Apply 8 changes? yes (nobody is here to answer)",
        "Restore? no (nobody is here to answer)",
    ]


def test_input_that_is_no_terminal_is_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for stdin in (None, io.StringIO("y\n"), closed()):
        monkeypatch.setattr(sys, "stdin", stdin)
        assert not View().attended


def closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize(("keys", "answer"), [("y", "True"), ("n", "False"), ("\r", "False")])
def test_a_person_is_asked(tmp_path: Path, keys: str, answer: str) -> None:
    body = "print('answer', view.ask(Question('[b]Push 3 grades?', 'yes', default=False)))"
    terminal = on_terminal(body, tmp_path)
    terminal.wait_for("[b]Push 3 grades?")
    terminal.press(keys)
    assert terminal.ends() == 0
    assert f"answer {answer}" in terminal.seen


def test_a_question_goes_to_stderr(tmp_path: Path) -> None:
    script = (
        "from rudaux.cli.view import View\n"
        "from rudaux.cli.ask import Question\n"
        "print('answer', View().ask(Question('Go on?', 'no')))\n"
    )
    aside = tmp_path / "stderr"
    terminal = Terminal([sys.executable, "-c", script], tmp_path, stderr=aside)
    terminal.press("y")
    assert terminal.ends() == 0
    assert "answer True" in terminal.seen
    assert "Go on?" not in terminal.seen
    assert "Go on?" in aside.read_text()


def test_ctrl_c_in_a_question_interrupts(tmp_path: Path) -> None:
    terminal = on_terminal("view.ask(Question('Go on?', 'yes'))", tmp_path)
    terminal.wait_for("Go on?")
    terminal.press("\x03")
    assert terminal.ends() == 130
    assert "rudaux: interrupted" in terminal.seen
    assert "Traceback" not in terminal.seen


def test_ctrl_d_at_a_line_interrupts(tmp_path: Path) -> None:
    terminal = on_terminal("view.type_in('Name?')", tmp_path)
    terminal.wait_for("Name?")
    terminal.press("\x04")
    assert terminal.ends() == 130


def test_an_estimate_is_in_words_people_use() -> None:
    assert time_left(10, 0, 10) == ""
    assert time_left(10, 10, 10) == ""
    assert time_left(10, 5, 10) == " · about 10 s left"
    assert time_left(0.001, 9, 10) == " · about 1 s left"
    assert time_left(60, 98, 392) == " · about 3 min left"
    assert time_left(3600, 10, 35) == " · about 2 h 30 min left"


def test_the_estimate_runs_down_and_then_gives_way_to_the_time_it_has_taken() -> None:
    assert pace(10, 10, 5, 10) == " · about 10 s left"
    assert pace(14, 10, 5, 10) == " · about 6 s left"
    assert pace(55, 10, 9, 10) == " · 55 s so far"
    assert pace(6, 0, 0, 10) == " · 6 s so far"
    assert pace(2, 0, 0, 10) == ""
    assert pace(60, 60, 10, 10) == ""


def test_what_was_typed_during_the_work_answers_no_question(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from rudaux.cli.view import View\n"
        "from rudaux.domain.outcome import Outcome\n"
        "def work():\n"
        "    print('at work', flush=True)\n"
        "    sys.stdin.readline()\n"
        "    yield Outcome('1')\n"
        "view = View()\n"
        "view.follow('Autograde', work(), 1)\n"
        "print('pushed', view.choose('What now?', ['push', 'nothing'], 'push'))\n"
    )
    terminal = Terminal([sys.executable, "-c", script], tmp_path)
    terminal.wait_for("at work")
    terminal.press("\r\r")  # a line is read at a time: the second stays
    terminal.wait_for("What now?")
    terminal.press("\x03")
    assert terminal.ends() != 0
    assert "pushed" not in terminal.seen


def test_a_job_in_the_background_is_not_stopped_for_what_was_typed(tmp_path: Path) -> None:
    script = (
        "import os\n"
        "from rudaux.cli.view import View\n"
        "if (child := os.fork()) == 0:\n"
        "    os.setpgid(0, 0)\n"
        "    View().follow('Autograde', [], 0)\n"
        "    os._exit(0)\n"
        "print('ended', os.WIFEXITED(os.waitpid(child, os.WUNTRACED)[1]))\n"
    )
    terminal = Terminal([sys.executable, "-c", script], tmp_path)
    assert terminal.ends() == 0
    assert "ended True" in terminal.seen


def test_only_troubles_are_counted() -> None:
    assert troubles([]) == ""
    assert troubles(OUTCOMES[:1]) == ""
    assert troubles(OUTCOMES * 2) == " · 2 held for you · 2 failed"


def test_whoever_is_left_makes_the_run_partly_done() -> None:
    finish(OUTCOMES[:1], "nothing")
    with pytest.raises(PartlyDone, match="1 is held for you and 1 failed: run it again"):
        finish(OUTCOMES, "run it again.")


def plain(text: str) -> str:
    """Take the terminal's control sequences out."""
    import re

    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_checks_read_without_colour_and_stay_under_their_own_column(
    columns: int, tmp_path: Path
) -> None:
    body = (
        "from rudaux.domain.checks import Check\n"
        "text, remedy = 'half of the homes are not there ' * 3, 'see whether all is mounted ' * 3\n"
        "view.checks([Check('homes', 'look', text, remedy, 'Homes'),"
        " Check('marks by hand', 'ok', text, '', 'Homes'),"
        " Check('hub', 'broken', text, remedy, 'Homes')])"
    )
    terminal = on_terminal(body, tmp_path, NO_COLOR="1", COLUMNS=str(columns))
    assert terminal.ends() == 0
    plain = re.sub(r"\x1b\[\d*m", "", terminal.seen)
    lines = [line.rstrip() for line in plain.splitlines()]
    assert lines[0] == "Homes"
    assert max(map(len, lines)) <= columns
    facts = [line for line in lines if line[2:3] in "!✓✗"]
    assert [line[:12] for line in facts] == ["  ! look    ", "  ✓ ok      ", "  ✗ broken  "]
    assert {line.index("half") for line in facts} == {27}
    below = [line for line in lines[1:] if line not in facts]
    assert {len(line) - len(line.lstrip()) for line in below} == {27}
    assert sum(line.lstrip().startswith("-> see") for line in below) == 2
