"""Whether cron grades at night: the daemon, this course's entries, and what they will lack."""

from __future__ import annotations

from collections.abc import Iterator

from rudaux.config import read_token
from rudaux.domain.checks import Check
from rudaux.domain.messages import listed
from rudaux.errors import ConfigError
from rudaux.workflows.check.look import Look
from rudaux.workflows.schedule import cron_warnings, owner


def checks(look: Look) -> Iterator[Check]:
    """Yield what concerns cron."""
    ctx = look.ctx
    coming = [a.name for a in ctx.config.assignments if a.due > ctx.now()]
    entries = ctx.crontab.entries(owner(ctx))
    running = ctx.crontab.is_running()
    if running is False:
        remedy = "start it (`sudo systemctl enable --now cron`), or grade by another scheduler"
        text = "no cron daemon runs on this machine, so nothing is graded automatically"
        yield Check("daemon", "broken", text, remedy)
    else:
        said = "runs" if running else "whether it runs cannot be seen from here"
        yield Check("daemon", "ok", said)
    lacking = [name for name in coming if name not in {e.assignment for e in entries}]
    if lacking:
        text = f"there is no entry for {listed(lacking)}"
        yield Check("entries", "look", text, "run `rudaux init`")
    else:
        yield Check("entries", "ok", f"{len(entries)} to come" if entries else "none to come")
    yield from _bare(look)


def _bare(look: Look) -> Iterator[Check]:
    """Yield what a run misses in cron's environment, which is nearly empty."""
    ctx = look.ctx
    try:
        read_token(ctx.config, environment={})
        yield Check("cron's token", "ok", "readable without this terminal's environment")
    except ConfigError as error:
        text = f"cron will have no token: {str(error).partition('. ')[0].rstrip('.')}"
        if "others" not in text:
            text = f"cron will not find {ctx.config.canvas.token_env}"
        remedy = "run `rudaux schedule install --save-token`, or set canvas.token_file"
        yield Check("cron's token", "broken", text, remedy, ours=True)
    for warning in cron_warnings(ctx):
        if "ssh" in warning:
            text, _, remedy = warning.partition(": ")
            yield Check("cron's ssh", "look", text, remedy)
