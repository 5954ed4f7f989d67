"""`rudaux new --from`: an older configuration becomes a rudaux.toml that rudaux reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rudaux.config import load_config
from tests.cli.test_new import SOMEBODYS, new
from tests.config.older import FIRST, SECOND, THIRD, TOKEN


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rudaux_config.py"


@pytest.mark.parametrize(
    ("text", "more", "name"),
    [
        (FIRST, (), "dsci-100"),
        (SECOND, (), "dsci100"),
        (THIRD, ("--course-id", "54321"), "stat201"),
    ],
)
def test_each_version_becomes_a_file_that_rudaux_reads(
    file: Path, text: str, more: tuple[str, ...], name: str
) -> None:
    file.write_text(text)
    code, out, err = new(file.parent, "--from", str(file), *more)
    assert code == 0
    assert out == f"Wrote {file.with_name('rudaux.toml')}.\n"
    assert "This was not taken over from rudaux_config.py" in err
    assert load_config(file.parent).course.name == name
    assert file.read_text() == text


def test_no_secret_is_copied_or_printed(file: Path) -> None:
    file.write_text(SECOND)
    _, out, err = new(file.parent, "--from", str(file))
    toml = file.with_name("rudaux.toml").read_text()
    for secret in (TOKEN, "hunter2"):
        assert secret not in out + err + toml
    assert "canvas.token_file" in err


def test_what_is_guessed_is_named(file: Path) -> None:
    file.write_text(SECOND)
    _, _, err = new(file.parent, "--from", str(file), "--timezone", "Europe/Berlin")
    line = re.sub(r"\s+", " ", err)
    assert "git.student_repo, canvas.external_tool_name" in line
    assert "course.timezone" not in line
    assert load_config(file.parent).course.timezone.key == "Europe/Berlin"


def test_lines_that_wait_for_a_date_are_right_when_taken_in(file: Path) -> None:
    file.write_text(SECOND)
    (file.parent / "source" / "homework_9").mkdir(parents=True)
    new(file.parent, "--from", str(file))
    toml = file.with_name("rudaux.toml")
    head, mark, tail = toml.read_text().partition("# [[assignments]]")
    toml.write_text(head + re.sub(r"(?m)^# ", "", mark + tail))
    names = [a.name for a in load_config(file.parent).assignments]
    assert names == ["worksheet_01", "tutorial_01", "homework_9"]


def test_what_a_person_wrote_is_not_overwritten(file: Path) -> None:
    file.write_text(FIRST)
    toml = file.with_name("rudaux.toml")
    toml.write_text(SOMEBODYS)
    assert new(file.parent, "--from", str(file))[0] == 4
    assert toml.read_text() == SOMEBODYS
    assert sorted(p.name for p in file.parent.iterdir()) == ["rudaux.toml", "rudaux_config.py"]


def test_a_dry_run_shows_the_file_alone_on_standard_output(file: Path) -> None:
    file.write_text(FIRST)
    code, shown, err = new(file.parent, "--from", str(file), "--dry-run")
    assert (code, list(file.parent.iterdir())) == (0, [file])
    assert "This was not taken over" in err
    file.with_name("rudaux.toml").write_text(shown)
    assert load_config(file.parent).canvas.course_id == 5394


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("c.a = (\n", 3, "is not Python (line 1)"),
        ("x = 1\n", 3, "has no settings of an older rudaux"),
        (THIRD, 3, "is for 3 courses"),
        (
            FIRST + "c.Canvas.course_id = number()\n",
            4,
            "add --course-id (the older file computes Canvas.course_id",
        ),
    ],
)
def test_what_cannot_be_read_is_one_sentence_and_nothing_written(
    file: Path, text: str, code: int, words: str
) -> None:
    file.write_text(text)
    ended, out, err = new(file.parent, "--from", str(file))
    assert (ended, out) == (code, "")
    assert words in err
    assert len(err.strip().splitlines()) == 1
    assert list(file.parent.iterdir()) == [file]
    assert new(file.parent, "--from", str(file.parent / "none.py"))[0] == 3
