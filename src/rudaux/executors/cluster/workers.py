"""Which workers may run submissions: those that can, and have the same environment."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import rudaux


@dataclass(frozen=True)
class Seen:
    """What a worker reported of itself; `image` is the digest of a container image."""

    rudaux: str
    python: str
    packages: Mapping[str, str]
    image: str = ""
    lacks: str = ""

    @property
    def makes(self) -> tuple[object, ...]:
        """Return what the results of students' code depend on."""
        if self.image:
            return (self.image,)
        return (self.python, *sorted(self.packages.items()))


@dataclass(frozen=True)
class Choice:
    """The workers that run submissions, and why the others do not."""

    good: frozenset[str]
    left_out: Mapping[str, str] = field(default_factory=dict)


def read_seen(answer: object) -> Seen:
    """Read what `slot.look` returned; anything else comes from a worker without this rudaux."""
    try:
        said = json.loads(answer) if isinstance(answer, bytes) else {}
        return Seen(
            str(said["rudaux"]),
            str(said["python"]),
            {str(k): str(v) for k, v in said["packages"].items()},
            str(said.get("image", "")),
            str(said.get("lacks", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return Seen("", "", {}, lacks=f"it does not have rudaux {rudaux.__version__}")


def choose(seen: Mapping[str, Seen], like: Seen | None = None) -> Choice:
    """Choose the workers that can run submissions and agree, or else the largest group of them.

    `like` is what the workers in use have: one that joins later must have the same.
    """
    left_out = {worker: there.lacks for worker, there in seen.items() if there.lacks}
    for worker, there in seen.items():
        if there.rudaux != rudaux.__version__ and worker not in left_out:
            left_out[worker] = (
                f"it has rudaux {there.rudaux}, and this machine has {rudaux.__version__}"
            )
    able = {worker: there for worker, there in seen.items() if worker not in left_out}
    if not able:
        return Choice(frozenset(), left_out)
    if like is None:
        counts = Counter(there.makes for there in able.values())
        like = max(able.values(), key=lambda there: counts[there.makes])
    good = frozenset(worker for worker, there in able.items() if there.makes == like.makes)
    left_out |= {w: _difference(there, like) for w, there in able.items() if w not in good}
    return Choice(good, left_out)


def _difference(there: Seen, like: Seen) -> str:
    """Return what differs, for the person who has to make them the same."""
    if there.image != like.image:
        return "its image is not the same as on the other workers (the digests differ)"
    if there.python != like.python:
        return f"it has Python {there.python}, and the other workers have {like.python}"
    names = sorted(
        name
        for name in {*there.packages, *like.packages}
        if there.packages.get(name) != like.packages.get(name)
    )
    first = names[0]
    here, others = there.packages.get(first, "none"), like.packages.get(first, "none")
    more = f"; packages that differ as well: {len(names) - 1}" if len(names) > 1 else ""
    return f"its packages differ: {first} is {here}, on the other workers {others}{more}"
