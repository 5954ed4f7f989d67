"""Kernels: which interpreter a notebook asks for, and a Python kernel by fork.

A fork of a process that has imported everything starts in a tenth of the time. It is done only if
the kernelspec would start the ipykernel of this same environment.
"""

from __future__ import annotations

import gc
import json
import os
import secrets
import signal
import sys
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any, NoReturn

from jupyter_client.kernelspec import KernelSpecManager

from rudaux.runtime import tree
from rudaux.runtime.limits import Limits, confine
from rudaux.runtime.preload import renew_chance

_ARGV = ["-m", "ipykernel_launcher", "-f", "{connection_file}"]
CHANNELS = ("shell", "iopub", "stdin", "control", "hb")


def forkable(name: str) -> Mapping[str, str] | None:
    """Return the kernelspec's environment variables if a fork can replace it, else None.

    Raises `jupyter_client.kernelspec.NoSuchKernel`.
    """
    spec = KernelSpecManager().get_kernel_spec(name)
    argv = [word for word in spec.argv[1:] if not word.startswith("-X")]
    if argv != _ARGV or not _is_this_python(spec.argv[0]):
        return None
    return dict(spec.env)


def _is_this_python(command: str) -> bool:
    # jupyter_client replaces these names with sys.executable, whatever PATH says.
    major, minor = sys.version_info[:2]
    if command in {"python", f"python{major}", f"python{major}.{minor}"}:
        return True
    # Environments link to the same interpreter: the folder tells them apart, not the file.
    return Path(command).parent.resolve() == Path(sys.executable).parent.resolve()


def write_connection(folder: Path, label: str) -> Path:
    """Write a connection file for private UNIX sockets, named relative to the working folder.

    The path of a UNIX socket may only have 107 bytes; a relative one always fits.
    """
    info: dict[str, object] = {f"{name}_port": n for n, name in enumerate(CHANNELS, start=1)}
    info |= {
        "transport": "ipc",
        "ip": f"../run/{label}",
        "key": secrets.token_hex(32),
        "signature_scheme": "hmac-sha256",
    }
    file = folder / f"{label}.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(info), encoding="utf-8")
    return file


def fork_kernel(connection: Path, env: Mapping[str, str], limits: Limits) -> int:
    """Fork an ipykernel in the current folder and environment; return its process id."""
    pid = os.fork()
    if pid:
        return pid
    status = 70
    try:
        _become_kernel(connection, env, limits)
    except SystemExit as exit_:
        status = exit_.code if isinstance(exit_.code, int) else 0
    finally:
        os._exit(status)


def _become_kernel(connection: Path, env: Mapping[str, str], limits: Limits) -> NoReturn:
    os.setsid()
    tree.die_with_parent()
    tree.set_dumpable(True)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    for sign in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(sign, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.update(env)
    confine(limits)
    gc.enable()
    renew_chance()
    _import_from_here()
    from ipykernel import compiler
    from ipykernel.kernelapp import IPKernelApp
    from ipykernel.zmqshell import ZMQInteractiveShell

    ZMQInteractiveShell.ask_exit = _stay  # type: ignore[method-assign]
    vars_of_shell: Any = ZMQInteractiveShell
    vars_of_shell._format_exception_for_storage = _name_only
    compiler.murmur2_x86 = _number_of_cell
    argv = ["-f", str(connection), "--HistoryManager.hist_file=:memory:"]
    sys.argv = ["ipykernel_launcher", *argv]
    told = {
        "IPKernelApp": {"connection_file": str(connection)},
        "HistoryManager": {"hist_file": ":memory:"},
    }
    app = IPKernelApp.instance()
    # What the parser of a kernel's many options would make of argv.
    app.parse_command_line = lambda argv=None: app.update_config(type(app.config)(told))
    app.initialize()
    app.start()
    raise SystemExit(0)


def _stay(shell: object) -> None:
    """Do nothing if a notebook calls exit() or quit().

    ipykernel would end a tenth of a second later, in the middle of some cell: the same work would
    earn different marks from run to run (ipykernel.zmqshell.ZMQInteractiveShell).
    """


def _name_only(shell: object, exception: BaseException, *_: object, **__: object) -> dict[str, Any]:
    """Keep an error for `%notebook` without its traceback.

    IPython (9 and newer) would format each traceback a second time for it, which takes longer than
    the cells of a small notebook.
    """
    return {"ename": type(exception).__name__, "evalue": str(exception), "traceback": []}


def _number_of_cell(text: str, seed: int) -> int:
    """Return the number in a cell's file name, faster than ipykernel's hash in pure Python."""
    key = seed.to_bytes(8, "big")
    return int.from_bytes(blake2b(text.encode("utf-8"), digest_size=4, key=key).digest(), "big")


def _import_from_here() -> None:
    """Let notebooks import the modules beside them, at the place in sys.path that IPython uses.

    IPython leaves it out if Python runs isolated, as the fork server does
    (IPython.core.shellapp.InteractiveShellApp.init_path).
    """
    if "" in sys.path:
        return
    names = [Path(place).name for place in sys.path]
    packages = (n for n, name in enumerate(names) if name in {"site-packages", "dist-packages"})
    sys.path.insert(next(packages, 0), "")
