"""The pure half: addresses, parameters, paging, throttling, JSON."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rudaux.adapters.canvas.protocol import (
    Answer,
    address,
    api_base,
    clock_offset,
    courtesy_pause,
    may_carry_secrets,
    next_page,
    parse,
    spell,
    throttled,
)
from rudaux.errors import CanvasFailure, ConfigError

HERE = "https://canvas.example.edu/api/v1/courses/1/users"


def listed(link: str, url: str = HERE) -> Answer:
    return Answer(200, {"link": link}, "[]", url)


@pytest.mark.parametrize(
    "url",
    ["https://canvas.example.edu", "http://localhost:3000", "http://127.0.0.1", "http://[::1]"],
)
def test_https_and_this_machine_may_be_given_the_token(url: str) -> None:
    assert api_base(url + "/") == url + "/api/v1"


@pytest.mark.parametrize(
    "url",
    [
        "http://canvas.example.edu",
        "http://127.0.0.1.example.edu",
        "http://localhost.example.edu",
        "ftp://canvas.example.edu",
        "canvas.example.edu",
        "https://",
        "https://[",
        "https://io:s3cret@canvas.example.edu",
        "https://canvas.example.edu/?access_token=s3cret",
        "",
    ],
)
def test_any_other_address_is_a_mistake_in_the_configuration(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        api_base(url)
    assert "canvas.url" in str(caught.value)
    assert "io:s3cret" not in str(caught.value)


def test_nested_parameters_are_spelled_as_rails_reads_them() -> None:
    url = address(
        "https://c.example.edu/api/v1",
        "/courses/1/enrollments",
        {"type": ["A"], "state": ["x", "y z"], "deep": {"on": True, "n": 2}, "per_page": 100},
    )
    assert parse_qsl(urlsplit(url).query) == [
        ("type[]", "A"),
        ("state[]", "x"),
        ("state[]", "y z"),
        ("deep[on]", "true"),
        ("deep[n]", "2"),
        ("per_page", "100"),
    ]


def test_the_next_page_is_found_among_the_links() -> None:
    link = (
        f'<{HERE}?page=1>; rel="current",<{HERE}?page=bookmark:a,b&x[]=1>; rel="next",'
        f'<{HERE}?page=1>; rel="first"'
    )
    assert next_page(listed(link)) == f"{HERE}?page=bookmark:a,b&x[]=1"


@pytest.mark.parametrize("link", ["", f'<{HERE}>; rel="last"', "nonsense", "<>", "<a>; rel=x"])
def test_without_a_next_link_the_list_is_over(link: str) -> None:
    assert next_page(listed(link)) is None


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example.org/api/v1/courses/1/users?page=2",
        "http://canvas.example.edu/api/v1/courses/1/users?page=2",
        "https://canvas.example.edu:8443/api/v1/courses/1/users?page=2",
        "https://canvas.example.edu@evil.example.org/?page=2",
        "//evil.example.org/",
        "http://[",
    ],
)
def test_a_next_page_elsewhere_is_refused_and_not_taken_for_the_end(link: str) -> None:
    with pytest.raises(CanvasFailure, match=r"canvas\.url"):
        next_page(listed(f'<{link}>; rel="next"'))


def test_the_default_port_is_the_same_origin() -> None:
    link = "https://CANVAS.example.edu:443/api/v1/x?page=2"
    assert next_page(listed(f"<{link}>; rel=next")) == link


RELS = st.sampled_from(["current", "prev", "first", "last"])


@given(
    page=st.text(st.characters(codec="ascii", exclude_characters='<>#"\\ ', min_codepoint=33)),
    before=st.lists(RELS, max_size=3),
    after=st.lists(RELS, max_size=3),
    separator=st.sampled_from([",", ", ", " , "]),
)
def test_the_next_link_is_found_wherever_it_stands(
    page: str, before: list[str], after: list[str], separator: str
) -> None:
    wanted = f"{HERE}?page=bookmark:{page}"
    links = [f'<{HERE}?page=1>; rel="{rel}"' for rel in before]
    links.append(f'<{wanted}>; rel="next"')
    links += [f'<{HERE}?page=1>; rel="{rel}"' for rel in after]
    assert next_page(listed(separator.join(links))) == wanted


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (429, "", True),
        (403, "403 Forbidden (Rate Limit Exceeded)\n", True),
        (403, '{"errors":[{"message":"user not authorized to perform that action"}]}', False),
        (200, "Rate Limit Exceeded", False),
    ],
)
def test_throttling_is_told_from_a_refusal(status: int, body: str, expected: bool) -> None:
    assert throttled(Answer(status, {}, body)) is expected


@pytest.mark.parametrize(
    ("remaining", "seconds"),
    [("600.0", 0), ("100", 0), ("50", 5), ("-700.5", 30), ("", 0), ("nan", 0), ("plenty", 0)],
)
def test_a_low_allowance_is_given_time_to_refill(remaining: str, seconds: float) -> None:
    answer = Answer(200, {"x-rate-limit-remaining": remaining}, "")
    assert courtesy_pause(answer) == seconds


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_exactly_as_it_was_written(number: Decimal) -> None:
    found = parse(f'{{"score": {number}}}')
    assert isinstance(found, dict)
    assert Decimal(str(found["score"])) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_canvas_float_becomes_the_decimal_it_shows(number: float) -> None:
    found = parse(json.dumps([number]))
    assert isinstance(found, list)
    assert Decimal(str(found[0])) == Decimal(str(number))


def test_the_guard_before_json_is_skipped() -> None:
    assert parse('while(1);{"id": 3}') == {"id": 3}


@pytest.mark.parametrize("body", ["", "<html>", '{"score": NaN}', "[Infinity]", "[" * 100_000])
def test_what_is_not_json_is_a_value_error(body: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own text is not ours to test
        parse(body)


def test_an_address_is_named_without_its_secrets() -> None:
    assert (
        spell("https://u:p@files.example.edu:8080/x?token=abc") == "https://files.example.edu:8080"
    )


def test_only_encrypted_or_local_addresses_may_carry_secrets() -> None:
    assert may_carry_secrets("https://s3.example.com/bucket")
    assert not may_carry_secrets("http://s3.example.com/bucket")
    assert not may_carry_secrets("file:///etc/passwd")


@pytest.mark.parametrize(
    ("date", "offset"),
    [
        ("Fri, 02 Oct 2026 08:10:00 GMT", timedelta(minutes=10)),
        ("Thu, 01 Oct 2026 08:00:00 GMT", timedelta(days=-1)),
        ("Fri, 02 Oct 2026 08:00:00 -0000", timedelta(0)),
        ("", None),
        ("yesterday", None),
        ("Fri, 02 Oct 99999999999999999999 08:00:00 GMT", None),
    ],
)
def test_the_date_of_an_answer_says_how_far_canvass_clock_is_ahead(
    date: str, offset: timedelta | None
) -> None:
    now = datetime(2026, 10, 2, 8, 0, tzinfo=timezone.utc)
    assert clock_offset(date, now) == offset
