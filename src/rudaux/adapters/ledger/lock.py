"""The lock file that keeps two runs of a course apart, and who holds it."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from filelock import FileLock, Timeout

from rudaux.config.private import PRIVATE, create_file, make_rudaux_folder
from rudaux.errors import NeedsPersonError, SystemFailure


class CourseLock:
    """A lock file in .rudaux; the run that holds it may take it again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = FileLock(str(folder / "lock"), timeout=0, mode=PRIVATE.file)

    @contextmanager
    def held(self, command: str, wait: float = 0.0) -> Iterator[None]:
        holder = self._folder / "lock.json"
        try:
            make_rudaux_folder(self._folder)
            self._lock.acquire(timeout=wait, poll_interval=0.05 if wait < 1 else 0.5)
        except Timeout:
            raise NeedsPersonError(_who_holds(holder)) from None
        except (OSError, NotImplementedError) as error:
            raise SystemFailure(
                f"{self._lock.lock_file} cannot be locked ({error}): check who owns the folder "
                "and whether its file system supports locks"
            ) from error
        try:
            if self._lock.lock_counter == 1:
                _write_holder(holder, command)
            yield
        finally:
            if self._lock.lock_counter == 1:
                holder.unlink(missing_ok=True)
            self._lock.release()


def _write_holder(path: Path, command: str) -> None:
    who = {
        "pid": os.getpid(),
        "command": command,
        "host": socket.gethostname(),
        "since": datetime.now(timezone.utc).isoformat(),
    }
    part = path.with_name(f"lock.{os.getpid()}.part")
    create_file(part)
    part.write_text(json.dumps(who))
    part.replace(path)


def _who_holds(path: Path) -> str:
    try:
        who = json.loads(path.read_text())
        since = datetime.fromisoformat(who["since"]).astimezone()
        holder = (
            f"`{who['command']}` (process {who['pid']} on {who['host']}), "
            f"since {since:%Y-%m-%d %H:%M %Z}"
        )
    except (OSError, ValueError, KeyError, TypeError):
        holder = "another rudaux command that is just starting or ending"
    return f"this course is in use by {holder}: wait until it has finished, then run this again"
