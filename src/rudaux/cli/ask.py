"""Questions: each declares what an unattended run answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Question:
    """A yes-or-no question; `default` is what Enter answers.

    Unattended it is answered as declared; "refuse" stops the run, and `flag` names the option that
    would have allowed it.
    """

    text: str
    unattended: Literal["yes", "no", "refuse"]
    flag: str = ""
    default: bool = True
