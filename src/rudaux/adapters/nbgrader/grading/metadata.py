"""nbgrader's check of its metadata, done once for what is the same in every submission."""

from __future__ import annotations

import json
from typing import Any

from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.nbgraderformat.common import BaseMetadataValidator
from nbgrader.preprocessors import CheckCellMetadata


class _Remembering(BaseMetadataValidator):  # type: ignore[misc]
    """The part that checks the schema: it looks only at the cell's metadata."""

    def __init__(self) -> None:
        super().__init__()
        self._valid: set[str] = set()

    def validate_cell(self, cell: Any) -> None:
        """Raise as nbgrader does; do not check metadata again that was found valid before."""
        mine = json.dumps(cell.metadata.get("nbgrader"), sort_keys=True)
        if mine not in self._valid:
            super().validate_cell(cell)
            self._valid.add(mine)


class _Validator(MetadataValidator, _Remembering):  # type: ignore[misc]
    """nbgrader's validator, with the remembering part first in the order of its bases."""


class CheckKnownMetadata(CheckCellMetadata):  # type: ignore[misc]
    """nbgrader's preprocessor with one validator for all notebooks.

    nbgrader makes a new one for each, and jsonschema checks the schema itself for every cell.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._validator = _Validator()

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Pass on a valid notebook; nbgrader's own preprocessor reports what is wrong."""
        try:
            self._validator.validate_nb(nb)
        except Exception:
            return super().preprocess(nb, resources)  # type: ignore[no-any-return]
        return nb, resources
