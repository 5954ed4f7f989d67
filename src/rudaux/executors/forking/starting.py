"""How a process of the runtime is started: its command, and its whole environment."""

from __future__ import annotations

import json
import os
import site
import sys
from collections.abc import Mapping
from pathlib import Path

from jupyter_core.paths import jupyter_path

import rudaux
from rudaux.runtime.limits import THREADS

_START = (
    "import json, sys; extra = sys.argv[2:]; sys.path += extra[1:]; sys.path.insert(0, extra[0]); "
    "from rudaux.runtime.{module} import {function} as start; sys.path.remove(extra[0]); "
    "told = json.loads(sys.argv[1]); del sys.argv[1:]; start(**told)"
)


def command(module: str, function: str, told: Mapping[str, object]) -> list[str]:
    """Return what starts a function of the runtime, and of nothing else of rudaux."""
    start = _START.format(module=module, function=function)
    return [sys.executable, "-I", "-c", start, json.dumps(told), *_import_paths()]


def _import_paths() -> list[str]:
    """Return where rudaux is (for the server's own imports) and the user's packages, if in use."""
    paths = [str(Path(rudaux.__file__).parent.parent)]
    if site.ENABLE_USER_SITE:
        paths.append(site.getusersitepackages())
    return paths


def environment(folder: Path) -> dict[str, str]:
    """Make the whole environment of student code: nothing else of ours is in it.

    JUPYTER_PATH keeps kernels findable that were installed for this user only.
    """
    binaries = str(Path(sys.executable).parent)
    return {
        "PATH": os.pathsep.join([binaries, os.environ.get("PATH", os.defpath)]),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "IPYTHONDIR": str(folder),
        "LANG": os.environ.get("LANG", "C.UTF-8"),
        "JUPYTER_PATH": os.pathsep.join(jupyter_path()),
        "PYTHONDONTWRITEBYTECODE": "1",
        # As many threads of a library as submissions at a time would fight over the cores, and
        # threads do not survive a fork.
        **dict.fromkeys(THREADS, "1"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
