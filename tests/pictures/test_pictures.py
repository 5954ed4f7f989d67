"""The pictures are those that `nox -s pictures` takes, and each is shown somewhere, with words."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from rudaux.cli.app import COMMANDS
from tests.docs.pages import ROOT
from tests.pictures.story import FOLDER, NAMES, STORY

PAGES = [*ROOT.glob("docs/**/*.md"), ROOT / "README.md"]
SHOWN = [
    ((page.parent / target).resolve(), words)
    for page in PAGES
    for words, target in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page.read_text())
]
"""Each picture that a page shows, and what it says in the place of it."""


def test_there_are_the_pictures_of_the_story_and_no_others() -> None:
    assert {path.name for path in FOLDER.iterdir()} == NAMES


def test_every_picture_is_shown_and_every_shown_one_is_there() -> None:
    assert {path for path, _ in SHOWN} == {FOLDER / name for name in NAMES}


def test_words_say_what_is_seen() -> None:
    assert [path.name for path, words in SHOWN if len(words.split()) < 8] == []


def test_every_command_of_a_picture_is_one_of_rudaux() -> None:
    drawn = [step.command.split()[1] for step in STORY if step.picture]
    assert [word for word in drawn if word != "--help" and word not in COMMANDS] == []


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.svg")), ids=lambda p: p.name)
def test_a_screen_is_text_and_loads_nothing(path: Path) -> None:
    drawing = ElementTree.fromstring(path.read_text())
    title, *_ = [element.text for element in drawing if element.tag.endswith("title")]
    [step] = [step for step in STORY if f"{step.picture}.svg" == path.name]
    assert title == step.command
    seen = " ".join(e.text or "" for e in drawing if e.tag.endswith("}text"))
    assert step.command in seen.replace("$ ", "", 1)
    assert not re.search(r"url\(|href|@import|<image|/tmp/", path.read_text())


def test_no_picture_is_heavy() -> None:
    assert [p.name for p in FOLDER.iterdir() if p.stat().st_size > 150_000] == []
