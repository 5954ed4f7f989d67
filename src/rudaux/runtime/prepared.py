"""What proves in a kernel that tests ran, compiled once, before any kernel is forked.

`READY` and all in it are immutable and never freed. A runner is a fork of the same process as its
kernel, so it can name `READY` to the tests by its address: nothing that a notebook puts in its
place has that.
"""

from __future__ import annotations

import binascii
import gc
import zlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

READY: tuple[Any, ...] = ()
"""The compiled program, and what it must know of the classes; see `_classes`."""
_HEAP, _IMMUTABLE = 1 << 9, 1 << 8
"""In a class's `__flags__`: made at run time; not to be changed from Python (3.10 and newer)."""


def prepare(proof: Mapping[str, str]) -> None:
    """Compile what the host has sent, unless that was done, and look at all classes there are."""
    global READY
    if READY or not proof:
        return
    text = zlib.decompress(binascii.a2b_base64(proof["code"]))
    program = compile(text, "<rudaux>", "exec", dont_inherit=True)
    READY = (program, gc.get_referrers, *_classes())
    with suppress(ImportError):
        import ctypes

        ctypes.pythonapi.Py_IncRef(ctypes.py_object(READY))
    gc.collect()
    gc.freeze()


def filled(text: str, proof: Mapping[str, str], forked: bool) -> str:
    """Return a notebook whose tests know where the program is; other kernels are sent it whole."""
    if not proof:
        return text
    return text.replace(proof["mark"], hex(id(READY)) if forked else proof["code"])


def _classes() -> tuple[tuple[Any, ...], ...]:
    """Return the classes that a notebook could change, their namespaces, and what these call `==`.

    To look at a namespace later is cheap; to look at a class, a fork must copy its memory.
    """
    found: list[Any] = [object]
    known = {id(object)}
    for kind in found:  # it grows
        for sub in type.__subclasses__(kind):
            if id(sub) not in known:
                known.add(id(sub))
                found.append(sub)
    open_ = [kind for kind in found if kind.__flags__ & (_HEAP | _IMMUTABLE) == _HEAP]
    names = [type.__dict__["__dict__"].__get__(kind) for kind in open_]
    return tuple(open_), tuple(names), tuple([one.get("__eq__") for one in names])
