"""Everything a person sees or is asked; `progress` and `help` draw as well, nothing else does.

Results go to stdout; progress, notices, questions and errors go to stderr. Rich and questionary are
imported where they are used: a shell completion needs neither.
"""

from __future__ import annotations

import io
import json
import os
import sys
import termios
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from rudaux.cli.ask import Question
from rudaux.cli.describe.plans import Row
from rudaux.cli.describe.words import FAILED, HELD, NOTHING, alike
from rudaux.cli.links import Links
from rudaux.cli.progress import bar, time_left, troubles
from rudaux.cli.width import GAP, blocks, column_widths, wrapped
from rudaux.domain.messages import listed
from rudaux.domain.outcome import Outcome
from rudaux.errors import NeedsPersonError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

    from rudaux.domain.checks import Check

_MARK_STYLE = {"+": "green", "~": "yellow", "-": "red", "!": "bold red", " ": "dim"}
_CHECK_STYLE = {"ok": ("✓", "green"), "look": ("!", "yellow"), "broken": ("✗", "bold red")}
_CHECK_NAME = 13
"""Columns for what a check is called, the same under every system."""
_LOG_WIDTH = 10_000
"""Columns where there is no terminal: a line of a log or a pipe is never broken or cut."""
_LOG_SECONDS = 60.0
"""Seconds between two lines on how far it is, where there is no terminal."""
_SIGNS = {**_CHECK_STYLE, "": ("-", "dim")}

_NARROW = 20
"""Columns that text has even where others leave it fewer."""
Cells = Sequence[tuple[str, str]]
"""The cells of a line, each a text and its style."""
Sign = Literal["ok", "look", "broken", ""]
Finding = tuple[Sign, str, str]
"""A line of a summary: how good it is, how many are in it, and who and why."""


class View:
    """One command's screen; without a terminal to answer on, `attended` is false.

    `watched`: somebody sees at least how it ends.
    """

    def __init__(self, no_prompt: bool = False) -> None:
        self.attended = not no_prompt and _is_terminal(sys.stdin)
        self.watched = self.attended or _is_terminal(sys.stderr)
        self._addresses: dict[str, str] = {}
        self._links = Links({})

    def link(self, addresses: Mapping[str, str]) -> None:
        """Let these words lead to their addresses wherever they stand, on a terminal that can."""
        self._addresses |= addresses
        self._links = Links(self._addresses)

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
        self._say(self.out, text, style)

    def notice(self, text: str, style: str = "") -> None:
        """Print a line beside the result: what happened, or the next step."""
        self._say(self.err, text, style)

    def rows(self, rows: Sequence[Row]) -> None:
        """Print a plan: sections, marks, items and details, aligned."""
        from rich.cells import cell_len

        width = max((cell_len(printable(r.item)) for r in rows if r.detail), default=0)
        lines: list[Cells] = []
        section, indent = "", "  " if any(r.section for r in rows) else ""
        for row in rows:
            item = printable(row.item)
            space = " " * (width - cell_len(item) + 3 if row.detail else 0)
            shown = "" if row.section == section else row.section
            section = row.section
            mark = (row.mark, _MARK_STYLE[row.mark])
            lines.append(((f"{indent}{shown}", "bold"), mark, (f"{item}{space}{row.detail}", "")))
        self._aligned(self.out, lines)

    def checks(self, checks: Sequence[Check]) -> None:
        """Print what was found under its system, one line each; a remedy stands below its fact."""
        lines: list[Cells] = []
        if checks:
            self.line(checks[0].system, "bold")
        for check in checks:
            sign, style = _CHECK_STYLE[check.result]
            name = f"{check.name:<{_CHECK_NAME}}"
            lines.append(((f"  {sign} {check.result:<6}", style), (name, ""), (check.text, "")))
            if check.remedy:
                lines.append((("", ""), ("", ""), (f"-> {check.remedy}", "italic")))
        self._aligned(self.out, lines)

    def notes(self, notes: Iterable[tuple[str, str]]) -> None:
        """Print notices of two columns beside the result: what each is about, and a sentence."""
        from rich.table import Table

        table = Table(box=None, show_header=False, padding=(0, 0, 0, 2))
        table.add_column(max_width=32 if self.err.is_terminal else None, overflow="fold")
        table.add_column()
        for about, sentence in notes:
            table.add_row(_text(about), _text(sentence))
        _print(self.err, table)

    def table(
        self,
        header: Sequence[str],
        rows: Iterable[Sequence[object]],
        whole: Collection[str] = (),
        indent: int = 0,
        narrow: Sequence[str] = (),
    ) -> None:
        """Print a table of the result; None is shown as a dash, numbers align at their points.

        A cell of a column that is `whole` is never broken. `narrow`: lines to print instead where
        the table is too wide, else each row becomes a block.
        """
        from rich.cells import cell_len
        from rich.padding import Padding
        from rich.table import Table

        lines, width = (
            [["-" if cell is None else str(cell) for cell in row] for row in rows],
            self.out.width - indent,
        )
        columns = [alike(c) for c in zip(*lines, strict=True)] if lines else [()] * len(header)
        lines = [[*line] for line in zip(*columns, strict=True)]
        both = [(name, *column) for name, column in zip(header, columns, strict=True)]
        rigid = [name in whole for name in header]
        widths = column_widths(both, width, cell_len, rigid)
        if widths is None:
            shown = narrow or blocks(header, lines, width, cell_len).splitlines()
            self.line("\n".join(" " * indent + line for line in shown))
            return
        table = Table(box=None, header_style="bold", padding=(0, 1), pad_edge=False)
        for (name, *column), width in zip(both, widths, strict=True):
            justify: Any = "right" if column and _is_numeric(column) else "left"
            table.add_column(_text(name), overflow="fold", justify=justify, width=width)
        for line in lines:
            cells = [wrapped(c, w, cell_len, 0) for c, w in zip(line, widths, strict=True)]
            table.add_row(*(self._linked(self.out, cell, whole=True) for cell in cells))
        _print(self.out, Padding(table, (0, 0, 0, indent), expand=False))

    def json(self, document: object) -> None:
        """Print one JSON document, in ASCII so that no locale can spoil it."""
        sys.stdout.write(json.dumps(document, indent=2) + "\n")

    def ask(self, question: Question) -> bool:
        """Ask, or answer as the question declares; raises `NeedsPersonError` for a refusal."""
        if self.attended:
            return confirm(question.text, question.default)
        if question.unattended == "refuse":
            allow = f"; {question.flag} would have allowed it" if question.flag else ""
            raise NeedsPersonError(f"{question.text} Nobody is here to answer{allow}.")
        self.notice(f"{question.text} {question.unattended} (nobody is here to answer)")
        return question.unattended == "yes"

    def type_in(
        self, question: str, default: str = "", validate: Callable[[str], bool | str] | None = None
    ) -> str:
        """Ask for a line of text; `validate` gives True or a sentence about what is wrong."""
        import questionary

        asked = questionary.text(
            printable(question), default=default, validate=validate, output=_question_output()
        )
        return str(_answered(asked)).strip()

    def choose(self, question: str, choices: Sequence[str], default: str) -> str:
        """Ask to pick one of `choices`."""
        import questionary

        asked = questionary.select(
            printable(question), choices=choices, default=default, output=_question_output()
        )
        return str(_answered(asked))

    def follow(
        self,
        label: str,
        outcomes: Iterable[Outcome],
        total: int,
        note: str = "",
        failed: str = FAILED,
    ) -> list[Outcome]:
        """Consume outcomes under a progress bar; in a log, a line at the start and the end.

        `total` is how many are expected; more may come. `note` stands behind the number,
        `failed` is what is said of what could not be done.
        """
        done: list[Outcome] = []
        with self._progress(label, total, note, failed) as step:
            for outcome in outcomes:
                done.append(outcome)
                step(done)
        _forget_typed()
        return done

    @contextmanager
    def _progress(
        self, label: str, total: int, note: str, failed: str
    ) -> Iterator[Callable[[Sequence[Outcome]], None]]:
        # FORCE_COLOR makes rich take a log file for a terminal; a bar needs a real one.
        animated = self.err.is_terminal and not self.err.is_dumb_terminal
        if total and animated and _is_terminal(sys.stderr):
            with bar(self.err, printable(label), total, note, failed) as step:
                yield step
            return
        seen: Sequence[Outcome] = ()
        started = told = time.monotonic()

        def remember(done: Sequence[Outcome]) -> None:
            nonlocal seen, told
            seen, now = done, time.monotonic()
            if now - told >= _LOG_SECONDS:
                told, left = now, time_left(now - started, len(done), total)
                self.notice(f"{label}: {len(done)} of {total}{troubles(done, failed)}{left}")

        behind = f", {note}" if note else ""
        self.notice(f"{label}: {total} to do{behind}" if total else f"{label}: nothing to do")
        try:
            yield remember
        except BaseException:
            said = troubles(seen, failed)
            self.notice(f"{label}: stopped after {len(seen)} of {total}{said}")
            raise
        if seen:
            count = sum((o.ok or bool(o.waiting)) and not o.of_all for o in seen)
            self.notice(f"{label}: {count} done{troubles(seen, failed)}")

    def troubles(self, outcomes: Iterable[Outcome]) -> None:
        """List who was held or failed, and why; what is the same for several is told once."""
        together: dict[tuple[str, str], list[str]] = {}
        for outcome in outcomes:
            if not outcome.ok:
                together.setdefault((outcome.result, outcome.reason), []).append(outcome.item)
        self.summary(
            (
                "broken" if result == "failed" else "look",
                f"{len(items)} {FAILED if result == 'failed' else HELD}",
                text,
            )
            for (result, reason), items in together.items()
            for text in [f"{listed(items)}: {reason}"]
        )

    def summary(self, findings: Iterable[Finding], result: bool = False) -> None:
        """Print how a step ended, a line each; the text wraps in its column.

        It stands beside the result, or is one.
        """
        lines: list[Cells] = []
        for sign, label, text in findings:
            mark, style = _SIGNS[sign] if label else ("", "")
            lines.append(((f"  {mark}", style), (label, style), (text, "")))
        self._aligned(self.out if result else self.err, lines)

    def _aligned(self, console: Console, lines: Sequence[Cells]) -> None:
        """Print lines of cells in columns; what is in the last one wraps there, between words."""
        from rich.cells import cell_len
        from rich.text import Text

        columns = list(zip(*lines, strict=True))[:-1]
        widths = [max(cell_len(printable(text)) + GAP for text, _ in column) for column in columns]
        left = sum(widths)
        for *cells, (last, style) in lines:
            drawn = Text()
            for (text, look), width in zip(cells, widths, strict=True):
                drawn.append_text(self._linked(console, text, look, whole=True))
                drawn.append(" " * (width - cell_len(printable(text))))
            if console.is_terminal:
                last = wrapped(printable(last), max(console.width - left, _NARROW), cell_len, 0)
            drawn.append_text(self._linked(console, last.replace("\n", "\n" + " " * left), style))
            drawn.rstrip()
            console.print(drawn, soft_wrap=True)

    def _say(self, console: Console, text: str, style: str) -> None:
        """Print text; a terminal gets it broken between words."""
        from rich.cells import cell_len

        if console.is_terminal:
            text = wrapped(text, console.width, cell_len)
        console.print(self._linked(console, text, style), soft_wrap=True)

    def _linked(self, console: Console, text: str, style: str = "", whole: bool = False) -> Text:
        """Make text whose known words are links; `whole`: only where the text is such a word."""
        from rich.style import Style

        made = _text(text, style)
        if _is_terminal(console.file):
            for start, end, to in (self._links.whole if whole else self._links.inside)(made.plain):
                made.stylize(Style(link=to), start, end)
        return made


def confirm(question: str, default: bool = True) -> bool:
    """Ask a yes-or-no question on the terminal; Ctrl-C and end of input interrupt."""
    import questionary

    if not _is_terminal(sys.stdin):
        raise NeedsPersonError(f"{question} Nobody is here to answer.")
    asked = questionary.confirm(printable(question), default=default, output=_question_output())
    return bool(_answered(asked))


def printable(text: str) -> str:
    """Replace control characters: a name in Canvas must not move anybody's cursor."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _forget_typed() -> None:
    """Drop what was typed during the work: a stray Enter must push no grades."""
    with suppress(termios.error, OSError, ValueError):
        # The kernel would stop a job in the background.
        if _is_terminal(sys.stdin) and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp():
            termios.tcflush(sys.stdin, termios.TCIFLUSH)


def _answered(asked: Any) -> object:
    try:
        return asked.unsafe_ask()
    except EOFError as error:  # the terminal went away
        raise KeyboardInterrupt from error


def _question_output() -> Any:
    from prompt_toolkit.output import create_output

    return create_output(stdout=sys.stderr)


def _console(stderr: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")  # a name that the locale lacks must not stop a run
    console = Console(stderr=stderr, highlight=False)
    if not _is_terminal(stream):
        console.width = _LOG_WIDTH
    return console


def _is_terminal(stream: Any) -> bool:
    """Return whether this is a terminal; a closed stream (`<&-` makes it None) is not."""
    return stream is not None and not stream.closed and stream.isatty()


def _text(text: str, style: str = "") -> Text:
    from rich.text import Text

    return Text(printable(text), style)


def _print(console: Console, table: RenderableType) -> None:
    """Print a table, without the blanks that fill its last column where they would stay."""
    if console.is_terminal:
        console.print(table)
        return
    with console.capture() as drawn:
        console.print(table)
    for line in drawn.get().splitlines():
        console.print(_text(line.rstrip()), soft_wrap=True)


def _is_numeric(cells: Iterable[str]) -> bool:
    try:
        return all(cell in NOTHING or Decimal(cell).is_finite() for cell in cells)
    except InvalidOperation:
        return False
