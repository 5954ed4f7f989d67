"""Everything a person sees or is asked: the only module that imports rich and questionary.

Results go to stdout; progress, notices, questions and errors go to stderr.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rudaux.cli.ask import Question
from rudaux.cli.describe import Row
from rudaux.domain.outcome import Outcome
from rudaux.errors import NeedsPersonError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

_MARK_STYLE = {"+": "green", "~": "yellow", "-": "red", "!": "bold red", " ": "dim"}
_LOG_WIDTH = 160
"""Columns where there is no terminal: a log or a pipe is wider than 80."""


class View:
    """One command's screen; without a terminal to answer on, `attended` is false."""

    def __init__(self, no_prompt: bool = False) -> None:
        self.attended = not no_prompt and sys.stdin.isatty()

    @cached_property
    def out(self) -> Console:
        """Where results go."""
        return _console(stderr=False)

    @cached_property
    def err(self) -> Console:
        """Where everything else goes."""
        return _console(stderr=True)

    def line(self, text: str = "", style: str = "") -> None:
        """Print a line of the result."""
        self.out.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

    def notice(self, text: str, style: str = "") -> None:
        """Print a line beside the result."""
        self.err.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

    def rows(self, rows: Sequence[Row]) -> None:
        """Print a plan: sections, marks, items and details, aligned."""
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
        for overflow in ("fold", "fold", "fold", "fold"):
            table.add_column(overflow=overflow)
        section = ""
        for row in rows:
            shown = "" if row.section == section else row.section
            section, style = row.section, _MARK_STYLE[row.mark]
            table.add_row(
                Text(f"  {shown}", "bold"), Text(row.mark, style), Text(row.item), Text(row.detail)
            )
        self.out.print(table, highlight=False)

    def table(self, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print a table of the result; None is shown as a dash."""
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, header_style="bold", padding=(0, 1), pad_edge=False)
        for name in header:
            table.add_column(name, overflow="fold")
        for row in rows:
            table.add_row(*(Text("-" if cell is None else str(cell)) for cell in row))
        self.out.print(table, highlight=False)

    def json(self, document: object) -> None:
        """Print one JSON document."""
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")

    def ask(self, question: Question) -> bool:
        """Ask, or answer as the question declares; raises `NeedsPersonError` for a refusal."""
        if self.attended:
            return confirm(question.text, question.default)
        if question.unattended == "refuse":
            allow = f"; {question.flag} would have allowed it" if question.flag else ""
            raise NeedsPersonError(f"{question.text} Nobody is here to answer{allow}.")
        if question.text:
            self.notice(f"{question.text} {question.unattended} (nobody to ask)")
        return question.unattended == "yes"

    def type_in(self, question: str, default: str = "", validate: Any = None) -> str:
        """Ask for a line of text; `validate` gives True or a sentence about what is wrong."""
        import questionary

        answer = questionary.text(question, default=default, validate=validate).ask()
        if answer is None:
            raise KeyboardInterrupt
        return str(answer)

    def follow(self, label: str, outcomes: Iterable[Outcome], total: int) -> list[Outcome]:
        """Consume outcomes under a progress bar; without a terminal, a line at the end."""
        if not self.err.is_terminal:
            done = list(outcomes)
            self.notice(f"{label}: {_summary(done)}")
            return done
        done = []
        with self._bar(label, total) as (bar, task):
            for outcome in outcomes:
                done.append(outcome)
                bar.update(task, completed=min(len(done), total), note=_troubles(done))
        return done

    @contextmanager
    def _bar(self, label: str, total: int) -> Iterator[tuple[Progress, Any]]:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("  {task.description:<10}"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        )
        with Progress(*columns, console=self.err) as bar:
            yield bar, bar.add_task(label, total=total, note="")

    def troubles(self, outcomes: Iterable[Outcome]) -> None:
        """List who was held or failed, and why."""
        for outcome in outcomes:
            if not outcome.ok:
                self.notice(f"  {outcome.result:<6} {outcome.item}: {outcome.reason}")


def confirm(question: str, default: bool = True) -> bool:
    """Ask a yes-or-no question on the terminal; Ctrl-C and end of input interrupt."""
    import questionary

    if not sys.stdin.isatty():
        raise NeedsPersonError(f"{question} Nobody is here to answer.")
    try:
        answer = questionary.confirm(question, default=default).unsafe_ask()
    except EOFError as error:
        raise KeyboardInterrupt from error
    return bool(answer)


def _console(stderr: bool) -> Console:
    from rich.console import Console

    console = Console(stderr=stderr, highlight=False)
    if not console.is_terminal:
        console.width = _LOG_WIDTH
    return console


def _summary(outcomes: Sequence[Outcome]) -> str:
    done = sum(o.ok for o in outcomes)
    return f"{done} done{_troubles(outcomes)}"


def _troubles(outcomes: Sequence[Outcome]) -> str:
    counts = {r: sum(o.result == r for o in outcomes) for r in ("held", "failed")}
    return "".join(f" · {count} {result}" for result, count in counts.items() if count)
