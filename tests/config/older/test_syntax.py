from __future__ import annotations

from pathlib import Path

import pytest

from rudaux.config.older import read_older
from rudaux.config.older.syntax import Settings, read_settings
from rudaux.errors import ConfigError


def settings(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "rudaux_config.py"
    file.write_text(text)
    return read_settings(file)


def test_literals_names_sums_and_f_strings_are_read(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        'c = get_config()\nconfig = get_config()\nn = "x"\nm: int = 60\n'
        'c.a = n + "/y"\nconfig.B.b = [n, {"k": -1}]\nc.d = f"{n}-{m}"\nc.e = m * 24\nc.f = c.a\n'
        "c.g, c.h = 1, 2\n",
    )
    assert found.values == {
        "a": "x/y", "B.b": ["x", {"k": -1}], "d": "x-60", "e": 1440, "f": "x/y",
    }  # fmt: skip
    assert found.computed == ("g", "h")


def test_a_dictionary_of_keywords_is_read_as_one_in_braces(tmp_path: Path) -> None:
    found = settings(tmp_path, "c = get_config()\nc.a = [dict(name='x', points=5)]\n")
    assert found.values == {"a": [{"name": "x", "points": 5}]}


@pytest.mark.parametrize(
    "text",
    [
        "c.a = dict([('k', 1)])",
        "c.a = dict(**f())",
        "c.a = f()",
        "if True:\n    c.a = 1",
        "c.a = [1]\nc.a.append(2)",
        "n = [1]\nc.a = n\nn.append(2)",
        "n = {}\nc.a = [n]\nn['k'] = 2",
        "n = [1]\nfor i in range(3):\n    n.append(i)\nc.a = n",
        "n = 1\nfor n in range(3):\n    pass\nc.a = n",
        "c.a = 1\nc.a += 1",
        "c.a = {}\nc.a['k'] = 1",
        "c.a = {**x}",
        "n = 'x'\n" + "n = n + n\n" * 64 + "c.a = n",
        "n = 9\n" + "n = n * n\n" * 64 + "c.a = n",
    ],
)
def test_what_may_be_another_value_when_it_is_run_is_computed(tmp_path: Path, text: str) -> None:
    assert settings(tmp_path, text) == Settings({}, ("a",))


def test_a_text_that_is_only_handed_to_something_stays_as_it_is(tmp_path: Path) -> None:
    assert settings(tmp_path, "n = 'x'\nc.a = n\nprint(n)\n").values == {"a": "x"}


def test_lists_within_lists_within_lists_are_looked_through_once(tmp_path: Path) -> None:
    text = "n = []\n" + "n = [n, n]\n" * 200 + "c.a = n\nf(n)\n"
    assert settings(tmp_path, text).computed == ("a",)


def test_the_file_is_not_run(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    settings(tmp_path, f"open({str(ran)!r}, 'w')\nimport nonsense\nc.a = exit(1)\n")
    assert not ran.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"c.a = 'secret-secret\n", "is not Python (line 1)"),
        (b"course_groups:\n  a: [b\n", "is not Python"),
        (b"c.a = '\x00secret-secret'", "is not Python"),
        (b"\xff\xfe\x00", "is not Python"),
        (b"c.a = " + b"(" * 5000 + b")" * 5000, "is not Python"),
        (b"c.a = " + b"-" * 4000 + b"1", ""),
        (b"x = 1\n", "has no settings of an older rudaux"),
        (b"", "has no settings of an older rudaux"),
    ],
)
def test_a_file_that_is_none_is_one_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "rudaux_config.py"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_older(file)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_file_that_is_missing_or_a_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no .*nothing\.py"):
        read_settings(tmp_path / "nothing.py")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        read_settings(tmp_path)


def test_another_file_that_it_loads_is_named(tmp_path: Path) -> None:
    found = settings(tmp_path, "load_subconfig('base.py')\nc.a = 1\n")
    assert found == Settings({"a": 1}, ("load_subconfig",))
