"""The questions of `rudaux new`: each with what can be found out before it is asked.

Whatever is found is only offered, and an answer that does not seem right is taken all the same.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from rudaux.cli.ask import Question
from rudaux.cli.describe.words import number, when
from rudaux.cli.view import View
from rudaux.config import LEVELS, ExecutorName
from rudaux.config.draft import Planned, wrong
from rudaux.config.older import Older
from rudaux.domain.messages import counted
from rudaux.errors import CanvasFailure, ConfigError, RudauxError
from rudaux.ports import Surroundings
from rudaux.workflows.offer import CanvasLook, Offers, find_token
from rudaux.workflows.trial import attempt, sentence

T = TypeVar("T")
_ANOTHER = "another one: let me type it"


@dataclass(frozen=True)
class Ask:
    """A question and what it starts with; `choice` is the question above a list to choose from.

    What is not `asked` is found out, or given as an option.
    """

    text: str
    default: str = ""
    asked: bool = True
    choice: str = ""


QUESTIONS = {
    "name": Ask("A short name for the course"),
    "timezone": Ask("Time zone of the due dates (IANA name)"),
    "canvas_url": Ask("Canvas's address"),
    "course_id": Ask(
        "The number at the end of the course's address in Canvas", choice="Which course?"
    ),
    "token_env": Ask("The environment variable that holds the access token", asked=False),
    "token_file": Ask("The file that holds the access token", asked=False),
    "tool": Ask(
        "The exact name of the hub's external tool in Canvas",
        "Jupyter",
        choice="Which tool opens the hub?",
    ),
    "level": Ask("Where that tool is installed: course, account or group", "course"),
    "instructor_repo": Ask("Git remote of the instructor repository"),
    "student_repo": Ask("Git remote of the student repository"),
    "release_path": Ask(
        "Folder of the student repository that assignments go to (empty: its top)", "materials"
    ),
    "hub_url": Ask("The hub's address"),
    "base_url": Ask("The hub's prefix, such as /jupyter (empty: none)"),
    "storage": Ask("Folder on this machine with the students' homes"),
    "snapshots": Ask("Folder of its snapshots, such as .zfs/snapshot (empty: none)"),
    "executor": Ask("Where students' code runs: docker, sandbox or process", asked=False),
}


def flag(key: str) -> str:
    """Return the option that answers a question."""
    return f"--{key.replace('_', '-')}"


def _described(one: Planned) -> str:
    due = f", due {when(one.due)}" if one.due else ""
    return f"{number(one.points or Decimal())} points{due}"


class Interview:
    """Asks a person for what was not given, or was given wrong; each answer is checked as typed.

    `given` came as options; what an older file says needs no question either, but is tried.
    """

    def __init__(
        self,
        view: View,
        around: Surroundings,
        folder: Path,
        given: Mapping[str, str],
        older: Older | None,
    ) -> None:
        self._view, self._around, self._folder, self._given = view, around, folder, given
        self._older = older or Older()
        self._answers = {k: v for k, v in self._older.answers.items() if k not in QUESTIONS}
        self._look = CanvasLook(around)
        self._offers = Offers()

    @property
    def has_token(self) -> bool:
        """Whether Canvas took a token."""
        return self._look.works

    def ask_all(self) -> dict[str, str]:
        """Return an answer to each question; with a token Canvas is asked first."""
        for key in ("token_env", "token_file"):
            self._take(key)
        self._find_token()
        first = ("canvas_url", "course_id") if self._look.token else ()
        for key in (*first, *(k for k, ask in QUESTIONS.items() if ask.asked and k not in first)):
            if key not in self._answers and not self._take(key):
                self._ask(key)
            self._look_after(key)
        if not self._take("executor"):
            self._answers["executor"] = self._executor()
        return self._answers

    def so_far(self) -> list[str]:
        """Return the answers up to now as options; nothing is asked of them again."""
        return [
            f"{flag(key)} {shlex.quote(value)}"
            for key, value in {**self._given, **self._answers}.items()
            if value and key in QUESTIONS and key not in self._older.answers
        ]

    def plan(self, planned: Sequence[Planned]) -> list[Planned]:
        """Offer the dates and points that Canvas has for assignments that lack them."""
        zone = self._answers["timezone"]
        found = self._tried(lambda: self._look.assignments(planned, zone)) or ()
        if not found:
            return list(planned)
        self._view.notes([(p.name, _described(p)) for p in found])
        names = {p.name: p for p in found}
        text = f"Take the dates and points of {counted(len(found), 'assignment')} from Canvas?"
        agreed = self._view.ask(Question(text, "no"))
        return [names.get(p.name, p) if agreed else p for p in planned]

    def _take(self, key: str) -> bool:
        """Take an answer that was given; one that is wrong is said so, and asked for."""
        value, name = self._given.get(key, ""), flag(key)
        if not value:
            value, name = self._older.answers.get(key, ""), key
        mistake = wrong(self._answers, key, value) if value else ""
        if mistake:
            self._view.notice(f"{name}: {mistake}")
        if not value or mistake:
            return False
        self._answers[key] = value
        if key not in self._given:
            self._try(key)
        return True

    def _ask(self, key: str) -> None:
        ask, choices = QUESTIONS[key], self._offers.choices.get(key, ())
        if key == "level":
            self._answers[key] = self._view.choose(ask.text, LEVELS, ask.default)
            return
        if choices:
            labels = [label for _, label in choices]
            chosen = self._view.choose(ask.choice or ask.text, [*labels, _ANOTHER], labels[0])
            if chosen != _ANOTHER:
                self._answers |= choices[labels.index(chosen)][0]
                self._try(key)
                return
        so_far = dict(self._answers)

        def valid(value: str) -> bool | str:
            return wrong(so_far, key, value.strip()) or True

        default = self._offers.defaults.get(key) or self._older.guesses.get(key) or ask.default
        typed = self._given.get(key) or default
        self._answers[key] = self._view.type_in(ask.text, typed, valid)
        self._try(key)

    def _try(self, key: str) -> None:
        """Try an answer, and say at once what is wrong with it; it stays."""
        seen = attempt(self._around, key, self._answers, self._look.students)
        if seen and seen.text:
            self._view.notes([("" if seen.ok else "!", seen.text)])
        if seen and seen.prefix:
            self._offers.defaults["base_url"] = seen.prefix

    def _find_token(self) -> None:
        try:
            self._look.token, self._answers = find_token(self._folder, self._answers)
        except ConfigError as error:
            self._say(error)

    def _look_after(self, key: str) -> None:
        """Find out what an answer makes it possible to offer."""
        answers, look = self._answers, self._look
        if key == "canvas_url" and look.token and "course_id" not in {*answers, *self._given}:
            self._offers.take_courses(self._tried(lambda: look.courses(answers["canvas_url"])))
        if key == "course_id" and "canvas_url" in answers and look.token:
            self._offers.take_course(self._tried(lambda: look.open(answers)))
            if look.works:
                self._offers.take_tools(self._tried(look.tools))
        if key == "tool" and look.works:
            self._offers.take_hub(answers["tool"])
        if key == "level":
            self._tried(lambda: look.check_tool(answers))
        if key == "name":
            self._offers.take_remotes(self._around, self._folder)
        if key == "storage" and (Path(answers[key]).expanduser() / ".zfs/snapshot").is_dir():
            self._offers.defaults["snapshots"] = ".zfs/snapshot"

    def _executor(self) -> ExecutorName:
        if self._around.docker():
            self._view.notice("Docker answers: students' code will run in containers.")
            return "docker"
        if self._around.sandbox():
            boxes = (
                "Docker does not answer on this machine. Run students' code in sandboxes instead, "
                "with the Python packages of this machine?"
            )
            return "sandbox" if self._view.ask(Question(boxes, "yes")) else "docker"
        text = (
            "Docker does not answer on this machine. Run students' code without containers, as "
            "your own account?"
        )
        return "process" if self._view.ask(Question(text, "no")) else "docker"

    def _tried(self, look: Callable[[], T]) -> T | None:
        """Look; where that fails, say why in a sentence, and go on asking."""
        try:
            return look()
        except (CanvasFailure, ConfigError) as error:
            self._say(error)
            return None

    def _say(self, error: RudauxError) -> None:
        self._view.notes([("!", sentence(error))])
