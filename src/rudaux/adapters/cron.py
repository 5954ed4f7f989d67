"""The user's crontab: only lines with this course's mark are read or replaced."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterable
from datetime import datetime, timezone, tzinfo
from pathlib import Path
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from crontab import CronSlices

from rudaux.config.private import create_file, make_folder
from rudaux.domain.timetable import Entry
from rudaux.errors import CronFailure

# cron has no year, so the command checks it; the mark at the end is a shell comment.
_LINE = re.compile(
    r"^(?P<minute>\d+) (?P<hour>\d+) (?P<day>\d+) (?P<month>\d+) \* "
    r'\[ "\$\(date \+\\%Y\)" = (?P<year>\d{4}) \] && (?P<command>.+) '
    r"# rudaux (?P<owner>\S+) (?P<assignment>\S+)$"
)
# Lines below one of these run in another time zone (cronie), or see another year.
_ZONE_SETTING = re.compile(r"^\s*[\"']?(CRON_TZ|TZ)[\"']?\s*=")
# Debian's `crontab -l` shows a carriage return as \\r: written back, the line would differ.
_SHOWN_RETURN = re.compile(r"(\\r|\r)$", re.MULTILINE)
_SECONDS = 30

_DAEMONS = frozenset({"cron", "crond", "fcron", "bcron-sched", "systemd-cron", "cronie"})


class CronTable:
    """Implements `rudaux.ports.Crontab` with the crontab program.

    Every table that is replaced is kept in the folder `backups`. python-crontab only validates our
    own lines: it would reformat everybody else's.
    """

    def __init__(self, backups: Path, localtime: Path = Path("/etc/localtime")) -> None:
        self._backups = backups
        self._localtime = localtime

    def timezone(self) -> tzinfo:
        """Read /etc/localtime, as the daemon does; UTC if there is none, as in libc."""
        try:
            target = str(self._localtime.readlink())
        except OSError:
            target = ""
        _, known, name = target.partition("zoneinfo/")
        try:
            if known:
                return ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            pass  # a zone that only this machine knows: read its file
        try:
            with self._localtime.open("rb") as file:
                return ZoneInfo.from_file(file, key="localtime")
        except (ValueError, OSError):
            return timezone.utc

    def is_running(self) -> bool | None:
        """Look for the daemon among the processes; None if other users' processes are hidden."""
        if not _comm(Path("/proc/1/comm")):
            return None
        return any(_comm(own) in _DAEMONS for own in Path("/proc").glob("[0-9]*/comm"))

    def entries(self, owner: str) -> tuple[Entry, ...]:
        parsed = (_parse(line, owner) for line in _read().split("\n"))
        return tuple(sorted(entry for entry in parsed if entry))

    def replace(self, owner: str, entries: Iterable[Entry]) -> None:
        before = _read()
        wanted = sorted(set(entries))
        lines = before.split("\n")
        ours = [entry for line in lines if (entry := _parse(line, owner))]
        if sorted(ours) == wanted:
            return
        # A table ends with a newline, so the last piece is empty unless somebody left that out.
        kept = [line for line in lines if not _parse(line, owner)]
        if kept and not kept[-1]:
            kept.pop()
        at = next((i for i, line in enumerate(kept) if _ZONE_SETTING.match(line)), len(kept))
        kept[at:at] = [_render(owner, entry) for entry in wanted]
        self._keep(before)
        _write("".join(f"{line}\n" for line in kept))

    def _keep(self, table: str) -> None:
        if not table:
            return
        make_folder(self._backups)
        backup = self._backups / f"crontab-{datetime.now(timezone.utc):%Y%m%dT%H%M%S.%f}Z"
        create_file(backup)  # a table may hold passwords in its settings
        backup.write_bytes(_bytes(table))


def _render(owner: str, entry: Entry) -> str:
    """Write an entry as a line; cron turns a bare % into a newline, so each is escaped."""
    times = f"{entry.minute} {entry.hour} {entry.day} {entry.month} *"
    guarded = f'[ "$(date +%Y)" = {entry.year} ] && {entry.command}'
    mark = f"# rudaux {quote(owner)} {quote(entry.assignment, safe='')}"
    line = f"{times} {guarded} {mark}".replace("%", r"\%")
    if not CronSlices.is_valid(times) or _parse(line, owner) != entry:
        raise CronFailure(
            f"the schedule of {entry.assignment} cannot be written as a crontab line ({line}): "
            "check the paths in it for unusual characters"
        )
    return line


def _parse(line: str, owner: str) -> Entry | None:
    """Read an entry of this owner; None for any other line, including an edited one of ours."""
    match = _LINE.match(line)
    if match is None:
        return None
    plain = {name: text.replace(r"\%", "%") for name, text in match.groupdict().items()}
    if unquote(plain["owner"]) != owner:
        return None
    return Entry(
        assignment=unquote(plain["assignment"]),
        minute=int(plain["minute"]),
        hour=int(plain["hour"]),
        day=int(plain["day"]),
        month=int(plain["month"]),
        year=int(plain["year"]),
        command=plain["command"],
    )


def _read() -> str:
    done = _crontab("-l")
    if done.returncode == 0:
        table = done.stdout.decode("utf-8", "surrogateescape")
        if _SHOWN_RETURN.search(table):
            raise CronFailure(
                "the crontab has lines with Windows line endings, which cron neither runs nor "
                "shows correctly: remove the carriage returns with `crontab -e`, then try again"
            )
        return table
    if b"no crontab for" in done.stderr:
        return ""
    raise _failure("read", done)


def _write(table: str) -> None:
    _avoid_the_full_minute()
    if not table:
        done = _crontab("-r")
    else:
        with tempfile.NamedTemporaryFile("wb", prefix="crontab-") as file:
            file.write(_bytes(table))
            file.flush()
            done = _crontab(file.name)
    if done.returncode:
        raise _failure("written", done)


def _avoid_the_full_minute() -> None:
    """Wait up to 4 seconds around a full minute: cron could miss a change made at that moment.

    It looks for changes each full minute and compares times of modification in whole seconds.
    """
    second = time.time() % 60
    if second > 58:
        time.sleep(62 - second)
    elif second < 2:
        time.sleep(2 - second)


def _crontab(argument: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["crontab", argument],
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise CronFailure(
            "there is no crontab program on this machine: install cron (apt install cron), or have "
            "another scheduler, such as the hub's, run `rudaux grade --auto` regularly"
        ) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        why = f"no answer within {_SECONDS} seconds"
        if isinstance(error, OSError):
            why = error.strerror or str(error)
        raise CronFailure(
            f"the crontab program does not work ({why}): try `crontab -l` in a terminal"
        ) from error


def _failure(verb: str, done: subprocess.CompletedProcess[bytes]) -> CronFailure:
    said = " ".join(done.stderr.decode("utf-8", "replace").split())
    if "not allowed" in said:
        return CronFailure(
            "this account may not use cron: ask the machine's administrator to add it to "
            "/etc/cron.allow (or take it out of /etc/cron.deny)"
        )
    return CronFailure(
        f"the crontab could not be {verb} ({said}) and is unchanged: try `crontab -l` in a terminal"
    )


def _comm(file: Path) -> str:
    """Read a process's name; "" if it has ended."""
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _bytes(table: str) -> bytes:
    return table.encode("utf-8", "surrogateescape")
