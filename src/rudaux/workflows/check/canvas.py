"""The token and its rights, the course, its time zone, the clock, the external tool."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from rudaux.config import Level
from rudaux.domain.canvas import CanvasCourse, ExternalTool
from rudaux.domain.checks import Check
from rudaux.domain.messages import counted
from rudaux.domain.modes import SOME_SECTIONS, course_refusal
from rudaux.errors import CanvasFailure, ConfigError, RudauxError, TokenRefused
from rudaux.ports import Context
from rudaux.workflows.check.look import Course, Look, broken
from rudaux.workflows.tool import find_tool

SOON = timedelta(days=14)
"""Renew a token this long before it expires, so that it covers the next deadlines."""
OFF, FAR_OFF = timedelta(seconds=30), timedelta(minutes=2)


def checks(look: Look) -> Iterator[Check]:
    """Yield what concerns Canvas; stop if it does not answer."""
    ctx = look.ctx
    if isinstance(look.course, RudauxError):
        of_token = isinstance(look.course, (TokenRefused, ConfigError))
        yield broken("token" if of_token else "course", look.course)
        return
    course = look.course.facts
    yield _token(ctx)
    yield from _rights(ctx, course)
    yield _course(look.course)
    yield check_zone(ctx, course)
    yield _clock(ctx)
    yield _tool(ctx)


def _course(course: Course) -> Check:
    text = f"{course.facts.name} (course {course.facts.id})"
    if course.students:
        return Check("course", "ok", f"{text}, {counted(len(course.students), 'student')}")
    return Check("course", "look", f"{text} has no students", "wait until they are enrolled")


def _token(ctx: Context) -> Check:
    ends, now, url = ctx.canvas.token_expires(), ctx.now(), ctx.config.canvas.url
    if ends is None:
        return Check("token", "ok", "accepted; Canvas gives no expiry date")
    text = f"accepted, until {_local(ctx, ends):%a %-d %b %Y %H:%M}"
    if ends - now > SOON:
        return Check("token", "ok", text)
    later = sum(a.due > ends for a in ctx.config.assignments)
    words = "1 deadline comes" if later == 1 else f"{later} deadlines come"
    more = f"; {words} after that" if later else ""
    remedy = f"create a new one in {url}/profile/settings, and store it where this one is"
    return Check("token", "look", f"{text}, which is in {_days(ends - now)}{more}", remedy)


def _rights(ctx: Context, course: CanvasCourse) -> Iterator[Check]:
    ask = "use the token of somebody who may, or ask your Canvas administrator"
    if why := course_refusal(course):
        text, _, remedy = why.rstrip(".").partition(": ")
        yield Check("rights", "broken", text, remedy or ask)
        return
    edits = ctx.canvas.may_edit()
    if edits is False:
        yield Check("rights", "broken", "the token's owner may not change assignments", ask)
    elif course.limited:
        text, _, more = SOME_SECTIONS.partition(": ")
        yield Check("rights", "look", f"{text}: {more}", "use a token that sees all sections")
    elif course.may_grade and edits:
        yield Check("rights", "ok", "may enter grades and change assignments")
    else:
        yield Check("rights", "ok", "Canvas does not say what it may do, but refused nothing")


def check_zone(ctx: Context, course: CanvasCourse) -> Check:
    """Return whether Canvas shows due dates at the time that they have in rudaux.toml."""
    ours = ctx.config.course.timezone
    if not course.timezone:
        return Check("time zone", "ok", f"{ours.key}; Canvas does not say which it uses")
    if course.timezone == ours.key or _same_times(ctx, ours, course.timezone):
        return Check("time zone", "ok", f"{ours.key}, as in Canvas")
    text = f"rudaux.toml says {ours.key}, but Canvas {course.timezone}: due times look shifted"
    remedy = "set it in Canvas (Settings > Course Details > Time Zone), or correct course.timezone"
    return Check("time zone", "look", text, remedy)


def _same_times(ctx: Context, ours: ZoneInfo, theirs: str) -> bool:
    """Return whether both zones show the same time on every date that matters."""
    with suppress(ValueError, OSError, KeyError):
        zone = ZoneInfo(theirs)
        dates = [ctx.now(), *(a.due for a in ctx.config.assignments)]
        return all(d.astimezone(zone).utcoffset() == d.astimezone(ours).utcoffset() for d in dates)
    return False


def _clock(ctx: Context) -> Check:
    offset = ctx.canvas.clock_offset()
    if offset is None:
        return Check("clock", "ok", "Canvas does not say what time it is")
    if abs(offset) <= OFF:
        return Check("clock", "ok", "this machine's clock and Canvas's agree")
    how = "behind" if offset > timedelta(0) else "ahead of"
    seconds = round(abs(offset).total_seconds())
    size = f"{seconds} seconds" if seconds < 120 else f"{round(seconds / 60)} minutes"
    text = f"this machine's clock is {size} {how} Canvas's, so deadlines are off"
    remedy = "set it from the network (`timedatectl set-ntp true`), or ask its administrator"
    return Check("clock", "broken" if abs(offset) > FAR_OFF else "look", text, remedy)


def _tool(ctx: Context) -> Check:
    wanted, level = ctx.config.canvas.external_tool_name, ctx.config.canvas.external_tool_level
    try:
        tool = find_tool(ctx)
    except ConfigError as error:
        elsewhere = _elsewhere(ctx, wanted, level)
        if not elsewhere:
            return broken("tool", error)
        text = f'"{wanted}" is not at {level} level in Canvas, but at {elsewhere} level'
        remedy = f'set canvas.external_tool_level = "{elsewhere}" in rudaux.toml'
        return Check("tool", "broken", text, remedy, ours=True)
    return _address(ctx, tool)


def _elsewhere(ctx: Context, wanted: str, level: Level) -> Level | None:
    for other in get_args(Level):
        with suppress(CanvasFailure):
            if other != level and any(t.name == wanted for t in ctx.canvas.tools(other)):
                found: Level = other
                return found
    return None


def _address(ctx: Context, tool: ExternalTool) -> Check:
    theirs = urlsplit(tool.url).hostname if tool.url else tool.domain
    ours = urlsplit(ctx.config.jupyterhub.url).hostname
    if not theirs or not ours:
        return Check("tool", "ok", f'"{tool.name}"; Canvas does not say where it leads')
    if theirs == ours or (not tool.url and ours.endswith(f".{theirs}")):
        return Check("tool", "ok", f'"{tool.name}" leads to {theirs}')
    text = f'"{tool.name}" leads to {theirs}, but jupyterhub.url is at {ours}'
    remedy = "correct the tool's address in Canvas, or jupyterhub.url in rudaux.toml"
    return Check("tool", "broken", text, remedy, ours=True)


def _local(ctx: Context, moment: datetime) -> datetime:
    return moment.replace(tzinfo=moment.tzinfo or timezone.utc).astimezone(
        ctx.config.course.timezone
    )


def _days(span: timedelta) -> str:
    if span < timedelta(days=2):
        return counted(max(round(span.total_seconds() / 3600), 0), "hour")
    return f"{span.days} days"
