"""Paging and scores with inputs that nobody thought of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rudaux.adapters.canvas import calls, decode
from rudaux.adapters.canvas.protocol import Answer, Call, next_page
from rudaux.adapters.canvas.wire import Wire
from rudaux.demo.simulator.entities import Assignment
from rudaux.demo.simulator.scores import interpret_grade
from rudaux.demo.simulator.state import utc_now
from rudaux.domain.grades import QUANTUM, same_score
from tests.adapters.canvas.scripted_server import Reply, ScriptedServer, Seen

HERE = "https://canvas.example.edu/api/v1/courses/1/users"
RELS = ("current", "prev", "first", "last")
PARAMS = st.dictionaries(
    st.sampled_from(["page", "per_page", "include[]", "state[]", "search_term"]),
    st.text(st.characters(codec="utf-8"), max_size=8),
    min_size=1,
)
EXTRAS = st.sampled_from(["", '; title="next"', "; type=text/html", '; hreflang="en"'])


@st.composite
def links(draw: st.DrawFn, following: str | None) -> str:
    """A Link header with some relations in any order and spelling, `next` only where given."""
    rels = draw(st.lists(st.sampled_from(RELS), unique=True))
    named = {rel: f"{HERE}?{urlencode(draw(PARAMS))}" for rel in rels}
    if following is not None:
        named["next"] = following
    order = draw(st.permutations(sorted(named)))
    return draw(st.sampled_from([",", ", "])).join(draw(spelled(named[rel], rel)) for rel in order)


@st.composite
def spelled(draw: st.DrawFn, url: str, rel: str) -> str:
    quote = draw(st.sampled_from(['"', ""]))
    word = draw(st.sampled_from(["rel", "Rel", "REL"]))
    before, after = draw(EXTRAS), draw(EXTRAS)
    return f"<{url}>{before}; {word}={quote}{rel}{quote}{after}"


@given(st.data(), st.none() | PARAMS.map(lambda p: f"{HERE}?{urlencode(p)}"))
def test_next_is_followed_and_nothing_else_is(data: st.DataObject, following: str | None) -> None:
    header = data.draw(links(following))
    assert next_page(Answer(200, {"LINK": header}, "[]", HERE)) == following


@given(st.text(max_size=60))
def test_no_header_whatever_breaks_paging(header: str) -> None:
    found = next_page(Answer(200, {"Link": header.replace("next", "prev")}, "[]", HERE))
    assert found is None


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    pages=st.lists(st.lists(st.integers(), max_size=3), min_size=1, max_size=6),
    tokens=st.sampled_from(["{}", "bookmark:{}", "WyJ{}=="]),
)
def test_rows_come_in_order_however_they_are_cut_into_pages(
    server: ScriptedServer, pages: list[list[int]], tokens: str
) -> None:
    names = [tokens.format(n) for n in range(len(pages))]

    def answer(seen: Seen) -> Reply:
        at = names.index(seen.query["page"][0]) if "page" in seen.query else 0
        query = urlencode({"page": names[at + 1]}) if at + 1 < len(pages) else ""
        link = f'<{server.url}/api/v1/x?{query}>; rel="next"' if query else ""
        return Reply(pages[at], headers={"Link": link})

    server.on("GET", "/api/v1/x", answer)
    with httpx.Client() as http:
        wire = Wire(server.url, "abc", http, lambda seconds: None)
        rows = list(wire.rows(Call("GET", "/x", "list them")))
    assert rows == [row for page in pages for row in page]


@given(st.decimals(0, 100_000, allow_nan=False, allow_infinity=False))
def test_what_canvas_makes_of_a_score_is_the_score(score: Decimal) -> None:
    """Out as text, through Canvas's own reading of it, and back as a JSON number."""
    body = calls.grade(5, 7, {"11": score}).body
    assert body is not None
    text = json.loads(json.dumps(body))["grade_data"]["11"]["posted_grade"]
    stored = interpret_grade(Assignment(7, "hw", utc_now(), utc_now()), text)
    assert stored is not None
    answer = json.dumps({"user_id": 11, "score": stored, "entered_score": stored})
    found = decode.submission(json.loads(answer, parse_float=Decimal)).entered
    assert found is not None
    assert same_score(found, Decimal(text))
    assert abs(found - score) <= QUANTUM / 2
