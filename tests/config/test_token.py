from __future__ import annotations

from pathlib import Path

import pytest

from rudaux.config import Config, load_config, read_token, save_token
from rudaux.errors import ConfigError
from tests.config.course_file import MINIMAL, assignment, changed, course, mistakes

TOKEN = "10234~AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"


@pytest.mark.parametrize(
    "text",
    [
        changed("token", f'"{TOKEN}"', "canvas"),
        changed("token", '"short"', "canvas"),
        changed("access_token", "'hunter2hunter2'", "canvas"),
        changed("token_env", f'"{TOKEN}"', "canvas"),
        changed("token_file", f'"/x/{TOKEN}"', "canvas"),
        f'canvas_token = "{TOKEN}"\n' + MINIMAL,
        f'"{TOKEN}" = 1\n' + MINIMAL,
        f"# {TOKEN}\n" + MINIMAL,
        MINIMAL + assignment(name=f'"{TOKEN}"'),
        MINIMAL + f'[extra]\nlist = [["{TOKEN}"]]\n',
        changed("student_repo", '"https://io:hunter2@github.com/org/x"', "git"),
        changed("student_repo", '"https://hunter2@github.com/org/x"', "git"),
        changed("student_repo", '"ssh://git:hunter2@github.com/org/x"', "git"),
        changed("url", '"https://io:hunter2@canvas.example.edu"', "canvas"),
    ],
)
def test_a_secret_in_the_file_is_a_mistake_that_does_not_repeat_it(text: str) -> None:
    told = "\n".join(mistakes(text))
    assert "does not belong in this file" in told or "not contain a user name or pass" in told
    assert "hunter2" not in told
    assert TOKEN not in told
    assert '"short"' not in told


def test_the_token_comes_from_the_environment_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = with_token_file(tmp_path, "from-file")
    monkeypatch.setenv("CANVAS_TOKEN", " from-environment\n")
    assert read_token(config) == "from-environment"
    monkeypatch.setenv("CANVAS_TOKEN", "")
    assert read_token(config) == "from-file"


def with_token_file(folder: Path, content: str, mode: int = 0o600) -> Config:
    file = folder / "canvas-token"
    file.write_text(content + "\n", encoding="utf-8")
    file.chmod(mode)
    return load_config(course(folder, changed("token_file", '"canvas-token"', "canvas")))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_token_file_that_others_can_read_is_refused(
    tmp_path: Path, mode: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CANVAS_TOKEN", raising=False)
    config = with_token_file(tmp_path, TOKEN, mode)
    with pytest.raises(ConfigError, match=f"run `chmod 600 {tmp_path}/canvas-token`") as caught:
        read_token(config)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("content", ["", f"{TOKEN} and more", f"{TOKEN}\nmore", "tökén"])
def test_a_token_file_with_anything_else_is_refused_without_showing_it(
    tmp_path: Path, content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CANVAS_TOKEN", raising=False)
    with pytest.raises(ConfigError, match="the Canvas access token and nothing else") as caught:
        read_token(with_token_file(tmp_path, content))
    assert TOKEN not in str(caught.value)


def test_a_binary_token_file_or_a_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CANVAS_TOKEN", raising=False)
    config = with_token_file(tmp_path, "x")
    file = tmp_path / "canvas-token"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is not a text file"):
        read_token(config)
    file.unlink()
    file.mkdir(mode=0o700)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_token(config)


def test_a_missing_token_says_where_to_make_and_put_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CANVAS_TOKEN", raising=False)
    config = with_token_file(tmp_path, "x")
    (tmp_path / "canvas-token").unlink()
    with pytest.raises(ConfigError) as caught:
        read_token(config)
    told = str(caught.value)
    assert "the environment variable CANVAS_TOKEN is not set" in told
    assert f"{tmp_path}/canvas-token does not exist" in told
    assert "https://canvas.example.edu/profile/settings" in told


def test_a_saved_token_is_found_without_the_environment_and_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = load_config(course(tmp_path))
    monkeypatch.setenv("CANVAS_TOKEN", TOKEN)
    first, again = save_token(config), save_token(config)
    monkeypatch.delenv("CANVAS_TOKEN")
    assert first == again
    assert first.stat().st_mode & 0o777 == 0o600
    assert read_token(config) == TOKEN
    assert TOKEN not in repr(config)
