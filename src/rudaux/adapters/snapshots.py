"""Taking snapshots with a program: zfs, here or over ssh, or the course's own command.

https://openzfs.github.io/openzfs-docs/man/master/8/zfs-snapshot.8.html
"""

from __future__ import annotations

import os
import shlex
import subprocess

from rudaux.config import SnapshotSettings
from rudaux.errors import ConfigError, StorageFailure

SECONDS = 300.0
_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"
"""Where zfs is; cron's PATH lacks them."""
_SSH = ("ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=20")


class SnapshotProgram:
    """Implements `rudaux.ports.Snapshots`: takes snapshots and never removes any."""

    def __init__(self, settings: SnapshotSettings | None) -> None:
        self._settings = settings

    def take(self, name: str) -> None:
        words = self._words(name)
        env = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:{_SBIN}"}
        try:
            done = subprocess.run(
                words, env=env, stdin=subprocess.DEVNULL, capture_output=True,
                timeout=SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise StorageFailure(
                f"the snapshot {name} was not taken (no answer within {SECONDS:.0f} "
                f"seconds): try `{shlex.join(words)}` in a terminal"
            ) from error
        except OSError as error:
            raise StorageFailure(
                f"the snapshot {name} was not taken, because `{words[0]}` cannot be run "
                f"({error.strerror}): fix jupyterhub.snapshots in rudaux.toml"
            ) from error
        if done.returncode:
            raise StorageFailure(
                f"the snapshot {name} was not taken ({_said(done)}): try `{shlex.join(words)}` in "
                "a terminal"
            )

    def _words(self, name: str) -> list[str]:
        settings = self._settings
        if settings is None or settings.take is None:
            raise ConfigError(
                "rudaux.toml does not say how to take a snapshot: set jupyterhub.snapshots.take"
            )
        if isinstance(settings.take, tuple):
            return [word.replace("{name}", name) for word in settings.take]
        # -r: if each home is its own dataset, all of them at the same moment.
        zfs = ["zfs", "snapshot", "-r", f"{settings.dataset}@{name}"]
        return [*_SSH, settings.host, shlex.join(zfs)] if settings.host else zfs


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    said = " ".join((done.stderr or done.stdout).decode(errors="replace").split())
    return said[-300:].rstrip(".") or f"it ended with exit code {done.returncode} and said nothing"
