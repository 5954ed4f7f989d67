"""A remote over ssh: a real sshd of the test's own, on a port of its own."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rudaux.adapters.git import GitRepositories
from rudaux.demo.background import free_port
from rudaux.errors import GitFailure

SETTINGS = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
Banner {folder}/banner
PidFile none
StrictModes no
UsePAM no
"""
SSH = """\
#!/bin/sh
exec {ssh} -F /dev/null -o IdentitiesOnly=yes -o IdentityAgent=none -i {folder}/mine \
  -o UserKnownHostsFile={folder}/known -o GlobalKnownHostsFile=/dev/null "$@"
"""


@dataclass(frozen=True)
class Host:
    """A machine that takes one key, which this account has and whose host key it knows."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        place = self.folder / "remote.git"
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{place}"

    def key(self, name: str, passphrase: str = "") -> str:
        """Make a key, or another one in its place; return its public half."""
        file = self.folder / name
        file.unlink(missing_ok=True)
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", str(file)], check=True
        )
        return file.with_suffix(".pub").read_text()

    def authorize(self, public: str, instead: str = "") -> None:
        """Let a key in; with `instead`, for that command alone."""
        option = f'command="{instead}" ' if instead else ""
        (self.folder / "authorized").write_text(f"{option}{public}")

    def known_as(self, public: str) -> None:
        (self.folder / "known").write_text(f"[127.0.0.1]:{self.port} {public}")

    def forget(self) -> None:
        (self.folder / "known").write_text("")

    def open_key(self) -> None:
        (self.folder / "mine").chmod(0o644)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    ssh = shutil.which("ssh")
    if program is None or ssh is None:
        missing = "there is no sshd or no ssh: install openssh-server"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    folder = tmp_path / "host"
    (folder / "bin").mkdir(parents=True)
    made = Host(folder, free_port())
    made.known_as(made.key("host"))
    made.authorize(made.key("mine"))
    (folder / "banner").write_text("Authorized use only.\n")
    (folder / "sshd_config").write_text(SETTINGS.format(port=made.port, folder=folder))
    (folder / "bin" / "ssh").write_text(SSH.format(ssh=ssh, folder=folder))
    (folder / "bin" / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")
    for name in ("GIT_SSH", "GIT_SSH_COMMAND"):
        monkeypatch.delenv(name, raising=False)
    (folder / "gitconfig").write_text("[init]\n\tdefaultBranch = main\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(folder / "gitconfig"))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    bare = folder / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", bare], check=True)
    with subprocess.Popen(
        [program, "-D", "-f", folder / "sshd_config"], stderr=subprocess.DEVNULL
    ) as server:
        try:
            _wait_for(made.port, server)
            yield made
        finally:
            server.terminate()


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + 20
    while True:
        assert server.poll() is None, "sshd did not start"
        assert time.monotonic() < give_up, "sshd does not answer"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return


@pytest.fixture
def git() -> GitRepositories:
    return GitRepositories(timeout=60)


def test_a_course_is_cloned_and_pushed_with_a_deploy_key(
    git: GitRepositories, host: Host, tmp_path: Path
) -> None:
    here = tmp_path / "here"
    git.clone(host.url, here)
    (here / "new.txt").write_text("new\n")
    git.commit(here, ["new.txt"], "Add a file")
    git.push(here)
    shown = ["git", "ls-tree", "--name-only", "main"]
    there = subprocess.run(
        shown, cwd=host.folder / "remote.git", check=True, capture_output=True, text=True
    )
    assert there.stdout == "new.txt\n"


REFUSALS: dict[str, tuple[Callable[[Host], object], str]] = {
    "a key with a passphrase": (
        lambda host: host.authorize(host.key("mine", "secret")),
        r"refused this account \(git: \S+: Permission denied \(publickey.*nobody is asked for a",
    ),
    "an unknown key": (lambda host: host.key("mine"), "refused this account"),
    "a key that all can read": (Host.open_key, "no key that other accounts may read.*chmod 600"),
    "an unknown host": (Host.forget, "does not know that host yet"),
    "a host with another key": (
        lambda host: host.known_as(host.key("mine")),
        "has another key than before .*; do not accept it before",
    ),
    "a suspended account": (
        lambda host: host.authorize(
            (host.folder / "mine.pub").read_text(), "echo You are suspended. >&2; exit 1"
        ),
        r"\(git: You are suspended\)",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_is_told_in_words_and_nothing_is_asked(
    git: GitRepositories, host: Host, case: str
) -> None:
    change, words = REFUSALS[case]
    change(host)
    with pytest.raises(GitFailure, match=words) as refused:
        git.reach(host.url)
    assert "\n" not in str(refused.value)
    assert "Authorized use" not in str(refused.value)
