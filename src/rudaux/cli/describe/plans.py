"""Plans in words: each function turns a plan into rows of a section, for `view` to draw."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote

from rudaux.cli.describe.words import number, when
from rudaux.domain.links import repo_folder
from rudaux.domain.messages import counted, listed

if TYPE_CHECKING:
    from rudaux.config import Config
    from rudaux.domain.canvas import AssignmentSpec
    from rudaux.domain.repository import Ignored
    from rudaux.domain.roster import GradebookStudent, Student
    from rudaux.domain.timetable import Entry
    from rudaux.workflows.assignments import AssignmentLine, AssignmentsPlan, Change
    from rudaux.workflows.edits import Edit
    from rudaux.workflows.init import InitPlan
    from rudaux.workflows.release import ReleaseLine, ReleasePlan
    from rudaux.workflows.schedule import SchedulePlan
    from rudaux.workflows.sync import SyncPlan
    from rudaux.workflows.takeover import TakeOver

Mark = Literal["+", "~", "-", "!", " "]
_NAMES_SHOWN = 6
_NEVER = "cron will never collect it"
_UNGRADED = "ungraded work in submitted/"


@dataclass(frozen=True)
class Row:
    """One line of a section: the mark says added, changed, removed, mind this, or nothing."""

    section: str
    mark: Mark
    item: str
    detail: str = ""


def init_rows(plan: InitPlan, config: Config, machine: tzinfo) -> list[Row]:
    """Return everything that `rudaux init` would change, section by section."""
    return [
        *_exposed_rows(plan, config),
        *sync_rows(plan.sync),
        *release_rows(plan.release, config),
        *assignment_rows(plan.assignments, config),
        *schedule_rows(plan.schedule, config, machine),
        *(Row("Schedule", "!", f"{n} has no due date: {_NEVER}") for n in plan.undated),
    ]


def _exposed_rows(plan: InitPlan, config: Config) -> list[Row]:
    if not plan.exposed:
        return []
    text = "every account on this machine can read the course folder, solutions included: run "
    return [Row("Folder", "!", f"{text}`chmod o-rx {shlex.quote(str(config.folder))}`")]


def sync_rows(plan: SyncPlan) -> list[Row]:
    """Return what a sync would change in the gradebook."""
    roster, rows = plan.roster, []
    if roster.joined:
        rows.append(Row("Roster", "+", f"{len(roster.joined)} joined", _names(roster.joined)))
    if roster.renamed:
        rows.append(Row("Roster", "~", f"{len(roster.renamed)} renamed", _names(roster.renamed)))
    if roster.returned:
        text = _names(roster.returned)
        rows.append(Row("Roster", "+", f"{len(roster.returned)} returned", text))
    for kept in roster.kept:
        what = counted(kept.submissions, "grade") if kept.submissions else _UNGRADED
        rows.append(Row("Roster", " ", "dropped", f"{kept.name} ({what} kept)"))
    if roster.removed:
        text = f"{_names(roster.removed)} (removed from the gradebook)"
        rows.append(Row("Roster", "-", f"{len(roster.removed)} dropped", text))
    if roster.unseen:
        text = f"{_names(roster.unseen)}: in sections that this token cannot see, and left alone"
        rows.append(Row("Roster", "!", f"{len(roster.unseen)} not seen", text))
    if plan.waiting:
        text = f"{_names(plan.waiting)}: Canvas shows their login once they accept the invitation"
        rows.append(Row("Roster", " ", f"{len(plan.waiting)} invited", text))
    if roster.shrunk:
        rows.append(Row("Roster", "!", roster.shrunk))
    rows += [Row("Gradebook", "+", a.name) for a in plan.added]
    rows += [Row("Gradebook", "~", a.name, f"due {when(a.due)}") for a in plan.redated]
    rows += [Row("Gradebook", "-", a.name, "no longer in rudaux.toml") for a in plan.removed]
    for a in plan.kept:
        what = counted(a.submissions, "submission") if a.submissions else _UNGRADED
        rows.append(Row("Gradebook", " ", a.name, f"not in rudaux.toml ({what} kept)"))
    rows += [Row("Gradebook", "~", x.assignment, _taken_over(x)) for x in plan.taken_over]
    return rows


def _taken_over(plan: TakeOver) -> str:
    new = f", {len(plan.found)} of them not in the gradebook yet" if plan.found else ""
    return f"takes over {counted(len(plan), 'submission')} that were collected before{new}"


def release_rows(plan: ReleasePlan, config: Config) -> list[Row]:
    """Return what a release would change in the two repositories."""
    rows = [row for line in plan.changed for row in _release_row(line, config)]
    rows += [row for line in plan.lines for row in _edit_rows(line, plan, config)]
    if plan.uncommitted:
        rows.append(Row("Release", " ", _uncommitted(plan.uncommitted)))
    if plan.unpushed:
        rows.append(
            Row("Release", "~", "instructors", f"{counted(plan.unpushed, 'commit')} to push")
        )
    return rows


def _uncommitted(ignored: Sequence[Ignored]) -> str:
    """Return a sentence: what is made and not committed, and which pattern is why."""
    first = ignored[0]
    why = f"`{first.pattern}` in {first.where}"
    if len(ignored) == 1:
        return f"{first.path} is ignored by git ({why}): it is made but not committed"
    shown = listed([x.path for x in ignored], _NAMES_SHOWN)
    return f"{shown} are ignored by git ({why}): they are made but not committed"


def _release_row(line: ReleaseLine, config: Config) -> Iterable[Row]:
    release = line.release
    files = [*line.added, *line.changed]
    if not files and not line.removed:
        what = "the tests changed, but not what students get" if line.gradebook_differs else ""
        yield Row("Release", "~", release.assignment, what or "the course's own copy differs")
        yield from _kept_rows(line)
        return
    data = len(release.files) - len(release.notebooks)
    parts = [counted(len(release.notebooks), "notebook")]
    parts += [counted(data, "data file")] if data else []
    folder = "/".join(
        p
        for p in (
            repo_folder(config.git.student_repo),
            config.git.release_path.strip("/"),
            release.assignment,
        )
        if p
    )
    mark: Mark = "~" if line.changed or line.removed else "+"
    text = f"{', '.join(parts)} -> {folder}   no solution text found"
    yield Row("Release", mark, release.assignment, text)
    for name in line.removed:
        yield Row("Release", "-", release.assignment, f"{name} (git's history keeps it)")
    yield from _kept_rows(line)


def edit_text(edit: Edit, config: Config) -> str:
    """Return who changed which file of the student repository, and when."""
    commit, verb = edit.commit, "deleted" if edit.gone else "changed"
    day = commit.at.astimezone(config.course.timezone)
    where = "in the student repository"
    return f"{commit.author} {verb} {edit.path} {where} on {day:%-d %b %Y} ({commit.id[:8]})"


def _edit_rows(line: ReleaseLine, plan: ReleasePlan, config: Config) -> Iterable[Row]:
    name = line.release.assignment
    for edit in line.edited:
        there = f"`git show {edit.commit.id[:8]}:{edit.path}` there still shows it"
        becomes = "it comes back" if edit.gone else f"it is replaced, but {there}"
        text = f"{edit_text(edit, config)}: {becomes if plan.replace_edits else 'that stays'}"
        yield Row("Release", "!", name, text)
    if line.edited and not plan.replace_edits:
        text = (
            f"not released until you decide: make the same change in source/{name}, or answer yes "
            f"in `rudaux git release {name}`"
        )
        yield Row("Release", "!", name, text)


def _kept_rows(line: ReleaseLine) -> Iterable[Row]:
    for name in line.kept:
        text = f"{name} in the course's own release folder was changed and not committed"
        text += ": replaced, but kept in .rudaux/kept"
        yield Row("Release", "!", line.release.assignment, text)


def assignment_rows(plan: AssignmentsPlan, config: Config) -> list[Row]:
    """Return what would be written to Canvas."""
    zone, rows = config.course.timezone, []
    for line in plan.lines:
        if line.current is None:
            hidden = ", grades hidden until posted" if line.manually else ""
            rows.append(Row("Canvas", "+", line.spec.name, _new(line.spec, zone) + hidden))
        elif line.changes:
            text = ", ".join(_changed(change, zone) for change in line.changes)
            rows.append(Row("Canvas", "~", line.spec.name, text))
        if line.left:
            text = "; ".join(_changed(change, zone) for change in line.left)
            rows.append(Row("Canvas", "!", f"{line.why} (not changed: {text})"))
        if line.moved:
            text = "; ".join(moved_texts(line, config))
            text = f"{text}. Canvas keeps its date: to agree, put it into rudaux.toml"
            rows.append(Row("Canvas", "!", text))
    return rows + [Row("Canvas", "!", text) for text in plan.former]


def moved_texts(line: AssignmentLine, config: Config) -> list[str]:
    """Return which dates of an assignment are a person's, and what rudaux.toml has."""
    zone, texts = config.course.timezone, []
    for change in line.moved:
        ours = _value(change.new, zone)
        there = f"changed in Canvas to {_value(change.old, zone)}"
        was = f"the {change.field} date was {there if change.old else 'cleared in Canvas'}"
        texts.append(f"{line.spec.name}: {was}, but rudaux.toml says {ours}")
    return texts


def _new(spec: AssignmentSpec, zone: tzinfo) -> str:
    opens = unquote(unquote(unquote(spec.launch_url))).rpartition("/")[2]
    due = when(spec.due_at.astimezone(zone)) if spec.due_at else "without a due date"
    return f"{number(spec.points)} points, due {due}, opens {opens} on the hub"


def _changed(change: Change, zone: tzinfo) -> str:
    if change.field == "link":
        return "launch link"
    if change.field == "published":
        return "published"
    return f"{change.field} {_value(change.old, zone)} -> {_value(change.new, zone)}"


def _value(value: object, zone: tzinfo) -> str:
    if isinstance(value, datetime):
        return when(value.astimezone(zone))
    return number(value) if isinstance(value, Decimal) else "none" if value is None else str(value)


def schedule_rows(plan: SchedulePlan, config: Config, machine: tzinfo) -> list[Row]:
    """Return what would change in the crontab; times in the course's zone and the machine's."""
    rows = [Row("Schedule", "+", e.assignment, run_time(e, config, machine)) for e in plan.added]
    rows += [Row("Schedule", "-", e.assignment, run_time(e, config, machine)) for e in plan.removed]
    return rows + [Row("Schedule", "!", warning) for warning in plan.warnings]


def run_time(entry: Entry, config: Config, machine: tzinfo) -> str:
    """Return when an entry runs, in the course's zone, and in the machine's if they differ."""
    local = datetime(entry.year, entry.month, entry.day, entry.hour, entry.minute, tzinfo=machine)
    course = local.astimezone(config.course.timezone)
    if course.utcoffset() == local.utcoffset():
        return when(course)
    return f"{when(course)} ({local:%a %-d %b %H:%M} on this machine)"


def _names(people: Sequence[Student] | Sequence[GradebookStudent]) -> str:
    return listed([p.name for p in people], _NAMES_SHOWN)
