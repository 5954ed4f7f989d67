"""Reports -> HTML by Jinja's templates, which escape whatever students' code or Canvas brought in.

Bars are drawn by style sheets in cells of tables: they are read aloud, printed and coloured as the
rest of the page is, and need no library (docs/how-to/report.md says what else was weighed).
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from rudaux.domain.report import COMPLETE, FLAGS, AssignmentReport, TermReport
from rudaux.domain.statistics import FEW

LARGEST = 2_000_000
"""Bytes of a page; above, a student's row tells less."""
MOST_GROUPS = 40
"""Kinds of error that are listed before the rest is only counted."""
_DETAILS = ("errors", "points", "")
"""What a student's row holds, from much to little: points lost with or without errors, nothing."""


def assignment_page(report: AssignmentReport, anonymous: bool = False) -> str:
    """Return the page of one assignment, at most `LARGEST` bytes for any class."""
    page = ""
    for details in _DETAILS:
        page = _render("report.html.jinja", report=report, anonymous=anonymous, details=details)
        if anonymous or len(page.encode()) <= LARGEST:
            break
    return page


def term_page(term: TermReport, links: Mapping[str, str]) -> str:
    """Return the page of the term; `links` are the files of its assignments."""
    return _render("term.html.jinja", term=term, links=links)


def _render(template: str, **values: Any) -> str:
    made = _environment().get_template(template)
    return made.render(**values, style=_text("page.css"), script=_text("page.js"), csp=_policy())


@cache
def _environment() -> Environment:
    env = Environment(
        loader=FunctionLoader(_text),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    env.globals.update(
        FLAGS=FLAGS, FEW=FEW, COMPLETE=COMPLETE, MOST_GROUPS=MOST_GROUPS, decimals=decimals
    )
    env.filters.update(fixed=fixed, moment=lambda at: f"{at:%a %-d %b %Y %H:%M}")
    return env


@cache
def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def _policy() -> str:
    """Return the rule by which a browser refuses everything but the page's own script."""
    digest = b64encode(hashlib.sha256(_text("page.js").encode()).digest()).decode()
    rules = ("default-src", "form-action", "base-uri")
    nothing = "; ".join(f"{rule} 'none'" for rule in rules)
    return f"{nothing}; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


def decimals(values: Iterable[Decimal | float | None], most: int = 2) -> int:
    """Return how many decimals a column of numbers needs, so that they align."""
    needed = 0
    for value in values:
        text = f"{value:.{most}f}".rstrip("0") if value is not None else ""
        needed = max(needed, len(text.partition(".")[2]))
    return needed


def fixed(value: Decimal | float | None, places: int = 2) -> str:
    """Write a number with so many decimals; a dash where there is none."""
    return "–" if value is None else f"{value:.{places}f}"
