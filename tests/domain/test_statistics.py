"""Statistics by the textbook, against pandas, which computes them in its own way."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rudaux.domain.statistics import (
    FEW,
    MarkedCell,
    Marks,
    analyse_items,
    complete,
    discrimination,
    histogram,
    summarise,
)

CELLS = (
    MarkedCell("nb", "mean", Decimal(2)),
    MarkedCell("nb", "median", Decimal(1)),
    MarkedCell("nb", "essay", Decimal(5), by_hand=True),
    MarkedCell("nb", "extra", Decimal(0)),
)
Rows = list[tuple[float, float, float, float]]


def marks(rows: Rows) -> Marks:
    return Marks(CELLS, {str(n): tuple(Decimal(str(p)) for p in row) for n, row in enumerate(rows)})


def analysed(rows: Rows, **seconds: float) -> dict[str, tuple[str, ...]]:
    given = marks(rows)
    found = analyse_items(given, given.by_student, {}, {}, 30.0)
    return {item.cell.cell: item.flags for item in found}


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 0.5, 1.0, 2.0]),
            st.sampled_from([0.0, 1.0]),
            st.sampled_from([0.0, 2.5, 5.0]),
            st.just(0.0),
        ),
        min_size=FEW,
        max_size=40,
    )
)
@settings(max_examples=60, deadline=None)
def test_item_statistics_are_those_of_pandas(rows: Rows) -> None:
    frame = pd.DataFrame(rows, columns=[c.cell for c in CELLS])
    total = frame.sum(axis=1)
    given = marks(rows)
    items = {i.cell.cell: i for i in analyse_items(given, given.by_student, {}, {}, 30.0)}
    assert set(items) == {"mean", "median"}  # an essay is no test; without points there is none
    for cell, item in items.items():
        column = frame[cell]
        assert float(item.mean) == pytest.approx(column.mean())
        assert item.passed == pytest.approx((column >= float(item.cell.maximum)).mean())
        rest = total - column
        if column.nunique() == 1 or rest.nunique() == 1:
            assert item.discrimination is None
        else:
            assert item.discrimination == pytest.approx(column.corr(rest), abs=1e-9)


@given(st.lists(st.decimals(0, 10, places=4), min_size=1, max_size=50))
@settings(max_examples=60, deadline=None)
def test_mean_median_and_quartiles_are_those_of_pandas(scores: list[Decimal]) -> None:
    series = pd.Series([float(s) for s in scores])
    found = summarise(scores)
    assert found is not None
    assert found.count == len(scores)
    assert float(found.mean) == pytest.approx(series.mean())
    assert float(found.median) == pytest.approx(series.median())
    low, high = series.quantile([0.25, 0.75])
    assert [float(q) for q in found.quartiles] == pytest.approx([low, high])


def test_without_scores_there_is_no_summary() -> None:
    assert summarise([]) is None
    assert analyse_items(marks([]), [], {}, {}, 1.0) == ()


def test_nine_students_have_no_discrimination_and_ten_have_one() -> None:
    item = [1.0, 0.0] * 5
    total = [1.0 + n % 2 + n / 10 for n in range(10)]
    assert discrimination(item[:9], total[:9]) is None
    assert discrimination(item, total) is not None


def test_where_nobody_differs_rounding_does_not_correlate() -> None:
    tenths = [0.1] * 49
    assert discrimination(tenths, [0.1 + n % 2 for n in range(49)]) is None
    assert (
        discrimination([n % 2 / 3 for n in range(49)], [n % 2 / 3 + 0.7 for n in range(49)]) is None
    )


def test_a_test_that_good_students_fail_is_flagged() -> None:
    good, weak = (2.0, 0.0, 5.0, 0.0), (0.0, 1.0, 0.0, 0.0)
    assert "negative_discrimination" in analysed([good] * 6 + [weak] * 6)["median"]
    assert "negative_discrimination" not in analysed([good] * 4 + [weak] * 5)["median"]


def test_tests_that_all_fail_or_all_pass_are_flagged_from_five_students_on() -> None:
    row = (2.0, 0.0, 1.0, 0.0)
    assert analysed([row] * 5) == {"mean": ("all_pass",), "median": ("all_fail",)}
    assert analysed([row] * 4) == {"mean": (), "median": ()}
    half = (1.0, 0.0, 1.0, 0.0)
    assert analysed([half] * 5)["mean"] == ()


def test_a_test_is_not_reached_only_where_it_ran_for_nobody() -> None:
    given = marks([(0.0, 0.0, 1.0, 0.0)] * 5)
    key = ("nb", "mean")
    missed = {sid: [key] for sid in given.by_student}
    [mean, _] = analyse_items(given, given.by_student, {}, missed, 30.0)
    assert mean.flags == ("not_reached", "all_fail")
    [mean, _] = analyse_items(given, given.by_student, {}, {**missed, "0": []}, 30.0)
    assert mean.flags == ("all_fail",)


def test_a_test_is_slow_where_one_student_in_ten_waits_long() -> None:
    given = marks([(n % 2, 0.0, 1.0, 0.0) for n in range(20)])
    key = ("nb", "mean")
    for slow, flagged in ((1, False), (2, True)):
        seconds = {str(n): {key: 30.0 if n < slow else 0.2} for n in range(20)}
        [mean, other] = analyse_items(given, given.by_student, seconds, {}, 30.0)
        assert ("slow" in mean.flags) is flagged
        assert mean.seconds == 0.2
        assert other.seconds is None


def test_whoever_lacks_a_mark_is_left_out() -> None:
    given = Marks(CELLS, {"1": (Decimal(1), None, Decimal(1), Decimal(0)), "2": (Decimal(1),) * 4})
    assert set(complete(given, ["1", "2", "3"])) == {"2"}


def test_a_histogram_counts_everybody_once() -> None:
    scores = [Decimal(s) for s in ("0", "0.9", "1", "9.9", "10")]
    bins = histogram(scores, Decimal(10))
    assert [b.count for b in bins] == [2, 1, 0, 0, 0, 0, 0, 0, 0, 2]
    assert (bins[0].low, bins[-1].high) == (Decimal(0), Decimal(10))
    more = histogram([*scores, Decimal("12.5")], Decimal(10))
    assert (len(more), more[-1].count, sum(b.count for b in more)) == (13, 1, 6)
    assert histogram(scores, Decimal(0)) == ()
