"""An answer tried at once: does the hub answer, are the homes there, can git reach the remote?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rudaux.domain.links import Hub, HubSeen
from rudaux.domain.roster import Student
from rudaux.errors import RudauxError, StorageFailure
from rudaux.ports import Surroundings


@dataclass(frozen=True)
class Seen:
    """What was seen, as a sentence, and whether it is as it should be."""

    ok: bool
    text: str
    prefix: str = ""


def attempt(
    around: Surroundings,
    key: str,
    answers: Mapping[str, str],
    students: Callable[[], tuple[Student, ...]],
) -> Seen | None:
    """Try one answer; None where there is nothing to try."""
    if key == "hub_url":
        return _site(around.hub(Hub(answers["hub_url"])))
    if key == "base_url":
        return _hub(around.hub(Hub(answers["hub_url"], answers["base_url"])))
    if key in {"instructor_repo", "student_repo"}:
        return _remote(around, answers[key])
    if key == "storage":
        return _homes(around, Path(answers[key]).expanduser(), students)
    if key == "snapshots" and answers[key] and "{" not in answers[key]:
        return _snapshots(Path(answers["storage"]).expanduser() / answers[key])
    return None


def _site(seen: HubSeen) -> Seen:
    """Judge the site before its prefix is known: the hub need not be at its top."""
    if seen.answers:
        return Seen(True, "", seen.prefix)
    return Seen(False, f"{seen.instead}: check the address, and whether the hub is running.")


def _hub(seen: HubSeen) -> Seen | None:
    if not seen.answers:
        return None  # this was reported when the site was tried
    if seen.version:
        return Seen(True, f"JupyterHub {seen.version} answers there.")
    hint = f"its prefix seems to be {seen.prefix}" if seen.prefix else "check its prefix"
    return Seen(False, f"{seen.instead}: {hint}.")


def _remote(around: Surroundings, remote: str) -> Seen:
    try:
        around.reach(remote)
    except RudauxError as error:
        return Seen(False, sentence(error))
    return Seen(True, "Git can read it.")


def _homes(around: Surroundings, folder: Path, students: Callable[[], tuple[Student, ...]]) -> Seen:
    try:
        homes = around.homes(folder)
    except StorageFailure as error:
        return Seen(False, sentence(error))
    roster = {s.id for s in students()}
    if not roster:
        return Seen(True, f"It holds {len(homes)} folders.")
    there = len(roster & homes)
    if there:
        return Seen(True, f"{there} of {len(roster)} students have a home there.")
    return Seen(
        False,
        f"None of the {len(roster)} students has a home there: rudaux looks for one named by the "
        f"Canvas user id, such as {min(roster)}, but finds ones such as {min(homes)}.",
    )


def sentence(error: RudauxError) -> str:
    """Write an error as a sentence of its own; an address at its beginning stays as it is."""
    text = str(error).rstrip(".")
    first = text[:1] if "://" in text.partition(" ")[0] else text[:1].upper()
    return f"{first}{text[1:]}."


def _snapshots(folder: Path) -> Seen | None:
    there = folder.is_dir()
    return None if there else Seen(False, f"There is no folder {folder} on this machine.")
