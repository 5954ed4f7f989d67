"""An assignment as data science courses have them: notebooks that load numpy and draw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbformat import v4

NAME = "plots"
NOTEBOOKS = ("waves", "walks", "crowds", "prices")
PACKAGES = ("numpy", "pandas", "matplotlib")
_IMPORTS = "import matplotlib.pyplot as plt\nimport numpy as np\nimport pandas as pd"
_SOLUTION = """\
def {task}(n):
    {doc}
    ### BEGIN SOLUTION
    {answer}
    ### END SOLUTION"""
_TASKS = {
    "series": (
        '"""Return n values of a seeded walk."""',
        "return np.random.default_rng({seed}).normal(size=n).cumsum()",
        "plt.plot(series(200))\nplt.title('A walk')\nplt.show()",
        "assert len(series(10)) == 10\n"
        "assert np.allclose(np.diff(series(50)), np.diff(series(60))[:49])",
    ),
    "table": (
        '"""Return the walk as a table with a mean over five values."""',
        "return pd.DataFrame(dict(x=series(n))).assign(mean=lambda d: d.x.rolling(5).mean())",
        "table(300).plot()\nplt.show()\ntable(300).describe()",
        'assert list(table(20).columns) == ["x", "mean"]\n'
        "assert table(20)['mean'].isna().sum() == 4",
    ),
    "counts": (
        '"""Return how many values of the walk lie in each of ten bins."""',
        "return np.histogram(series(n), bins=10)[0]",
        "fig, axes = plt.subplots(1, 2)\naxes[0].bar(range(10), counts(500))\n"
        "axes[1].hist(series(500), bins=30)\nplt.show()",
        "assert counts(500).sum() == 500\nassert len(counts(30)) == 10",
    ),
}
"""What is asked, an answer, a drawing of it, and the test."""


def write_source(folder: Path) -> None:
    """Write the instructor's version of the notebooks into `folder`."""
    folder.mkdir(parents=True)
    for seed, name in enumerate(NOTEBOOKS):
        cells = [v4.new_markdown_cell(f"# {name}"), v4.new_code_cell(_IMPORTS)]
        for task, (doc, answer, drawing, test) in _TASKS.items():
            answer = answer.format(seed=seed)
            solution = _SOLUTION.format(task=task, doc=doc, answer=answer)
            cells += [
                v4.new_markdown_cell(f"Write the function `{task}`."),
                _cell(solution, task, solution=True),
                v4.new_code_cell(drawing),
                _cell(test, f"test_{task}", grade=True, locked=True, points=2),
            ]
        notebook = v4.new_notebook(cells=cells)
        notebook.metadata.kernelspec = {
            "name": "python3", "display_name": "Python 3", "language": "python",
        }  # fmt: skip
        nbformat.write(notebook, folder / f"{name}.ipynb")


def _cell(source: str, grade_id: str, **about: Any) -> Any:
    flags = {"grade": False, "solution": False, "locked": False, "task": False, **about}
    meta = {"schema_version": 3, "grade_id": grade_id, **flags}
    return v4.new_code_cell(source, metadata={"nbgrader": meta})
