"""Pages and the Link header, exactly as Canvas makes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from rudaux.demo.simulator import refusals
from rudaux.demo.simulator.call import Call, Reply

T = TypeVar("T")
LINK_LIMIT = 6 * 1024
_SHOWN_ORDER = ("current", "next", "prev", "first", "last")
_KEPT_ORDER = ("next", "last", "prev", "current", "first")


def page_of(
    call: Call,
    rows: Sequence[T],
    shown: Callable[[T], Any],
    drop: Callable[[T], bool] = lambda _: False,
    bookmarks: bool = False,
    last: bool = True,
) -> Reply:
    """Answer with one page of `rows`.

    `drop` hides rows after paging, which makes short pages with a `next`; `bookmarks` makes page
    tokens opaque. https://canvas.instructure.com/doc/api/file.pagination.html
    """
    size = per_page(call)
    index = _page_index(call, bookmarks)
    start = index * size
    page = [shown(r) for r in rows[start : start + size] if not drop(r)]
    pages = max(1, -(-len(rows) // size))
    wanted: dict[str, int] = {"current": index, "first": 0}
    if index + 1 < pages:
        wanted["next"] = index + 1
    if index > 0 and not bookmarks:
        wanted["prev"] = index - 1
    if last and not bookmarks:
        wanted["last"] = pages - 1
    links = {rel: _link(call, rel, i, size, bookmarks) for rel, i in wanted.items()}
    return Reply(page, headers={"Link": _capped(links)})


def per_page(call: Call) -> int:
    """Return the page size: 10 unless asked, clamped silently to 1..100."""
    if "per_page" not in call.params:
        return 10
    text = str(call.params["per_page"]).strip()
    digits = text[: len(text) - len(text.lstrip("0123456789"))]
    return min(max(int(digits or 0), 1), call.switches.max_per_page)


def _page_index(call: Call, bookmarks: bool) -> int:
    token = str(call.params.get("page", "") or "")
    if token.startswith("bookmark:") and bookmarks:
        number = token.removeprefix("bookmark:")
        try:
            return int(number, 36)
        except ValueError:
            raise refusals.not_found() from None
    if bookmarks and token not in {"", "1", "first"}:
        raise refusals.not_found()
    return max(int(token), 1) - 1 if token.isdigit() else 0


def _link(call: Call, rel: str, index: int, size: int, bookmarks: bool) -> str:
    token = str(index + 1)
    if bookmarks:
        token = "first" if index == 0 else f"bookmark:{_base36(index)}"
    hidden = {"page", "per_page", "access_token"}
    query = [(k, v) for k, v in call.query if k not in hidden]
    query += [("page", token), ("per_page", str(size))]
    return f'<{call.base}{call.path}?{urlencode(query)}>; rel="{rel}"'


def _base36(value: int) -> str:
    digits = ""
    while value:
        value, rest = divmod(value, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
    return digits or "0"


def _capped(links: dict[str, str]) -> str:
    kept: set[str] = set()
    size = 0
    for rel in _KEPT_ORDER:
        if rel in links and size + len(links[rel]) + 1 <= LINK_LIMIT:
            kept.add(rel)
            size += len(links[rel]) + 1
    return ",".join(links[rel] for rel in _SHOWN_ORDER if rel in kept)
