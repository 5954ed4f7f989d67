"""Where names on the screen lead: to Canvas, SpeedGrader, or a file on this machine."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from socket import gethostname
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from rudaux.config import Config
    from rudaux.domain.roster import Student


class Links:
    """Words, each with the address that it leads to."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = {word: to for word, to in addresses.items() if word and _harmless(to)}

    @cached_property
    def _words(self) -> re.Pattern[str] | None:
        longest_first = sorted(self._addresses, key=len, reverse=True)
        words = "|".join(map(re.escape, longest_first))
        return re.compile(rf"(?<![\w/-])(?:{words})(?![\w/-])") if words else None

    def whole(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Yield start, end and address where the text is such a word and nothing else."""
        word = text.strip()
        if word in self._addresses:
            start = text.index(word)
            yield start, start + len(word), self._addresses[word]

    def inside(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Yield start, end and address of each such word in a sentence."""
        for found in self._words.finditer(text) if self._words else ():
            yield found.start(), found.end(), self._addresses[found[0]]


def _harmless(address: str) -> bool:
    """Return whether an address holds no account and nothing that a terminal would obey."""
    return "@" not in urlsplit(address).netloc and address.isprintable() and " " not in address


def assignment_links(config: Config, ids: Mapping[str, int | None]) -> dict[str, str]:
    """Lead from the names of assignments to their pages in Canvas."""
    return {
        name: f"{_course(config)}/assignments/{canvas_id}"
        for name, canvas_id in ids.items()
        if canvas_id is not None
    }


def student_links(
    config: Config, canvas_id: int | None, students: Sequence[Student]
) -> dict[str, str]:
    """Lead from students' names to SpeedGrader; a name that two of them have leads nowhere."""
    if canvas_id is None:
        return {}
    page = f"{_course(config)}/gradebook/speed_grader?assignment_id={canvas_id}&student_id="
    often = Counter(s.name for s in students)
    known = [s for s in students if s.canvas_id and often[s.name] == 1]
    return {s.name: f"{page}{quote(s.canvas_id)}" for s in known}


def file_link(path: Path) -> dict[str, str]:
    """Lead from a path to the file, on the machine that it is on."""
    return {str(path): f"file://{gethostname()}{quote(str(path.absolute()))}"}


def list_links(config: Config, assignment: str, graders: Iterable[str]) -> dict[str, str]:
    """Lead from graders' names to their lists of what to mark, as far as these are there."""
    from rudaux.workflows.lists import list_file

    files = ((grader, list_file(config, assignment, grader)) for grader in graders)
    return {who: to for who, file in files if file.exists() for to in file_link(file).values()}


def _course(config: Config) -> str:
    return f"{config.canvas.url.rstrip('/')}/courses/{config.canvas.course_id}"
