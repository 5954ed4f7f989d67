from __future__ import annotations

import json

import pytest

from rudaux.domain.release import Secret, Secrets, leaks, pieces, regions

SOLUTION = "total = 0\nfor day in week:\n    total += day.rainfall_in_mm\nreturn total"
SECRETS = Secrets(
    markers={"BEGIN SOLUTION": "solution", "END SOLUTION": "solution"},
    texts=(Secret("solution", "rain.ipynb, cell total", SOLUTION),),
    public="import pandas as pd\ntotal = 0\n# YOUR CODE HERE",
)


def notebook(*sources: str) -> str:
    cells = [{"cell_type": "code", "metadata": {}, "source": s} for s in sources]
    return json.dumps({"cells": cells, "metadata": {}})


def test_a_clean_release_shows_nothing() -> None:
    assert leaks({"rain.ipynb": notebook("# YOUR CODE HERE", "import pandas as pd")}, SECRETS) == ()


def test_a_delimiter_is_named_with_file_and_cell() -> None:
    found = leaks({"rain.ipynb": notebook("x = 1", "### BEGIN SOLUTION\n")}, SECRETS)
    assert found == ('rain.ipynb, cell 2 holds the solution delimiter "BEGIN SOLUTION".',)


def test_a_cell_is_called_by_its_grade_id() -> None:
    cell = {"metadata": {"nbgrader": {"grade_id": "total"}}, "source": ["# END SOLUTION\n"]}
    found = leaks({"rain.ipynb": json.dumps({"cells": [cell]})}, SECRETS)
    assert found == ('rain.ipynb, cell total holds the solution delimiter "END SOLUTION".',)


def test_solution_text_is_found_in_a_cell_in_an_output_and_in_any_other_text_file() -> None:
    cell = {"metadata": {}, "source": "", "outputs": [{"text": SOLUTION.splitlines(keepends=True)}]}
    files = {
        "cell.ipynb": notebook(SOLUTION),
        "output.ipynb": json.dumps({"cells": [cell]}),
        "helper.py": "def total(week):\n" + SOLUTION.replace("\n", "\n        "),
    }
    assert leaks(files, SECRETS) == (
        "cell.ipynb, cell 1 shows the solution of rain.ipynb, cell total.",
        "helper.py shows the solution of rain.ipynb, cell total.",
        "output.ipynb, cell 1 shows the solution of rain.ipynb, cell total.",
    )


def test_solution_text_is_found_behind_the_mark_up_of_an_html_export() -> None:
    html = SOLUTION.replace("total +=", '<span class="n">total</span> <span>+=</span>')
    assert len(leaks({"rain.html": html}, SECRETS)) == 1


def test_half_of_a_solution_is_a_leak() -> None:
    assert (
        len(
            leaks(
                {"rain.ipynb": notebook("for day in week: \n  total += day.rainfall_in_mm")},
                SECRETS,
            )
        )
        == 1
    )


def test_lines_that_are_short_or_public_anyway_are_no_leak() -> None:
    secrets = Secrets(
        texts=(
            Secret("solution", "rain.ipynb, cell 1", "return x"[:7]),
            Secret("hidden test", "rain.ipynb, cell 2", "import pandas as pd"),
        ),
        public=SECRETS.public,
    )
    assert leaks({"a.ipynb": notebook("return x\nimport pandas as pd")}, secrets) == ()


def test_a_whole_solution_that_stands_in_a_public_cell_too_is_a_leak() -> None:
    secrets = Secrets(texts=SECRETS.texts, public=SOLUTION)
    assert len(leaks({"rain.ipynb": notebook("a = 1\n" + SOLUTION)}, secrets)) == 1


def test_a_broken_notebook_is_searched_as_text() -> None:
    assert len(leaks({"rain.ipynb": "{ ### BEGIN SOLUTION"}, SECRETS)) == 1


def test_regions_are_split_from_what_is_public() -> None:
    text = "a\n# BEGIN X\nb\n# END X\nc\n# BEGIN X\nd\n# END X"
    assert regions(text, "BEGIN X", "END X") == (("b", "d"), "a\nc")


def test_a_region_of_several_lines_keeps_them_and_so_does_what_is_around_it() -> None:
    text = "a\nb\n# BEGIN X\nc\nd\n# END X\ne\nf"
    assert regions(text, "BEGIN X", "END X") == (("c\nd",), "a\nb\ne\nf")


def test_a_region_that_nobody_closed_lasts_to_the_end() -> None:
    assert regions("a\n# BEGIN X\nb", "BEGIN X", "END X") == (("b",), "a")


# --- What counts as shown -----------------------------------------------------------------------


def shown(secret: str, text: str, public: str = "") -> bool:
    """Whether a released text file with that text shows the secret."""
    texts = (Secret("solution", "nb.ipynb, cell 1", secret),)
    return bool(leaks({"notes.txt": text}, Secrets(texts=texts, public=public)))


def test_white_space_makes_no_difference() -> None:
    assert shown("a = b + c * d", "x\n  a  =  b +\tc * d  \ny")


def test_a_line_of_seven_characters_gives_nothing_away_and_one_of_eight_does() -> None:
    assert not shown("a = b+1", "a = b+1")
    assert shown("a = b+12", "a = b+12")


def test_a_short_line_inside_a_longer_one_is_chance_and_a_long_one_is_not() -> None:
    middling, long = "x" * 23, "y" * 24
    assert not shown(middling, f"z = {middling}")
    assert shown(middling, middling)
    assert shown(long, f"z = {long}")


def test_a_long_line_that_is_not_there_is_not_shown() -> None:
    assert not shown("total += day.rainfall_in_mm", "total = 0")


def test_half_of_the_telling_lines_is_a_leak_and_a_third_is_not() -> None:
    first, second, third = "first_line = 1", "second_line = 2", "third_line = 3"
    assert shown(f"{first}\n{second}", first)
    assert not shown(f"{first}\n{second}\n{third}", first)
    assert shown(f"{first}\n{second}\n{third}", f"{third}\n{first}")


def test_public_lines_are_a_leak_only_as_a_whole_region() -> None:
    one, two = "values = [1, 2]", "print(values)"
    public = f"{one}\nsomething\n{two}"
    assert shown(f"{one}\n{two}", f"{one}\n{two}", public)
    assert not shown(f"{one}\n{two}", f"{one}\nelse\n{two}", public)


def test_a_single_public_line_is_no_leak_however_long_it_is() -> None:
    line = "values = numpy.linspace(0, 1, 100)"
    assert not shown(line, line, public=line)


def test_a_whole_public_region_tells_from_24_characters_on() -> None:
    exact = ("abcdefghijkl", "mnopqrstuvw")  # 23 letters and the space between
    assert shown("\n".join(exact), "\n".join(exact), public="\n".join(exact))
    less = ("abcdefghijkl", "mnopqrstuv")
    assert not shown("\n".join(less), "\n".join(less), public="\n".join(less))


# --- Where it looks -----------------------------------------------------------------------------

ANSWER = "answer = a + b"


@pytest.mark.parametrize("name", ["a.html", "a.htm", "a.xml", "a.svg"])
def test_mark_up_hides_nothing(name: str) -> None:
    marked = "<b>answer</b> <i>=</i> a <s>+</s> b"
    texts = (Secret("solution", "nb.ipynb, cell 1", ANSWER),)
    found = leaks({name: f"<p>\n{marked}\n</p>"}, Secrets(texts=texts))
    assert found == (f"{name} shows the solution of nb.ipynb, cell 1.",)
    assert leaks({"a.txt": marked}, Secrets(texts=texts)) == ()


def test_a_page_is_searched_as_it_stands_too_and_its_entities_are_read() -> None:
    texts = (Secret("solution", "nb.ipynb, cell 1", "if a < b: c = a"),)
    assert leaks({"a.html": "if a &lt; b: c = a"}, Secrets(texts=texts)) != ()
    attribute = (Secret("solution", "nb.ipynb, cell 1", '<a title="solved">'),)
    assert leaks({"a.html": '<a title="solved">'}, Secrets(texts=attribute)) != ()


def test_a_page_is_one_place_without_a_name() -> None:
    assert [place for place, _ in pieces("a.html", "<p>x</p>")] == [""]
    assert list(pieces("a.csv", "x,y")) == [("", "x,y")]
    assert list(pieces("a.ipynb", "{ broken")) == [("", "{ broken")]
    assert list(pieces("a.ipynb", "[1, 2]")) == [("", "[1, 2]")]


def test_a_notebook_is_searched_in_every_text_of_its_cells_and_in_its_metadata() -> None:
    cells = [
        {"source": ["a\n", "b"], "metadata": {"tags": ["t", "u"]}, "outputs": [{"text": "o"}]},
        {"source": "c"},
        "no cell at all",
    ]
    content = json.dumps({"cells": cells, "metadata": {"title": "T", "authors": [{"name": "N"}]}})
    assert list(pieces("nb.ipynb", content)) == [
        ("cell 1", "a\nb\ntu\no"),
        ("cell 2", "c"),
        ("cell 3", "no cell at all"),
        ("its metadata", "T\nN"),
    ]


@pytest.mark.parametrize(
    "metadata", [None, [], {}, {"nbgrader": None}, {"nbgrader": {}}, {"nbgrader": {"grade_id": ""}}]
)
def test_a_cell_without_a_grade_id_is_called_by_its_number(metadata: object) -> None:
    content = json.dumps({"cells": [{"source": "x", "metadata": metadata}]})
    assert next(pieces("nb.ipynb", content))[0] == "cell 1"


def test_a_secret_in_a_notebook_s_metadata_is_told_as_being_there() -> None:
    content = json.dumps({"cells": [], "metadata": {"backup": SOLUTION}})
    assert leaks({"rain.ipynb": content}, SECRETS) == (
        "rain.ipynb, its metadata shows the solution of rain.ipynb, cell total.",
    )
