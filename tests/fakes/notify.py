"""Messages in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rudaux.domain.messages import Message, Sent


@dataclass
class FakeNotifier:
    """Keeps what it is given; if it is `down`, nobody is reached."""

    sent: list[Message] = field(default_factory=list)
    down: bool = False

    def places(self) -> tuple[str, ...]:
        return ("line 1: a mailbox",)

    def send(self, messages: Sequence[Message]) -> Sent:
        if self.down:
            return Sent((), self.places())
        self.sent.extend(messages)
        return Sent(tuple(messages))
