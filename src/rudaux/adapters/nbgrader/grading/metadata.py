"""nbgrader's check of its own metadata, made once for what is the same in every submission."""

from __future__ import annotations

import json
from typing import Any

from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.nbgraderformat.common import BaseMetadataValidator
from nbgrader.preprocessors import CheckCellMetadata


class _Remembering(BaseMetadataValidator):  # type: ignore[misc]
    """The part that goes by the schema: it looks at the cell's metadata and at nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self._valid: set[str] = set()

    def validate_cell(self, cell: Any) -> None:
        """Raise as nbgrader does; metadata that was found valid before are not looked at again."""
        mine = json.dumps(cell.metadata.get("nbgrader"), sort_keys=True)
        if mine not in self._valid:
            super().validate_cell(cell)
            self._valid.add(mine)


class _Validator(MetadataValidator, _Remembering):  # type: ignore[misc]
    """nbgrader's validator, whose schema part stands before it in the order of its bases."""


class CheckKnownMetadata(CheckCellMetadata):  # type: ignore[misc]
    """nbgrader's step with one validator for all notebooks.

    nbgrader makes one for each, and has jsonschema check the schema itself again for every cell.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._validator = _Validator()

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Pass a valid notebook on; nbgrader's own step says what is wrong with another one."""
        try:
            self._validator.validate_nb(nb)
        except Exception:
            return super().preprocess(nb, resources)  # type: ignore[no-any-return]
        return nb, resources
