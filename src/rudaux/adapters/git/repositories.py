"""A git repository in a folder: state, pull, clone, commit and push, with GitPython."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryFile

from rudaux.adapters.git.calls import Calls
from rudaux.adapters.git.words import redact
from rudaux.domain.messages import counted, listed
from rudaux.domain.repository import Commit, Ignored, RepoState
from rudaux.errors import GitFailure, PushRejected

PUSH_ATTEMPTS = 4
_OVERTAKEN = re.compile(
    r"\[rejected\]|cannot lock ref|failed to update ref|incorrect old value|non-fast-forward"
)
_UNFINISHED = {
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
}
"""What git keeps in its folder while one of these commands waits for a person."""


@dataclass(frozen=True)
class _Upstream:
    """Where a branch is pushed: the remote's name, its redacted URL, the ref there and here."""

    name: str
    url: str
    ref: str
    tracking: str


class GitRepositories(Calls):
    """Implements `rudaux.ports.Git`."""

    def state(self, folder: Path) -> RepoState:
        self._open(folder)
        status = self._must(
            folder, f"read {folder}", "status", "--porcelain=v2", "--branch", "-z",
            "--untracked-files=normal",
        )  # fmt: skip
        head, named = _parse_status(status)
        top = self._must(folder, f"read {folder}", "rev-parse", "--show-prefix")
        dirty = tuple(sorted(_seen_from(top, name) for name in named))
        branch = head.get("branch.head")
        if branch is None or branch == "(detached)":
            return RepoState(None, dirty, 0, 0, None)
        upstream = self._upstream(folder, branch)
        if "branch.ab" in head:
            ahead, behind = (abs(int(n)) for n in head["branch.ab"].split())
        else:
            ahead, behind = self._unpushed(folder, upstream), 0
        return RepoState(branch, dirty, ahead, behind, upstream.url if upstream else None)

    def check(self, folder: Path) -> None:
        own = self._open(folder)
        for name, verb in _UNFINISHED.items():
            if (own / name).exists():
                raise GitFailure(
                    f"{folder} is in the middle of a {verb}: finish it there, or run "
                    f"`git {verb} --abort`, then run this again"
                )
        unmerged = self._run(folder, "diff", "--name-only", "-z", "--diff-filter=U").out
        if unmerged:
            raise GitFailure(
                f"{folder} has unresolved conflicts ({_some(unmerged)}): resolve them, run "
                "`git add` on these files, then run this again"
            )
        self._where(folder)
        if (own / "index.lock").exists():
            raise GitFailure(
                f"another git command is running in {folder}: wait until it has finished, or "
                f"remove {own / 'index.lock'} if there is none"
            )
        if not all(os.access(p, os.W_OK) for p in (own, own / "index") if p.exists()):
            raise GitFailure(
                f"this account may not write to {own}, so nothing can be committed there: "
                "check who owns the folder"
            )

    def ignored(self, folder: Path, paths: Sequence[Path]) -> Mapping[Path, Ignored]:
        self._open(folder)
        doing = f"look up what git ignores in {folder}"
        with TemporaryFile() as names:
            names.write(b"".join(os.fsencode(p) + b"\0" for p in paths))
            names.seek(0)
            said = self._run(folder, "check-ignore", "--verbose", "-z", "--stdin", given=names)
        if said.code > 1:
            raise self._failure(GitFailure, folder, doing, said)
        fields = iter(said.out.split("\0"))
        # A pattern that starts with "!" is the reason why a path is not ignored.
        return {
            Path(path): Ignored(path, pattern, f"{source}, line {line}")
            for source, line, pattern, path in zip(fields, fields, fields, fields, strict=False)
            if not pattern.startswith("!")
        }

    def stored(self, folder: Path, path: Path, content: Path) -> str | None:
        name = os.path.relpath(path, folder)
        said = self._run(folder, "hash-object", f"--path={name}", "--", str(content))
        return None if said.code else said.out

    def last_commit(self, folder: Path, path: Path) -> Commit | None:
        if not self._exists(folder, "HEAD"):
            return None
        said = self._must(
            folder, f"read the history of {path}", "--literal-pathspecs",
            "-c", "log.showSignature=false", "log", "-1", "--format=%H%x00%an%x00%at%x00%B",
            "--", str(path),
        )  # fmt: skip
        if not said:
            return None
        own, author, at, message = said.split("\0", 3)
        return Commit(own, author, datetime.fromtimestamp(int(at), timezone.utc), message)

    def fetch(self, folder: Path) -> None:
        self._open(folder)
        _, upstream = self._where(folder)
        doing = f"fetch {upstream.url} into {folder}"
        self._must(folder, doing, "fetch", "--quiet", upstream.name)

    def pull(self, folder: Path) -> str:
        self._open(folder)
        branch, upstream = self._where(folder)
        doing = f"pull {folder} from {upstream.url}"
        self._must(folder, doing, "fetch", "--quiet", upstream.name)
        if not self._exists(folder, upstream.tracking):
            return ""
        born = self._exists(folder, "HEAD")
        span = f"HEAD..{upstream.tracking}" if born else upstream.tracking
        behind = self._count(folder, span)
        ahead = self._count(folder, f"{upstream.tracking}..HEAD") if born else 0
        if not behind:
            return ""
        if not ahead:
            self._fast_forward(folder, upstream, doing)
        else:
            self._rebase(folder, upstream, doing)
        return f"{counted(behind, 'new commit')} on {branch} from {upstream.url}"

    def clone(self, remote: str, folder: Path) -> None:
        was_there = folder.exists()
        if was_there and any(folder.iterdir()):
            raise GitFailure(
                f"{folder} is not empty, so {redact(remote)} cannot be cloned there: "
                "move it out of the way, or choose another folder"
            )
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            doing = f"clone {redact(remote)}"
            self._must(folder.parent, doing, "clone", "--quiet", "--", remote, str(folder))
        except GitFailure:
            if not was_there:
                shutil.rmtree(folder, ignore_errors=True)  # a killed git leaves half a clone
            raise

    def reach(self, remote: str) -> None:
        """Ask a remote for its branches; raise `GitFailure` if it does not show them."""
        doing = f"reach {redact(remote)}"
        self._must(Path("/"), doing, "ls-remote", "--quiet", "--heads", "--", remote)

    def commit(self, folder: Path, paths: Sequence[str], message: str) -> bool:
        self._open(folder)
        doing = f"commit in {folder}"
        known = [p for p in paths if self._add(folder, p, doing)]
        if not known or not self._differs(folder, known, doing):
            return False
        self._must(
            folder, doing, *self._identity(folder), "--literal-pathspecs", "commit", "--quiet",
            "--message", message, "--only", "--", *known,
        )  # fmt: skip
        return True

    def may_push(self, folder: Path, remote: str | None = None) -> None:
        self._open(folder)
        upstream = None if remote else self._where(folder)[1]
        whither = upstream.name if upstream else str(remote)
        # A separate branch, so that new commits on the remote are no reason to refuse.
        refspec = "HEAD:refs/heads/rudaux-check"
        if self._exists(folder, "HEAD"):
            doing = f"push to {upstream.url if upstream else redact(whither)}"
            self._must(folder, doing, "push", "--dry-run", "--porcelain", "--", whither, refspec)

    def push(self, folder: Path) -> None:
        self._open(folder)
        branch, upstream = self._where(folder)
        if not self._exists(folder, "HEAD"):
            return
        doing = f"push {folder} to {upstream.url}"
        refspec = f"refs/heads/{branch}:{upstream.ref}"
        for _ in range(PUSH_ATTEMPTS):
            said = self._run(
                folder, "push", "--porcelain", "--set-upstream", upstream.name, refspec
            )
            if said.code == 0:
                return
            if not _OVERTAKEN.search(said.out + said.err):
                raise self._failure(GitFailure, folder, doing, said)
            self.pull(folder)
        raise PushRejected(
            f"could not push {folder} to {upstream.url}: others keep pushing to {branch} at the "
            "same time; the commit is kept here, so run this again in a few minutes"
        )

    # --- parts of the above ---------------------------------------------------------------------

    def _where(self, folder: Path) -> tuple[str, _Upstream]:
        said = self._run(folder, "symbolic-ref", "--quiet", "--short", "HEAD")
        if said.code > 1:
            raise self._failure(GitFailure, folder, f"read {folder}", said)
        branch = said.out
        if not branch:
            raise GitFailure(
                f"{folder} is not on a branch (a detached HEAD, or an unfinished rebase): finish "
                "the rebase, or run `git switch main` there"
            )
        upstream = self._upstream(folder, branch)
        if upstream is None:
            raise GitFailure(
                f"{folder} has no remote: run `git remote add origin URL` there, with the address "
                "that git.instructor_repo has in rudaux.toml"
            )
        return branch, upstream

    def _upstream(self, folder: Path, branch: str) -> _Upstream | None:
        remotes = self._run(folder, "remote").out.split()
        name = self._config(folder, f"branch.{branch}.remote")
        if name not in remotes:
            name = "origin" if "origin" in remotes or not remotes else remotes[0]
        if name not in remotes:
            return None
        ref = self._config(folder, f"branch.{branch}.merge") or f"refs/heads/{branch}"
        url = redact(self._run(folder, "remote", "get-url", name).out)
        tracking = f"refs/remotes/{name}/{ref.removeprefix('refs/heads/')}"
        return _Upstream(name, url, ref, tracking)

    def _unpushed(self, folder: Path, upstream: _Upstream | None) -> int:
        """Count the commits that are on no branch of the remote; 0 without a remote or commit."""
        if upstream is None or not self._exists(folder, "HEAD"):
            return 0
        return self._count(folder, "HEAD", "--not", f"--remotes={upstream.name}")

    def _fast_forward(self, folder: Path, upstream: _Upstream, doing: str) -> None:
        said = self._run(
            folder, "-c", "merge.autoStash=false", "merge", "--quiet", "--ff-only",
            upstream.tracking,
        )  # fmt: skip
        if said.code:
            raise self._failure(GitFailure, folder, doing, said)

    def _rebase(self, folder: Path, upstream: _Upstream, doing: str) -> None:
        changed = self._run(folder, "diff", "--name-only", "-z", "HEAD").out
        if changed:
            raise GitFailure(
                f"could not {doing}: there are uncommitted changes ({_some(changed)}) as well as "
                "commits that the remote does not have; commit or stash the changes, then run this "
                "again"
            )
        merges = self._count(folder, "--merges", f"{upstream.tracking}..HEAD")
        # A rebase would lose how somebody resolved conflicts in a merge commit.
        verb = ("merge", "--no-edit") if merges else ("rebase", "--no-autosquash")
        identity = self._identity(folder)
        said = self._run(
            folder, *identity, "-c", "rebase.autoStash=false", "-c", "merge.autoStash=false",
            verb[0], "--quiet", *verb[1:], upstream.tracking,
        )  # fmt: skip
        if said.code == 0:
            return
        conflicts = self._run(folder, "diff", "--name-only", "-z", "--diff-filter=U").out
        self._run(folder, verb[0], "--abort")
        if not conflicts:
            raise self._failure(GitFailure, folder, doing, said)
        raise GitFailure(
            f"could not {doing}: your commits and the remote's change the same lines of "
            f"{_some(conflicts)}; nothing was changed here. Run `git pull --rebase` there and "
            "resolve the conflict by hand"
        )

    def _add(self, folder: Path, path: str, doing: str) -> bool:
        """Stage one path; return False if neither the folder nor git knows it."""
        there = os.path.lexists(folder / path)
        literal = "--literal-pathspecs"
        tracked = bool(self._must(folder, doing, literal, "ls-files", "-z", "--", path))
        if there or tracked:
            # A file that is named explicitly is wanted, whatever .gitignore says.
            how = "--force"
            if (folder / path).is_dir():
                new = self._must(
                    folder, doing, literal, "ls-files", "--others", "--exclude-standard", "-z",
                    "--", path,
                )  # fmt: skip
                # git refuses to add an ignored folder, even if it tracks files in it.
                how = "--all" if new else "--update"
                if not (new or tracked):
                    return False
            self._must(folder, doing, literal, "add", how, "--", path)
            return True
        in_head = self._run(folder, literal, "ls-tree", "-r", "--name-only", "HEAD", "--", path)
        return bool(in_head.out)

    def _differs(self, folder: Path, paths: Sequence[str], doing: str) -> bool:
        status = self._must(
            folder, doing, "--literal-pathspecs", "status", "--porcelain", "-z",
            "--untracked-files=no", "--", *paths,
        )  # fmt: skip
        return bool(status)

    def _identity(self, folder: Path) -> tuple[str, ...]:
        """Return options with the committer's name and e-mail address if git does not know them."""
        options: list[str] = []
        for key, value, variables in (
            ("user.name", "rudaux", ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME")),
            ("user.email", "rudaux@localhost", ("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL")),
        ):
            if not self._config(folder, key) and not all(os.environ.get(v) for v in variables):
                options += ["-c", f"{key}={value}"]
        return tuple(options)

    def _exists(self, folder: Path, ref: str) -> bool:
        return self._run(folder, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}").code == 0

    def _count(self, folder: Path, *revisions: str) -> int:
        doing = f"read the history of {folder}"
        return int(self._must(folder, doing, "rev-list", "--count", *revisions))

    def _config(self, folder: Path, key: str) -> str:
        return self._run(folder, "config", "--get", key).out


def remote_of(folder: Path) -> str | None:
    """Return the remote of the checkout in a folder; None without one."""
    try:
        return GitRepositories().state(folder).remote
    except GitFailure:
        return None


def _parse_status(text: str) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Read `git status --porcelain=v2 --branch -z`: the headers, and the names of dirty files.

    https://git-scm.com/docs/git-status#_porcelain_format_version_2
    """
    head: dict[str, str] = {}
    dirty: list[str] = []
    parts = iter(text.split("\0"))
    for part in parts:
        kind, _, rest = part.partition(" ")
        if kind == "#":
            key, _, value = rest.partition(" ")
            head[key] = value
        elif kind == "1":
            dirty.append(rest.split(" ", 7)[7])
        elif kind == "2":
            dirty += [rest.split(" ", 8)[8], next(parts)]
        elif kind == "u":
            dirty.append(rest.split(" ", 9)[9])
        elif kind == "?":
            dirty.append(rest)
    return head, tuple(dirty)


def _seen_from(prefix: str, name: str) -> str:
    """Return a path of the repository as seen from the folder `prefix` of it, which ends in /."""
    if name.startswith(prefix):
        return name.removeprefix(prefix)
    return os.path.relpath(name, prefix) + "/" * name.endswith("/")


def _some(names: str) -> str:
    """Return the first three of NUL-separated names, and how many more there are."""
    return listed([name for name in names.split("\0") if name])
