"""Questions: each declares what an unattended run answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Question:
    """A yes-or-no question; `flag` names what would have allowed a refused one unattended."""

    text: str
    unattended: Literal["yes", "no", "refuse"]
    flag: str = ""
    default: bool = True
