"""What checks of assignments found, so that an unchanged assignment is not run again."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime

from rudaux.adapters.ledger.tables import Tables, utc
from rudaux.domain.checks import Check, Checked


class CheckRows(Tables):
    """The part of `rudaux.ports.Ledger` about checks."""

    def checked(self, assignment: str) -> Checked | None:
        query = "SELECT digest, at, findings FROM checks WHERE assignment = ?"
        for digest, at, findings in self._rows(query, assignment):
            try:
                found = tuple(Check(**one) for one in json.loads(findings))
            except TypeError:  # written by another version of rudaux
                return None
            return Checked(digest, datetime.fromisoformat(at), found)
        return None

    def record_checked(self, assignment: str, checked: Checked) -> None:
        findings = json.dumps([asdict(check) for check in checked.checks])
        with self._writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO checks VALUES (?, ?, ?, ?)",
                (assignment, checked.digest, utc(checked.at), findings),
            )
