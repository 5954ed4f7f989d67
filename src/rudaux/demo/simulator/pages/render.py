"""From values to a page: Jinja's templates, which escape whatever a name or a comment brings."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from rudaux.demo.simulator.call import Call, Reply

if TYPE_CHECKING:
    from jinja2 import Environment

POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'"
"""What a browser may do on these pages: show them, and send the form that opens the tool."""
MOST_DECIMALS = 2


def page(call: Call, template: str, **values: Any) -> Reply:
    """Return a page about the course; `values` are the template's."""
    course = call.world.course
    made = _environment().get_template(template)
    body = made.render(
        **values,
        call=call,
        course=course,
        course_page=f"/courses/{course.id}",
        moment=lambda at, year=True: _moment(at.astimezone(call.zone), year),
        csp=POLICY,
        style=_text("page.css"),
    )
    return Reply(body, media_type="text/html")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    env = Environment(
        loader=FunctionLoader(_text),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    env.globals.update(decimals=decimals)
    env.filters.update(fixed=fixed, iso=_iso)
    return env


@cache
def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _moment(at: datetime, year: bool) -> str:
    return f"{at:%a %-d %b %Y %H:%M}" if year else f"{at:%a %-d %b %H:%M}"


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def decimals(values: Iterable[float | None], most: int = MOST_DECIMALS) -> int:
    """Return how many decimals a column of numbers needs, so that they align."""
    texts = [f"{v:.{most}f}".rstrip("0") for v in values if v is not None]
    return max((len(t.partition(".")[2]) for t in texts), default=0)


def fixed(value: float | None, places: int | None = None) -> str:
    """Write a number with so many decimals, as many as it needs without; a dash for none."""
    if value is None:
        return "–"
    return f"{value:.{decimals([value], 4) if places is None else places}f}"
