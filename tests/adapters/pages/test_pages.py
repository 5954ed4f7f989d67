"""The pages: private, complete in themselves, harmless whatever they show, and small."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from selenium import webdriver

from rudaux.adapters.pages import ReportPages
from rudaux.adapters.pages.render import LARGEST, assignment_page, decimals, fixed
from rudaux.domain.failures import group_failures, names_of
from rudaux.domain.report import AssignmentReport, LostPoints, StudentResult, TermReport
from rudaux.domain.roster import Student
from rudaux.domain.statistics import MarkedCell, Marks, analyse_items, histogram, summarise

AT = datetime(2026, 10, 2, 8, 0, tzinfo=timezone.utc)
HOSTILE = "ValueError: <script>document.title = 'ran'</script><img src=http://127.0.0.1:9/x>"


def person(number: int) -> Student:
    return Student(
        f"47{number:04}", f"Rhea{number} Saturn{number}", f"Saturn{number}, Rhea{number}",
        f"rhea.{number}@example.edu", login=f"rsaturn{number}x",
    )  # fmt: skip


def report_of(
    students: int, tests: int = 4, error: str = "AssertionError: 1 is not 2"
) -> AssignmentReport:
    """A class in which every student fails some tests, each with an error of their own."""
    cells = tuple(MarkedCell(f"nb{n % 3}", f"test_number_{n:02}", Decimal(1)) for n in range(tests))
    people = [person(n) for n in range(students)]
    rows, errors, results = {}, {}, []
    for number, who in enumerate(people):
        row = tuple(Decimal((number * (n + 1)) % 7 > n % 3) for n in range(tests))
        rows[who.id] = row
        errors[who.id] = {
            c.key: f"{error} ({who.name}, {who.email}, {who.login} in /home/{who.id}/nb)"
            for c, p in zip(cells, row, strict=True)
            if not p
        }
        lost = tuple(
            LostPoints(c.notebook, c.cell, p, c.maximum, errors[who.id].get(c.key, ""))
            for c, p in zip(cells, row, strict=True)
            if p < c.maximum
        )
        score = 10 * sum(row) / Decimal(tests)
        results.append(StudentResult(who, "graded", "", score, number % 9 == 0, lost))
    results.append(StudentResult(person(9998), "missing", "no home in snapshot", Decimal(0)))
    results.append(StudentResult(person(9999), "failed", "9999 is not valid JSON"))
    scores = [r.score for r in results if r.state == "graded" and r.score is not None]
    names = names_of([r.student for r in results])
    return AssignmentReport(
        "dsci100", "homework_1", AT, AT, Decimal(10), tuple(results), summarise(scores),
        histogram(scores, Decimal(10)), analyse_items(Marks(cells, rows), rows, {}, {}, 30.0),
        group_failures(errors, names), group_failures(errors, names, closely=True),
    )  # fmt: skip


def test_a_page_is_private_and_replaced_by_the_next(tmp_path: Path) -> None:
    pages = ReportPages(tmp_path / ".rudaux" / "reports")
    assert pages.find("homework_1") is None
    page = pages.write(report_of(12))
    assert pages.find("homework_1") == page
    assert page == tmp_path / ".rudaux" / "reports" / "homework_1.html"
    assert page.stat().st_mode & 0o777 == 0o600
    assert page.parent.stat().st_mode & 0o777 == 0o700
    first = page.read_bytes()
    assert pages.write(report_of(12)).read_bytes() == first
    assert pages.write(report_of(12), anonymous=True) != page
    assert page.read_bytes() == first
    assert not list(page.parent.glob(".*"))


def test_nothing_of_a_page_comes_from_the_network_and_errors_stay_text() -> None:
    soup = BeautifulSoup(assignment_page(report_of(12, error=HOSTILE)), "html.parser")
    assert len(soup.find_all("script")) == 1
    assert not soup.find_all(["img", "link", "iframe", "object", "embed"])
    assert not soup.find_all(src=True)
    assert all(str(a["href"]).startswith("#") for a in soup.find_all("a"))
    assert "<script>document.title" in soup.get_text()


def test_a_page_can_be_read_by_a_screen_reader() -> None:
    soup = BeautifulSoup(assignment_page(report_of(12)), "html.parser")
    html = soup.find("html")
    assert html is not None
    assert html["lang"] == "en"
    assert [len(soup.find_all(tag)) for tag in ("title", "main", "h1")] == [1, 1, 1]
    for table in soup.find_all("table"):
        assert table.find("caption"), table
        assert all(th.get("scope") for th in table.find_all("th"))
    for bar in soup.find_all("i"):  # a bar says nothing that its row does not
        assert bar.get("aria-hidden") or bar.find_parent(attrs={"aria-hidden": "true"})


def test_an_anonymous_page_names_nobody() -> None:
    report = report_of(40)
    page = assignment_page(report, anonymous=True)
    for result in report.results:
        s = result.student
        for word in (s.id, s.name, s.first_name, s.last_name, s.email, s.login):
            assert word
            assert not re.search(rf"\b{re.escape(word)}\b", page), word
    assert "@" not in BeautifulSoup(page, "html.parser").get_text()
    assert "1 could not be graded" in page
    assert "test_number_01" in page


def test_whoever_fails_for_the_same_reason_is_one_line() -> None:
    report = report_of(3)
    gone = [
        StudentResult(person(n), "missing", f"no {person(n).id}/hw in snapshot") for n in range(5)
    ]
    page = assignment_page(replace(report, results=tuple(gone)))
    text = " ".join(BeautifulSoup(page, "html.parser").get_text().split())
    assert (
        "5 missing (no …/hw in snapshot): Rhea0 Saturn0, Rhea1 Saturn1, Rhea2 Saturn2 and 2 more"
        in text
    )


def test_below_ten_students_a_page_says_why_there_is_no_coefficient() -> None:
    assert "it would be down to chance" in assignment_page(report_of(9))
    assert "it would be down to chance" not in assignment_page(report_of(10))


@pytest.mark.parametrize(("tests", "told"), [(12, "AssertionError"), (60, "")])
def test_two_thousand_students_fit_into_two_megabytes(tests: int, told: str) -> None:
    report = report_of(2000, tests)
    page = assignment_page(report)
    assert len(page.encode()) <= LARGEST
    assert page.count("<tr id=") == 2002
    if told:
        row = page[page.index('<tr id="s470001"') :]
        assert told in row[: row.index("</tr>")]


def test_an_assignment_that_nobody_finished_has_a_page() -> None:
    empty = replace(
        report_of(0), results=(), summary=None, bins=(), tests=(), failures=(), due=None
    )
    assert "no statistics" in assignment_page(empty)


def test_the_term_leads_to_its_assignments(tmp_path: Path) -> None:
    pages = ReportPages(tmp_path / ".rudaux" / "reports")
    good = report_of(12)
    later = replace(good, name="homework 2", summary=None, bins=(), tests=(), results=())
    page = pages.write_term(TermReport("dsci100", AT, [good, later]))
    soup = BeautifulSoup(page.read_text(), "html.parser")
    links = [str(a["href"]) for a in soup.find_all("a")]
    assert links[:2] == ["homework_1.html", "homework%202.html"]
    assert page.name == "index.html"


def test_numbers_of_a_column_have_as_many_decimals_as_one_needs() -> None:
    assert decimals([Decimal(1), Decimal("2.50")]) == 1
    assert decimals([Decimal("0.333"), None]) == 2
    assert decimals([Decimal(10), 3.0]) == 0
    assert (fixed(None), fixed(Decimal(2), 1)) == ("–", "2.0")


@pytest.fixture
def browser() -> Iterator[Any]:
    driver = shutil.which("chromedriver")
    if driver is None and not os.environ.get("CI"):
        pytest.skip("there is no chromedriver")
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--window-size=390,900"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    made = webdriver.Chrome(options, webdriver.ChromeService(driver or "chromedriver"))
    yield made
    made.quit()


def test_in_a_browser_a_table_sorts_a_row_opens_and_nothing_is_fetched(
    tmp_path: Path, browser: Any
) -> None:
    pages = ReportPages(tmp_path / ".rudaux" / "reports")
    page = pages.write(report_of(12, error=HOSTILE))
    browser.get(page.as_uri() + "#s470003")
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = {
        e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"
    }
    assert {url.partition("#")[0] for url in asked} == {page.as_uri()}
    assert browser.get_log("browser") == []
    assert browser.title.startswith("homework_1")
    assert browser.execute_script("return document.querySelectorAll('details[open]').length") == 1
    points = (
        "const t = [...document.querySelectorAll('table.sort')].at(-1);"
        "t.querySelectorAll('th button')[3].click();"
        "return [...t.tBodies[0].rows].map(r => r.cells[3].textContent)"
    )
    shown = [p for p in browser.execute_script(points) if p != "–"]
    assert shown == sorted(shown, key=Decimal)
    shown = [p for p in browser.execute_script(points) if p != "–"]
    assert shown == sorted(shown, key=Decimal, reverse=True)
    wide = browser.execute_script(
        "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wide <= 0


def test_a_page_that_a_person_edited_is_kept_before_it_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / ".rudaux" / "reports"
    page = ReportPages(folder).write(report_of(2))
    page.write_text(
        page.read_text("utf-8").replace("<body", "<!-- looked at: fine --><body"), "utf-8"
    )
    edited = page.read_bytes()
    for pages, copies in ((ReportPages(folder), 1), (ReportPages(folder), 0)):
        assert pages.write(report_of(3)) == page
        assert len(pages.kept) == copies
    [kept] = (tmp_path / ".rudaux" / "kept" / "reports").iterdir()
    assert kept.read_bytes() == edited != page.read_bytes()
    assert kept.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("step", ["copy", "page"])
def test_a_run_that_is_killed_while_it_keeps_a_page_leaves_it_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    folder = tmp_path / ".rudaux" / "reports"
    page = ReportPages(folder).write(report_of(2))
    page.write_bytes(b"mine")
    replace_ = Path.replace

    def killed(self: Path, target: Path) -> Path:
        if (target == page) == (step == "page"):
            raise KeyboardInterrupt
        return replace_(self, target)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        ReportPages(folder).write(report_of(3))
    assert page.read_bytes() == b"mine"
    monkeypatch.setattr(Path, "replace", replace_)
    ReportPages(folder).write(report_of(3))
    [kept] = (tmp_path / ".rudaux" / "kept" / "reports").glob("*.html")
    assert kept.read_bytes() == b"mine"
