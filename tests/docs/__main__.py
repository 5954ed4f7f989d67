"""Write what the code says into the pages: python -m tests.docs --write (without: only compare).

`--messages` leaves out the console blocks, which take a minute.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.docs.stage import a_stage
from tests.docs.test_console import HELD
from tests.docs.troubleshooting import PAGE, compare


def main(words: list[str]) -> int:
    """Compare the pages, and with --write renew them; what only a person can do is said."""
    found = compare(PAGE.read_text())
    renewed = {PAGE: found.text}
    wrong = [f"{PAGE.name}: no entry names {m.place}: {m.text}" for m in found.missing]
    wrong += [f"{PAGE.name}: no message is made in {place} any more" for place in found.stale]
    by_hand = bool(wrong)
    if "--messages" not in words:
        with tempfile.TemporaryDirectory() as folder, a_stage(Path(folder)) as stage:
            renewed |= {page: stage.page(page.read_text(), page.name) for page in HELD}
        wrong += stage.wrong
    changed = [page for page, text in renewed.items() if page.read_text() != text]
    if "--write" in words:
        for page in changed:
            page.write_text(renewed[page])
    done = "is renewed" if "--write" in words else "is not as the code has it"
    wrong += [f"{page.name} {done}" for page in changed]
    sys.stdout.write("".join(f"{line}\n" for line in wrong))
    return by_hand if "--write" in words else bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
