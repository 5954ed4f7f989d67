"""The external tool that launches the hub: exactly one, by its exact name."""

from __future__ import annotations

from collections.abc import Collection

from rudaux.domain.canvas import ExternalTool
from rudaux.errors import ConfigError
from rudaux.ports import Context


def find_tool(ctx: Context) -> ExternalTool:
    """Return the configured tool; raise `ConfigError` if there is none or more than one."""
    wanted, level = ctx.config.canvas.external_tool_name, ctx.config.canvas.external_tool_level
    return pick_tool(ctx.canvas.tools(level), wanted, level)


def pick_tool(tools: Collection[ExternalTool], wanted: str, level: str) -> ExternalTool:
    """Return the tool of that name; raise `ConfigError` as `find_tool` does."""
    found = {t.id: t for t in tools if t.name == wanted}
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        where = ", ".join(f"{t.id} ({t.url or t.domain or 'no address'})" for t in found.values())
        raise ConfigError(
            f'Canvas has {len(found)} external tools named "{wanted}" at {level} level: {where}; '
            "rename or remove one in Canvas, or set canvas.external_tool_level to another level."
        )
    names = ", ".join(sorted({t.name for t in tools})) or "none"
    raise ConfigError(
        f'Canvas has no external tool named "{wanted}" at {level} level (there: {names}): check '
        "canvas.external_tool_name and canvas.external_tool_level."
    )
