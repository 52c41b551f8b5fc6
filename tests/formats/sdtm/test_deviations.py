"""DV: the deviations among the findings."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from trialsched.compliance import Finding, Report, check
from trialsched.formats.sdtm.deviations import deviations_of, identifier
from trialsched.formats.sdtm.visits import Told
from trialsched.offsets import PartialDate
from trialsched.plan import schedule
from trialsched.protocol import Protocol, Spacing, Timing, Visit
from trialsched.subject import Subject, VisitRecord

ZERO = date(2026, 3, 2)
PROTOCOL = Protocol(
    "p",
    "1",
    "D0",
    [
        Visit("D0", "on-site", Timing(window="±3 days"), epoch="treatment"),
        Visit("V1", "on-site", Timing("30 days after D0", window="±3 days"), epoch="treatment"),
        Visit("V2", "on-site", Timing("60 days after D0", window="±3 days"), epoch="Follow-up"),
        Visit("V3", "phone", Timing("90 days after D0", window="±3 days", assumed=True)),
        Visit("V4", "phone", Timing("120 days after D0", window="±3 days")),
        Visit("V5", "phone", Timing("150 days after D0", window="±3 days")),
    ],
    spacings=[Spacing("V1", "V2", "27 days")],
)


def rows(*records: VisitRecord) -> list[tuple[object, ...]]:
    """Return the rows of a subject."""
    subject = Subject("S", baseline=ZERO, records=records)
    return of(check(schedule(PROTOCOL, subject), date(2027, 1, 1)))


def of(report: Report, told: list[str] | None = None) -> list[tuple[object, ...]]:
    """Return the rows of a report; what is told of missed visits without a date is added to a list."""
    return list(deviations_of(report, "P-S", Told([], [], [], [] if told is None else told)))


def came(code: str, days: int, mode: str | None = None) -> VisitRecord:
    """Return a visit held so many days after day 0."""
    return VisitRecord(code, attended=ZERO + timedelta(days), mode=mode)  # type: ignore[arg-type]


def test_deviations_have_rows_and_notes_have_none() -> None:
    """Late by 1 day on day 34 and 3 days short of 27; late in an assumed window, lapsed, an upgrade: notes."""
    found = rows(
        came("D0", 0),
        came("V1", 34),
        came("V2", 58),
        came("V3", 99),
        VisitRecord("V4", outcome="missed"),
    )
    assert [row[:1] + row[1:3] + row[4:] for row in found] == [
        ("P-S", 1, "V1 late 2026-04-05", "LATE", "VISIT SCHEDULE", "TREATMENT", "2026-04-05", 35),
        ("P-S", 2, "V2 too-close V1 2026-04-29", "TOO-CLOSE", "VISIT SCHEDULE", "FOLLOW-UP", "2026-04-29", 59),
        ("P-S", 3, "V4 missed", "MISSED", "VISIT SCHEDULE", None, None, None),
    ]
    assert rows(came("D0", 0), came("V3", 99), came("V5", 150, "on-site")) == []


def test_the_term_is_the_sentence_of_the_finding_with_its_visit() -> None:
    """In the words of `check`, which have the rule, the dates and the signed days."""
    ((*_, term, kind, _, _, _, _),) = rows(came("D0", 0), came("V1", 26))
    report = check(
        schedule(PROTOCOL, Subject("S", baseline=ZERO, records=(came("D0", 0), came("V1", 26)))), date(2027, 1, 1)
    )
    sentence = next(finding.detail for finding in report.findings if finding.kind == "early")
    assert (term, kind) == (f"V1: {sentence}", "EARLY")


def test_study_days_need_a_reference_start_and_a_whole_date() -> None:
    """Without the first dose, or with a month only, DVSTDY is empty; DVSTDTC says what is known."""
    assert [row[-2:] for row in rows(came("V1", 40))] == [("2026-04-11", None)]
    month = VisitRecord("V1", attended=PartialDate(2026, 5))
    assert [row[-2:] for row in rows(came("D0", 0), month)] == [("2026-05", None)]


def test_the_identifier_is_the_key_of_a_finding() -> None:
    """Visit, kind, other visit and date: no two findings of a subject agree in them."""
    finding = Finding("too-close", "deviation", "V2", "V1", "1", -3, date(2026, 4, 29), "...")
    assert identifier(finding) == "V2 too-close V1 2026-04-29"
    assert identifier(finding._replace(kind="missed", other=None, date=None)) == "V2 missed"


def test_study_days_count_from_the_visit_that_the_protocol_names() -> None:
    """DVSTDY counts from RFSTDTC as SVSTDY does: day 30 is study day 27 when day 4 is study day 1."""
    first = Visit("DOSE1", "on-site", "4 days after D0")
    protocol = replace(PROTOCOL, visits=(*PROTOCOL.visits, first), study_days_from="DOSE1")
    subject = Subject("S", baseline=ZERO, records=(came("D0", 0), came("DOSE1", 4), came("V1", 36)))
    found = of(check(schedule(protocol, subject), date(2027, 1, 1)))
    assert [row[-2:] for row in found] == [("2026-04-07", 33)]


def missed(*day: int) -> VisitRecord:
    """Return a record of V4 as missed, with the day of its appointment, if any."""
    return VisitRecord("V4", booked=date(*day) if day else None, outcome="missed")


@pytest.mark.parametrize(
    ("records", "day", "number"),
    [
        # V4 is on 30 June, its window 27 June to 3 July; day 1 is 2 March: 30 June is day 121
        ([missed(2026, 6, 30)], "2026-06-30", 121),
        ([missed(2026, 6, 29), missed(2026, 7, 2)], "2026-07-02", 123),
        ([missed(2026, 7, 2), missed()], "2026-07-02", 123),
        ([missed(2026, 7, 10)], "2026-07-10", 131),  # the last day on which it can be asked for
        ([missed(2026, 7, 11)], None, None),  # called off before its day
        ([missed(2026, 6, 30), missed(2026, 7, 11)], "2026-06-30", 121),
        ([missed()], None, None),
    ],
)
def test_a_missed_visit_deviates_on_the_day_of_its_appointment(
    records: list[VisitRecord], day: str | None, number: int | None
) -> None:
    """The last one that was not kept; never the window's last day, on which the visit could still be held."""
    told: list[str] = []
    subject = Subject("S", baseline=ZERO, records=(came("D0", 0), *records))
    (row,) = of(check(schedule(PROTOCOL, subject), date(2026, 7, 10)), told)
    assert (row[2], row[-2:]) == ("V4 missed", (day, number))
    assert told == ([] if day else ["V4 of S"])
