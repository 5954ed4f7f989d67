"""Messages by Apprise: mail, chat services, web hooks. https://appriseit.com"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from typing import Any

from rudaux.domain.messages import Message, Sent

SECONDS = 8.0
"""How long all addresses together may take, so that the run can still end properly."""
_BY_HOST = ("JSON", "XML", "Form")
_KINDS = {"problem": "failure", "done": "success", "todo": "warning"}


class AppriseNotifier:
    """Implements `rudaux.ports.Notifier` for addresses that Apprise knows; they hold secrets."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = tuple(addresses)

    def __repr__(self) -> str:
        return f"AppriseNotifier({len(self._addresses)} addresses)"

    def places(self) -> tuple[str, ...]:
        return tuple(f"address {n}: {_shown(_opened(address))}" for n, address in self._numbered())

    def send(self, messages: Sequence[Message]) -> Sent:
        reached: dict[int, list[Message]] = {n: [] for n, _ in self._numbered()}
        # Daemon threads: one that hangs does not keep the run from ending.
        threads = [
            threading.Thread(target=_send, args=(address, messages, reached[n]), daemon=True)
            for n, address in self._numbered()
        ]
        until = time.monotonic() + SECONDS
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        done = {n: list(got) for n, got in reached.items()}
        return Sent(
            tuple(m for m in messages if any(m in got for got in done.values())),
            tuple(
                p
                for p, got in zip(self.places(), done.values(), strict=True)
                if len(got) < len(messages)
            ),
        )

    def _numbered(self) -> list[tuple[int, str]]:
        return list(enumerate(self._addresses, 1))


def _send(address: str, messages: Sequence[Message], reached: list[Message]) -> None:
    plugin = _opened(address)
    for message in messages:
        kind = "info" if message.over else _KINDS[message.topic]
        text = {"title": message.title, "body": message.body, "body_format": "text"}
        try:
            if plugin and plugin.notify(notify_type=kind, **text):
                reached.append(message)
        except Exception:  # noqa: S112 - whatever a plugin raises, this message was not sent
            continue


def _opened(address: str) -> Any:
    """Return Apprise's plugin for an address, or None if it has none."""
    import apprise

    # Its warnings contain addresses, and so secrets.
    logger = logging.getLogger("apprise")
    logger.disabled = True
    try:
        return apprise.Apprise.instantiate(address)
    except Exception:  # a plugin may fail on an odd address
        return None


def _shown(plugin: Any) -> str:
    """Return a service's name with a mail's recipients or a web hook's host: no secrets."""
    if plugin is None:
        return "not an address that Apprise understands"
    name = str(plugin.service_name)
    if type(plugin).__name__ == "NotifyEmail":
        mailboxes = [str(target[1]) for target in plugin.targets]
        return f"{name} to {', '.join(mailboxes)}" if mailboxes else name
    return f"{name} at {plugin.host}" if name in _BY_HOST else name
