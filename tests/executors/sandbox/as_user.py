"""Runs Python as an ordinary user, on a machine where the tests themselves run as root."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from rudaux.runtime import syscalls

USER = 54321
ROOT = Path(__file__).parents[3]


def run_as_user(code: str, folder: Path) -> str:
    """Return what a Python program prints, run by an ordinary user with a folder as argument."""
    command = [sys.executable, "-c", code, str(folder)]
    if os.geteuid() != 0:
        return subprocess.check_output(command, cwd=ROOT, text=True)
    for place in (folder, *folder.rglob("*")):
        os.chown(place, USER, USER)

    def become() -> None:
        syscalls.unshare(syscalls.NEWNS)
        syscalls.mount("none", "/", "", syscalls.REC | syscalls.PRIVATE)
        _open_up([Path(sys.prefix), Path(sys.base_prefix), ROOT, folder])
        os.setgroups([])
        os.setresgid(USER, USER, USER)
        os.setresuid(USER, USER, USER)

    done = subprocess.run(
        command, cwd="/", preexec_fn=become, capture_output=True, text=True, check=False,
        env={**os.environ, "HOME": str(folder), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def _open_up(paths: Iterable[Path]) -> None:
    """Let everybody through to paths, in this mount namespace, without changing a file's rights."""
    kept = {path: os.open(path, os.O_PATH) for path in dict.fromkeys(paths)}
    closed = {p for path in kept for p in path.parents if not p.stat().st_mode & 0o001}
    for folder in sorted(closed, key=lambda p: len(p.parts)):
        if folder.exists():
            syscalls.mount("open", folder, "tmpfs", 0, "mode=755")
    for path, place in kept.items():
        if set(path.parents) & closed:
            path.mkdir(parents=True, exist_ok=True)
            syscalls.mount(f"/proc/self/fd/{place}", path, "", syscalls.BIND | syscalls.REC)
