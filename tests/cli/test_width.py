"""What a narrow terminal shows: no line breaks inside a word or a command."""

from __future__ import annotations

import pytest

from rudaux.cli.width import blocks, column_widths, wrapped

STATUS = [
    ("assignment", "homework_1"), ("due", "Sun 22 Nov 23:59"), ("Canvas", "published"),
]  # fmt: skip


def test_a_line_is_broken_between_words_and_goes_on_under_its_own_indent() -> None:
    said = wrapped("  the gradebook of homework_1 cannot be read", 24)
    assert said == "  the gradebook of\n  homework_1 cannot be\n  read"


def test_a_command_is_never_broken() -> None:
    assert wrapped("run `chmod o-rx /srv`, and go on", 18) == "run\n`chmod o-rx /srv`,\nand go on"


def test_a_word_longer_than_the_terminal_stays_whole() -> None:
    assert wrapped(f"in {'x' * 30} now", 20) == f"in\n{'x' * 30}\nnow"


@pytest.mark.parametrize("width", [25, 35, 45, 200])
def test_no_column_is_narrower_than_its_longest_word(width: int) -> None:
    widths = column_widths(STATUS, width)
    if widths is None:
        assert width < 10 + 5 + 9 + 4
        return
    assert sum(widths) + 4 <= width
    assert all(w >= longest for w, longest in zip(widths, (10, 5, 9), strict=True))


def test_a_table_that_does_not_fit_becomes_a_block_for_each_row() -> None:
    header = ["assignment", "due", "failed"]
    shown = blocks(header, [["homework_1", "Sun 22 Nov 23:59", "·"]], 24)
    assert shown == "homework_1\n  due         Sun 22 Nov\n              23:59"
