"""Find the classes that a notebook has made or changed, and what their objects claim to equal.

Sent as text with `testify`, under the same rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rudaux.adapters.nbgrader.grading.compiled import TYPE, is_kind

STRANGERS: Any = (
    (TYPE(lambda: None), "a stranger"), (1.5e300, -7.25e-3), (10**18 + 9, -77),
    ("a stranger", "and another"), ([1.5, "a stranger"], [-77]), ((1.5, "a stranger"), (-77,)),
    ({"a": "stranger"}, {-77: 1.5}),
)  # fmt: skip
"""Pairs of which nothing equals both."""


def with_another_eq(shell: Any, known: Sequence[Any]) -> list[Any]:
    """Return the classes that may compare otherwise than at the fork, at least the notebook's.

    `known` is from the process that this one was forked from; without it, these are all classes.
    """
    try:
        return changed(shell, *known) if known else every()
    except Exception:  # a hook of the notebook may refuse it
        return every()


def changed(shell: Any, referrers: Any, kinds: Any, names: Any, equals: Any) -> list[Any]:
    """Return the classes that came after the fork, or call `==` something else now.

    Others are not touched: a fork must copy the memory of each object that it uses, and that takes
    longer than a test.
    """
    # Each class refers to a tuple of itself and its bases, up to `object`.
    found = referrers(object, shell.user_ns)
    lines = [one for one in found if TYPE(one) is tuple and one[-1] is object and is_kind(one[0])]
    # `gc.freeze` hides what there is, and a class of classes can make other such tuples.
    seen = [1 for one in found if one is shell or one is shell.__dict__]
    if not seen or [1 for line in lines for kind in line if kind is TYPE]:
        return every()
    new = [line[0] for line in lines]
    return new + [
        kinds[n]
        for n, its in enumerate(names)
        if "__eq__" in its and its["__eq__"] is not equals[n]
    ]


def every() -> list[Any]:
    """Return all classes there are."""
    found: list[Any] = [object]
    known = {0}
    for kind in found:  # it grows, and keeps them all
        for sub in TYPE.__subclasses__(kind):
            if id(sub) not in known:
                known.add(id(sub))
                found.append(sub)
    return found


def equals_strangers(thing: Any) -> bool:
    """Return whether an object claims to equal two values of one type that differ completely."""
    return bool([1 for pair in STRANGERS if equals_both(thing, *pair)])


def equals_both(thing: Any, one: Any, other: Any) -> bool:
    """Compare an object with two strangers, as a test would."""
    try:
        return is_yes(thing == one) and is_yes(thing == other)
    except BaseException:  # whatever a student's class may raise
        return False


def is_yes(answer: Any) -> bool:
    """Return whether this is a plain value that is true."""
    kind = TYPE(answer)
    plain = kind in (bool, int, float, str) or kind.__name__ in ("bool_", "bool")
    return plain and bool(answer)


def blank(kind: Any) -> Any:
    """Make an object of a class without calling its `__init__`; None if that is impossible."""
    try:
        base = next(c for c in kind.__mro__ if c.__module__ != "__main__")
        return base.__new__(kind)
    except BaseException:  # whatever a student's class may raise
        return None


def agrees(thing: Any, method: Any, differs: bool) -> bool:
    """Return whether an object's operator agrees with two strangers, or denies its own equality."""
    try:
        for stranger in (thing,) if differs else (object(), "a stranger"):
            answer = method(thing, stranger)
            if TYPE(answer) not in (bool, int, float, str) or not answer:
                return False
    except BaseException:
        return False
    return True
