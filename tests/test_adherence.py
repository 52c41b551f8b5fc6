"""Adherence: subjects by visits, and rates of what was due."""

from dataclasses import FrozenInstanceError, replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched import strategies
from trialsched.adherence import RATES, Counts, adherence
from trialsched.compliance import Report, check

# With the baseline 2 March 2026, by hand: V1 27 February to 5 March, V2 10 to 14 March, V3 (assumed) 17 to 31 March,
# V4 on 11 April without window.
PROTOCOL = ts.Protocol(
    "demo",
    "1",
    "V1",
    [
        ts.Visit("V1", "on-site", ts.Timing(window="±3 days")),
        ts.Visit("V2", "on-site", ts.Timing("10 days after V1", window="±2 days")),
        ts.Visit("V3", "phone", ts.Timing("22 days after V1", window="±7 days", assumed=True)),
        ts.Visit("V4", "video", ts.Timing("40 days after V1")),
    ],
)
NONE = Counts(0, 0, 0, 0, 0, 0, 0)


def march(number: int) -> date:
    """Return a day of March 2026."""
    return date(2026, 3, number)


def reported(subject: ts.Subject, as_of: date) -> Report:
    """Return the report of a subject."""
    return check(ts.schedule(PROTOCOL, subject), as_of)


BASE = ts.Subject("S", baseline=march(2)).attended("V1", march(2))
SUBJECTS = (
    replace(BASE.attended("V2", march(12)), code="IN"),
    replace(BASE.attended("V2", march(16)).attended("V3", march(20)), code="LATE"),
    replace(BASE.attended("V2", ts.PartialDate(2026, 3)), code="PARTLY"),
    replace(BASE.withheld("V2", march(11)), code="WITHHELD"),
    replace(BASE.missed("V2").missed("V3"), code="MISSED"),
    replace(BASE.attended("V4", march(30)), code="LAPSED"),
    replace(BASE, ended=march(9), code="ENDED"),
    replace(BASE, records=(), baseline=date(2026, 3, 17), code="YOUNG"),
)


def test_the_rates_by_hand() -> None:
    """Eight subjects on 20 March: what was due and what became of it, windows of the protocol and assumed ones apart.

    V1: 7 done on their day; YOUNG's is open to the 20th. V2: due of 6 (ENDED is not expected, YOUNG's is to come):
    in the window IN and WITHHELD, LATE outside, PARTLY undecided, MISSED missed, LAPSED lapsed. V3 is open to the 31st:
    only LATE's is done; MISSED's is missed but its window has not closed.
    """
    found = adherence([reported(subject, march(20)) for subject in SUBJECTS])
    v1 = Counts(due=7, in_window=7, undecided=0, done=7, withheld=0, missed=0, lapsed=0)
    v2 = Counts(due=6, in_window=2, undecided=1, done=4, withheld=1, missed=1, lapsed=1)
    assert found.protocol.visits == (("V1", v1), ("V2", v2))
    assert found.protocol.overall == Counts(due=13, in_window=9, undecided=1, done=11, withheld=1, missed=1, lapsed=1)
    v3 = Counts(due=1, in_window=1, undecided=0, done=1, withheld=0, missed=0, lapsed=0)
    assert found.assumed.visits == (("V3", v3),)
    assert found.assumed.overall == v3
    assert found.as_of == march(20)


def test_a_window_is_due_from_the_day_after_it_closes() -> None:
    """On its last day, 14 March, V2 may still happen; a missed one is due from then too, a done one at once."""
    for as_of, due in ((march(14), 1), (march(15), 2)):
        found = adherence([reported(BASE, as_of)])
        assert found.protocol.overall.due == due
        assert adherence(reported(BASE.missed("V2"), as_of)).protocol.overall.due == due
    assert adherence(reported(BASE.attended("V2", march(10)), march(10))).protocol.overall.due == 2


def test_what_was_missed_after_the_end_is_in_no_rate() -> None:
    """Ended on 9 March: V2 (to 14 March) and V3 were still to come, though a person wrote both down as missed.

    Ended on 14 March V2 had been expected, and was missed.
    """
    missed = BASE.missed("V2").missed("V3")
    found = adherence([reported(missed.end(march(9), "death"), date(2026, 6, 1))])
    kept = Counts(due=1, in_window=1, undecided=0, done=1, withheld=0, missed=0, lapsed=0)
    assert (found.protocol.overall, found.assumed.overall) == (kept, NONE)
    found = adherence([reported(missed.end(march(14), "death"), date(2026, 6, 1))])
    assert (found.protocol.overall, found.assumed.overall) == (kept._replace(due=2, missed=1), NONE)


def test_subjects_by_visits() -> None:
    """Every visit in protocol order, also those without window, with its status and verdict."""
    found = adherence([reported(subject, march(20)) for subject in SUBJECTS])
    assert found.visits == ("V1", "V2", "V3", "V4")
    cells = {
        row.subject: [f"{cell.status} {cell.verdict}" if cell else None for cell in row.cells] for row in found.subjects
    }
    assert list(cells) == ["IN", "LATE", "PARTLY", "WITHHELD", "MISSED", "LAPSED", "ENDED", "YOUNG"]
    assert cells["LATE"] == ["done in", "done out", "done in", "upcoming None"]
    assert cells["PARTLY"][1] == "done undecided"
    assert cells["MISSED"] == ["done in", "missed None", "missed None", "upcoming None"]
    assert cells["LAPSED"] == ["done in", "lapsed None", "due None", "done None"]
    assert cells["ENDED"] == ["done in", *["not-expected None"] * 3]


def test_visits_of_one_arm_are_empty_for_the_other() -> None:
    """The columns are all visits of the protocol that anybody has, in its order."""
    design = ts.Protocol(
        "arms",
        "1",
        "A1",
        [
            ts.Visit("A1", "on-site"),
            ts.Visit("X", "on-site", "1 day after A1", arms=["B"]),
            ts.Visit("Y", "on-site", "2 days after A1", arms=["A"]),
            ts.Visit("Z", "on-site", "3 days after A1", arms=["C"]),
        ],
        arms=["A", "B", "C"],
    )
    plans = [ts.schedule(design, ts.Subject(f"S{arm}", march(2), arm)) for arm in "AB"]
    found = adherence([check(plan, march(20)) for plan in plans])
    assert found.visits == ("A1", "X", "Y")
    assert [[cell is not None for cell in row.cells] for row in found.subjects] == [
        [True, False, True],
        [True, True, False],
    ]


def test_a_visit_is_counted_by_the_basis_of_the_version_that_judges_it() -> None:
    """One code may have a window of the protocol in one version and an assumed one in another."""
    visits = [ts.Visit("A", "on-site"), ts.Visit("B", "on-site", ts.Timing("9 days after A", window="±1 day"))]
    first = ts.Protocol("am", "1", "A", visits)
    guess = ts.Visit("B", "on-site", ts.Timing("9 days after A", window="±1 day", assumed=True))
    extra = ts.Visit("N", "phone", "3 days after A")
    second = ts.Protocol("am", "2", "A", [extra, ts.Visit("A", "on-site"), guess], meta=ts.Meta(in_force=march(20)))
    reports = []
    for code, day in (("OLD", march(11)), ("NEW", march(21))):
        subject = ts.Subject(code, march(2)).attended("A", march(2)).attended("B", day)
        reports.append(check([ts.schedule(protocol, subject) for protocol in (first, second)], march(30)))
    found = adherence(reports)
    assert found.visits == ("N", "A", "B")
    kept, late = Counts(1, 1, 0, 1, 0, 0, 0), Counts(1, 0, 0, 1, 0, 0, 0)
    assert found.protocol.visits == (("B", kept),)
    assert found.assumed.visits == (("B", late),)


def test_nothing_expected_is_no_rate() -> None:
    """An empty denominator is None, not 100 %: without windows, before any closed, and without subjects."""
    found = adherence([reported(SUBJECTS[-1], march(17))])
    assert found.protocol.overall == found.assumed.overall == NONE
    assert [name for name, _ in found.protocol.visits] == ["V1", "V2"]
    assert {found.protocol.overall.percent(rate) for rate in RATES} == {None}
    bare = adherence(check(ts.schedule(PROTOCOL.as_registered(), BASE), march(20)))
    assert (bare.assumed.overall, bare.assumed.visits) == (NONE, ())
    empty = adherence([])
    assert (empty.as_of, empty.visits, empty.subjects) == (None, (), ())
    assert empty.protocol.overall == NONE


@pytest.mark.parametrize(
    ("count", "due", "percent"),
    [
        (17, 20, 85.0),
        (1, 16, 6.3),
        (3, 16, 18.8),
        (2, 3, 66.7),
        (1, 3, 33.3),
        (0, 7, 0.0),
        (7, 7, 100.0),
        (1, 800, 0.1),
    ],
)
def test_per_cents_have_one_decimal_and_a_half_goes_up(count: int, due: int, percent: float) -> None:
    """6.25 is 6.3, as people round and spreadsheets do."""
    assert Counts(due, count, 0, due, 0, 0, 0).percent("in_window") == percent


def test_each_rate_has_its_own_count() -> None:
    """All are of those due."""
    counts = Counts(due=10, in_window=4, undecided=1, done=7, withheld=0, missed=2, lapsed=1)
    assert [counts.percent(rate) for rate in RATES] == [40.0, 70.0, 20.0, 10.0]


def test_what_was_counted_cannot_be_changed() -> None:
    """The numbers are values, comparable and hashable."""
    found = adherence(reported(BASE, march(20)))
    for owner, name in ((found, "as_of"), (found.protocol, "overall")):
        with pytest.raises(FrozenInstanceError):
            setattr(owner, name, None)
    assert found == adherence(reported(BASE, march(20)))
    assert hash(found.protocol) == hash(adherence(reported(BASE, march(20))).protocol)


def test_reports_of_one_day_and_one_for_each_subject() -> None:
    """What cannot be counted together is refused."""
    one, other = reported(SUBJECTS[0], march(20)), reported(SUBJECTS[1], march(21))
    with pytest.raises(ts.InvalidValueError, match="'IN' stands twice") as caught:
        adherence([one, one])
    assert caught.value.where == "reports[1]"
    with pytest.raises(ts.InvalidValueError, match="of one day") as caught:
        adherence([one, other])
    assert caught.value.where == "reports[1]"


def test_a_plan_is_no_report() -> None:
    """What `schedule` gives is to be checked first."""
    plan = ts.schedule(PROTOCOL, BASE)
    for several in (plan, [reported(BASE, march(20)), plan]):
        with pytest.raises(ts.InvalidTypeError, match="a Report of `check` is meant; read ") as caught:
            adherence(several)  # type: ignore[arg-type]
        assert caught.value.where == f"reports[{0 if several is plan else 1}]"


@given(st.lists(strategies.plans(), max_size=4), strategies.baselines())
def test_the_counts_add_up_for_any_facts(plans: list[ts.Plan], as_of: date) -> None:
    """Due is done, missed or lapsed; in, out or undecided is done; each visit once, counted here once more."""
    reports = [
        check(ts.schedule(plan.protocol, replace(plan.subject, code=f"S{index}")), as_of)
        for index, plan in enumerate(plans)
    ]
    found = adherence(reports)
    for basis, rates in (("protocol", found.protocol), ("assumed", found.assumed)):
        cells = [cell for row in found.subjects for cell in row.cells if cell and cell.window_basis == basis]
        due = [c for c in cells if c.status == "done" or (c.latest and c.latest < as_of and c.status != "not-expected")]
        counts = rates.overall
        assert counts.due == len(due) == counts.done + counts.missed + counts.lapsed
        out = sum(cell.verdict == "out" for cell in due)
        assert counts.done == counts.in_window + counts.undecided + out
        assert counts.withheld <= counts.done
        assert {visit for visit, _ in rates.visits} == {cell.code for cell in cells}
        assert counts == Counts(*(sum(column) for column in zip(NONE, *(c for _, c in rates.visits), strict=True)))
        if counts.due:
            exact = Fraction(100 * counts.in_window, counts.due)
            shown = counts.percent("in_window")
            assert shown is not None
            assert abs(Fraction(round(shown * 10), 10) - exact) <= Fraction(1, 20)
    assert sum(len(report) for report in reports) == sum(
        cell is not None for row in found.subjects for cell in row.cells
    )
