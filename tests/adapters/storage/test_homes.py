from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from rudaux.adapters.storage import Homes
from rudaux.adapters.storage.copy import Limits
from rudaux.config import GitSettings, HubSettings, SnapshotSettings
from rudaux.domain.collection import Absent, Located, NotYet, Unreadable
from rudaux.domain.snapshots import snapshot_time
from rudaux.errors import StorageFailure

UTC = timezone.utc
DEADLINE = datetime(2026, 10, 1, 23, 59, 59, tzinfo=UTC)
GIT = GitSettings("git@host:org/teach.git", "git@host:org/dsci100.git", "materials/public")
STAMPS = SnapshotSettings(
    ".zfs/snapshot", r"\d{4}-\d{2}-\d{2}-\d{4}", "%Y-%m-%d-%H%M", ZoneInfo("UTC")
)
OWN_STAMPS = SnapshotSettings(
    "{student_id}/.zfs/snapshot", STAMPS.pattern, STAMPS.format, STAMPS.timezone
)
WORK = "dsci100/materials/public/homework_1"


def homes(
    root: Path,
    snapshots: SnapshotSettings | None = None,
    work_path: str = HubSettings.work_path,
    limits: Limits | None = None,
) -> Homes:
    hub = HubSettings("https://hub.example.edu", root, work_path=work_path, snapshots=snapshots)
    return Homes(hub, GIT, limits)


def hand_in(home: Path, text: str = "{}") -> Path:
    """Write a homework into a home; give its folder."""
    folder = home / WORK
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "homework_1.ipynb").write_text(text)
    return folder


def files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A storage root in which student 1 handed in and student 2 only logged in."""
    root = tmp_path / "home"
    hand_in(root / "1")
    (root / "2" / ".jupyter").mkdir(parents=True)
    return root


class TestLiveFolders:
    def test_work_is_found(self, root: Path) -> None:
        assert homes(root).locate("1", "homework_1", DEADLINE) == Located(root / "1" / WORK)

    def test_a_home_without_the_folder_is_proof(self, root: Path) -> None:
        assert homes(root).locate("2", "homework_1", DEADLINE) == Absent("no dsci100")
        assert homes(root).locate("1", "homework_2", DEADLINE) == Absent(
            "no dsci100/materials/public/homework_2"
        )

    def test_no_home_among_others_means_never_logged_in(self, root: Path) -> None:
        found = homes(root).locate("3", "homework_1", DEADLINE)
        assert found == Absent("no home: never logged in")

    def test_a_folder_without_notebook_is_still_found(self, root: Path) -> None:
        (root / "1" / WORK / "homework_1.ipynb").unlink()
        assert isinstance(homes(root).locate("1", "homework_1", DEADLINE), Located)

    def test_an_assignment_is_matched_by_its_whole_name(self, root: Path) -> None:
        hand_in(root / "1").rename(root / "1" / WORK.replace("_1", "_10"))
        assert isinstance(homes(root).locate("1", "homework_1", DEADLINE), Absent)

    def test_homes_that_are_all_empty_prove_nothing(self, tmp_path: Path) -> None:
        for student in "12":
            (tmp_path / "home" / student).mkdir(parents=True)
        found = homes(tmp_path / "home").locate("1", "homework_1", DEADLINE)
        assert isinstance(found, Unreadable)
        assert "check that they are mounted" in found.reason

    def test_one_empty_home_among_used_ones_is_proof(self, root: Path) -> None:
        (root / "3").mkdir()
        assert isinstance(homes(root).locate("3", "homework_1", DEADLINE), Absent)

    def test_a_home_that_is_gone_or_empty_is_told_apart_from_one_without_the_work(
        self, root: Path
    ) -> None:
        (root / "3").mkdir()
        (root / "5" / WORK).parent.mkdir(parents=True)
        found = [homes(root).locate(student, "homework_1", DEADLINE) for student in "5234"]
        said = [one.home for one in found if isinstance(one, Absent)]
        missing = "their home has no dsci100"
        assert said == ["", missing, "their home is empty", "their home is gone"]

    def test_only_folders_of_all_assignments_tell_that_a_home_is_another(self, root: Path) -> None:
        paths = "{student_id}/{assignment}/work", "{student_id}/work/{assignment}"
        each, below = (homes(root, work_path=p).locate("2", "homework_1", DEADLINE) for p in paths)
        assert isinstance(each, Absent)
        assert isinstance(below, Absent)
        assert (each.home, below.home) == ("", "their home has no work")

    @pytest.mark.parametrize("made", [(), ("",), ("lost+found", ".zfs")])
    def test_a_root_without_homes_stops_the_run(
        self, tmp_path: Path, made: tuple[str, ...]
    ) -> None:
        root = tmp_path / "home"
        for name in made:
            (root / name).mkdir(parents=True)
        with pytest.raises(StorageFailure, match="mounted"):
            homes(root).check()
        with pytest.raises(StorageFailure, match=r"storage_path in rudaux\.toml"):
            homes(root).locate("1", "homework_1", DEADLINE)

    def test_homes_may_lie_deeper_than_the_root(self, root: Path) -> None:
        deeper = homes(
            root.parent, work_path="home/{student_id}/{repo}/{release_path}/{assignment}"
        )
        deeper.check()
        assert isinstance(deeper.locate("1", "homework_1", DEADLINE), Located)
        assert deeper.locate("3", "homework_1", DEADLINE) == Absent("no home: never logged in")

    def test_no_release_path_leaves_no_gap(self, root: Path) -> None:
        (root / "1" / "dsci100" / "homework_9").mkdir()
        hub = HubSettings("https://hub.example.edu", root)
        git = GitSettings("x", "https://host/org/dsci100.git", "")
        found = Homes(hub, git).locate("1", "homework_9", DEADLINE)
        assert found == Located(root / "1" / "dsci100" / "homework_9")

    @pytest.mark.parametrize("name", ["..", "../1", "/etc", "", ".", "1/../../x"])
    def test_a_name_that_leads_elsewhere_is_never_looked_up(self, root: Path, name: str) -> None:
        assert isinstance(homes(root).locate(name, "homework_1", DEADLINE), Unreadable)
        assert isinstance(homes(root).locate("1", name, DEADLINE), Unreadable)

    @pytest.mark.parametrize("level", ["dsci100", "dsci100/materials", WORK])
    def test_a_link_on_the_way_is_not_followed_and_no_proof(self, root: Path, level: str) -> None:
        secret = hand_in(root / "9")
        link = root / "2" / level
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(secret)
        found = homes(root).locate("2", "homework_1", DEADLINE)
        assert found == Unreadable(f"{link} is a symbolic link, which is never followed")

    def test_a_file_in_the_folders_place_is_no_proof(self, root: Path) -> None:
        (root / "2" / "dsci100").write_text("x")
        found = homes(root).locate("2", "homework_1", DEADLINE)
        assert isinstance(found, Unreadable)

    def test_a_home_that_the_administrator_moved_and_linked_is_read(self, root: Path) -> None:
        (root / "1").rename(root.parent / "elsewhere")
        (root / "1").symlink_to(root.parent / "elsewhere")
        found = homes(root).locate("1", "homework_1", DEADLINE)
        assert isinstance(found, Located)
        homes(root).copy(found, root.parent / "out")
        assert files(root.parent / "out") == ["homework_1.ipynb"]

    def test_a_dangling_home_is_no_proof(self, root: Path) -> None:
        (root / "3").symlink_to(root.parent / "not-mounted")
        assert isinstance(homes(root).locate("3", "homework_1", DEADLINE), Unreadable)


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder of the user nobody, who this process is meanwhile: root may read everything."""
    folder = Path(tempfile.mkdtemp())
    if os.geteuid() == 0:
        os.chown(folder, 65534, 65534)
        os.seteuid(65534)
        try:
            yield folder
        finally:
            os.seteuid(0)
            shutil.rmtree(folder)
    else:
        yield folder
        os.system(f"chmod -R u+rwx {folder}")
        shutil.rmtree(folder)


class TestPermissions:
    @pytest.mark.parametrize("closed", ["2", "2/dsci100", f"2/{WORK}"])
    def test_what_may_not_be_read_is_no_proof(self, unprivileged: Path, closed: str) -> None:
        hand_in(unprivileged / "1")
        hand_in(unprivileged / "2")
        (unprivileged / closed).chmod(0)
        found = homes(unprivileged).locate("2", "homework_1", DEADLINE)
        assert isinstance(found, Unreadable)
        assert "Permission denied" in found.reason

    def test_a_root_that_may_not_be_read_stops_the_run(self, unprivileged: Path) -> None:
        root = unprivileged / "home"
        hand_in(root / "1")
        root.chmod(0)
        with pytest.raises(StorageFailure, match="Permission denied"):
            homes(root).locate("1", "homework_1", DEADLINE)

    def test_a_file_that_may_not_be_read_fails_the_copy_and_keeps_the_old_one(
        self, unprivileged: Path
    ) -> None:
        folder = hand_in(unprivileged / "home" / "1")
        (folder / "z.csv").write_text("1")
        (folder / "z.csv").chmod(0)
        out = unprivileged / "out"
        out.mkdir()
        (out / "kept").touch()
        with pytest.raises(StorageFailure, match=r"homework_1/z\.csv: Permission denied"):
            homes(unprivileged / "home").copy(Located(folder), out)
        assert files(out) == ["kept"]
        assert sorted(p.name for p in unprivileged.iterdir()) == ["home", "out"]


def snap(root: Path, name: str, *students: str) -> Path:
    """Make a snapshot of the whole storage, in which some students handed in."""
    base = root / ".zfs" / "snapshot" / name
    for student in students:
        hand_in(base / student)
    base.mkdir(parents=True, exist_ok=True)
    return base


class TestCommonSnapshots:
    def test_the_earliest_at_or_after_the_deadline_is_read(self, root: Path) -> None:
        for name in ("auto-2026-10-03-0030", "auto-2026-10-02-0030", "auto-2026-10-01-0030"):
            snap(root, name, "1")
        found = homes(root, STAMPS).locate("1", "homework_1", DEADLINE)
        name = "auto-2026-10-02-0030"
        assert found == Located(root / ".zfs" / "snapshot" / name / "1" / WORK, name)

    def test_one_taken_at_the_very_deadline_counts(self, root: Path) -> None:
        snap(root, "2026-10-02-0030", "1")
        at = datetime(2026, 10, 2, 0, 30, tzinfo=UTC)
        assert isinstance(homes(root, STAMPS).locate("1", "homework_1", at), Located)
        later = homes(root, STAMPS).locate("1", "homework_1", at + timedelta(seconds=1))
        assert isinstance(later, NotYet)

    def test_each_deadline_has_its_own_snapshot(self, root: Path) -> None:
        snap(root, "2026-10-02-0030", "1")
        snap(root, "2026-10-03-0030", "1")
        storage = homes(root, STAMPS)
        found = [storage.locate("1", "homework_1", DEADLINE + timedelta(days=d)) for d in (0, 1)]
        assert [f.snapshot for f in found if isinstance(f, Located)] == [
            "2026-10-02-0030", "2026-10-03-0030",
        ]  # fmt: skip

    def test_without_one_yet_the_live_folder_is_not_read(self, root: Path) -> None:
        snap(root, "2026-10-01-0030", "1")
        assert homes(root, STAMPS).locate("1", "homework_1", DEADLINE) == NotYet(
            "no snapshot at or after 2026-10-01 23:59 UTC yet; the newest is 2026-10-01-0030"
        )

    def test_names_that_hold_no_time_are_told(self, root: Path) -> None:
        snap(root, "weekly", "1")
        found = homes(root, STAMPS).locate("1", "homework_1", DEADLINE)
        assert isinstance(found, NotYet)
        assert "such as weekly" in found.reason

    def test_a_student_who_joined_later_was_not_there(self, root: Path) -> None:
        snap(root, "2026-10-02-0030", "1")
        found = homes(root, STAMPS).locate("2", "homework_1", DEADLINE)
        assert found == Absent("no home in snapshot 2026-10-02-0030: not logged in by then")

    @pytest.mark.parametrize("left", ["nothing", "an empty home"])
    def test_a_snapshot_that_lacks_what_the_one_before_has_proves_nothing(
        self, root: Path, left: str
    ) -> None:
        snap(root, "2026-10-01-0030", "1", "2")
        base = snap(root, "2026-10-02-0030", "1")
        if left == "an empty home":
            (base / "2").mkdir()
        found = homes(root, STAMPS).locate("2", "homework_1", DEADLINE)
        assert isinstance(found, Unreadable)
        assert "but snapshot 2026-10-01-0030 has files of theirs" in found.reason
        assert isinstance(homes(root, STAMPS).locate("3", "homework_1", DEADLINE), Absent)

    @pytest.mark.parametrize("gone", ["dsci100", "dsci100/materials", WORK])
    def test_work_that_is_gone_since_the_snapshot_before_is_no_proof(
        self, root: Path, gone: str
    ) -> None:
        snap(root, "2026-10-01-0030", "1", "2")
        base = snap(root, "2026-10-02-0030", "1", "2")
        (base / "2" / ".jupyter").mkdir()
        (base / "2" / WORK).with_name("homework_0").mkdir()
        shutil.rmtree(base / "2" / gone)
        found = homes(root, STAMPS).locate("2", "homework_1", DEADLINE)
        assert isinstance(found, Unreadable)
        assert "but snapshot 2026-10-01-0030 has files of theirs" in found.reason
        other = homes(root, STAMPS).locate("2", "homework_2", DEADLINE)
        assert isinstance(other, Absent if gone == WORK else Unreadable)

    def test_a_link_or_an_empty_folder_in_the_snapshot_before_is_no_work(self, root: Path) -> None:
        before = snap(root, "2026-10-01-0030", "1")
        base = snap(root, "2026-10-02-0030", "1")
        for student in "23":
            (before / student / ".jupyter").mkdir(parents=True)
            (base / student / ".jupyter").mkdir(parents=True)
        (before / "2" / "dsci100").symlink_to(before / "1" / "dsci100")
        (before / "3" / "dsci100").mkdir()
        found = [homes(root, STAMPS).locate(sid, "homework_1", DEADLINE) for sid in "23"]
        assert [type(one) for one in found] == [Absent, Absent]

    def test_a_home_without_the_folder_is_proof(self, root: Path) -> None:
        base = snap(root, "2026-10-02-0030", "1")
        (base / "2" / ".jupyter").mkdir(parents=True)
        found = homes(root, STAMPS).locate("2", "homework_1", DEADLINE)
        assert found == Absent("no 2/dsci100 in snapshot 2026-10-02-0030")

    def test_an_empty_snapshot_is_no_proof(self, root: Path) -> None:
        snap(root, "2026-10-02-0030")
        assert isinstance(homes(root, STAMPS).locate("1", "homework_1", DEADLINE), Unreadable)

    def test_homes_that_are_data_sets_of_their_own_are_recognised(self, root: Path) -> None:
        base = snap(root, "2026-10-02-0030")
        for student in "12":
            (base / student).mkdir()
        found = homes(root, STAMPS).locate("1", "homework_1", DEADLINE)
        assert isinstance(found, Unreadable)
        assert '"{student_id}/.zfs/snapshot"' in found.reason

    def test_a_missing_snapshot_folder_stops_the_run(self, root: Path) -> None:
        with pytest.raises(StorageFailure, match=r"jupyterhub\.snapshots\.path"):
            homes(root, STAMPS).check()
        with pytest.raises(StorageFailure, match=r"jupyterhub\.snapshots\.path"):
            homes(root, STAMPS).locate("1", "homework_1", DEADLINE)

    def test_a_home_linked_out_of_the_snapshot_would_be_the_live_one(self, root: Path) -> None:
        base = snap(root, "2026-10-02-0030", "2")
        (base / "1").symlink_to(root / "1")
        assert isinstance(homes(root, STAMPS).locate("1", "homework_1", DEADLINE), Unreadable)

    def test_copies_what_the_snapshot_holds(self, root: Path, tmp_path: Path) -> None:
        base = snap(root, "2026-10-02-0030", "1")
        hand_in(base / "1", "as of the deadline")
        storage = homes(root, STAMPS)
        found = storage.locate("1", "homework_1", DEADLINE)
        assert isinstance(found, Located)
        storage.copy(found, tmp_path / "out")
        assert (tmp_path / "out" / "homework_1.ipynb").read_text() == "as of the deadline"


class TestOwnSnapshots:
    def test_the_work_lies_under_each_students_snapshot(self, root: Path, tmp_path: Path) -> None:
        own = root / "1" / ".zfs" / "snapshot" / "2026-10-02-0030"
        hand_in(own, "as of the deadline")
        storage = homes(root, OWN_STAMPS)
        storage.check()
        found = storage.locate("1", "homework_1", DEADLINE)
        assert found == Located(own / WORK, "2026-10-02-0030")
        storage.copy(found, tmp_path / "out")
        assert (tmp_path / "out" / "homework_1.ipynb").read_text() == "as of the deadline"

    def test_an_empty_snapshot_after_a_full_one_is_no_proof(self, root: Path) -> None:
        own = root / "1" / ".zfs" / "snapshot"
        hand_in(own / "2026-10-01-0030")
        (own / "2026-10-02-0030").mkdir()
        found = homes(root, OWN_STAMPS).locate("1", "homework_1", DEADLINE)
        assert isinstance(found, Unreadable)
        assert found.reason.startswith("their home is empty in snapshot 2026-10-02-0030, but")

    def test_a_snapshot_without_the_folder_is_proof(self, root: Path) -> None:
        (root / "2" / ".zfs" / "snapshot" / "2026-10-02-0030").mkdir(parents=True)
        found = homes(root, OWN_STAMPS).locate("2", "homework_1", DEADLINE)
        assert found == Absent("no dsci100 in snapshot 2026-10-02-0030")

    def test_a_home_without_snapshots_is_no_proof(self, root: Path) -> None:
        found = homes(root, OWN_STAMPS).locate("1", "homework_1", DEADLINE)
        assert isinstance(found, Unreadable)

    def test_a_home_that_never_was_is_proof(self, root: Path) -> None:
        found = homes(root, OWN_STAMPS).locate("3", "homework_1", DEADLINE)
        assert found == Absent("no home: never logged in")


@pytest.mark.parametrize(
    ("zone", "name", "utc"),
    [
        ("America/Vancouver", "s-2026-10-02-0030", datetime(2026, 10, 2, 7, 30, tzinfo=UTC)),
        # 01:30 occurs twice on this day: the earlier one counts
        ("America/Vancouver", "2025-11-02-0130", datetime(2025, 11, 2, 8, 30, tzinfo=UTC)),
        ("UTC", "2026-13-02-0030", None),
        ("UTC", "hourly", None),
    ],
)
def test_a_snapshots_time_is_read_in_its_zone(zone: str, name: str, utc: datetime | None) -> None:
    settings = SnapshotSettings("x", STAMPS.pattern, STAMPS.format, ZoneInfo(zone))
    assert snapshot_time(settings, name) == utc


class TestCopy:
    def test_takes_files_and_folders_with_their_times(self, root: Path, tmp_path: Path) -> None:
        folder = hand_in(root / "1")
        (folder / "data").mkdir()
        (folder / "data" / "ü x.csv").write_text("1,2")
        (folder / "data" / "ü x.csv").chmod(0o4777)
        os.utime(folder / "data" / "ü x.csv", (1_600_000_000, 1_600_000_000))
        os.utime(folder / "homework_1.ipynb", (1_700_000_000, 1_700_000_000))
        out = tmp_path / "submitted" / "1" / "homework_1"
        copied = homes(root).copy(Located(folder), out)
        assert files(out) == ["data/ü x.csv", "homework_1.ipynb"]
        assert copied.modified_at == datetime.fromtimestamp(1_700_000_000, UTC)
        assert copied.skipped == ()
        assert (out / "data" / "ü x.csv").stat().st_mtime == 1_600_000_000
        assert (out / "data" / "ü x.csv").stat().st_mode & 0o7133 == 0
        assert [p.name for p in out.parent.iterdir()] == ["homework_1"]

    def test_the_digest_tells_names_and_contents_and_nothing_else(
        self, root: Path, tmp_path: Path
    ) -> None:
        folder = hand_in(root / "1")
        storage, found = homes(root), Located(hand_in(root / "1"))
        first = storage.copy(found, tmp_path / "out").digest
        os.utime(folder / "homework_1.ipynb", (1, 1))
        assert storage.copy(found, tmp_path / "out").digest == first
        (folder / "homework_1.ipynb").write_text("{ }")
        changed = storage.copy(found, tmp_path / "out").digest
        (folder / "homework_1.ipynb").rename(folder / "homework_2.ipynb")
        renamed = storage.copy(found, tmp_path / "out").digest
        assert len({first, changed, renamed}) == 3

    def test_replaces_what_was_there_whole(self, root: Path, tmp_path: Path) -> None:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "stale.ipynb").touch()
        for _ in range(2):
            homes(root).copy(Located(root / "1" / WORK), tmp_path / "out")
            assert files(tmp_path / "out") == ["homework_1.ipynb"]
        assert sorted(p.name for p in tmp_path.iterdir()) == ["home", "out"]

    def test_follows_no_link_and_opens_nothing_but_files(
        self, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = hand_in(root / "1")
        (tmp_path / "secret").write_text("solution")
        (folder / "link.ipynb").symlink_to(tmp_path / "secret")
        (folder / "tree").symlink_to(tmp_path)
        (folder / "inside.ipynb").symlink_to("homework_1.ipynb")
        os.mkfifo(folder / "pipe.ipynb")
        monkeypatch.chdir(folder)  # a socket's path must be short
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("sock")
            copied = homes(root).copy(Located(folder), tmp_path / "out")
        assert files(tmp_path / "out") == ["homework_1.ipynb"]
        assert copied.skipped == (
            "inside.ipynb: symbolic link",
            "link.ipynb: symbolic link",
            "pipe.ipynb: pipe",
            "sock: socket",
            "tree: symbolic link",
        )

    def test_a_folder_swapped_for_a_link_after_the_look_up_is_not_followed(
        self, root: Path, tmp_path: Path
    ) -> None:
        storage = homes(root)
        found = storage.locate("1", "homework_1", DEADLINE)
        assert isinstance(found, Located)
        hand_in(root / "9", "somebody else's")
        (root / "1" / "dsci100").rename(root / "1" / "aside")
        (root / "1" / "dsci100").symlink_to(root / "9" / "dsci100")
        with pytest.raises(StorageFailure, match="cannot be copied"):
            storage.copy(found, tmp_path / "out")
        assert not (tmp_path / "out").exists()

    def test_leaves_litter_behind_without_a_word(self, root: Path, tmp_path: Path) -> None:
        folder = hand_in(root / "1")
        for name in (".ipynb_checkpoints", ".git", "__pycache__"):
            (folder / name).mkdir()
            (folder / name / "x").touch()
        (folder / ".DS_Store").touch()
        copied = homes(root).copy(Located(folder), tmp_path / "out")
        assert files(tmp_path / "out") == ["homework_1.ipynb"]
        assert copied.skipped == ()

    def test_a_huge_file_is_left_behind_and_named(self, root: Path, tmp_path: Path) -> None:
        folder = hand_in(root / "1")
        with (folder / "huge\x1b[1m.bin").open("wb") as huge:
            huge.truncate(101 * 1024**2)
        copied = homes(root).copy(Located(folder), tmp_path / "out")
        assert files(tmp_path / "out") == ["homework_1.ipynb"]
        assert copied.skipped == ("'huge\\x1b[1m.bin': larger than 100 MB",)

    @pytest.mark.parametrize(
        ("limits", "words"),
        [
            (Limits(total=1024**2), "more than 1 MB"),
            (Limits(entries=2), "more than 2 files"),
            (Limits(depth=1), "nested more than 1 deep"),
        ],
    )
    def test_a_folder_beyond_every_measure_is_refused_whole(
        self, root: Path, tmp_path: Path, limits: Limits, words: str
    ) -> None:
        folder = hand_in(root / "1")
        (folder / "a" / "b").mkdir(parents=True)
        (folder / "a" / "b" / "big").write_bytes(b"x" * (1024**2 + 1))
        (folder / "c").touch()
        with pytest.raises(StorageFailure, match=words) as caught:
            homes(root, limits=limits).copy(Located(folder), tmp_path / "out")
        assert str(folder) in str(caught.value)
        assert [p.name for p in tmp_path.iterdir()] == ["home"]

    def test_times_that_cannot_be_are_not_believed(self, root: Path, tmp_path: Path) -> None:
        folder = hand_in(root / "1")
        os.utime(folder / "homework_1.ipynb", (9e9, 9e9))
        before = datetime.now(UTC)
        copied = homes(root).copy(Located(folder), tmp_path / "out")
        assert before <= copied.modified_at <= datetime.now(UTC)

    def test_an_empty_folder_has_its_own_time(self, root: Path, tmp_path: Path) -> None:
        folder = hand_in(root / "1")
        (folder / "homework_1.ipynb").unlink()
        os.utime(folder, (1_600_000_000, 1_600_000_000))
        copied = homes(root).copy(Located(folder), tmp_path / "out")
        assert copied.modified_at == datetime.fromtimestamp(1_600_000_000, UTC)
        assert (tmp_path / "out").is_dir()

    def test_what_a_killed_run_left_is_put_right(self, root: Path, tmp_path: Path) -> None:
        target = tmp_path / "submitted" / "homework_1"
        (target.parent / ".homework_1.0123456789ab.part" / "half").mkdir(parents=True)
        (target.parent / ".homework_1.0123456789ab.old").mkdir()
        (target.parent / ".homework_1.0123456789ab.old" / "earlier.ipynb").touch()
        with pytest.raises(StorageFailure):
            homes(root).copy(Located(root / "2" / WORK), target)
        assert files(target) == ["earlier.ipynb"]
        homes(root).copy(Located(root / "1" / WORK), target)
        assert files(target) == ["homework_1.ipynb"]
        assert [p.name for p in target.parent.iterdir()] == ["homework_1"]


def test_homes_are_listed_where_they_lie_side_by_side(root: Path) -> None:
    (root / ".zfs").mkdir()
    assert homes(root).list_homes() == frozenset({"1", "2"})
    named = homes(root, work_path="home-{student_id}/{repo}/{assignment}")
    assert named.list_homes() is None


def test_the_newest_snapshot_is_told_by_the_time_in_its_name(root: Path) -> None:
    assert homes(root).newest_snapshot() is None
    for name in ("2026-10-02-0030", "2026-10-01-2300", "notes"):
        (root / ".zfs" / "snapshot" / name).mkdir(parents=True)
    taken = datetime(2026, 10, 2, 0, 30, tzinfo=UTC)
    assert homes(root, STAMPS).newest_snapshot() == ("2026-10-02-0030", taken)
