from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

RUDAUX = str(Path(sys.executable).with_name("rudaux"))
NAMES = ["homework_1", "homework_2", "worksheet_1"]


@pytest.fixture
def course(tmp_path: Path) -> Path:
    write(tmp_path, *NAMES)
    return tmp_path


def write(folder: Path, *names: str) -> None:
    (folder / "rudaux.toml").write_text("".join(f'[[assignments]]\nname = "{n}"\n' for n in names))


def offered(line: str, cwd: Path, shell: str = "bash", **variables: str) -> list[str]:
    """Ask as the shell's own script does, with the last word of the line incomplete."""
    env = {
        **os.environ,
        "_RUDAUX_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split(" ")) - 1),
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        **variables,
    }
    done = subprocess.run(
        [RUDAUX], env=env, cwd=cwd, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""
    return done.stdout.split()


def in_bash(line: str, cwd: Path) -> list[str]:
    """Load the script that rudaux gives out into a real bash, and complete the line there."""
    last = len(line.split(" ")) - 1
    script = (
        f'export PATH="{Path(RUDAUX).parent}:$PATH"\n'
        "export _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION=1\n"
        'eval "$(rudaux --show-completion bash)"\n'
        f"COMP_WORDS=({line.rstrip()}{' ' + repr('') if line.endswith(' ') else ''})\n"
        f"COMP_CWORD={last}\n"
        "_rudaux_completion rudaux\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", script], cwd=cwd, capture_output=True, text=True, timeout=60,
        check=True,
    )  # fmt: skip
    return done.stdout.split()


def test_bash_offers_what_begins_so(course: Path) -> None:
    assert in_bash("rudaux grade hom", course) == ["homework_1", "homework_2"]
    assert in_bash("rudaux grade ", course) == NAMES
    assert in_bash("rudaux git rel", course) == ["release"]


def test_zsh_and_fish_offer_the_same(course: Path) -> None:
    assert offered("rudaux submit hom", course, "fish") == ["homework_1", "homework_2"]
    zsh = " ".join(offered("rudaux submit hom", course, "zsh"))
    assert zsh == '_arguments \'*: :(("homework_1" "homework_2"))\''


def test_fish_is_told_whether_there_is_anything(course: Path) -> None:
    assert offered("rudaux grade w", course, "fish", _TYPER_COMPLETE_FISH_ACTION="is-args") == []
    with pytest.raises(subprocess.CalledProcessError):
        offered("rudaux grade x", course, "fish", _TYPER_COMPLETE_FISH_ACTION="is-args")


def test_a_subfolder_of_the_course_is_in_the_course(course: Path) -> None:
    inside = course / "source" / "homework_1"
    inside.mkdir(parents=True)
    assert offered("rudaux status w", inside) == ["worksheet_1"]


@pytest.mark.parametrize(
    "line",
    ["--dir {} grade w", "--dir={} grade w", "grade --dir {} w", "-a --dir {} gradebook scores w",
     "git --dir {} release w", "grade --manual --dir={} w"],
)  # fmt: skip
def test_the_folder_named_on_the_line_counts(
    course: Path, tmp_path_factory: pytest.TempPathFactory, line: str
) -> None:
    other = tmp_path_factory.mktemp("other")
    write(other, "workshop")
    assert offered(f"rudaux {line.format(other)}", course) == ["workshop"]


def test_names_on_the_line_are_not_offered_again(course: Path) -> None:
    assert offered("rudaux git release homework_2 ", course) == ["homework_1", "worksheet_1"]
    assert offered("rudaux grade homework_2 ", course) == []


def test_shared_options_do_not_hide_the_commands(course: Path) -> None:
    assert offered("rudaux --dir . -a stat", course) == ["status"]
    assert offered("rudaux -a canvas stu", course) == ["students"]
    assert "--dry-run" in offered("rudaux grade --d", course)


@pytest.mark.parametrize(
    "content",
    [b"", b"[[assignments]", b"assignments = 3", b"[[assignments]]\nname = 3", b"\xff\xfe",
     b"[assignments]\nname = 'x'"],
)  # fmt: skip
def test_a_broken_file_offers_nothing_and_says_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "rudaux.toml").write_bytes(content)
    assert offered("rudaux grade ", tmp_path) == []


def test_a_folder_that_is_not_there_offers_nothing(course: Path) -> None:
    assert offered("rudaux grade --dir /no/such/folder ", course) == []


def test_completion_imports_no_heavy_library(course: Path) -> None:
    script = (
        "import sys\n"
        "from rudaux.cli.app import app\n"
        "try:\n"
        "    app()\n"
        "except SystemExit:\n"
        "    heavy = {'nbgrader', 'docker', 'git', 'httpx', 'rich', 'questionary', 'pydantic'}\n"
        "    print('heavy:', sorted(heavy & set(sys.modules)))\n"
    )
    env = {
        **os.environ, "_PROBE_COMPLETE": "complete_bash",
        "COMP_WORDS": "probe grade hom", "COMP_CWORD": "2",
    }  # fmt: skip
    (course / "probe").write_text(script)
    done = subprocess.run(
        [sys.executable, "probe"], cwd=course, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["homework_1", "homework_2", "heavy: []"]
