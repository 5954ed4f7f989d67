"""Every message that rudaux has for something wrong is on the page of them."""

from __future__ import annotations

from tests.docs.test_console import HOW_TO_RENEW
from tests.docs.troubleshooting import PAGE, compare


def test_every_message_has_an_entry_and_every_entry_has_messages() -> None:
    found = compare(PAGE.read_text())
    missing = [f"no entry: {m.place} ({m.kind}): {m.text}" for m in found.missing]
    stale = [f"no message any more: {place}" for place in found.stale]
    assert not missing + stale, f"{PAGE.name}:\n" + "\n".join(missing + stale)


def test_the_page_has_the_messages_in_the_words_of_the_code() -> None:
    page = PAGE.read_text()
    shown, real = set(page.splitlines()), set(compare(page).text.splitlines())
    stale = [f"not in the code: {line}" for line in sorted(shown - real)]
    missing = [f"not on the page: {line}" for line in sorted(real - shown)]
    assert not stale + missing, "\n".join([*stale, *missing, HOW_TO_RENEW])
