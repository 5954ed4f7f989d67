"""Find the classes that a notebook has made or changed; sent as text with `testify`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rudaux.adapters.nbgrader.grading.compiled import TYPE, is_kind


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
