"""Reports as HTML from Jinja templates, which escape whatever comes from students' code or Canvas.

Bars are table cells drawn with CSS: screen readers, printers and dark mode handle them like the
rest of the page, and they need no library (docs/how-to/report.md has the alternatives).
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

from rudaux.domain.messages import counted
from rudaux.domain.report import COMPLETE, FLAGS, AssignmentReport, TermReport
from rudaux.domain.statistics import FEW
from rudaux.domain.submissions import state_words

LARGEST = 2_000_000
"""Bytes of a page; if there would be more, a student's row shows less."""
MOST_GROUPS = 40
"""How many kinds of error are listed; the rest are only counted."""
_DETAILS = ("errors", "points", "")
"""What a student's row shows, from most to least: lost points with errors, without, nothing."""


def assignment_page(report: AssignmentReport, anonymous: bool = False) -> str:
    """Return the page of one assignment, at most `LARGEST` bytes for any class."""
    page = ""
    for details in _DETAILS:
        page = _render("report.html.jinja", report=report, anonymous=anonymous, details=details)
        if anonymous or len(page.encode()) <= LARGEST:
            break
    return page


def term_page(term: TermReport, links: Mapping[str, str]) -> str:
    """Return the page of the term; `links` has the file of each assignment."""
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
        FLAGS=FLAGS, FEW=FEW, COMPLETE=COMPLETE, MOST_GROUPS=MOST_GROUPS, decimals=decimals,
        count=counted, state_words=state_words,
    )  # fmt: skip
    env.filters.update(fixed=fixed, moment=lambda at: f"{at:%a %-d %b %Y %H:%M}")
    return env


@cache
def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def _policy() -> str:
    """Return a Content-Security-Policy that allows nothing but the page's own style and script."""
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
    """Write a number with so many decimals; a dash for None."""
    return "–" if value is None else f"{value:.{places}f}"
