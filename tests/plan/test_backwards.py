"""The way back from a visit to a baseline."""

from datetime import date

import pytest

import trialsched as ts

ALSTEM = ts.load_protocol("alstem")


def test_the_first_screening_visit_gives_a_provisional_baseline() -> None:
    """SCR1 + 90 days (choice 8): 2 December 2025 gives 2 March 2026."""
    assert ts.provisional_baseline(ALSTEM, "SCR1", date(2025, 12, 2)) == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("day", "baseline"),
    [
        # 28, 29, 30, 31 August + 6 months are all 28 February 2025: the latest is taken
        (date(2025, 2, 28), date(2024, 8, 31)),
        # only 1 September 2025 gives 1 March 2026
        (date(2026, 3, 1), date(2025, 9, 1)),
    ],
)
def test_months_have_several_ways_back_and_the_latest_is_taken(day: date, baseline: date) -> None:
    """The latest baseline whose plan puts the visit on that day."""
    assert ts.provisional_baseline(ALSTEM, "M06", day) == baseline


def test_a_day_that_no_baseline_gives_takes_the_one_before() -> None:
    """No baseline puts month 6 on 31 August 2024: 29 February + 6 months is the 29th, 1 March the 1st of September."""
    found = ts.provisional_baseline(ALSTEM, "M06", date(2024, 8, 31))
    assert found == date(2024, 2, 29)


def test_the_anchor_is_its_own_baseline() -> None:
    """Day 0 is the baseline."""
    assert ts.provisional_baseline(ALSTEM, "DOSE1", date(2026, 3, 2)) == date(2026, 3, 2)


def test_unknown_visits_and_impossible_days_are_errors() -> None:
    """The nearest code is named; a day before every baseline's target has none."""
    with pytest.raises(ts.UnknownVisitError, match="did you mean 'SCR"):
        ts.provisional_baseline(ALSTEM, "SCR", date(2026, 3, 2))
    with pytest.raises(ts.DateOutOfRangeError) as caught:
        ts.provisional_baseline(ALSTEM, "M06", date(1, 3, 2))
    assert caught.value.where == "M06"


def test_the_ends_of_the_calendar() -> None:
    """The last baseline of the calendar and the first are found."""
    assert ts.provisional_baseline(ALSTEM, "SCR1", date(9999, 12, 31)) == date(9999, 12, 31)
    assert ts.provisional_baseline(ALSTEM, "M06", date(1, 7, 1)) == date(1, 1, 1)


def test_a_baseline_whose_plan_leaves_the_calendar_is_none() -> None:
    """B on 10 January of year 1 would need A in the year before, by months or by days."""
    for back in ("2 months", "60 days"):
        visits = [ts.Visit("D0", "on-site"), ts.Visit("A", "phone", f"{back} before D0")]
        protocol = ts.Protocol("demo", "1", "D0", [*visits, ts.Visit("B", "phone", "1 month after A")])
        with pytest.raises(ts.DateOutOfRangeError):
            ts.provisional_baseline(protocol, "B", date(1, 1, 10))
        found = ts.provisional_baseline(protocol, "B", date(1, 3, 10))
        assert ts.schedule(protocol, ts.Subject("S", baseline=found))["B"].target == date(1, 3, 10)
