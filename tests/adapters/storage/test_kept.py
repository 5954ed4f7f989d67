from __future__ import annotations

from pathlib import Path

import pytest

from rudaux.adapters.storage import Homes
from rudaux.config import GitSettings, HubSettings
from rudaux.domain.collection import Located


@pytest.fixture
def homes(tmp_path: Path) -> Homes:
    work = tmp_path / "homes" / "1" / "dsci100" / "m" / "hw"
    (work / "data").mkdir(parents=True)
    (work / ".ipynb_checkpoints").mkdir()
    (work / ".ipynb_checkpoints" / "hw-checkpoint.ipynb").write_text("{}")
    (work / "hw.ipynb").write_text("{}")
    (work / "data" / "moons.csv").write_text("Io")
    (work / "link.csv").symlink_to("data/moons.csv")
    hub = HubSettings("https://hub.example.edu", tmp_path / "homes")
    return Homes(hub, GitSettings("git@host:org/teach.git", "git@host:org/dsci100.git", "m"))


def test_what_was_copied_is_known_again_and_a_change_is_noticed(
    homes: Homes, tmp_path: Path
) -> None:
    found = Located(tmp_path / "homes" / "1" / "dsci100" / "m" / "hw")
    target = tmp_path / "submitted" / "hw"
    assert homes.kept(target) is None
    copied = homes.copy(found, target)
    kept = homes.kept(target)
    assert kept is not None
    assert (kept.files, kept.digest) == (("data/moons.csv", "hw.ipynb"), copied.digest)
    (target / "timestamp.txt").write_text("2026-10-01 23:59:59 UTC")
    assert homes.kept(target) == kept
    (target / "hw.ipynb").write_text("{ }")
    changed = homes.kept(target)
    assert changed is not None
    assert (changed.files, changed.digest == kept.digest) == (kept.files, False)
