"""Submissions that differ by their files: names, copies, litter, and files that are no notebook."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

from tests.corpus.assignment import FULL, MEAN, RIGHT
from tests.corpus.cases import Case, Work, then
from tests.corpus.notebooks import WRONG_AREA

COPY = "circles__20261001120000.ipynb"
LATIN = os.fsdecode(b"caf\xe9.ipynb")


def _rename(new: str) -> Case:
    def change(work: Work) -> None:
        (work.folder / new).parent.mkdir(exist_ok=True)
        work.file().rename(work.folder / new)

    return Case(f"renamed to {new}", then(change), repairs=(f"{re.escape(new)} was graded as",))


def _renamed_to_latin(work: Work) -> None:
    work.file().rename(work.folder / LATIN)


def _unreadable_in_latin(work: Work) -> None:
    for path in work.folder.glob("*.ipynb"):
        path.unlink()
    (work.folder / LATIN).write_text("{")


def _copy_beside_a_blank(work: Work) -> None:
    work.file().rename(work.folder / COPY)
    work.folder.joinpath("circles.ipynb").write_bytes(released(work, "circles"))


def _equal_copy(work: Work) -> None:
    shutil.copyfile(work.file(), work.folder / COPY)


def _differing_copy(work: Work) -> None:
    _equal_copy(work)
    work.answer(area=WRONG_AREA)


def _broken_copy_beside_a_blank(work: Work) -> None:
    _copy_beside_a_blank(work)
    (work.folder / COPY).write_text("{")


def _another_name_without_ids(work: Work) -> None:
    content = json.loads(work.file("words").read_text())
    for cell in content["cells"]:
        cell["metadata"] = {}
    work.file("words").unlink()
    (work.folder / "my final answer.ipynb").write_text(json.dumps(content))


def _unreadable_under_another_name(work: Work) -> None:
    work.file("words").unlink()
    (work.folder / "final.ipynb").write_text("{")


def _only_a_broken_copy(work: Work) -> None:
    work.file().unlink()
    (work.folder / COPY).write_text("{")


def released(work: Work, notebook: str) -> bytes:
    """Give the notebook as it was released."""
    return (work.site.course / "release" / "shapes" / f"{notebook}.ipynb").read_bytes()


def _litter(work: Work) -> None:
    (work.folder / "circles.html").write_text("<html></html>")
    (work.folder / "empty").mkdir()
    (work.folder / ".ipynb_checkpoints").mkdir()
    shutil.copyfile(work.file(), work.folder / ".ipynb_checkpoints" / "circles-checkpoint.ipynb")
    (work.folder / "notes" / "deep").mkdir(parents=True)
    (work.folder / "notes" / "deep" / "a file\nwith a name.txt").write_text("notes")
    (work.folder / "Untitled.ipynb").write_text("")
    Path(os.fsdecode(os.fsencode(work.folder) + b"/caf\xe9.txt")).write_text("Latin")


def _folder_of_that_name(work: Work) -> None:
    work.file().rename(work.folder / "my circles.ipynb")
    (work.folder / "circles.ipynb").mkdir()
    (work.folder / "circles.ipynb" / "data.txt").write_text("data")


def _own_data(work: Work) -> None:
    (work.folder / "radii.csv").write_text("radius\n2.5\n")
    (work.folder / "helper.py").write_text(MEAN.replace("()", "(radii)"))
    work.answer(mean="import helper\n\ndef mean_radius():\n    return helper.mean_radius(radii)")


def _folder_for_data(work: Work) -> None:
    (work.folder / "radii.csv").unlink()
    (work.folder / "radii.csv").mkdir()


def _remove(*names: str) -> Case:
    def change(work: Work) -> None:
        for name in names:
            work.file(name).unlink()

    score = FULL - 3 if names == ("words",) else 3
    return Case(f"without {names[0]}", then(change), score=score,
                repairs=(f"{names[0]}.ipynb was not handed in",),
                says=f"{names[0]}.ipynb was not handed in")  # fmt: skip


def _no_notebook(work: Work) -> None:
    for path in work.folder.glob("*.ipynb"):
        path.unlink()
    (work.folder / "essay.txt").write_text("I had no time.")


def _bytes(name: str, content: bytes, says: str) -> Case:
    return Case(name, then(lambda work: _write(work, content)), "failed", None, says=says)


def _write(work: Work, content: bytes) -> None:
    work.file().write_bytes(content)


def _conflict(work: Work) -> None:
    text = json.dumps(work.read(), indent=1)
    mine = '  "cell_type": "markdown",'
    both = f"<<<<<<< HEAD\n{mine}\n=======\n{mine}\n>>>>>>> upstream/main"
    work.file().write_text(text.replace(mine, both, 1))


def _byte_order_mark(work: Work) -> None:
    work.file().write_bytes(b"\xef\xbb\xbf" + work.file().read_bytes())


def _with_output(size: int) -> Case:
    def change(work: Work) -> None:
        output = {"output_type": "stream", "name": "stdout", "text": "x" * size}
        work.edit(lambda content: content["cells"][1].update(outputs=[output]))

    name = f"{size // 1_000_000} MB of output in the file"
    if size < 50_000_000:
        return Case(name, then(change), repairs=(f"circles.ipynb .*{size // 1_000_000} MB",))
    return Case(name, then(change), "failed", None, says=r"circles.ipynb.* MB")


def _link(target: str) -> Case:
    def change(work: Work) -> None:
        victim = work.site.homes / work.site.bystander / "dsci100" / "materials" / "shapes"
        aim = {"another student": victim / "circles.ipynb", "the source": work.site.course}
        (work.folder / "circles.ipynb").unlink()
        (work.folder / "circles.ipynb").symlink_to(aim[target])

    return Case(f"symbolic link to {target}", then(change), "failed", None,
                says=r"circles.ipynb.*\(symbolic link\)")  # fmt: skip


def _other_links(work: Work) -> None:
    (work.folder / "passwd.txt").symlink_to("/etc/passwd")
    (work.folder / "root").symlink_to("/")
    (work.folder / "radii.csv").unlink()
    (work.folder / "radii.csv").symlink_to(work.site.course / "gradebook.db")


def _pipe_and_device(work: Work) -> None:
    os.mkfifo(work.folder / "pipe")
    if os.geteuid() == 0:
        os.mknod(work.folder / "zero", 0o20666, os.makedev(1, 5))


def _pipe_as_notebook(work: Work) -> None:
    work.file().unlink()
    os.mkfifo(work.file())


def _not_utf8(work: Work) -> None:
    work.answer(**{**RIGHT, "area": "# caf\u00e9\nimport math"})
    text = json.dumps(work.read(), ensure_ascii=False)
    work.file().write_bytes(text.encode("latin-1"))


CASES = (
    _rename("Circles (final).ipynb"),
    _rename("circles/circles.ipynb"),
    _rename(COPY),
    Case("renamed to what is not UTF-8", then(_renamed_to_latin),
         repairs=(r"'caf.udce9\.ipynb' was graded as",)),
    Case("unreadable under a name that is not UTF-8", then(_unreadable_in_latin), "failed", None,
         says=r"'caf.udce9\.ipynb' is not valid JSON"),
    Case("nbgitpuller's copy beside a blank notebook", then(_copy_beside_a_blank),
         repairs=(f"{COPY} was graded as circles.ipynb",)),
    Case("an equal copy", then(_equal_copy)),
    Case("another name and no grade ids", then(_another_name_without_ids), "needs_manual",
         kind="held", score=FULL - 3, says=r"my final answer\.ipynb may be it"),
    Case("an unreadable notebook of another name", then(_unreadable_under_another_name),
         "needs_manual", kind="held", score=FULL - 3, says=r"final\.ipynb may be it"),
    Case("two candidates that differ", then(_differing_copy), "needs_manual", kind="held",
         score=FULL - 2, says=f"{COPY} has different answers"),
    Case("an unreadable copy beside a blank notebook", then(_broken_copy_beside_a_blank),
         "failed", None, says=COPY),
    Case("an unreadable copy alone", then(_only_a_broken_copy), "failed", None, says=COPY),
    Case("stray files and folders", then(_litter)),
    Case("a folder with the notebook's name", then(_folder_of_that_name),
         repairs=("my circles.ipynb was graded as",)),
    Case("own files", then(_own_data)),
    Case("a folder in place of the data", then(_folder_for_data)),
    _remove("words"),
    _remove("circles"),
    Case("no notebook", then(_no_notebook), "failed", None, says="no notebook was handed in"),
    _bytes("empty file", b"", "is empty"),
    _bytes("invalid JSON", b'{"cells": [', "not valid JSON"),
    _bytes("JSON that is no notebook", b'{"a": 1}', "not a notebook"),
    _bytes("a picture", b"\x89PNG\r\n\x1a\n\xff\xfe", "not a text file"),
    _bytes("nested without end", b"[" * 100_000, "not valid JSON"),
    _bytes("a format to come", b'{"cells": [], "nbformat": 5}', "notebook format 5"),
    Case("merge conflict", then(_conflict), "failed", None, says="unresolved merge conflict"),
    Case("invalid UTF-8", then(_not_utf8), "failed", None, says="not a text file"),
    Case("byte order mark", then(_byte_order_mark)),
    _with_output(30_000_000),
    _with_output(60_000_000),
    _link("another student"),
    _link("the source"),
    Case("links beside the notebooks", then(_other_links),
        repairs=("passwd.txt: symbolic link", "radii.csv: symbolic link")),
    Case("a pipe and a device", then(_pipe_and_device), repairs=("pipe: pipe",)),
    Case("a pipe as notebook", then(_pipe_as_notebook), "failed", None,
         says=r"circles.ipynb.*\(pipe\)"),
)  # fmt: skip
