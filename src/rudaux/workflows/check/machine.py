"""The disk of the course folder, and whether anybody is told what happens at night."""

from __future__ import annotations

from collections.abc import Iterator

from rudaux.domain.checks import Check
from rudaux.workflows.check.look import Look

GIGABYTE = 1 << 30
LITTLE, NEXT_TO_NONE = 2 * GIGABYTE, GIGABYTE // 4


def checks(look: Look) -> Iterator[Check]:
    """Yield what concerns this machine."""
    folder = look.ctx.config.folder
    room = look.around.free(folder)
    text = f"{room.free / GIGABYTE:.1f} GB of {room.total / GIGABYTE:.0f} GB free at {folder}"
    remedy = "make room: collected work, backups and scratch folders are there"
    if room.free < NEXT_TO_NONE:
        yield Check("disk", "broken", text, remedy)
    elif room.free < LITTLE:
        yield Check("disk", "look", text, remedy)
    else:
        yield Check("disk", "ok", text)
    if look.ctx.config.notify:
        yield Check("notify", "ok", "messages are set up; `rudaux notify --test` sends one")
    else:
        told = "cron mails problems to this account; [notify] in rudaux.toml can tell others"
        yield Check("notify", "ok", told)
