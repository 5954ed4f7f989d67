"""Telling people how runs that nobody watched have ended."""

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
    """Addresses to which messages go."""

    def places(self) -> tuple[str, ...]:
        """Name each address without anything secret in it."""

    def send(self, messages: Sequence[Message]) -> Sent:
        """Send to all addresses at once, within ten seconds; raises nothing."""


@dataclass(frozen=True)
class Teller:
    """Whom to tell what of a course, and what they were told, even where rudaux.toml is wrong.

    Without `notifier`, `trouble` says why, or nothing where no one is to be told; `config` is None
    where rudaux.toml cannot be read as a whole.
    """

    folder: Path
    course: str
    ledger: Ledger
    on: tuple[Topic, ...] = ()
    notifier: Notifier | None = None
    trouble: str = ""
    config: Config | None = None
    now: Callable[[], datetime] = lambda: datetime.now(timezone.utc)
