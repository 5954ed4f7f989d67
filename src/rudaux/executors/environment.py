"""The environment of students' code on this machine, to tell whether two runs had the same."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_OURS = "rudaux-"


@cache
def this_python(kernels: frozenset[str]) -> str:
    """Return a digest of this Python and its packages; empty if a kernel uses another Python.

    It is also empty if a package is installed in editable mode: its code may change unnoticed.
    """
    if not all(_is_ours(kernel) for kernel in kernels):
        return ""
    packages = sorted(_packages(), key=lambda package: package.name)
    if any(_is_editable(p) and not p.name.startswith(_OURS) for p in packages):
        return ""
    text = "\n".join([sys.version, platform.platform(), *(p.name for p in packages)])
    return hashlib.sha256(text.encode()).hexdigest()


def _is_ours(kernel: str) -> bool:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        argv = KernelSpecManager().get_kernel_spec(kernel).argv
    except NoSuchKernel:
        return False
    return bool(argv) and argv[0] in {sys.executable, "python", "python3"}


def _packages() -> Iterator[Path]:
    """Yield the folders that describe installed packages; name and version are in their names.

    https://packaging.python.org/en/latest/specifications/recording-installed-packages/
    `importlib.metadata` would read and parse all that is in them, which takes a quarter of a
    second.
    """
    for folder in dict.fromkeys(sys.path):
        for kind in ("dist", "egg"):
            yield from Path(folder).glob(f"*.{kind}-info")


def _is_editable(package: Path) -> bool:
    # https://packaging.python.org/en/latest/specifications/direct-url/
    try:
        text = (package / "direct_url.json").read_text("utf-8")
    except OSError:
        return False
    return bool(json.loads(text).get("dir_info", {}).get("editable"))
