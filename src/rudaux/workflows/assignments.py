"""Configured assignments -> Canvas assignments with launch links."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from rudaux.config import AssignmentSettings
from rudaux.domain.canvas import AssignmentSpec, CanvasAssignment
from rudaux.domain.deadlines import DateKind, same_moment
from rudaux.domain.links import Hub, launch_link
from rudaux.domain.messages import counted
from rudaux.domain.modes import FROZEN, refusal
from rudaux.domain.outcome import Outcome
from rudaux.errors import CanvasFailure, ConfigError, PermissionRefused, RequestRefused
from rudaux.ports import Context
from rudaux.workflows.access import require_open
from rudaux.workflows.tool import find_tool

_POSTING = {None: None, "manual": True, "automatic": False}
_NAMES = {True: "manual", False: "automatic"}
Dates = Mapping[DateKind, frozenset[datetime | None]]


@dataclass(frozen=True)
class Change:
    """One field of a Canvas assignment that differs from the configuration."""

    field: str
    old: object
    new: object


@dataclass(frozen=True)
class AssignmentLine:
    """One assignment: created if `current` is None, updated if `changes` is not empty.

    `manually` says whether grades are to stay hidden until posted; None leaves that alone. `left`
    are differences that Canvas does not allow to be fixed now, and `why` says why not. `moved` are
    dates that rudaux did not write: they stay, unless a person decides otherwise.
    """

    spec: AssignmentSpec
    current: CanvasAssignment | None
    changes: tuple[Change, ...] = ()
    manually: bool | None = None
    left: tuple[Change, ...] = ()
    why: str = ""
    moved: tuple[Change, ...] = ()

    @property
    def writes(self) -> bool:
        """Whether Canvas would be written to."""
        return self.current is None or bool(self.changes)


@dataclass(frozen=True)
class AssignmentsPlan:
    """What `apply` writes to Canvas."""

    lines: tuple[AssignmentLine, ...]
    former: tuple[str, ...] = ()
    """What Canvas still has of assignments that left rudaux.toml, a sentence each."""

    def __len__(self) -> int:
        return sum(line.writes for line in self.lines)

    @property
    def moved(self) -> tuple[AssignmentLine, ...]:
        """Those whose dates a person set in Canvas."""
        return tuple(line for line in self.lines if line.moved)


def plan(ctx: Context, replace_dates: bool = False) -> AssignmentsPlan:
    """Compare the configured assignments with Canvas; writes nothing.

    With `replace_dates`, also dates that a person set in Canvas are to become those of rudaux.toml.
    """
    if not ctx.config.assignments:
        return AssignmentsPlan(())
    require_open(ctx, grading=False)
    tool = find_tool(ctx)
    existing = ctx.canvas.assignments()
    lines = []
    manually = _POSTING[ctx.config.canvas.posting]
    for settings in ctx.config.assignments:
        spec = _spec(ctx, settings, tool.id)
        current = by_exact_name(existing, settings.name)
        if current is None:
            _refuse_a_second(ctx, existing, spec)
        line = AssignmentLine(spec, current, _changes(spec, current, manually), manually)
        line = _possible(line)
        lines.append(line if replace_dates else _without_moved(line, ctx.ledger.dates(spec.name)))
    return AssignmentsPlan(tuple(lines), tuple(former(ctx, existing)))


def former(ctx: Context, existing: Iterable[CanvasAssignment]) -> Iterator[str]:
    """Yield what Canvas still has of assignments that left rudaux.toml, and what to do."""
    configured = {a.name for a in ctx.config.assignments}
    for other in (a for a in existing if a.name not in configured):
        if ctx.ledger.dates(other.name) or ctx.ledger.push_records(other.name):
            given = sum(s.entered is not None for s in ctx.canvas.submissions(other.id))
            grades = counted(given, "grade") if given else "no grades"
            yield (
                f"{other.name} is no longer in rudaux.toml, but still in Canvas with {grades}. If "
                "you renamed it, give it its old name back, because grades do not move to a new "
                "one. If it is over, leave it there or remove it yourself: rudaux never does."
            )


def _possible(line: AssignmentLine) -> AssignmentLine:
    """Leave alone what Canvas does not allow to be changed now, and say so."""
    current = line.current
    if current is None:
        return line
    fixed, why = set[str](), ""
    spec = line.spec
    if current.closed:
        fixed, why = set(FROZEN), refusal("edit", current)
        points = spec.points if current.points is None else current.points
        spec = replace(spec, points=points, due_at=current.due_at)
        spec = replace(spec, unlock_at=current.unlock_at, lock_at=current.lock_at)
        # What is sent says "published"; an unpublished one would be refused for that alone.
        fixed |= set() if current.published else {"link", "tool"}
    if line.manually is False and (current.moderated or current.anonymous):
        fixed |= {"posting"}
        why = why or f"{current.name}: Canvas keeps its grades hidden until somebody posts them"
    left = tuple(c for c in line.changes if c.field in fixed)
    changes = tuple(c for c in line.changes if c.field not in fixed)
    return replace(line, spec=spec, changes=changes, left=left, why=why if left else "")


def _without_moved(line: AssignmentLine, written: Dates) -> AssignmentLine:
    """Leave alone dates that changed in Canvas since rudaux wrote them, and not in rudaux.toml."""
    if line.current is None:
        return line
    there, ours, spec = _dates(line.current), _dates(line.spec), line.spec
    kept = {
        kind: there[kind]
        for kind, known in written.items()
        if any(_is_set(kind, ours[kind], date) for date in known)
        and not any(_is_set(kind, there[kind], date) for date in known)
    }
    dates = {**ours, **kept}
    return replace(
        line,
        spec=replace(spec, due_at=dates["due"], unlock_at=dates["unlock"], lock_at=dates["lock"]),
        changes=tuple(c for c in line.changes if c.field not in kept),
        moved=tuple(c for c in line.changes if c.field in kept),
    )


def _dates(of: CanvasAssignment | AssignmentSpec) -> dict[DateKind, datetime | None]:
    return {"due": of.due_at, "unlock": of.unlock_at, "lock": of.lock_at}


def apply(ctx: Context, plan: AssignmentsPlan) -> Iterator[Outcome]:
    """Create and update what differs, one outcome per assignment written.

    If Canvas refuses one, the others go on.
    """
    for line in plan.lines:
        now, before = _settled(line), ctx.ledger.dates(line.spec.name)
        if line.writes:
            there = _dates(line.current or line.spec)
            either = {k: at | before.get(k, frozenset({there[k]})) for k, at in now.items()}
            ctx.ledger.record_dates(line.spec.name, either)
            try:
                yield _write(ctx, line)
            except (PermissionRefused, RequestRefused) as refused:
                yield Outcome(line.spec.name, "failed", str(refused))
                continue
        if line.writes or {kind: before.get(kind) for kind in now} != now:
            ctx.ledger.record_dates(line.spec.name, now)


def _settled(line: AssignmentLine) -> Dates:
    """Return the dates that Canvas will have and that rudaux wrote, or would have written."""
    if line.current is not None and line.current.only_visible_to_overrides:
        return {}
    others = {change.field for change in (*line.left, *line.moved)}
    return {k: frozenset({at}) for k, at in _dates(line.spec).items() if k not in others}


def _write(ctx: Context, line: AssignmentLine) -> Outcome:
    if line.current is None:
        made = ctx.canvas.create_assignment(line.spec)
        if line.manually not in {None, made.post_manually}:
            ctx.canvas.set_posting(made.id, bool(line.manually))
        return Outcome(line.spec.name, reason="created in Canvas")
    _update(ctx, line, line.current.id)
    fields = ", ".join(c.field for c in line.changes)
    return Outcome(line.spec.name, reason=f"{fields} updated in Canvas")


def _update(ctx: Context, line: AssignmentLine, assignment_id: int) -> None:
    fields = {change.field for change in line.changes}
    if fields - {"posting"}:
        ctx.canvas.update_assignment(assignment_id, line.spec)
    if "posting" in fields:
        ctx.canvas.set_posting(assignment_id, bool(line.manually))


def by_exact_name(existing: tuple[CanvasAssignment, ...], name: str) -> CanvasAssignment | None:
    """Return the one assignment of that exact name; raise `CanvasFailure` if two have it."""
    found = [a for a in existing if a.name == name]
    if len(found) > 1:
        ids = " and ".join(str(a.id) for a in found)
        raise CanvasFailure(
            f'Canvas has {len(found)} assignments named "{name}" (ids {ids}): rename or delete '
            "the one that is not rudaux's in Canvas, then run this again."
        )
    return found[0] if found else None


def _refuse_a_second(
    ctx: Context, existing: tuple[CanvasAssignment, ...], spec: AssignmentSpec
) -> None:
    """Raise `CanvasFailure` if the assignment is there under another name: it would count twice."""
    configured = {a.name for a in ctx.config.assignments}
    for other in existing:
        if other.launch_url == spec.launch_url and other.name not in configured:
            raise CanvasFailure(
                f'Canvas has no assignment named "{spec.name}", but "{other.name}" (id {other.id}) '
                "opens the same notebook, and a second one would count twice: give it its name "
                "back in Canvas, or, if it is another assignment, another link; then run this "
                "again."
            )


def launch_path(ctx: Context, settings: AssignmentSettings) -> str:
    """Return the path inside the student repository that the launch link opens."""
    notebooks = ctx.grader.source_notebooks(settings.name)
    if settings.notebook and settings.notebook not in notebooks:
        raise ConfigError(
            f'rudaux.toml: assignment {settings.name}: notebook = "{settings.notebook}" is not in '
            f"source/{settings.name}, which has {', '.join(notebooks)}: name one of these, or "
            "rename the notebook."
        )
    if not settings.notebook and len(notebooks) > 1:
        raise ConfigError(
            f"rudaux.toml: assignment {settings.name} has {len(notebooks)} notebooks "
            f"({', '.join(notebooks)}): set `notebook =` to the one that the launch link opens."
        )
    return f"{_folder(ctx, settings.name)}/{settings.notebook or notebooks[0]}"


def _folder(ctx: Context, name: str) -> str:
    """Return the folder of an assignment in the student repository."""
    return f"{ctx.config.git.release_path.strip('/')}/{name}".lstrip("/")


def _spec(ctx: Context, settings: AssignmentSettings, tool_id: int) -> AssignmentSpec:
    hub = Hub(ctx.config.jupyterhub.url, ctx.config.jupyterhub.base_url)
    path = launch_path(ctx, settings)
    return AssignmentSpec(
        name=settings.name,
        points=settings.points,
        due_at=settings.due.astimezone(timezone.utc),
        unlock_at=settings.unlock.astimezone(timezone.utc) if settings.unlock else None,
        lock_at=settings.lock.astimezone(timezone.utc) if settings.lock else None,
        launch_url=launch_link(hub, ctx.config.git.student_repo, path),
        tool_id=tool_id,
    )


def _is_set(kind: DateKind, canvas: datetime | None, wanted: datetime | None) -> bool:
    """Return whether Canvas has a date; it stores midnight as the end of that day, not before."""
    if kind == "unlock":
        return canvas == wanted
    earlier = canvas is not None and wanted is not None and canvas < wanted
    return same_moment(canvas, wanted) and not earlier


def _changes(
    spec: AssignmentSpec, current: CanvasAssignment | None, manually: bool | None
) -> tuple[Change, ...]:
    if current is None:
        return ()
    pairs: list[tuple[str, object, object, bool]] = [
        ("points", current.points, spec.points, current.points == spec.points)
    ]
    # Writing base dates would show everybody an assignment that only some students see.
    if not current.only_visible_to_overrides:
        there = _dates(current)
        pairs += [(k, there[k], at, _is_set(k, there[k], at)) for k, at in _dates(spec).items()]
    pairs += [
        ("published", current.published, True, current.published),
        ("link", current.launch_url, spec.launch_url, current.launch_url == spec.launch_url),
        ("tool", current.tool_id, spec.tool_id, current.tool_id == spec.tool_id),
        (
            "posting",
            _NAMES[current.post_manually],
            _NAMES[bool(manually)],
            manually in {None, current.post_manually},
        ),
    ]
    return tuple(Change(field, old, new) for field, old, new, same in pairs if not same)
