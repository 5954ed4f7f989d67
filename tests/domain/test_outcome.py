from __future__ import annotations

from rudaux.domain.outcome import Outcome


def test_only_what_is_done_leaves_nothing_to_do() -> None:
    assert Outcome("Io").ok
    assert not Outcome("Io", "held", "a doubt").ok
    assert not Outcome("Io", "failed", "unreadable").ok
