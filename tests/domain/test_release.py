from __future__ import annotations

import json

from rudaux.domain.release import Secret, Secrets, leaks, regions

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
    assert found == ("rain.ipynb, cell 2 holds the solution delimiter 'BEGIN SOLUTION'.",)


def test_a_cell_is_called_by_its_grade_id() -> None:
    cell = {"metadata": {"nbgrader": {"grade_id": "total"}}, "source": ["# END SOLUTION\n"]}
    found = leaks({"rain.ipynb": json.dumps({"cells": [cell]})}, SECRETS)
    assert found == ("rain.ipynb, cell total holds the solution delimiter 'END SOLUTION'.",)


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
