"""Compare compiled code in a Python kernel; sent as text with `testify`, under the same rules."""

from __future__ import annotations

from typing import Any

TYPE: Any = ().__class__.__class__
FUNCTION: Any = TYPE(lambda: None)
FUTURE = 0x1FE0000
"""Flags of `compile` and of code objects: imports from `__future__`."""


def codes_of(thing: Any) -> list[Any]:
    """Return the ids of the code objects of a function, or of a class's functions."""
    inside = thing.__dict__.values() if is_kind(thing) else [thing]
    return [id(one.__code__) for one in inside if TYPE(one) is FUNCTION]


def same_code(one: Any, other: Any) -> bool:
    """Return whether two code objects do the same, whatever their position."""
    for name in ("co_code", "co_names", "co_varnames", "co_freevars", "co_argcount"):
        if getattr(one, name) != getattr(other, name):
            return False
    mine, theirs = one.co_consts, other.co_consts
    if (one.co_flags ^ other.co_flags) & ~FUTURE or len(mine) != len(theirs):
        return False
    return not [1 for n, constant in enumerate(mine) if not same_constant(constant, theirs[n])]


def same_constant(one: Any, other: Any) -> bool:
    """Return whether two constants of code objects are the same."""
    if TYPE(one) is not TYPE(other):
        return False
    return same_code(one, other) if hasattr(one, "co_code") else written(one) == written(other)


def written(constant: Any) -> str:
    """Return a constant as text; a set that was read from a .pyc file has another order."""
    if TYPE(constant).__name__ not in ("tuple", "frozenset"):
        return repr(constant)
    parts = [written(one) for one in constant]
    if TYPE(constant).__name__ == "frozenset":
        parts.sort()
    return repr(parts)


def is_kind(thing: Any) -> bool:
    """Return whether this is a class, even if `isinstance` was replaced."""
    return bool([1 for kind in TYPE(thing).__mro__ if kind is TYPE])
