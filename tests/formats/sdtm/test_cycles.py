"""TD, against the examples of the guide and by hand."""

import pytest

from trialsched.formats.sdtm.cycles import cycles_of, duration
from trialsched.protocol import Numbering, Protocol, Repeat, Timing, Visit


def cycles(*visits: Visit) -> tuple[list[tuple[object, ...]], list[str]]:
    """Return the rows and the notes of a protocol with these visits."""
    notes: list[str] = []
    return list(cycles_of(Protocol("p", "1", "D0", [Visit("D0", "on-site"), *visits]), notes)), notes


def cycle(code: str, when: str, every: str, times: int, **timing: object) -> Visit:
    """Return a repeated visit."""
    return Visit(f"{code}{{n}}", "on-site", Timing(when, **timing), repeat=Repeat(every, times))  # type: ignore[arg-type]


def test_the_first_example_of_the_guide() -> None:
    """SDTMIG 3.4, 7.3.2, example 1: week 8 to 48 every 8 weeks -3 days/+1 week, then every 12, then every 24 weeks."""
    rows, notes = cycles(
        cycle("A", "8 weeks after D0", "8 weeks", 6, window="-3/+7 days"),
        cycle("B", "60 weeks after D0", "12 weeks", 4, window="±7 days"),
        cycle("C", "120 weeks after D0", "24 weeks", 12, window="±7 days"),
    )
    assert rows == [
        (1, "ANCH1DT", "P0D", "P8W", "P53D", "P9W", 6),
        (2, "ANCH1DT", "P48W", "P12W", "P11W", "P13W", 4),
        (3, "ANCH1DT", "P96W", "P24W", "P23W", "P25W", 12),
    ]
    assert notes == ["TD: ANCH1DT is the date of D0; the analysis dataset ADSL must hold it under that name"]


def test_the_second_example_of_the_guide() -> None:
    """SDTMIG 3.4, 7.3.2, example 2: two patterns, each from an anchor of its own."""
    rows, notes = cycles(
        Visit("P2", "on-site", "1 year after D0"),
        cycle("A", "8 weeks after D0", "8 weeks", 6, window="-3/+7 days"),
        cycle("B", "8 weeks after P2", "8 weeks", 4, window="-3/+7 days"),
    )
    assert rows == [
        (1, "ANCH1DT", "P0D", "P8W", "P53D", "P9W", 6),
        (2, "ANCH2DT", "P0D", "P8W", "P53D", "P9W", 4),
    ]
    assert "ANCH1DT is the date of D0, ANCH2DT is the date of P2" in notes[0]


def test_a_cycle_that_begins_before_one_interval_has_passed_starts_with_its_first_visit() -> None:
    """7 days after day 0, then every 28: the visit on day 7 is where the three intervals start."""
    rows, _ = cycles(cycle("C", "7 days after D0", "28 days", 4, window="±2 days"))
    assert rows == [(1, "ANCH1DT", "P1W", "P4W", "P26D", "P30D", 3)]


def test_months_and_days_are_not_mixed_up() -> None:
    """1 month is no number of days: the first visit after a month starts a cycle of 28 days."""
    rows, _ = cycles(
        cycle("A", "1 month after D0", "28 days", 3, window="±0 days"),
        cycle("B", "3 months 10 days after D0", "1 month 3 days", 3, window="±1 day"),
        cycle("C", "1 month 5 days after D0", "1 month 10 days", 3, window="±1 day"),
        cycle("D", "3 months after D0", "3 months", 4, window="-1 month/+2 months"),
    )
    assert [row[2:] for row in rows] == [
        ("P1M", "P4W", "P4W", "P4W", 2),
        ("P2M7D", "P1M3D", "P1M2D", "P1M4D", 3),
        ("P1M5D", "P1M10D", "P1M9D", "P1M11D", 2),
        ("P0D", "P3M", "P2M", "P5M", 4),
    ]


def test_what_iso_8601_cannot_say_is_left_empty_and_told() -> None:
    """A month less 7 days is no duration; a month and 7 days is one."""
    rows, notes = cycles(cycle("M", "1 month after D0", "1 month", 6, window="±7 days"))
    assert rows == [(1, "ANCH1DT", "P0D", "P1M", None, "P1M7D", 6)]
    assert notes[0] == "TD: no ISO 8601 duration says 1 month less 7 days (M{n}): TDMINPAI is empty"


def test_an_interval_may_be_zero_but_not_less() -> None:
    """Weekly visits a week early or late leave no least interval but zero; eight days early, none."""
    rows, _ = cycles(
        cycle("A", "1 week after D0", "1 week", 2, window="±7 days"),
        cycle("B", "1 week after D0", "1 week", 2, window="-8/+0 days"),
    )
    assert [row[4:6] for row in rows] == [("P0D", "P2W"), (None, "P1W")]


@pytest.mark.parametrize(
    ("timing", "why"),
    [
        ({}, "has no window"),
        ({"window": "±7 days", "assumed": True}, "has an assumed window (±7 days), not one of the"),
    ],
)
def test_only_what_the_protocol_states_is_a_limit(timing: dict[str, object], why: str) -> None:
    """Without a window, or with an assumed one, the ends of the interval are empty, and it is told."""
    rows, notes = cycles(cycle("A", "8 weeks after D0", "8 weeks", 6, **timing))
    assert rows == [(1, "ANCH1DT", "P0D", "P8W", None, None, 6)]
    assert notes[0].startswith(f"TD: A{{n}} {why}")


def test_a_chain_repeats_too_and_travelling_visits_do_not() -> None:
    """One row for a `repeat` with `every`; the next occurrence after the last one is the same interval."""
    chain = Visit(
        "INF{n}", "on-site", Timing("6 weeks after D0", window="-3/+5 days"), repeat=Repeat("6 weeks", 3, "previous")
    )
    follows = Visit("CALL{n}", "phone", Timing("7 days after INF{n}", window="±1 day"), repeat="INF{n}")
    rows, _ = cycles(chain, follows)
    assert rows == [(1, "ANCH1DT", "P0D", "P6W", "P39D", "P47D", 3)]


def test_cycles_that_td_cannot_hold_are_told() -> None:
    """One that begins before its anchor (TDSTOFF is zero or more), and one that comes only once."""
    rows, notes = cycles(
        cycle("S", "60 days before D0", "10 days", 3),
        cycle("O", "7 days after D0", "28 days", 1),
        cycle("P", "28 days after D0", "28 days", 1, window="±0 days"),
    )
    assert rows == [(1, "ANCH1DT", "P0D", "P4W", "P4W", "P4W", 1)]
    assert notes[:2] == [
        "TD has no row for S{n}: it begins before its anchor",
        "TD has no row for O{n}: it does not come again",
    ]


def test_a_protocol_without_cycles_has_no_rows() -> None:
    """And nothing is said."""
    assert cycles(Visit("V1", "phone", "7 days after D0", numbering=Numbering(2))) == ([], [])


@pytest.mark.parametrize(
    ("months", "days", "text"),
    [(0, 0, "P0D"), (0, 1, "P1D"), (0, 7, "P1W"), (0, 53, "P53D"), (1, 0, "P1M"), (12, 0, "P1Y"), (14, 14, "P1Y2M14D")],
)
def test_durations_are_iso_8601(months: int, days: int, text: str) -> None:
    """As the table of SDTMIG 3.4, 4.4.3.1 has them: weeks alone, or years, months and days."""
    assert duration(months, days) == text
