"""Source -> release -> student repository, with a check that no solution leaves."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rudaux.config import private_folder
from rudaux.config.private import make_folder
from rudaux.domain.artifacts import Release
from rudaux.domain.links import repo_folder
from rudaux.domain.outcome import Outcome
from rudaux.domain.repository import MARK, Ignored
from rudaux.errors import ConfigError, GitFailure
from rudaux.ports import Context
from rudaux.workflows import edits, gradebook, repository


@dataclass(frozen=True)
class ReleaseLine:
    """One assignment: files that differ in the student repository, as relative paths.

    removed: released earlier and no longer part of it; edited: which of the files that the release
    would replace a person committed. kept: the course's own release folder has a version that
    neither repository has; it is set aside first. gone: which of `removed` leave the course's own
    release folder, too.
    """

    release: Release
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    edited: tuple[edits.Edit, ...] = ()
    kept: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    instructor_differs: bool = False
    gradebook_differs: bool = False

    def __len__(self) -> int:
        files = len(self.added) + len(self.changed) + len(self.removed)
        return files or int(self.instructor_differs or self.gradebook_differs)


@dataclass(frozen=True)
class ReleasePlan:
    """What `apply` commits and pushes; `clone` is the student repository's temporary folder."""

    lines: tuple[ReleaseLine, ...]
    clone: Path
    unpushed: int = 0
    """Commits of the instructor repository that its remote does not have yet."""
    uncommitted: tuple[Ignored, ...] = ()
    """Folders and files of the course's own release that are written but that git ignores."""
    replace_edits: bool = False
    """Whether what persons committed to the student repository may be replaced."""

    def __len__(self) -> int:
        return len(self.changed) + (self.unpushed > 0)

    @property
    def changed(self) -> tuple[ReleaseLine, ...]:
        """What is released."""
        return tuple(x for x in self.lines if len(x) and (self.replace_edits or not x.edited))

    @property
    def held(self) -> tuple[ReleaseLine, ...]:
        """What is not released, because that would undo what a person committed."""
        return tuple(x for x in self.lines if len(x) and x not in self.changed)


def temporary_folder(ctx: Context) -> Path:
    """Return the folder into which one run clones the student repository."""
    return ctx.config.private / "release" / repo_folder(ctx.config.git.student_repo)


def leftover(ctx: Context) -> Path | None:
    """Return the temporary folder of an earlier run that was killed or may not push."""
    folder = temporary_folder(ctx)
    return folder if folder.exists() else None


@contextmanager
def workspace(ctx: Context) -> Iterator[Path]:
    """Clone the student repository into the temporary folder and remove it afterwards.

    What an earlier run left there is set aside under .rudaux/kept if it has anything that the
    remote lacks. With `git.push = false` the folder stays: it holds the commits.
    """
    private_folder(ctx.config)
    folder = temporary_folder(ctx)
    keep = not ctx.config.git.push
    if folder.exists() and not keep:
        _set_aside(ctx, folder)
    if not folder.exists():
        make_folder(folder.parent)
        ctx.git.clone(ctx.config.git.student_repo, folder)
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _set_aside(ctx: Context, folder: Path) -> None:
    if _holds_nothing_new(ctx, folder):
        shutil.rmtree(folder)
        return
    folder.rename(_place_to_keep(ctx, folder.name))


def _place_to_keep(ctx: Context, of: str) -> Path:
    """Return a new path under .rudaux/kept."""
    name = f"{of}-{ctx.now():%Y%m%dT%H%M%SZ}"
    kept = ctx.config.private / "kept"
    make_folder(kept)
    taken = {path.name for path in kept.iterdir()}
    # Two runs may be cut short within a second.
    names = [name, *(f"{name}-{number}" for number in range(2, len(taken) + 3))]
    return kept / next(n for n in names if n not in taken)


def _holds_nothing_new(ctx: Context, folder: Path) -> bool:
    try:
        state = ctx.git.state(folder)
    except GitFailure:
        return False  # a clone that was cut short: a person may look at it
    return not state.dirty and state.ahead == 0 and state.remote is not None


def plan(ctx: Context, clone: Path, names: Sequence[str] | None = None) -> ReleasePlan:
    """Build the releases in a scratch folder and compare; writes nothing else.

    Raises `ConfigError` for a leak, for a file that students would not get, and for one that cannot
    be written; `GitFailure` if one of the repositories cannot be committed to.
    """
    wanted = [a.name for a in ctx.config.assignments if names is None or a.name in names]
    scratch = ctx.config.private / "build"
    shutil.rmtree(scratch, ignore_errors=True)
    releases = [ctx.grader.build_release(name, scratch) for name in wanted]
    leaks = [leak for release in releases for leak in release.leaks]
    if leaks:
        raise ConfigError(
            "the release would show solutions to students; nothing was released.", *leaks
        )
    state = repository.ready(ctx)
    lines = tuple(_compare(ctx, release, clone, state.dirty) for release in releases)
    changed = [line for line in lines if len(line)]
    ctx.git.check(clone)
    mistakes = (*_withheld(ctx, releases, clone), *dict.fromkeys(_in_the_way(ctx, changed, clone)))
    if mistakes:
        raise ConfigError("the release cannot be made; nothing was released.", *mistakes)
    unpushed = state.ahead if ctx.config.git.push else 0
    return ReleasePlan(lines, clone, unpushed, _uncommitted(ctx, [x.release for x in changed]))


def first_releases(plan: ReleasePlan) -> tuple[str, ...]:
    """Return the names of the assignments that students get for the first time."""
    new = (x.release for x in plan.changed if x.added and len(x.added) == len(x.release.files))
    return tuple(release.assignment for release in new)


def apply(ctx: Context, plan: ReleasePlan) -> Iterator[Outcome]:
    """Copy, record in the gradebook, commit and push both repositories; one outcome each."""
    changed = plan.changed
    for line in changed:
        name = line.release.assignment
        own = ctx.grader.release_folder(name)
        theirs = student_folder(ctx, plan.clone, name)
        if line.kept:
            place = _place_to_keep(ctx, f"release-{name}")
            _copy(replace(line.release, folder=own, files=line.kept), place, ())
        _copy(line.release, own, line.gone)
        gradebook.record_source(ctx, name)
        for file in (*line.added, *line.changed):
            edits.record(ctx, plan.clone, theirs / file, line.release.folder / file)
        _copy(line.release, theirs, line.removed)
    message = f"Release {', '.join(line.release.assignment for line in changed)}\n\n{MARK}"
    students = [str(student_folder(ctx, plan.clone, x.release.assignment)) for x in changed]
    instructors = [str(ctx.grader.release_folder(x.release.assignment)) for x in changed]
    for folder, paths in ((plan.clone, students), (ctx.config.folder, instructors)):
        committed = bool(paths) and ctx.git.commit(folder, paths, message)
        if ctx.config.git.push and (committed or plan.unpushed):
            ctx.git.push(folder)
    yield from (Outcome(line.release.assignment, reason="released") for line in changed)
    why = "not released, because a person changed its files in the student repository"
    yield from (Outcome(line.release.assignment, "held", why) for line in plan.held)


def student_folder(ctx: Context, clone: Path, assignment: str) -> Path:
    """Return the folder of an assignment in the student repository."""
    return clone / ctx.config.git.release_path.strip("/") / assignment


def _compare(ctx: Context, release: Release, clone: Path, dirty: Sequence[str]) -> ReleaseLine:
    theirs = student_folder(ctx, clone, release.assignment)
    own = ctx.grader.release_folder(release.assignment)
    root = ctx.config.folder
    present = [f for f in release.files if (theirs / f).is_file()]
    changed = tuple(
        f for f in present if not edits.same(ctx, clone, theirs / f, release.folder / f)
    )
    removed = _stale(release, own, theirs)
    gone = tuple(f for f in removed if edits.same(ctx, clone, theirs / f, own / f))
    replaced = [f for f in release.files if not edits.same(ctx, root, own / f, release.folder / f)]
    there = [f for f in replaced if (own / f).is_file()]
    unknown = [f for f in there if not edits.same(ctx, clone, theirs / f, own / f)]
    added = tuple(f for f in release.files if f not in present)
    return ReleaseLine(
        release,
        added=added,
        changed=changed,
        removed=removed,
        edited=tuple(edits.edits(ctx, release, theirs, clone, (*added, *changed, *removed))),
        kept=_unsaved(ctx, own, unknown, dirty),
        gone=gone,
        instructor_differs=bool(replaced or gone or _uncommitted_in(ctx, own, release, dirty)),
        gradebook_differs=not ctx.grader.source_in_step(release.assignment),
    )


def _unsaved(
    ctx: Context, own: Path, files: Sequence[str], dirty: Sequence[str]
) -> tuple[str, ...]:
    """Return which files of the course's own release are not in its repository as they are."""
    root = ctx.config.folder
    ignored = ctx.git.ignored(root, [own / name for name in files])
    changed = _changed_in(root, [own / name for name in files], dirty)
    return tuple(name for name in files if own / name in ignored or own / name in changed)


def _uncommitted_in(ctx: Context, own: Path, release: Release, dirty: Sequence[str]) -> bool:
    """Return whether an earlier run wrote or removed files of a release and did not commit that."""
    root = ctx.config.folder
    lost = any(own in (root / entry).parents and not (root / entry).exists() for entry in dirty)
    return lost or bool(_changed_in(root, [own / f for f in release.files], dirty))


def _changed_in(root: Path, files: Sequence[Path], dirty: Sequence[str]) -> frozenset[Path]:
    """Return which files git names as changed or new; it names a new folder, and not its files."""
    folders = tuple(entry for entry in dirty if entry.endswith("/"))
    paths = {file: os.path.relpath(file, root) for file in files}
    return frozenset(f for f, path in paths.items() if path in dirty or path.startswith(folders))


def _withheld(ctx: Context, releases: Sequence[Release], clone: Path) -> list[str]:
    """Return which files students would not get, because their repository ignores them."""
    theirs = {
        student_folder(ctx, clone, release.assignment) / name: (release.assignment, name)
        for release in releases
        for name in release.files
    }
    repo = repo_folder(ctx.config.git.student_repo)
    return [
        f"{name} of {assignment} would not reach students: git ignores it in {repo} "
        f"(`{found.pattern}` in {found.where}). Take that pattern out or narrow it; or, if "
        f"students do not need the file, take it out of source/{assignment} or add it to "
        "CourseDirectory.ignore in nbgrader_config.py."
        for path, found in ctx.git.ignored(clone, list(theirs)).items()
        for assignment, name in [theirs[path]]
    ]


def _uncommitted(ctx: Context, releases: Sequence[Release]) -> tuple[Ignored, ...]:
    """Find what git ignores of the course's own releases: a whole folder as that folder."""
    root, whole, single = ctx.config.folder, [], []
    for release in releases:
        own = ctx.grader.release_folder(release.assignment)
        found = ctx.git.ignored(root, [own / name for name in release.files])
        if found and len(found) == len(release.files):
            whole.append(replace(next(iter(found.values())), path=f"{os.path.relpath(own, root)}/"))
        else:
            single += [replace(x, path=os.path.relpath(p, root)) for p, x in found.items()]
    if len(whole) == len(releases) > 0:
        return (replace(whole[0], path=f"{Path(whole[0].path).parent}/"),)
    return (*whole, *single)


def _in_the_way(ctx: Context, lines: Sequence[ReleaseLine], clone: Path) -> Iterator[str]:
    """Yield what would stop the files of a release from being written where they belong."""
    for line in lines:
        name = line.release.assignment
        own, theirs = ctx.grader.release_folder(name), student_folder(ctx, clone, name)
        for folder, goes in ((own, line.gone), (theirs, line.removed)):
            stale = {folder / old for old in goes}
            for target in (folder / file for file in line.release.files):
                yield from _obstacle(name, target, stale)


def _obstacle(name: str, target: Path, stale: Collection[Path]) -> Iterator[str]:
    parent = next(p for p in target.parents if p.exists() and p not in stale)
    if not parent.is_dir():
        yield f"{parent} is a file where {name} needs a folder: move it away."
    elif not os.access(parent, os.W_OK):
        yield f"this account may not write to {parent}: check who owns it."
    elif any(p.is_file() and p not in stale for p in target.rglob("*")):
        yield f"{target} is a folder where {name} needs a file: move it away."


def _stale(release: Release, own: Path, theirs: Path) -> tuple[str, ...]:
    """Return the names of files that an earlier release made; nothing else may be removed."""
    if not own.is_dir():
        return ()
    made = sorted(str(p.relative_to(own)) for p in own.rglob("*") if p.is_file())
    return tuple(f for f in made if f not in release.files and (theirs / f).is_file())


def _copy(release: Release, target: Path, remove: Sequence[str]) -> None:
    for name in remove:
        (target / name).unlink(missing_ok=True)
        # A file may replace a folder, and the other way round.
        for folder in (target / name).parents[: name.count("/")]:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
    for name in release.files:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(release.folder / name, target / name)
