"""Which modules a source's notebooks import."""

from __future__ import annotations

from typing import Any

from rudaux.adapters.nbgrader.release.imports import imported


def notebook(*cells: str) -> dict[str, Any]:
    return {"cells": [{"cell_type": "code", "source": cell} for cell in cells]}


def test_modules_are_named_once_in_the_order_of_their_first_import() -> None:
    first = notebook("import numpy as np, os.path\nfrom pandas.api import types", "import numpy")
    second = notebook("%matplotlib inline\nimport matplotlib.pyplot as plt\n!ls")
    found = imported([first, second], [])
    assert found == ("numpy", "os.path", "pandas.api", "matplotlib.pyplot")


def test_what_lies_beside_the_notebooks_is_left_to_them() -> None:
    text = "import helpers\nfrom utils.plots import draw\nimport numpy\nfrom . import sibling"
    assert imported([notebook(text)], ["helpers.py", "utils", "homework_1.ipynb"]) == ("numpy",)


def test_an_import_that_may_never_happen_is_none() -> None:
    text = "def f():\n    import torch\nif False:\n    import jax\nimport numpy"
    assert imported([notebook(text, "%%bash\nimport -window root", "import (")], []) == ("numpy",)
