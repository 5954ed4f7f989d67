"""Tell people how unattended runs ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Protocol

from rudaux.config import Config
from rudaux.domain.messages import Message, Sent, Topic
from rudaux.ports.ledger import Ledger


class Notifier(Protocol):
    """The addresses that messages go to."""

    def places(self) -> tuple[str, ...]:
        """Return a name for each address, without anything secret."""

    def send(self, messages: Sequence[Message]) -> Sent:
        """Send to all addresses at once, within ten seconds; never raise."""


@dataclass(frozen=True)
class Teller:
    """Whom to tell about a course, and what they were told, even if rudaux.toml is wrong.

    Without a `notifier`, `trouble` says why, or is empty if nobody is to be told. `config` is None
    if rudaux.toml cannot be read as a whole.
    """

    folder: Path
    course: str
    ledger: Ledger
    on: tuple[Topic, ...] = ()
    notifier: Notifier | None = None
    trouble: str = ""
    config: Config | None = None
    now: Callable[[], datetime] = lambda: datetime.now(timezone.utc)
