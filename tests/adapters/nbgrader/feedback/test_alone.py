"""Feedback is one file: nothing in it runs, and nothing is fetched when it is read."""

from __future__ import annotations

import json
import os
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

from rudaux.adapters.nbgrader.feedback.alone import stand_alone
from rudaux.adapters.nbgrader.feedback.mathematics import formula
from tests.adapters.nbgrader.course import RIGHT, Course, make_course

SPY = "http://127.0.0.1:9/spy"
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "YPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
HOSTILE = (
    f'<script src="{SPY}.js"></script>',
    f"<script>document.title = 'ran'; fetch('{SPY}')</script>",
    f'<img src="{SPY}.png" alt="beacon">',
    f'<img srcset="{SPY}.png 2x">',
    f'<img src="{PIXEL}" onload="document.title=\'ran\'">',
    f'<svg><image href="{SPY}.svg"/><use xlink:href="{SPY}.svg#x"/></svg>',
    f"<svg><style><img src='{SPY}'></style></svg>",
    f'<svg><rect width="9" height="9" fill="url({SPY}.svg#x)"/></svg>',
    f'<link rel="stylesheet" href="{SPY}.css">',
    f"<style>@import '{SPY}.css'; p {{ background: url( '{SPY}.png' ) }}</style>",
    f"<style>p {{ background: \\75 rl({SPY}.png) }}</style>",
    f'<p style="background:url({SPY}.png)">styled</p>',
    f'<iframe src="{SPY}.html"></iframe><embed src="{SPY}"><object data="{SPY}"></object>',
    "<iframe srcdoc=\"<script>top.document.title='ran'</script>\"></iframe>",
    f'<video poster="{SPY}.png" src="{SPY}.mp4"></video><audio src="{SPY}.mp3"></audio>',
    f'<meta http-equiv="refresh" content="0;url={SPY}">',
    f'<base href="{SPY}/"><body background="{SPY}.png" onload="document.title=\'ran\'">',
    f'<!--><img src="{SPY}.png">--><noscript><p title="</noscript><img src={SPY}>"></noscript>',
    f'<a href="javascript:document.title=1" ping="{SPY}">press</a>',
    f'<form action="{SPY}"><button formaction="{SPY}">send</button></form>',
    f"<math><mtext style='background:url({SPY})'>x</mtext></math>",
    "<img src='//127.0.0.1:9/spy.png'><img src='../../12/ps1/secret.png'>",
)


class _Resources(HTMLParser):
    """Everything in a page that a browser would fetch or run."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._style = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style = tag == "style"
        if tag in {"script", "iframe", "link", "object", "embed", "base"}:
            self.found.append(tag)
        for name, value in attrs:
            text = value or ""
            fetched = name in {"src", "srcset", "poster", "data", "action", "ping", "background"}
            fetched |= "href" in name and tag != "a"
            if name.startswith("on") or (fetched and not text.startswith(("data:", "#"))):
                self.found.append(f"{tag} {name}={text[:60]}")
            if text.startswith("javascript:") or re.search(r"url\(\s*['\"]?[^d#]", text):
                self.found.append(f"{tag} {name}={text[:60]}")

    def handle_data(self, data: str) -> None:
        if self._style:
            self.found += re.findall(r"@import.{9}|url\((?!['\"]?data:).{20}", data)

    def handle_endtag(self, tag: str) -> None:
        self._style = False


def fetched(page: str) -> list[str]:
    return _Resources(page).found


@pytest.mark.parametrize("html", HOSTILE)
def test_nothing_that_a_student_writes_runs_or_is_fetched(html: str, tmp_path: Path) -> None:
    page = f"<html><head></head><body><p>before</p>{html}<p>after</p></body></html>"
    (tmp_path / "12").mkdir()
    made = stand_alone(page, tmp_path / "11")
    assert fetched(made) == []
    assert SPY not in re.sub(r"\[a picture that.*?\]", "", made)
    assert "before" in made
    assert "after" in made
    assert stand_alone(page, tmp_path / "11") == made


def test_what_was_left_out_is_said_in_its_place(tmp_path: Path) -> None:
    head = "<html><head><script src='x'></script></head>"
    page = f"{head}<body>{HOSTILE[0]}{HOSTILE[2]}</body></html>"
    made = stand_alone(page, tmp_path)
    assert made.count("[a script, which is not run]") == 1
    assert f"[a picture that is not part of this file: {SPY}.png]" in made


def test_pictures_beside_the_notebook_become_part_of_the_page_and_no_others(tmp_path: Path) -> None:
    work = tmp_path / "11"
    work.mkdir()
    (work / "my plot.png").write_bytes(b"picture")
    (work / "gradebook.db").write_bytes(b"secret")
    (tmp_path / "other.png").write_bytes(b"secret")
    (work / "link.png").symlink_to(tmp_path / "other.png")
    names = ["my%20plot.png", "gradebook.db", "../other.png", "link.png", "none.png", "a%00.png"]
    page = "<body>" + "".join(f'<img alt="" src="{name}"/>' for name in names) + "</body>"
    made = stand_alone(page, work)
    assert made.count('src="data:image/png;base64,cGljdHVyZQ=="') == 1
    assert made.count("not part of this file") == 5


@pytest.mark.parametrize(
    "body",
    [
        r"\frac{a}{b}", r"\hat\beta_0 + \arg\min_x x", r"\sum_{i=1}^n i^2 \label{sum}",
        r"\begin{aligned} a &= b \\ c &= d \end{aligned}", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}",
    ],
)  # fmt: skip
def test_formulas_become_mathml(body: str) -> None:
    made = formula(body, f"${body}$", display=False)
    assert made.startswith("<math")
    assert "\\" not in made
    assert "<mi>&" not in made.replace("<mi>&#x", "")


@pytest.mark.parametrize(
    "body",
    [
        r"\frac{", r"\unknown{x}", r"\newcommand{\a}{\b\b}\a", r"\def\a{b}\a", "x" * 9000,
        r"\href{javascript:alert(1)}{x}", r"\style{background:url(http://x)}{y}",
    ],
)  # fmt: skip
def test_formulas_that_cannot_be_converted_stay_as_they_are_written(body: str) -> None:
    made = formula(body, f"${body}$", display=False)
    assert made.startswith('<code class="formula">$')
    assert "<math" not in made


def test_text_in_a_formula_is_text() -> None:
    made = formula(r"\text{<img src=x>}", "", display=False)
    assert "&lt;img" in made
    assert "<img" not in made


@pytest.fixture
def course(tmp_path: Path) -> Course:
    made = make_course(tmp_path / "course")
    answer = "Costs \\$5 and \\$6: $\\sum_{i=1}^n i^2 = \\frac{n(n+1)(2n+1)}{6}$\n\n"
    cells = [{"cell_type": "markdown", "metadata": {}, "source": html} for html in HOSTILE]
    outputs = [
        {"output_type": "display_data", "metadata": {}, "data": data}
        for data in (
            *({"text/html": html} for html in HOSTILE),
            {"text/latex": "$\\displaystyle x^{2}$", "text/plain": "x**2"},
            {"application/javascript": "document.title = 'ran'", "text/plain": "<Javascript>"},
            {"text/html": "<div></div><script>draw()</script>", "image/png": PIXEL[22:]},
        )
    ]

    def change(content: dict[str, Any]) -> None:
        content["cells"] += cells

    work = {**RIGHT, "sum_of_squares_equation": answer}
    made.hand_in("11", work, change)
    made.grade("11", "correct_squares")
    made.mark("11", "sum_of_squares_equation", 1.0)
    graded = made.folder / "autograded" / "11" / "ps1" / "problem1.ipynb"
    content = json.loads(graded.read_text())
    code = next(cell for cell in content["cells"] if cell["cell_type"] == "code")
    code["outputs"] = outputs
    graded.write_text(json.dumps(content))
    return made


def test_feedback_needs_nothing_from_anywhere(course: Course) -> None:
    for report in course.grader.feedback("ps1", "11"):
        page = report.content.decode()
        assert fetched(page) == []
        assert "mathjax" not in page.lower()
        assert page.index("Content-Security-Policy") < page.index("<style")


@pytest.fixture
def browser() -> Any:
    """A headless Chromium that tells every request; there must be one where CI runs."""
    driver = shutil.which("chromedriver")
    if driver is None and not os.environ.get("CI"):
        pytest.skip("there is no chromedriver")
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--window-size=1100,1600"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    made = webdriver.Chrome(options, webdriver.ChromeService(driver or "chromedriver"))
    yield made
    made.quit()


def test_a_browser_asks_for_nothing_but_the_file_and_shows_formulas_code_and_scores(
    course: Course, browser: Any
) -> None:
    course.grader.feedback("ps1", "11")
    address = (course.folder / "feedback" / "11" / "ps1" / "problem1.html").as_uri()
    browser.get(address)
    if shots := os.environ.get("RUDAUX_PICTURES"):
        browser.save_screenshot(str(Path(shots) / "feedback.png"))
        browser.execute_script("document.querySelector('mfrac').scrollIntoView({block: 'center'})")
        browser.save_screenshot(str(Path(shots) / "formula.png"))
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = {
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    }
    assert {url for url in asked if not url.startswith("data:")} == {address}
    assert browser.title == "problem1"
    text = browser.find_element("tag name", "body").text
    assert "problem1 (Score: 3.0 / 10.0)" in text
    assert "Costs $5 and $6:" in text
    fraction, text_colours = (
        browser.execute_script(script)
        for script in (
            "return document.querySelector('mfrac').getBoundingClientRect().height",
            "return [...new Set([...document.querySelectorAll('.highlight span')]"
            ".map(s => getComputedStyle(s).color))].length",
        )
    )
    assert fraction > 18  # it stands on two lines
    assert text_colours > 2  # the code is highlighted
