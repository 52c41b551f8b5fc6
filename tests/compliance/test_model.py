"""What a report and its checked visits answer.

Of the bundled protocol with baseline 2 March 2026: dose 2 is 30 days on, 1 April, ±7 days (25 March to 8 April).
"""

import copy
import pickle
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched import strategies
from trialsched.compliance import KINDS, STATUSES, CheckedVisit, Finding, Report, check
from trialsched.compliance.model import Judged

ALSTEM = ts.load_protocol("alstem")
SUBJECT = ts.Subject("P01-007", baseline=date(2026, 3, 2))
record = ts.VisitRecord


def report_of(*records: ts.VisitRecord, as_of: date = date(2026, 3, 20)) -> Report:
    """Return the report of 20 March 2026."""
    subject = SUBJECT
    for one in records:
        subject = subject.with_record(one)
    return check(ts.schedule(ALSTEM, subject), as_of)


def dose_two(*records: ts.VisitRecord) -> CheckedVisit:
    """Return dose 2 of the report."""
    return report_of(*records)["DOSE2"]


def test_the_words_are_those_of_the_design() -> None:
    """Seven statuses, and sixteen kinds in the order in which they are told."""
    assert sorted(STATUSES) == ["done", "due", "lapsed", "missed", "not-expected", "overdue", "upcoming"]
    assert list(KINDS) == [
        *("early", "late", "missed", "withheld", "lapsed", "wrong-mode", "mode-upgrade", "too-close"),
        *("out-of-order", "in-other-window", "duplicate", "unknown-visit", "after-end", "in-the-future"),
        *("empty-window", "booked-outside"),
    ]


def test_a_checked_visit_answers_what_its_plan_does() -> None:
    """Code, dates, window and basis, mode, and nothing recorded."""
    visit = dose_two()
    assert (visit.code, visit.version, visit.status) == ("DOSE2", ALSTEM.version, "upcoming")
    assert (visit.target, visit.earliest, visit.latest) == (date(2026, 4, 1), date(2026, 3, 25), date(2026, 4, 8))
    assert visit.window == ts.DateRange(date(2026, 3, 25), date(2026, 4, 8))
    assert (visit.window_basis, visit.provisional, visit.mode_planned) == ("protocol", False, "on-site")
    assert (visit.record, visit.attended, visit.mode_actual, visit.outcome) == (None,) * 4
    assert (visit.booked, visit.booked_time) == (None, None)
    assert (visit.verdict, visit.days_out, visit.days_from_target, visit.settled_by) == (None,) * 4


@pytest.mark.parametrize(
    ("attended", "verdict", "days_out", "from_target"),
    [
        (date(2026, 3, 24), "out", -1, -8),
        (date(2026, 3, 25), "in", 0, -7),
        (date(2026, 4, 1), "in", 0, 0),
        (date(2026, 4, 8), "in", 0, 7),
        (date(2026, 4, 9), "out", 1, 8),
        (ts.PartialDate(2026, 5), "out", 23, None),  # 1 May: 22 days of April are left, and one
    ],
)
def test_a_verdict_is_in_or_out_by_the_days_out(
    attended: date | ts.PartialDate, verdict: str, days_out: int, from_target: int | None
) -> None:
    """The window is 25 March to 8 April, the target the first."""
    visit = dose_two(record("DOSE2", attended=attended))
    assert (visit.verdict, visit.days_out, visit.days_from_target) == (verdict, days_out, from_target)


def test_a_partly_known_date_is_undecided_with_the_days_that_settle_it() -> None:
    """March 2026 is inside from the 25th on."""
    visit = dose_two(record("DOSE2", attended=ts.PartialDate(2026, 3)))
    assert (visit.verdict, visit.days_out) == ("undecided", None)
    assert visit.settled_by == ts.DateRange(date(2026, 3, 25), date(2026, 3, 31))
    assert visit.attended == ts.PartialDate(2026, 3)


def test_what_happened_is_that_of_the_record_judged() -> None:
    """The day, the mode, the outcome; a mode is how it was done, once it was."""
    held = record("DOSE2", attended=date(2026, 4, 2), mode="home")
    visit = dose_two(held)
    assert (visit.record, visit.attended, visit.mode_actual, visit.outcome) == (held, date(2026, 4, 2), "home", None)
    withheld = record("DOSE2", attended=date(2026, 4, 2), mode="on-site", outcome="withheld")
    visit = dose_two(withheld)
    assert (visit.mode_actual, visit.outcome, visit.status) == ("on-site", "withheld", "done")
    assert dose_two(record("DOSE2", booked=date(2026, 4, 2), mode="home")).mode_actual is None
    assert dose_two(record("DOSE2", attended=date(2026, 4, 2))).mode_actual is None
    assert dose_two(record("DOSE2", outcome="missed")).outcome == "missed"


def test_what_was_agreed_is_there_with_its_time() -> None:
    """A day, and a time local at the clinic."""
    visit = dose_two(record("DOSE2", booked=date(2026, 4, 2), booked_time=time(9, 15)))
    assert (visit.booked, visit.booked_time) == (date(2026, 4, 2), time(9, 15))


def test_a_provisional_baseline_is_told() -> None:
    """A row that rests on it says so."""
    subject = ts.Subject("S", baseline=date(2026, 3, 2), baseline_status="provisional")
    assert check(ts.schedule(ALSTEM, subject), date(2026, 3, 20))["DOSE2"].provisional


def test_a_report_is_a_collection_of_visits_by_code() -> None:
    """In protocol order, by code, counted."""
    report = report_of(record("DOSE2", attended=date(2026, 4, 9)))
    assert [visit.code for visit in report] == list(ALSTEM.codes)
    assert tuple(report) == report.visits
    assert len(report) == 17
    assert report["DOSE2"] is report.visits[ALSTEM.codes.index("DOSE2")]
    assert report.subject.code == "P01-007"
    assert report.as_of == date(2026, 3, 20)
    assert report.plan.protocol is ALSTEM
    assert report.plans == (report.plan,)
    assert report.protocols == (ALSTEM,)


def test_a_report_prints_whose_it_is() -> None:
    """With the number of findings: on 10 March three screenings and dose 1, which closed on the 9th, have lapsed."""
    some = report_of(as_of=date(2026, 3, 10))
    assert repr(some) == "<Report of 'P01-007' as of 2026-03-10, 17 visits, 4 findings>"
    none = report_of(as_of=date(2025, 1, 1))
    assert repr(none) == "<Report of 'P01-007' as of 2025-01-01, 17 visits, 0 findings>"
    one = report_of(record("DOSE1", outcome="missed"), as_of=date(2025, 1, 1))
    assert repr(one) == "<Report of 'P01-007' as of 2025-01-01, 17 visits, 1 finding>"


@pytest.mark.parametrize("code", ["DOSE4", "dose2", "", None, 3])
def test_an_unknown_code_is_a_key_error_that_names_the_nearest(code: str) -> None:
    """The error is also a `KeyError`."""
    with pytest.raises(KeyError) as caught:
        report_of()[code]
    assert isinstance(caught.value, ts.UnknownVisitError)
    if code == "dose2":
        assert "did you mean 'DOSE2'" in str(caught.value)


def test_a_report_cannot_be_edited() -> None:
    """Neither it nor its visits and findings."""
    report = report_of()
    with pytest.raises(AttributeError):
        report.as_of = date(2026, 3, 4)  # type: ignore[misc]
    with pytest.raises(AttributeError):
        report.more = 1  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        report["DOSE2"].status = "done"  # type: ignore[misc]


def test_reports_are_values() -> None:
    """Equal by content, of the same hash, the same after copying and pickling."""
    held = record("DOSE2", attended=date(2026, 4, 9))
    report, twin = report_of(held), report_of(held)
    assert report == twin
    assert report is not twin
    assert len({report, twin, copy.deepcopy(report), pickle.loads(pickle.dumps(report))}) == 1  # noqa: S301 - our own
    assert pickle.loads(pickle.dumps(report)).findings == report.findings  # noqa: S301 - our own
    assert report != report_of(held, as_of=date(2026, 3, 21))
    assert report != report_of()
    assert report != report.visits
    assert hash(report) != hash(report_of())


def test_findings_are_tuples_with_names() -> None:
    """Dose 2 on 9 April is a day late, told with all its fields."""
    report = report_of(record("DOSE2", attended=date(2026, 4, 9)), as_of=date(2026, 4, 9))
    (late,) = [finding for finding in report.findings if finding.visit == "DOSE2"]
    assert late == Finding(
        kind="late",
        level="deviation",
        visit="DOSE2",
        other=None,
        version=ALSTEM.version,
        days_out=1,
        date=date(2026, 4, 9),
        detail="attended 2026-04-09, 1 day after its window 2026-03-25 to 2026-04-08 (±7 days around 2026-04-01): "
        "+1 day",
    )


def test_that_visits_were_looked_at_is_seen_nowhere() -> None:
    """They are made when they are asked for: not in what is equal, in the hash, in a copy or in a pickle."""
    facts = (record("DOSE1", attended=date(2026, 3, 4)), record("DOSE2", attended=ts.PartialDate(2026, 4)))
    fresh, seen = report_of(*facts), report_of(*facts)
    before = pickle.dumps(seen)
    assert len(list(seen)) == len(fresh) == 17
    assert seen.visits is seen.visits
    assert pickle.dumps(seen) == before
    assert seen == fresh == copy.deepcopy(seen)
    assert hash(seen) == hash(fresh)
    assert list(pickle.loads(before)) == list(seen)  # noqa: S301 - our own


def test_one_visit_is_what_all_of_them_have() -> None:
    """For every status, with and without window."""
    report = report_of(record("DOSE1", attended=date(2026, 3, 20)), record("SCR3", outcome="missed"))
    assert {visit.status for visit in report} == {"done", "missed", "lapsed", "upcoming"}
    assert report["DOSE1"].days_out == 11
    assert all(report[visit.code] is visit for visit in report)


@given(strategies.histories(), st.data())
def test_visits_made_together_are_those_made_one_by_one(plan: ts.Plan, data: st.DataObject) -> None:
    """The way without a call for each says the same, also at the ends of windows and of partly known dates."""
    report = check(plan, data.draw(strategies.as_of_days(plan)))
    judged = Judged(plan.rows, tuple(visit.status for visit in report), plan.protocol.version)
    assert judged.visits() == tuple(judged.visit(place) for place in range(len(report))) == report.visits
    each = judged._replace(versions=(plan.protocol.version,) * len(report))
    assert each.visits() == judged.visits()
