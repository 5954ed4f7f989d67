"""Submissions that differ by their answers and by what the students did to the cells."""

from __future__ import annotations

import json
from typing import Any

import nbformat

from tests.corpus.assignment import AREA, COUNT, FULL, MEAN, RIGHT, cell_named
from tests.corpus.cases import (
    Case,
    Work,
    answers,
    edited,
    remarked,
    resourced,
    retyped,
    right,
    then,
    twice,
    without,
)

WRONG_AREA = "def area(radius):\n    return radius"


def _as_format_3(work: Work) -> None:
    notebook = nbformat.read(work.file(), as_version=4)
    work.file().write_text(json.dumps(nbformat.convert(notebook, 3)))


def _as_format_4_2(content: dict[str, Any]) -> None:
    content["nbformat_minor"] = 2
    for cell in content["cells"]:
        cell.pop("id", None)


def _without_marks(content: dict[str, Any]) -> None:
    for cell in content["cells"]:
        cell["metadata"] = {}


def _with_own_cells(content: dict[str, Any]) -> None:
    own: dict[str, Any] = {
        "cell_type": "code",
        "id": "mine",
        "metadata": {"nbgrader": {"grade_id": "mine", "grade": True, "points": 50}},
        "outputs": [],
        "execution_count": None,
        "source": "1 + 1",
    }
    content["cells"].insert(0, own)


def _skipping_tests(content: dict[str, Any]) -> None:
    for name in ("test_area", "test_mean"):
        cell_named(content, name)["metadata"]["tags"] = ["skip-execution"]


def _with_sham_outputs(content: dict[str, Any]) -> None:
    cell = cell_named(content, "test_area")
    data = {"text/plain": "2.0"}
    cell["execution_count"] = 7
    cell["outputs"] = [
        {"output_type": "execute_result", "execution_count": 7, "data": data, "metadata": {}}
    ]


def _wrong_and(change: Any) -> Any:
    def build(work: Work) -> None:
        work.answer(**{**RIGHT, "area": WRONG_AREA})
        work.edit(change)

    return build


def _explained_and(change: Any) -> Any:
    def build(work: Work) -> None:
        work.answer(**{**RIGHT, "explain": "It is round."})
        work.edit(change)

    return build


def _again_at_the_end(content: dict[str, Any]) -> None:
    content["cells"].append({**cell_named(content, "area"), "source": AREA, "id": "again"})


def _three_times(content: dict[str, Any]) -> None:
    for _ in range(2):
        twice("mean")(content)


def _copy_abroad(work: Work) -> None:
    cell = cell_named(work.read(), "mean")
    work.edit(lambda content: content["cells"].append(cell), "words")


CASES = (
    Case("right", right),
    Case("right with an answer to mark by hand", answers(explain="It is round."),
         "needs_manual", says="by hand"),
    Case("wrong", answers(area=WRONG_AREA, mean="def mean_radius():\n    return 1",
                          count="def count_words(text):\n    return 1"), score=0),
    Case("partly right", answers(area=WRONG_AREA), score=FULL - 2, outputs="AssertionError"),
    Case("right for the visible tests alone",
         answers(area="def area(radius):\n    return 3.142"), score=FULL - 2),
    Case("untouched", lambda work: None, score=0, outputs="NotImplementedError|NameError"),
    Case("copied test cell", edited(twice("test_area")),
         repairs=('"test_area" was there twice; it counts once',)),
    Case("copied test cell of a wrong answer, edited",
         _wrong_and(twice("test_area", source="area = lambda radius: 3.142")), score=FULL - 2,
         outputs="AssertionError"),
    Case("copied answer, the same", edited(twice("mean")),
         repairs=('"mean" was there twice; both were run',)),
    Case("copied answer, another", edited(twice("mean", source="def mean_radius(): return 1")),
         score=FULL - 3, repairs=('"mean" was there twice; both were run',)),
    Case("copied answer, the right one last", _wrong_and(twice("area", source=AREA)),
         repairs=('"area" was there twice; both were run',)),
    Case("copied answer, the other one as text", edited(
        twice("mean", source="def mean_radius(): return 1", cell_type="raw")),
        repairs=('"mean" was there twice; 1 of them was run',)),
    Case("copied answer, the right one after its test", _wrong_and(_again_at_the_end),
         score=FULL - 2, repairs=('"area" was there twice; both were run',)),
    Case("copied answer, three times", edited(_three_times),
         repairs=('"mean" was there 3 times; all were run',)),
    Case("copied answer, in another notebook", then(_copy_abroad),
         repairs=('words: cell "mean" of circles was here, too',)),
    Case("copied locked code", edited(twice("radii")),
         repairs=('"radii" was there twice; both were run',)),
    Case("copied locked text", edited(twice("text")), repairs=('"text" was there twice',)),
    Case("copied answer to mark by hand, the same", _explained_and(twice("explain")),
         "needs_manual", says="by hand", repairs=('"explain" was there twice; it counts once',)),
    Case("copied answer to mark by hand, another",
         _explained_and(twice("explain", source="It is flat.")), "needs_manual", kind="held",
         says="explain. was there twice with different answers"),
    Case("deleted test cell", edited(without("test_area")), repairs=("deleted cell test_area",)),
    Case("deleted test cell of a wrong answer", _wrong_and(without("test_area")),
         score=FULL - 2, repairs=("deleted cell test_area",)),
    Case("deleted manual cell", edited(without("explain")), "needs_manual",
         repairs=("deleted cell explain",)),
    Case("deleted locked cell", edited(without("radii")), repairs=("deleted cell radii",)),
    Case("deleted answer", edited(without("area")), score=FULL - 2, outputs="NameError"),
    Case("retyped test cell", edited(retyped("test_area", "markdown")),
         repairs=('test_area" was markdown instead of code',)),
    Case("retyped answer", edited(retyped("mean", "raw")),
         repairs=('mean" was raw instead of code',)),
    Case("retyped manual cell", edited(retyped("explain", "code")),
         repairs=('explain" was code instead of markdown',)),
    Case("edited test cell", _wrong_and(resourced("test_area", "assert True")),
         score=FULL - 2, repairs=('test_area" had been edited',)),
    Case("edited locked code", edited(resourced("radii", "radii = [2.5]")),
         repairs=('radii" had been edited',)),
    Case("edited locked text", edited(resourced("text", "No thank you.")),
         repairs=('text" had been edited',)),
    Case("points in the metadata edited", edited(remarked("test_area", points=200)),
         repairs=("settings of cell test_area",)),
    Case("points in the metadata no number", edited(remarked("test_area", points="many")),
         repairs=("settings of cell test_area",)),
    Case("test turned into an answer",
         _wrong_and(remarked("test_area", grade=False, solution=True)),
         score=FULL - 2, repairs=("settings of cell test_area",)),
    Case("own graded cell added", edited(_with_own_cells), repairs=("no longer part",)),
    Case("tests tagged to be skipped", _wrong_and(_skipping_tests), score=FULL - 2),
    Case("outputs made up in the file", _wrong_and(_with_sham_outputs), score=FULL - 2),
    Case("all marks of nbgrader lost", edited(_without_marks), "needs_manual", kind="held",
         says="none of the cells"),
    Case("nbformat 3", then(_as_format_3), repairs=("notebook format 3",)),
    Case("nbformat 4.2", edited(_as_format_4_2)),
    Case("kernel of another language", edited(lambda c: c["metadata"].update(
        kernelspec={"name": "ir", "display_name": "R", "language": "R"}))),
    Case("no kernel at all", edited(lambda c: c.update(metadata={}))),
    Case("metadata that is none", edited(lambda c: c.update(metadata=[1, 2]))),
    Case("answer in bad Python", answers(area="def area(radius:\n    return"),
         score=FULL - 2, outputs="SyntaxError"),
    Case("answers in one cell", answers(area=f"{AREA}\n\n{MEAN}", mean="# see above")),
    Case("half a character", answers(area=AREA, count=f"# \ud800\n{COUNT}"),
         repairs=("words.ipynb .*characters",)),
)  # fmt: skip
