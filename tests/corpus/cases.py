"""What a case of the corpus is: how to build a submission, and the true state it must end in."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rudaux.domain.submissions import State
from tests.corpus.assignment import AREA, FULL, NOTEBOOKS, RIGHT, cell_named


@dataclass(frozen=True)
class Site:
    """What an attack may aim at: this course and this process, never anybody else's.

    `port` listens on 127.0.0.1. `contained`: a container is between the attack and the machine;
    without one no attack may reach for more than the corpus itself has made.
    """

    course: Path
    homes: Path
    bystander: str
    secret: str
    port: int
    pid: int
    contained: bool


@dataclass(frozen=True)
class Work:
    """A student's folder on the hub, which a case changes before it is handed in."""

    folder: Path
    site: Site

    def file(self, notebook: str = "circles") -> Path:
        """Where the notebook is."""
        return self.folder / f"{notebook}.ipynb"

    def read(self, notebook: str = "circles") -> dict[str, Any]:
        """Give the notebook's JSON."""
        content: dict[str, Any] = json.loads(self.file(notebook).read_text())
        return content

    def edit(self, change: Callable[[dict[str, Any]], object], notebook: str = "circles") -> None:
        """Change the notebook's JSON in place."""
        content = self.read(notebook)
        change(content)
        self.file(notebook).write_text(json.dumps(content))

    def answer(self, **sources: str) -> None:
        """Give the answers (or any other cells) these sources, by grade id."""
        for notebook in NOTEBOOKS:
            self.edit(lambda content: _answer(content, sources), notebook)


def _answer(content: dict[str, Any], sources: dict[str, str]) -> None:
    for cell in content["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in sources:
            cell["source"] = sources[name]


@dataclass(frozen=True)
class Graded:
    """What became of a submission; `outputs` is all text in its autograded notebooks."""

    state: str
    kind: str
    score: str
    says: str
    repairs: tuple[str, ...]
    outputs: str
    happened: str


Build = Callable[[Work], None]
Happened = Callable[[Site, str], str]
"""Say what an attack has done, given the outputs of its own cells; "" where it did nothing."""


@dataclass(frozen=True)
class Case:
    """A submission: a right one that `build` changes, and what must become of it.

    `says`, `repairs` and `outputs` are regular expressions. `boxed_only`: what `happened` looks
    for is kept from happening by the container alone; `process` is for code that is trusted.
    `contained` is the state where a container makes a difference to it; None: any will do.
    """

    name: str
    build: Build
    state: State | None = "graded"
    score: int | None = FULL
    kind: str = ""
    says: str = ""
    repairs: tuple[str, ...] = ()
    outputs: str = ""
    happened: Happened | None = None
    boxed_only: bool = False
    contained: State | None = None


def right(work: Work) -> None:
    """Hand in what is right; the cell for a mark by hand stays blank."""
    work.answer(**RIGHT)


def answers(**sources: str) -> Build:
    """Hand in right answers but for these."""

    def build(work: Work) -> None:
        work.answer(**{**RIGHT, **sources})

    return build


def edited(change: Callable[[dict[str, Any]], object], notebook: str = "circles") -> Build:
    """Hand in right answers in a notebook whose JSON was changed."""

    def build(work: Work) -> None:
        right(work)
        work.edit(change, notebook)

    return build


def then(change: Build) -> Build:
    """Hand in right answers in a folder that was changed."""

    def build(work: Work) -> None:
        right(work)
        change(work)

    return build


def attack(code: str, **placeholders: Callable[[Site], object]) -> Build:
    """Hand in right answers; beside the first runs this code, whose errors are printed.

    `$name` in the code stands for what the function of that name gives for the site.
    """

    def build(work: Work) -> None:
        text = textwrap.dedent(code).strip()
        for name, value in placeholders.items():
            text = text.replace(f"${name}", repr(value(work.site)))
        wrapped = f"def attack():\n{textwrap.indent(text, '    ')}\n"
        tried = "try:\n    attack()\nexcept BaseException as error:\n    print('refused', error)"
        work.answer(**{**RIGHT, "area": f"{AREA}\n\n{wrapped}\n{tried}"})

    return build


def printed(*words: str) -> Happened:
    """Say which of the words the attack could print."""
    return lambda site, outputs: ", ".join(w for w in words if w in outputs)


def without(*names: str) -> Callable[[dict[str, Any]], None]:
    """Remove cells by grade id."""

    def change(content: dict[str, Any]) -> None:
        for name in names:
            content["cells"].remove(cell_named(content, name))

    return change


def twice(name: str, **changes: Any) -> Callable[[dict[str, Any]], None]:
    """Copy a cell below itself, as Ctrl-C Ctrl-V does, with changes to the copy."""

    def change(content: dict[str, Any]) -> None:
        cell = cell_named(content, name)
        copy = {**json.loads(json.dumps(cell)), "id": f"{name}-copy", **changes}
        content["cells"].insert(content["cells"].index(cell) + 1, copy)

    return change


def retyped(name: str, kind: str) -> Callable[[dict[str, Any]], None]:
    """Give a cell another type, as pressing M or Y does."""

    def change(content: dict[str, Any]) -> None:
        cell = cell_named(content, name)
        cell["cell_type"] = kind
        for extra in ("outputs", "execution_count"):
            cell.pop(extra, None)
        if kind == "code":
            cell |= {"outputs": [], "execution_count": None}

    return change


def resourced(name: str, source: str) -> Callable[[dict[str, Any]], None]:
    """Give a cell another text."""

    def change(content: dict[str, Any]) -> None:
        cell_named(content, name)["source"] = source

    return change


def remarked(name: str, **metadata: Any) -> Callable[[dict[str, Any]], None]:
    """Change what nbgrader notes on a cell."""

    def change(content: dict[str, Any]) -> None:
        cell_named(content, name)["metadata"]["nbgrader"] |= metadata

    return change
