from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rudaux.adapters.git import GitRepositories
from rudaux.adapters.git.words import redact
from rudaux.errors import GitFailure, PushRejected


def run_git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


class Remote:
    """A bare repository that others push to and pull from."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        run_git(path, "init", "--quiet", "--bare", "--initial-branch", "main")

    def files(self) -> list[str]:
        return run_git(self.path, "ls-tree", "-r", "--name-only", "main").splitlines()

    def content(self, name: str) -> str:
        return run_git(self.path, "show", f"main:{name}")

    def hook(self, name: str, script: str) -> None:
        hook = self.path / "hooks" / name
        hook.write_text(f"#!/bin/sh\n{script}\n")
        hook.chmod(0o755)


class Checkout:
    """Somebody's clone, worked on with plain git."""

    def __init__(self, remote: Remote, path: Path) -> None:
        self.path = path
        run_git(remote.path, "clone", "--quiet", str(remote.path), str(path))
        run_git(path, "config", "user.name", "Io Jupiter")
        run_git(path, "config", "user.email", "io@example.edu")

    def write(self, name: str, text: str) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def commit(self, name: str, text: str) -> None:
        self.write(name, text)
        run_git(self.path, "add", name)
        run_git(self.path, "commit", "--quiet", "-m", f"change {name}")

    def log(self) -> list[str]:
        return run_git(self.path, "log", "--format=%s").splitlines()


class Pusher(Checkout):
    """A colleague who pushes."""

    def push(self, name: str, text: str) -> None:
        self.commit(name, text)
        run_git(self.path, "pull", "--quiet", "--rebase", "origin", "main")
        run_git(self.path, "push", "--quiet", "origin", "HEAD:main")


class Puller(Checkout):
    """The checkout that rudaux works in."""


@pytest.fixture(autouse=True)
def bare_git_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text("[init]\n\tdefaultBranch = main\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in [n for n in os.environ if n.startswith(("GIT_AUTHOR", "GIT_COMMITTER"))]:
        monkeypatch.delenv(name)


@pytest.fixture
def empty(tmp_path: Path) -> Remote:
    return Remote(tmp_path / "empty remote.git")


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    remote = Remote(tmp_path / "remote.git")
    first = Checkout(remote, tmp_path / "first")
    first.commit("a.txt", "one\n")
    first.commit("b.txt", "one\n")
    run_git(first.path, "push", "--quiet", "origin", "HEAD:main")
    return remote


@pytest.fixture
def pusher(remote: Remote, tmp_path: Path) -> Pusher:
    return Pusher(remote, tmp_path / "pusher")


@pytest.fixture
def puller(remote: Remote, tmp_path: Path) -> Puller:
    return Puller(remote, tmp_path / "puller")


@pytest.fixture
def git() -> GitRepositories:
    return GitRepositories(timeout=60)


class TestState:
    def test_a_fresh_clone_is_clean_and_level(
        self, git: GitRepositories, puller: Puller, remote: Remote
    ) -> None:
        state = git.state(puller.path)
        assert (state.branch, state.dirty, state.ahead, state.behind) == ("main", (), 0, 0)
        assert state.remote == str(remote.path)

    def test_names_changed_staged_renamed_and_untracked_files_but_not_ignored_ones(
        self, git: GitRepositories, puller: Puller
    ) -> None:
        puller.commit(".gitignore", "*.log\n")
        puller.write("a.txt", "changed\n")
        puller.write("new file.txt", "x")
        puller.write("staged.txt", "x")
        puller.write("run.log", "x")
        run_git(puller.path, "add", "staged.txt")
        run_git(puller.path, "mv", "b.txt", "ü b.txt")
        dirty = git.state(puller.path).dirty
        assert dirty == ("a.txt", "b.txt", "new file.txt", "staged.txt", "ü b.txt")

    def test_needs_no_network(self, git: GitRepositories, puller: Puller, remote: Remote) -> None:
        remote.path.rename(remote.path.with_name("gone.git"))
        puller.commit("c.txt", "x")
        assert git.state(puller.path).ahead == 1

    def test_is_behind_once_the_remote_was_asked(
        self, git: GitRepositories, puller: Puller, pusher: Pusher
    ) -> None:
        pusher.push("c.txt", "x")
        assert git.state(puller.path).behind == 0
        git.fetch(puller.path)
        assert git.state(puller.path).behind == 1
        assert not (puller.path / "c.txt").exists()

    def test_an_unborn_branch_has_nothing_to_push(
        self, git: GitRepositories, empty: Remote, tmp_path: Path
    ) -> None:
        git.clone(str(empty.path), tmp_path / "clone")
        state = git.state(tmp_path / "clone")
        assert (state.branch, state.ahead, state.behind) == ("main", 0, 0)

    def test_commits_count_as_ahead_where_the_remote_is_still_empty(
        self, git: GitRepositories, empty: Remote, tmp_path: Path
    ) -> None:
        clone = Checkout(empty, tmp_path / "clone")
        clone.commit("a", "1")
        clone.commit("b", "1")
        assert git.state(clone.path).ahead == 2

    def test_a_branch_without_upstream_counts_what_the_remote_lacks(
        self, git: GitRepositories, puller: Puller
    ) -> None:
        run_git(puller.path, "switch", "--quiet", "-c", "topic")
        puller.commit("c", "1")
        state = git.state(puller.path)
        assert (state.branch, state.ahead) == ("topic", 1)

    def test_a_detached_head_has_no_branch(self, git: GitRepositories, puller: Puller) -> None:
        run_git(puller.path, "checkout", "--quiet", "--detach")
        assert git.state(puller.path).branch is None

    def test_a_repository_without_remote_says_so(
        self, git: GitRepositories, tmp_path: Path
    ) -> None:
        run_git(tmp_path, "init", "--quiet", "alone")
        assert git.state(tmp_path / "alone").remote is None
        with pytest.raises(GitFailure, match="has no remote"):
            git.pull(tmp_path / "alone")

    @pytest.mark.parametrize("name", ["plain", "absent"])
    def test_a_folder_that_is_no_repository_is_named(
        self, git: GitRepositories, tmp_path: Path, name: str
    ) -> None:
        (tmp_path / "plain").mkdir()
        with pytest.raises(GitFailure, match=f"{name} is not a git repository"):
            git.state(tmp_path / name)

    def test_a_folder_inside_someone_elses_repository_is_no_repository(
        self, git: GitRepositories, puller: Puller
    ) -> None:
        (puller.path / "course").mkdir()
        with pytest.raises(GitFailure, match="tracks no file in it"):
            git.state(puller.path / "course")

    def test_a_course_in_a_folder_of_a_repository_is_looked_at_and_committed_there(
        self, git: GitRepositories, puller: Puller, remote: Remote
    ) -> None:
        puller.commit("evening/rudaux.toml", "mine")
        puller.write("evening/release/hw/hw.ipynb", "{}")
        puller.write("day/notes.txt", "theirs")
        course = puller.path / "evening"
        git.check(course)
        assert git.state(course).branch == "main"
        assert git.commit(course, [str(course / "release" / "hw")], "Release hw")
        git.push(course)
        assert remote.files()[-2:] == ["evening/release/hw/hw.ipynb", "evening/rudaux.toml"]
        puller.write("evening/release/hw/hw.ipynb", "{ }")
        assert git.state(course).dirty == ("../day/", "release/hw/hw.ipynb")
        (puller.path / ".git" / "MERGE_HEAD").write_text("")
        with pytest.raises(GitFailure, match="in the middle of a merge"):
            git.check(course)


class TestPull:
    def test_fast_forwards_and_says_what_came(
        self, git: GitRepositories, pusher: Pusher, puller: Puller
    ) -> None:
        pusher.push("c.txt", "new\n")
        assert git.pull(puller.path).startswith("1 new commit on main")
        assert (puller.path / "c.txt").read_text() == "new\n"
        assert git.pull(puller.path) == ""

    def test_rebases_own_commits_onto_the_remotes(
        self, git: GitRepositories, pusher: Pusher, puller: Puller
    ) -> None:
        pusher.push("c.txt", "new\n")
        puller.commit("mine.txt", "x")
        git.pull(puller.path)
        assert puller.log()[:2] == ["change mine.txt", "change c.txt"]

    def test_keeps_what_a_merge_commit_resolved(
        self, git: GitRepositories, pusher: Pusher, puller: Puller
    ) -> None:
        run_git(puller.path, "switch", "--quiet", "-c", "topic", "HEAD~1")
        puller.commit("t.txt", "x")
        run_git(puller.path, "switch", "--quiet", "main")
        run_git(puller.path, "merge", "--quiet", "--no-commit", "--no-ff", "topic")
        puller.write("resolved.txt", "by hand")
        run_git(puller.path, "add", "resolved.txt")
        run_git(puller.path, "commit", "--quiet", "-m", "merge topic")
        pusher.push("c.txt", "new\n")
        git.pull(puller.path)
        assert (puller.path / "resolved.txt").read_text() == "by hand"
        assert (puller.path / "c.txt").exists()

    def test_a_dirty_tree_still_fast_forwards(
        self, git: GitRepositories, pusher: Pusher, puller: Puller
    ) -> None:
        pusher.push("c.txt", "new\n")
        puller.write("a.txt", "my change\n")
        git.pull(puller.path)
        assert (puller.path / "c.txt").exists()
        assert (puller.path / "a.txt").read_text() == "my change\n"

    @pytest.mark.parametrize("name", ["a.txt", "untracked.txt"])
    def test_never_overwrites_what_is_not_committed(
        self, git: GitRepositories, pusher: Pusher, puller: Puller, name: str
    ) -> None:
        run_git(puller.path, "config", "merge.autoStash", "true")
        pusher.push(name, "theirs\n")
        puller.write(name, "mine\n")
        with pytest.raises(GitFailure, match=f"uncommitted changes here \\({name}\\)"):
            git.pull(puller.path)
        assert (puller.path / name).read_text() == "mine\n"

    def test_a_dirty_tree_with_own_commits_is_not_rebased(
        self, git: GitRepositories, pusher: Pusher, puller: Puller
    ) -> None:
        run_git(puller.path, "config", "rebase.autoStash", "true")
        pusher.push("c.txt", "new\n")
        puller.commit("mine.txt", "x")
        puller.write("a.txt", "my change\n")
        before = puller.log()
        with pytest.raises(GitFailure, match=r"uncommitted changes \(a\.txt\)"):
            git.pull(puller.path)
        assert puller.log() == before
        assert (puller.path / "a.txt").read_text() == "my change\n"

    def test_a_conflict_changes_nothing_and_names_the_file(
        self, git: GitRepositories, pusher: Pusher, puller: Puller
    ) -> None:
        pusher.push("a.txt", "theirs\n")
        puller.commit("a.txt", "mine\n")
        before = puller.log()
        with pytest.raises(GitFailure, match=r"the same lines of a\.txt; nothing was changed"):
            git.pull(puller.path)
        assert puller.log() == before
        assert git.state(puller.path).branch == "main"
        assert (puller.path / "a.txt").read_text() == "mine\n"

    def test_into_an_unborn_branch_keeps_untracked_files(
        self, git: GitRepositories, empty: Remote, tmp_path: Path
    ) -> None:
        puller, pusher = Puller(empty, tmp_path / "p"), Pusher(empty, tmp_path / "q")
        pusher.commit("a.txt", "theirs\n")
        run_git(pusher.path, "push", "--quiet", "origin", "HEAD:main")
        puller.write("a.txt", "mine\n")
        with pytest.raises(GitFailure):
            git.pull(puller.path)
        assert (puller.path / "a.txt").read_text() == "mine\n"
        (puller.path / "a.txt").rename(puller.path / "mine.txt")
        git.pull(puller.path)
        assert (puller.path / "a.txt").read_text() == "theirs\n"

    def test_an_empty_remote_brings_nothing(
        self, git: GitRepositories, empty: Remote, tmp_path: Path
    ) -> None:
        assert git.pull(Puller(empty, tmp_path / "p").path) == ""

    def test_a_detached_head_is_refused_in_words(
        self, git: GitRepositories, puller: Puller
    ) -> None:
        run_git(puller.path, "checkout", "--quiet", "--detach")
        with pytest.raises(GitFailure, match="is not on a branch"):
            git.pull(puller.path)


class TestClone:
    def test_brings_the_files(self, git: GitRepositories, remote: Remote, tmp_path: Path) -> None:
        git.clone(str(remote.path), tmp_path / "deep" / "clone")
        assert (tmp_path / "deep" / "clone" / "a.txt").read_text() == "one\n"

    def test_never_into_a_folder_that_holds_something(
        self, git: GitRepositories, remote: Remote, tmp_path: Path
    ) -> None:
        (tmp_path / "full").mkdir()
        (tmp_path / "full" / "thesis.txt").write_text("x")
        with pytest.raises(GitFailure, match="is not empty"):
            git.clone(str(remote.path), tmp_path / "full")
        assert [f.name for f in (tmp_path / "full").iterdir()] == ["thesis.txt"]

    def test_a_remote_that_is_not_there_is_named_and_leaves_nothing(
        self, git: GitRepositories, tmp_path: Path
    ) -> None:
        with pytest.raises(GitFailure, match="there is no repository at that address"):
            git.clone(str(tmp_path / "absent.git"), tmp_path / "clone")
        assert not (tmp_path / "clone").exists()

    def test_a_refused_connection_is_said_without_the_credentials(
        self, git: GitRepositories, tmp_path: Path
    ) -> None:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            url = f"http://io:s3cret@127.0.0.1:{closed.getsockname()[1]}/x.git"
        with pytest.raises(GitFailure, match="cannot be reached") as caught:
            git.clone(url, tmp_path / "clone")
        assert "s3cret" not in str(caught.value)
        assert "s3cret" not in repr(caught.value.__cause__)
        assert "s3cret" not in str(vars(caught.value.__cause__))

    def test_a_host_that_asks_for_a_password_fails_at_once(
        self, git: GitRepositories, tmp_path: Path, asking_host: str
    ) -> None:
        with pytest.raises(GitFailure, match="refused this account"):
            git.clone(f"{asking_host}/x.git", tmp_path / "clone")

    def test_a_host_that_never_answers_is_given_up(self, tmp_path: Path, silent_host: str) -> None:
        with pytest.raises(GitFailure, match="did not finish within 1 seconds"):
            GitRepositories(timeout=1).clone(f"{silent_host}/x.git", tmp_path / "clone")
        assert not (tmp_path / "clone").exists()


@pytest.fixture
def asking_host() -> Iterator[str]:
    yield from _listen(
        b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\n'
        b"Content-Length: 0\r\nConnection: close\r\n\r\n"
    )


@pytest.fixture
def silent_host() -> Iterator[str]:
    yield from _listen(None)


def _listen(answer: bytes | None) -> Iterator[str]:
    """Serve one fixed answer, or none ever, on a port of this machine."""
    held: list[socket.socket] = []

    def serve(server: socket.socket) -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            held.append(client)
            if answer is not None:
                client.recv(65536)
                client.sendall(answer)
                client.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
    for client in held:
        client.close()


class TestCommit:
    def test_takes_additions_changes_and_deletions_of_exactly_these_paths(
        self, git: GitRepositories, puller: Puller
    ) -> None:
        puller.write("hw/new.txt", "x")
        puller.write("other.txt", "x")
        puller.write("a.txt", "changed\n")
        (puller.path / "b.txt").unlink()
        assert git.commit(puller.path, ["hw", "a.txt", "b.txt"], "Release hw")
        assert run_git(puller.path, "show", "--name-status", "--format=%s").split("\n") == [
            "Release hw", "", "M\ta.txt", "D\tb.txt", "A\thw/new.txt",
        ]  # fmt: skip
        assert git.state(puller.path).dirty == ("other.txt",)

    def test_leaves_other_staged_work_staged(self, git: GitRepositories, puller: Puller) -> None:
        puller.write("staged.txt", "x")
        run_git(puller.path, "add", "staged.txt")
        puller.write("a.txt", "changed\n")
        assert git.commit(puller.path, ["a.txt"], "Change a")
        assert run_git(puller.path, "diff", "--cached", "--name-only") == "staged.txt"

    def test_a_second_commit_of_the_same_has_nothing_to_do(
        self, git: GitRepositories, puller: Puller
    ) -> None:
        puller.write("a.txt", "changed\n")
        assert git.commit(puller.path, ["a.txt"], "Change a")
        before = puller.log()
        assert not git.commit(puller.path, ["a.txt", "never-there"], "Change a")
        assert puller.log() == before

    def test_takes_a_deletion_that_is_already_staged(
        self, git: GitRepositories, puller: Puller
    ) -> None:
        run_git(puller.path, "rm", "--quiet", "b.txt")
        assert git.commit(puller.path, ["b.txt"], "Remove b")
        assert run_git(puller.path, "ls-tree", "--name-only", "HEAD") == "a.txt"

    def test_takes_names_literally(self, git: GitRepositories, puller: Puller) -> None:
        puller.write("*.txt", "star")
        puller.write("a.txt", "changed\n")
        puller.write(":(top)x", "colon")
        assert git.commit(puller.path, ["*.txt", ":(top)x"], "Add odd names")
        assert git.state(puller.path).dirty == ("a.txt",)

    def test_a_named_file_goes_in_even_if_ignored_but_a_folders_ignored_files_do_not(
        self, git: GitRepositories, puller: Puller
    ) -> None:
        puller.commit(".gitignore", "*.csv\n")
        puller.write("hw/data.csv", "1")
        puller.write("hw/more.csv", "1")
        assert not git.commit(puller.path, ["hw"], "Release hw")
        assert git.commit(puller.path, ["hw/data.csv"], "Release hw")
        assert run_git(puller.path, "ls-files", "hw") == "hw/data.csv"

    def test_works_without_any_identity_and_keeps_a_configured_one(
        self, git: GitRepositories, puller: Puller, empty: Remote, tmp_path: Path
    ) -> None:
        git.clone(str(empty.path), tmp_path / "clone")
        (tmp_path / "clone" / "x").write_text("x")
        assert git.commit(tmp_path / "clone", ["x"], "First")
        assert run_git(tmp_path / "clone", "log", "--format=%an") == "rudaux"
        puller.write("a.txt", "changed\n")
        git.commit(puller.path, ["a.txt"], "Change a")
        assert run_git(puller.path, "log", "-1", "--format=%an %ce") == "Io Jupiter io@example.edu"

    def test_says_that_another_git_is_at_work(self, git: GitRepositories, puller: Puller) -> None:
        (puller.path / ".git" / "index.lock").touch()
        puller.write("a.txt", "changed\n")
        with pytest.raises(GitFailure, match="another git command is running there"):
            git.commit(puller.path, ["a.txt"], "Change a")

    def test_of_an_ignored_folder_only_what_is_tracked_goes_in(
        self, git: GitRepositories, puller: Puller
    ) -> None:
        puller.commit("release/hw/old.txt", "1")
        puller.commit("release/hw/gone.txt", "1")
        puller.commit(".gitignore", "release/\n")
        puller.write("release/new/new.txt", "1")
        puller.write("release/hw/new.txt", "1")
        assert not git.commit(puller.path, ["release/new"], "Release new")
        puller.write("release/hw/old.txt", "2")
        (puller.path / "release" / "hw" / "gone.txt").unlink()
        folders = [str(puller.path / "release" / name) for name in ("hw", "new")]
        assert git.commit(puller.path, folders, "Release both")
        assert run_git(puller.path, "ls-files", "release") == "release/hw/old.txt"
        assert git.state(puller.path).dirty == ()
        assert not git.commit(puller.path, folders, "Release both")


class TestIgnored:
    def test_names_pattern_and_place_whatever_kind_of_file_it_stands_in(
        self, git: GitRepositories, puller: Puller, tmp_path: Path
    ) -> None:
        puller.commit(".gitignore", "\nrelease/\n*.csv\n!keep.csv\n")
        (puller.path / ".git" / "info" / "exclude").write_text("mine.txt\n")
        everywhere = tmp_path / "everywhere"
        everywhere.write_text("*.log\n")
        run_git(puller.path, "config", "core.excludesFile", str(everywhere))
        names = ("release/hw/nb.ipynb", "ü\t1.csv", "keep.csv", "mine.txt", "x.log", "a.txt", "new")
        found = git.ignored(puller.path, [puller.path / name for name in names])
        assert {
            p.relative_to(puller.path).as_posix(): (x.pattern, x.where) for p, x in found.items()
        } == {
            "release/hw/nb.ipynb": ("release/", ".gitignore, line 2"),
            "ü\t1.csv": ("*.csv", ".gitignore, line 3"),
            "mine.txt": ("mine.txt", ".git/info/exclude, line 1"),
            "x.log": ("*.log", f"{everywhere}, line 1"),
        }
        assert git.ignored(puller.path, []) == {}

    def test_what_git_tracks_already_is_not_ignored(
        self, git: GitRepositories, puller: Puller
    ) -> None:
        puller.commit("data.csv", "1")
        puller.commit(".gitignore", "*.csv\n")
        assert git.ignored(puller.path, [puller.path / "data.csv"]) == {}

    def test_a_path_of_another_repository_or_of_none_is_refused_in_words(
        self, git: GitRepositories, puller: Puller, tmp_path: Path
    ) -> None:
        (puller.path / "link").symlink_to(tmp_path)
        for path in (puller.path / "link" / "x", tmp_path / "x"):
            with pytest.raises(GitFailure, match="belongs to another repository or to none"):
                git.ignored(puller.path, [path])


class TestCheck:
    def test_a_clone_can_be_worked_in_also_before_its_first_commit(
        self, git: GitRepositories, puller: Puller, empty: Remote, tmp_path: Path
    ) -> None:
        git.check(puller.path)
        git.check(Puller(empty, tmp_path / "p").path)

    @pytest.mark.parametrize("verb", ["merge", "cherry-pick", "revert", "rebase"])
    def test_a_command_that_waits_for_a_person_is_named_with_the_way_out(
        self, git: GitRepositories, puller: Puller, verb: str
    ) -> None:
        run_git(puller.path, "switch", "--quiet", "-c", "topic")
        puller.commit("a.txt", "theirs\n")
        run_git(puller.path, "switch", "--quiet", "main")
        puller.commit("a.txt", "mine\n")
        puller.commit("a.txt", "newer\n")
        what = "HEAD~1" if verb == "revert" else "topic"
        subprocess.run(["git", verb, what], cwd=puller.path, check=False, capture_output=True)
        with pytest.raises(GitFailure, match=f"in the middle of a {verb}.*git {verb} --abort"):
            git.check(puller.path)
        run_git(puller.path, verb, "--abort")
        git.check(puller.path)

    def test_conflicts_of_a_stash_are_named(self, git: GitRepositories, puller: Puller) -> None:
        puller.write("a.txt", "stashed\n")
        run_git(puller.path, "stash")
        puller.commit("a.txt", "mine\n")
        subprocess.run(["git", "stash", "pop"], cwd=puller.path, check=False, capture_output=True)
        with pytest.raises(GitFailure, match=r"unresolved conflicts \(a\.txt\)"):
            git.check(puller.path)

    def test_no_branch_no_remote_and_another_git_are_said(
        self, git: GitRepositories, puller: Puller
    ) -> None:
        lock = puller.path / ".git" / "index.lock"
        lock.touch()
        with pytest.raises(GitFailure, match="another git command is running"):
            git.check(puller.path)
        lock.unlink()
        run_git(puller.path, "checkout", "--quiet", "--detach")
        with pytest.raises(GitFailure, match="is not on a branch"):
            git.check(puller.path)
        run_git(puller.path, "switch", "--quiet", "main")
        run_git(puller.path, "remote", "remove", "origin")
        with pytest.raises(GitFailure, match="has no remote"):
            git.check(puller.path)

    def test_a_folder_that_may_not_be_written_is_said(
        self, git: GitRepositories, puller: Puller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        access = os.access  # root may write anywhere
        monkeypatch.setattr(os, "access", lambda p, mode: mode != os.W_OK and access(p, mode))
        with pytest.raises(GitFailure, match="may not write"):
            git.check(puller.path)


class TestPush:
    def test_the_first_push_to_an_empty_repository_sets_the_upstream(
        self, git: GitRepositories, empty: Remote, tmp_path: Path
    ) -> None:
        clone = tmp_path / "clone"
        git.clone(str(empty.path), clone)
        git.push(clone)
        (clone / "x").write_text("x")
        git.commit(clone, ["x"], "First")
        git.push(clone)
        git.push(clone)
        assert empty.files() == ["x"]
        assert run_git(clone, "rev-parse", "--abbrev-ref", "@{upstream}") == "origin/main"

    def test_a_new_branch_is_pushed_under_its_own_name(
        self, git: GitRepositories, puller: Puller, remote: Remote
    ) -> None:
        run_git(puller.path, "switch", "--quiet", "-c", "term-2")
        puller.commit("c", "1")
        git.push(puller.path)
        assert "term-2" in run_git(remote.path, "branch", "--format=%(refname:short)")
        assert git.state(puller.path).ahead == 0

    def test_takes_in_what_others_pushed_meanwhile(
        self, git: GitRepositories, pusher: Pusher, puller: Puller, remote: Remote
    ) -> None:
        puller.commit("mine.txt", "x")
        pusher.push("theirs.txt", "x")
        git.push(puller.path)
        assert remote.files() == ["a.txt", "b.txt", "mine.txt", "theirs.txt"]

    def test_gives_up_where_others_are_always_faster(
        self, git: GitRepositories, puller: Puller, remote: Remote
    ) -> None:
        puller.commit("mine.txt", "x")
        remote.hook(
            "pre-receive",
            "unset GIT_QUARANTINE_PATH\n"
            "new=$(git -c user.name=x -c user.email=x commit-tree -p main -m other main^{tree})\n"
            "git update-ref refs/heads/main $new",
        )
        with pytest.raises(PushRejected, match="others keep pushing to main"):
            git.push(puller.path)
        assert puller.log()[0] == "change mine.txt"

    def test_a_conflict_with_what_others_pushed_loses_nothing(
        self, git: GitRepositories, pusher: Pusher, puller: Puller, remote: Remote
    ) -> None:
        puller.commit("a.txt", "mine\n")
        pusher.push("a.txt", "theirs\n")
        with pytest.raises(GitFailure, match="the same lines"):
            git.push(puller.path)
        assert remote.content("a.txt") == "theirs"
        assert (puller.path / "a.txt").read_text() == "mine\n"

    def test_a_refusing_hook_is_quoted(
        self, git: GitRepositories, puller: Puller, remote: Remote
    ) -> None:
        remote.hook("pre-receive", "echo 'main is protected until Monday' >&2; exit 1")
        puller.commit("mine.txt", "x")
        with pytest.raises(GitFailure, match=r"refused the push.*protected until Monday") as caught:
            git.push(puller.path)
        assert "\n" not in str(caught.value)

    def test_an_unreachable_remote_keeps_the_commit(
        self, git: GitRepositories, puller: Puller, remote: Remote
    ) -> None:
        puller.commit("mine.txt", "x")
        remote.path.rename(remote.path.with_name("gone.git"))
        with pytest.raises(GitFailure, match="there is no repository at that address"):
            git.push(puller.path)
        assert git.state(puller.path).ahead == 1


def test_every_url_loses_its_credentials_and_nothing_else() -> None:
    said = "fatal: https://io:ghp_x@host/r.git and ssh://git@host/r, git@host:r, a@b.edu"
    assert redact(said) == "fatal: https://host/r.git and ssh://host/r, git@host:r, a@b.edu"


def test_ssh_asks_nothing_unless_the_user_chose_how_to_call_it(
    git: GitRepositories, puller: Puller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = tmp_path / "calls"
    for name in ("ssh", "my-ssh"):
        script = tmp_path / "bin" / name
        script.parent.mkdir(exist_ok=True)
        script.write_text(f'#!/bin/sh\necho "{name} $*" >> {calls}\nexit 255\n')
        script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.delenv("GIT_SSH_COMMAND", raising=False)
    run_git(puller.path, "remote", "set-url", "origin", "git@host.invalid:r.git")
    with pytest.raises(GitFailure, match="cannot be reached"):
        git.pull(puller.path)
    assert "BatchMode=yes" in calls.read_text()
    run_git(puller.path, "config", "core.sshCommand", str(tmp_path / "bin" / "my-ssh"))
    with pytest.raises(GitFailure):
        git.pull(puller.path)
    assert calls.read_text().splitlines()[-1].startswith("my-ssh ")
    assert "BatchMode" not in calls.read_text().splitlines()[-1]


def test_a_folder_of_another_account_is_told_with_the_line_that_git_wants(
    git: GitRepositories, puller: Puller, monkeypatch: pytest.MonkeyPatch
) -> None:
    puller.commit("evening/rudaux.toml", "mine")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    for folder in (puller.path, puller.path / "evening"):
        for act in (git.state, git.check, git.pull, git.push):
            with pytest.raises(GitFailure, match=f"--add safe.directory {puller.path}`"):
                act(folder)


def test_a_missing_filter_program_is_not_taken_for_a_remote_that_cannot_be_reached(
    git: GitRepositories, puller: Puller
) -> None:
    run_git(puller.path, "config", "filter.large.process", "git-no-such-filter")
    run_git(puller.path, "config", "filter.large.required", "true")
    puller.write(".gitattributes", "*.csv filter=large\n")
    puller.write("data.csv", "1\n")
    with pytest.raises(GitFailure, match=r"git needs is missing \(.*no-such-filter"):
        git.commit(puller.path, ["data.csv"], "Add data")


def test_a_commit_that_cannot_be_signed_says_what_to_do(
    git: GitRepositories, puller: Puller
) -> None:
    run_git(puller.path, "config", "commit.gpgsign", "true")
    run_git(puller.path, "config", "gpg.program", "false")
    puller.write("a.txt", "signed\n")
    with pytest.raises(GitFailure, match=r"commits are signed here.*commit\.gpgsign false"):
        git.commit(puller.path, ["a.txt"], "Change a")


def test_a_push_is_tried_without_leaving_anything(
    git: GitRepositories, puller: Puller, remote: Remote, tmp_path: Path
) -> None:
    other = Remote(tmp_path / "other.git")
    before = run_git(remote.path, "for-each-ref")
    git.may_push(puller.path)
    git.may_push(puller.path, str(other.path))
    assert run_git(remote.path, "for-each-ref") == before
    assert run_git(other.path, "for-each-ref") == ""


def test_a_push_is_tried_also_where_the_remote_is_ahead(
    git: GitRepositories, puller: Puller, pusher: Pusher
) -> None:
    pusher.push("new.txt", "new")
    git.may_push(puller.path)


def test_a_remote_that_takes_no_push_is_told(
    git: GitRepositories, puller: Puller, tmp_path: Path
) -> None:
    refused = "sh -c 'echo Permission denied >&2; exit 1'"
    run_git(puller.path, "config", "remote.origin.receivepack", refused)
    with pytest.raises(GitFailure, match=r"refused this account .*; check its deploy key"):
        git.may_push(puller.path)
    with pytest.raises(GitFailure, match="no repository at that address"):
        git.may_push(puller.path, str(tmp_path / "nowhere.git"))
