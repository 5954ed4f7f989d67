"""The environment of students' code on this machine, to tell whether two runs had the same."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from functools import cache
from importlib.metadata import Distribution, distributions

_OURS = "rudaux"


@cache
def this_python(kernels: frozenset[str]) -> str:
    """Return a digest of this Python and its packages; empty if a kernel uses another Python.

    It is also empty if a package is installed in editable mode: its code may change unnoticed.
    """
    if not all(_is_ours(kernel) for kernel in kernels):
        return ""
    packages = []
    for package in distributions():
        name = package.metadata["Name"]
        if _is_editable(package) and name != _OURS:
            return ""
        packages.append(f"{name}=={package.version}")
    text = "\n".join([sys.version, platform.platform(), *sorted(packages)])
    return hashlib.sha256(text.encode()).hexdigest()


def _is_ours(kernel: str) -> bool:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        argv = KernelSpecManager().get_kernel_spec(kernel).argv
    except NoSuchKernel:
        return False
    return bool(argv) and argv[0] in {sys.executable, "python", "python3"}


def _is_editable(package: Distribution) -> bool:
    # https://packaging.python.org/en/latest/specifications/direct-url/
    text = package.read_text("direct_url.json")
    return bool(text and json.loads(text).get("dir_info", {}).get("editable"))
