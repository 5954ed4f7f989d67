"""The disk under the course folder, and whether anybody is told what happens at night."""

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
    remedy = "make room: collected work, backups and scratch folders lie there"
    if room.free < NEXT_TO_NONE:
        yield Check("disk", "broken", text, remedy)
    elif room.free < LITTLE:
        yield Check("disk", "look", text, remedy)
    else:
        yield Check("disk", "ok", text)
    # The table is another part's; without it there is nothing to say.
    if look.ctx.config.notify:
        yield Check("notify", "ok", "somebody is told; `rudaux notify --test` sends a message")
    else:
        told = "cron mails this account what goes wrong; [notify] in rudaux.toml would tell others"
        yield Check("notify", "ok", told)
