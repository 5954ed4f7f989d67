"""The practice course's students: moons, by their planet, each with a kind of work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "right", "partly", "wrong", "missing", "no_home", "invalid_json", "conflict", "endless",
    "duplicated", "renamed", "deleted_test", "edited_later", "finished_late",
]  # fmt: skip


@dataclass(frozen=True)
class PracticeStudent:
    """A student before they have an id in Canvas."""

    moon: str
    planet: str
    kind: Kind

    @property
    def name(self) -> str:
        """As Canvas shows it."""
        return f"{self.moon} {self.planet}"

    @property
    def sortable_name(self) -> str:
        """As Canvas sorts it."""
        return f"{self.planet}, {self.moon}"

    @property
    def email(self) -> str:
        """An address that belongs to nobody."""
        return f"{self.moon.lower()}@example.edu"


STUDENTS = tuple(
    PracticeStudent(*row)
    for row in (
        ("Io", "Jupiter", "right"),
        ("Europa", "Jupiter", "right"),
        ("Ganymede", "Jupiter", "partly"),
        ("Callisto", "Jupiter", "edited_later"),
        ("Amalthea", "Jupiter", "missing"),
        ("Himalia", "Jupiter", "wrong"),
        ("Mimas", "Saturn", "right"),
        ("Enceladus", "Saturn", "finished_late"),
        ("Tethys", "Saturn", "partly"),
        ("Dione", "Saturn", "endless"),
        ("Rhea", "Saturn", "invalid_json"),
        ("Titan", "Saturn", "right"),
        ("Hyperion", "Saturn", "no_home"),
        ("Iapetus", "Saturn", "duplicated"),
        ("Miranda", "Uranus", "renamed"),
        ("Ariel", "Uranus", "deleted_test"),
        ("Umbriel", "Uranus", "missing"),
        ("Titania", "Uranus", "partly"),
        ("Oberon", "Uranus", "conflict"),
        ("Triton", "Neptune", "wrong"),
    )
)
