"""Configured assignments -> Canvas assignments with launch links."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from rudaux.config import AssignmentSettings
from rudaux.domain.canvas import AssignmentSpec, CanvasAssignment
from rudaux.domain.deadlines import same_moment
from rudaux.domain.links import Hub, launch_link
from rudaux.domain.modes import FROZEN, refusal
from rudaux.domain.outcome import Outcome
from rudaux.errors import CanvasFailure, ConfigError, PermissionRefused, RequestRefused
from rudaux.ports import Context
from rudaux.workflows.access import require_open
from rudaux.workflows.tool import find_tool

_POSTING = {None: None, "manual": True, "automatic": False}
_NAMES = {True: "manual", False: "automatic"}


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
    are differences that Canvas does not allow to be fixed now, and `why` says why not.
    """

    spec: AssignmentSpec
    current: CanvasAssignment | None
    changes: tuple[Change, ...] = ()
    manually: bool | None = None
    left: tuple[Change, ...] = ()
    why: str = ""

    @property
    def writes(self) -> bool:
        """Whether Canvas would be written to."""
        return self.current is None or bool(self.changes)


@dataclass(frozen=True)
class AssignmentsPlan:
    """What `apply` writes to Canvas."""

    lines: tuple[AssignmentLine, ...]

    def __len__(self) -> int:
        return sum(line.writes for line in self.lines)


def plan(ctx: Context) -> AssignmentsPlan:
    """Compare the configured assignments with Canvas; writes nothing."""
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
        lines.append(_possible(line))
    return AssignmentsPlan(tuple(lines))


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


def apply(ctx: Context, plan: AssignmentsPlan) -> Iterator[Outcome]:
    """Create and update what differs, one outcome per assignment written.

    If Canvas refuses one, the others go on.
    """
    for line in plan.lines:
        if line.writes:
            try:
                yield _write(ctx, line)
            except (PermissionRefused, RequestRefused) as refused:
                yield Outcome(line.spec.name, "failed", str(refused))


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
    parts = [ctx.config.git.release_path.strip("/"), settings.name]
    return "/".join([p for p in parts if p] + [settings.notebook or notebooks[0]])


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


def _is_set(canvas: datetime | None, wanted: datetime | None) -> bool:
    """Return whether Canvas has a date; it stores midnight as the end of that day, not before."""
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
        pairs += [
            ("due", current.due_at, spec.due_at, _is_set(current.due_at, spec.due_at)),
            ("unlock", current.unlock_at, spec.unlock_at, current.unlock_at == spec.unlock_at),
            ("lock", current.lock_at, spec.lock_at, _is_set(current.lock_at, spec.lock_at)),
        ]
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
