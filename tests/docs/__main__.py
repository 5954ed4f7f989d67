"""Write what the commands say into the pages: python -m tests.docs --write (else: show it)."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.docs.stage import a_stage
from tests.docs.test_console import HELD


def main(words: list[str]) -> int:
    """Run the pages; with --write renew them, else only say what differs."""
    with tempfile.TemporaryDirectory() as folder, a_stage(Path(folder)) as stage:
        renewed = {page: stage.page(page.read_text(), page.name) for page in HELD}
    for wrong in stage.wrong:
        sys.stdout.write(f"{wrong}\n")
    if "--write" in words:
        for page, text in renewed.items():
            page.write_text(text)
    return 0 if "--write" in words else bool(stage.wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
