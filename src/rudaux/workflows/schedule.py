"""Deadlines -> crontab entries of this course."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone, tzinfo
from pathlib import Path

from rudaux.config import saved_token_file
from rudaux.config.private import create_file, make_folder, set_right
from rudaux.domain.outcome import Outcome
from rudaux.domain.timetable import Entry, local_run_time
from rudaux.ports import Context
from rudaux.workflows.snapshots import ENTRY, coming


@dataclass(frozen=True)
class SchedulePlan:
    """The course's entries as they will be, and what that changes."""

    entries: tuple[Entry, ...]
    added: tuple[Entry, ...]
    removed: tuple[Entry, ...]
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.added) + len(self.removed)


def owner(ctx: Context) -> str:
    """Return this course's name in the crontab: its folder, so that two courses never mix."""
    return str(ctx.config.folder)


def plan(ctx: Context, deadlines: Mapping[str, Sequence[datetime]]) -> SchedulePlan:
    """Compare the crontab with the future deadlines (aware) of each assignment."""
    current = ctx.crontab.entries(owner(ctx))
    machine, delay = ctx.crontab.timezone(), ctx.config.schedule.delay_minutes
    wanted = [
        Entry(assignment, run.minute, run.hour, run.day, run.month, run.year, command(ctx))
        for assignment, dates in deadlines.items()
        for run in {local_run_time(due, delay, machine) for due in dates}
        if run > ctx.now()
    ]
    wanted += _snapshot_entries(ctx, deadlines, machine)
    entries = tuple(sorted(wanted))
    return SchedulePlan(
        entries,
        added=tuple(e for e in entries if e not in current),
        removed=tuple(e for e in current if e not in entries),
        warnings=cron_warnings(ctx) if entries else (),
    )


def _snapshot_entries(
    ctx: Context, deadlines: Mapping[str, Sequence[datetime]], machine: tzinfo
) -> Iterator[Entry]:
    """Yield one entry for each minute at which a deadline needs a snapshot."""
    for run in sorted({local_run_time(at, 0, machine) for at in coming(ctx, deadlines)}):
        if run > ctx.now():
            line = command(ctx, "snapshot")
            yield Entry(ENTRY, run.minute, run.hour, run.day, run.month, run.year, line)


def plan_refresh(ctx: Context, deadlines: Mapping[str, Sequence[datetime]]) -> SchedulePlan:
    """Plan as `plan` does, for a run that nobody asked to schedule anything.

    A course without entries gets none, and the last entry stays as the sign that cron is in use.
    Raises `CronFailure` if there is no crontab.
    """
    wanted, before = plan(ctx, deadlines).entries, ctx.crontab.entries(owner(ctx))
    if not before or not wanted:
        return SchedulePlan(before, (), ())
    there = {_moment(e): e for e in before}  # with the command as it was installed
    entries = tuple(sorted(there.get(_moment(e), e) for e in wanted))
    return SchedulePlan(
        entries,
        added=tuple(e for e in entries if e not in before),
        removed=tuple(e for e in before if e not in entries),
    )


def _moment(entry: Entry) -> Entry:
    return replace(entry, command="")


def plan_removal(ctx: Context) -> SchedulePlan:
    """Plan to take every entry of this course, and no other line, out of the crontab."""
    return SchedulePlan((), (), ctx.crontab.entries(owner(ctx)))


def apply(ctx: Context, plan: SchedulePlan) -> Iterator[Outcome]:
    """Write the crontab, if anything in it changes."""
    if len(plan):
        make_folder(log_folder(ctx))
        close_logs(ctx)
        ctx.crontab.replace(owner(ctx), plan.entries)
    yield from (Outcome(e.assignment, reason="scheduled") for e in plan.added)
    yield from (Outcome(e.assignment, reason="unscheduled") for e in plan.removed)


def log_folder(ctx: Context) -> Path:
    """Return the folder of cron's output, absolute."""
    return ctx.config.folder / ctx.config.schedule.log_dir


def close_logs(ctx: Context) -> None:
    """Make cron's logs and their folder private: cron creates a log with its own umask.

    A folder outside the course stays as it is; only the logs in it are made private.
    """
    folder = log_folder(ctx)
    if ctx.config.folder in folder.resolve().parents:
        set_right(folder)
    for log in folder.glob("grade-*.log"):
        create_file(log)


def old_logs(ctx: Context) -> tuple[Path, ...]:
    """Find the logs of unattended runs that are older than `schedule.keep_logs` days.

    Only plain files with names that rudaux gives: anything else belongs to somebody.
    """
    oldest = ctx.now() - timedelta(days=ctx.config.schedule.keep_logs)
    return tuple(
        sorted(
            log
            for log in log_folder(ctx).glob("grade-*.log")
            if re.fullmatch(r"grade-\d{4}-\d{2}-\d{2}\.log", log.name)
            and log.is_file()
            and not log.is_symlink()
            and datetime.fromtimestamp(log.stat().st_mtime, timezone.utc) < oldest
        )
    )


def remove_logs(logs: Iterable[Path]) -> None:
    """Remove logs; skip one that is gone already or may not be removed."""
    for log in logs:
        with suppress(OSError):
            log.unlink()


def command(ctx: Context, verb: str = "grade") -> str:
    """Return the shell command of an entry, for cron's bare environment: absolute paths only.

    It names no assignment, so that each entry also does what a missed one left. Its output goes to
    the log; cron mails anything that it still prints.
    """
    folder = str(ctx.config.folder)
    words = [sys.executable, "-m", "rudaux", verb, "--auto", "--dir", folder, "--log"]
    return shlex.join(words)


def cron_warnings(ctx: Context) -> tuple[str, ...]:
    """Return what this terminal has and cron will not, and how to provide it."""
    warnings = []
    canvas, git = ctx.config.canvas, ctx.config.git
    if canvas.token_file is None and not saved_token_file(ctx.config).exists():
        warnings.append(
            f"cron will not find {canvas.token_env}: set canvas.token_file, or run "
            "`rudaux schedule install --save-token`"
        )
    repo = git.instructor_repo
    over_ssh = "@" in repo.split("/")[0] or repo.startswith("ssh:")
    if over_ssh and "SSH_AUTH_SOCK" in os.environ:
        warnings.append(
            "cron has no ssh agent: give this account a key without a passphrase that may read "
            f"{repo} (a deploy key), or set git.instructor_repo to its HTTPS form"
        )
    return tuple(warnings)
