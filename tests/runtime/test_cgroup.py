"""Control groups: where one may be made, what it is told, and what it counts."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from rudaux.runtime import cgroup
from rudaux.runtime.cgroup import Counters, Place

OWN = "user.slice/app.slice/run-1.scope"


@pytest.fixture
def unified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree as cgroup v2 has it, where memory is given on down to app.slice."""
    monkeypatch.setattr(cgroup, "_MOUNT", tmp_path)
    lines = cgroup._lines
    said = {Path("/proc/self/cgroup"): [f"0::/{OWN}"]}
    monkeypatch.setattr(cgroup, "_lines", lambda file: said.get(file) or lines(file))
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids")
    own = tmp_path / OWN
    own.mkdir(parents=True)
    for folder in (own, own.parent, own.parent.parent, tmp_path):
        (folder / "cgroup.procs").touch()
        (folder / "cgroup.subtree_control").write_text("" if folder == own else "memory pids\n")
    return tmp_path


def test_a_group_is_made_beside_our_own_which_holds_processes(unified: Path) -> None:
    assert cgroup.find() == Place(unified / OWN.rpartition("/")[0], is_unified=True)


def test_nothing_is_found_where_memory_is_given_to_nobody(unified: Path) -> None:
    for file in unified.rglob("cgroup.subtree_control"):
        file.write_text("pids\n")
    assert cgroup.find() is None


def test_memory_is_asked_for_in_what_was_delegated_with_nobody_using_it(
    unified: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = unified / OWN
    (own / "cgroup.procs").write_text("1\n")
    write = Path.write_text

    def ask(file: Path, text: str) -> None:
        """Answer as Linux does: a group that holds processes gives no controller on."""
        if file.with_name("cgroup.procs").read_text():
            raise OSError(errno.EBUSY, "Device or resource busy")
        write(file, f"{file.read_text()} {text.removeprefix('+')}")

    for folder in own.parents[:2]:
        (folder / "cgroup.subtree_control").write_text("pids\n")
    monkeypatch.setattr(Path, "write_text", ask)
    assert cgroup.find() == Place(own.parent, is_unified=True)
    assert (own / "cgroup.subtree_control").read_text() == ""


def test_a_group_gets_its_limit_and_no_swap(tmp_path: Path) -> None:
    group = Place(tmp_path, is_unified=True).make("rudaux-1-1", 5 << 20)
    assert (group / "memory.max").read_text() == str(5 << 20)
    assert (group / "memory.swap.max").read_text() == "0"


def test_groups_of_this_server_and_of_dead_ones_are_swept_and_no_others(tmp_path: Path) -> None:
    for name in (f"{cgroup.prefix()}1", "rudaux-4194305-1", "rudaux-1-1", "other"):
        (tmp_path / name).mkdir()
    Place(tmp_path, is_unified=True).sweep(cgroup.prefix())
    assert sorted(group.name for group in tmp_path.iterdir()) == ["other", "rudaux-1-1"]


def older(hits: int, most: int) -> dict[str, str]:
    """What cgroup v1 has beside it: a limit of 8 bytes, and how near to it a group has come."""
    return {"failcnt": f"{hits}\n", "max_usage_in_bytes": f"{most}\n", "limit_in_bytes": "8\n"}


@pytest.mark.parametrize(
    ("files", "counted"),
    [
        ({"events": "low 0\nmax 7\noom 2\noom_kill 1\n"}, (1, 2)),
        ({"events": "low 0\noom_kill 1\n"}, (1, None)),
        ({"oom_control": "under_oom 0\noom_kill 3\n", **older(9, 5)}, (3, 9)),
        ({"oom_control": "under_oom 0\noom_kill 3\n", **older(0, 5)}, (3, 0)),
        ({"oom_control": "under_oom 0\noom_kill 3\n", **older(0, 8)}, (3, 3)),
    ],
)
def test_a_group_counts_its_dead_and_how_often_its_limit_was_why(
    files: dict[str, str], counted: tuple[int, int | None], tmp_path: Path
) -> None:
    for name, content in files.items():
        (tmp_path / f"memory.{name}").write_text(content)
    assert Counters(tmp_path)() == counted


def test_without_a_group_the_machine_alone_kills_for_memory() -> None:
    assert Counters()()[1] == 0
