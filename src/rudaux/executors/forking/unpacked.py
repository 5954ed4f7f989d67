"""The host's end of an unpacked image: starts its Python in it, and asks what it lacks."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from rudaux.errors import ExecutorFailure
from rudaux.executors.forking.starting import command, environment
from rudaux.executors.lacking import what_it_lacks
from rudaux.runtime import sent
from rudaux.runtime.image import TMP

_PATIENCE = 120.0
_OWN = ("PATH", "JUPYTER_PATH")
_INSIDE = {"LANG": "C.UTF-8", "USER": "student", "HOME": TMP, "TMPDIR": TMP, "IPYTHONDIR": TMP}
"""Variables of the image's own instead of this machine's."""


def start(
    request: Mapping[str, object], box: Mapping[str, object], folder: Path, outbox: int = 1
) -> tuple[list[str], IO[bytes]]:
    """Return what starts the image's Python, and what it reads as its standard input.

    `outbox` is the descriptor that is told what stands in the way; `folder` is empty.
    """
    base = folder / "image"
    base.mkdir(exist_ok=True)
    told = {
        "root": box["root"],
        "base": str(base),
        "network": box["network"],
        "program": sent.program(),
        "environment": {k: v for k, v in environment(folder).items() if k not in _OWN} | _INSIDE,
        "outbox": outbox,
    }
    data = json.dumps({"modules": sent.modules(), **request}).encode()
    # A file and not a pipe: nobody waits until the other Python has come up.
    stdin = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - handed on
    stdin.write(b"%16d" % len(data) + data)
    stdin.seek(0)
    return command("image", "start", told), stdin


def look(box: Mapping[str, object], folder: Path, kernels: Collection[str]) -> Mapping[str, Any]:
    """Return what the image has and lacks, and what refused a box in it, once tried."""
    names = sorted(kernels)
    request = {"probe": names, "trial": {"box": box}}
    start_it, stdin = start(request, box, folder)
    with stdin:
        done = subprocess.run(
            start_it, env=environment(folder), stdin=stdin, capture_output=True,
            timeout=_PATIENCE, check=False,
        )  # fmt: skip
    said: dict[str, Any] = {}
    try:
        lines = done.stdout.splitlines()
        for line in lines:
            said |= json.loads(line)
        if "lacking" in said:
            said["lacking"] = [name for name in said["lacking"] if name in names]
        if not said or (len(lines) == 1 and _has_all(said)):
            raise ValueError  # no box was tried, and nothing says why
    except (ValueError, TypeError):
        why = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
        raise ExecutorFailure(
            f"The image {box['root']} (grading.root) cannot run Python: {why[0][:300]}. It needs "
            "Python 3.9 or newer with nbclient."
        ) from None
    return said


def _has_all(said: Mapping[str, Any]) -> bool:
    return "python" in said and not what_it_lacks("", said)


def digest(root: Path) -> str:
    """Return a digest of the names, sizes and times of all files of an unpacked image.

    Two machines that unpacked the same image agree; whatever is installed into it changes it.
    """
    found = hashlib.sha256()
    for row in _rows(str(root), len(str(root))):
        found.update(row)
    return f"sha256:{found.hexdigest()}"


def _rows(folder: str, skipped: int) -> Iterator[bytes]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return  # nothing that runs as this account reads it either
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _rows(entry.path, skipped)
        else:
            seen = entry.stat(follow_symlinks=False)
            row = f"{entry.path[skipped:]} {seen.st_size} {int(seen.st_mtime)}\n"
            yield row.encode(errors="surrogateescape")
