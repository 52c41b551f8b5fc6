"""The four datasets together: what belongs together, what is refused, what is told; and laws for any records."""

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.test_plans import in_another_order
from trialsched.compliance import Report, check
from trialsched.errors import DateOutOfRangeError, DocumentError, InvalidTypeError, InvalidValueError
from trialsched.formats.documents import load_protocol
from trialsched.formats.sdtm import Dataset, datasets
from trialsched.formats.sdtm.building import origin_of
from trialsched.plan import Plan, schedule
from trialsched.protocol import Meta, Numbering, Protocol, Repeat, Timing, Visit
from trialsched.strategies import as_of_days, histories, protocols, subjects
from trialsched.subject import Subject, VisitRecord

ZERO = date(2026, 3, 2)
DAY = date(2026, 7, 1)
ALSTEM = load_protocol("alstem")


def report(code: str = "P1", *records: VisitRecord, protocol: Protocol = ALSTEM, as_of: date = DAY) -> Report:
    """Return the report of a subject."""
    return check(schedule(protocol, Subject(code, baseline=ZERO, records=records)), as_of)


def test_the_study_is_the_protocol_unless_it_has_another_id() -> None:
    """STUDYID and USUBJID of every row; the protocol's id as it is written."""
    done = report("P01/7", VisitRecord("DOSE1", attended=ZERO))
    assert datasets([done]).sv.rows[0][:3] == ("alstem", "SV", "alstem-P01/7")
    assert datasets([done], study_id="PBKM-ALS-1").sv.rows[0][:3] == ("PBKM-ALS-1", "SV", "PBKM-ALS-1-P01/7")


def test_each_dataset_has_its_stamp() -> None:
    """Study, day, and the protocol with its variant and fingerprint."""
    made = datasets([report()])
    assert {(one.study, one.as_of, one.origin) for one in made} == {("alstem", DAY, origin_of(ALSTEM))}
    assert origin_of(ALSTEM) == f"MDV.alstem.2022-05-03.SDTMIG.3.4.sha256.{ALSTEM.fingerprint}"
    registered = ALSTEM.as_registered()
    assert origin_of(registered) == (f"MDV.alstem.2022-05-03.as-registered.SDTMIG.3.4.sha256.{registered.fingerprint}")


def test_a_trial_that_repeats_nothing_has_no_td() -> None:
    """ALSTEM has none; the protocol of cycles has two rows, one for each `repeat` with `every`."""
    assert datasets([report()]).td is None
    cycles = report(protocol=load_protocol("cycles"))
    td = datasets([cycles], number_by_position=True).td
    assert td is not None
    assert td.rows == (
        ("cycles", "TD", 1, "ANCH1DT", "P1W", "P4W", "P26D", "P30D", 3),
        ("cycles", "TD", 2, "ANCH1DT", "P1W", "P6W", "P39D", "P47D", 2),
    )


def test_rows_are_in_the_order_of_their_keys() -> None:
    """Subjects by code, whatever their order; DVSEQ begins with 1 for each."""
    late = VisitRecord("DOSE2", attended=date(2026, 5, 20), mode="phone")
    zero = VisitRecord("DOSE1", attended=ZERO)
    made = datasets([report("P2", late, zero), report("P10", zero, late), report("P1")])
    assert [(row[2], row[4]) for row in made.sv.rows] == [
        ("alstem-P10", "DOSE1"),
        ("alstem-P10", "DOSE2"),
        ("alstem-P2", "DOSE1"),
        ("alstem-P2", "DOSE2"),
    ]
    assert [(row[2], row[3], row[6]) for row in made.dv.rows] == [
        ("alstem-P10", 1, "LATE"),
        ("alstem-P10", 2, "WRONG-MODE"),
        ("alstem-P2", 1, "LATE"),
        ("alstem-P2", 2, "WRONG-MODE"),
    ]


def test_one_report_is_taken_as_it_is() -> None:
    """As a plan is elsewhere; an iterator is a list of them."""
    assert datasets(report()) == datasets([report()]) == datasets(iter([report()]))


def test_everything_wrong_is_told_at_once() -> None:
    """Visits without a number, numbers given twice, a study id of two lines."""
    visits = [
        Visit("D0", "on-site"),
        *(Visit(code, "phone", "7 days after D0", numbering=Numbering(3)) for code in ("A", "B")),
    ]
    with pytest.raises(DocumentError) as found:
        datasets([report(protocol=Protocol("p", "1", "D0", visits))], study_id="two\nlines")
    assert [problem.where for problem in found.value.problems] == ["study_id", "VISITNUM", "VISITNUM"]
    assert "D0: no number" in str(found.value)
    assert "the number of A and B" in str(found.value)


@pytest.mark.parametrize("study", ["", " S", "S\t1", 7])
def test_a_study_id_is_a_text_of_one_line(study: Any) -> None:  # noqa: ANN401 - anything
    """Nothing else is taken, nor read as another one."""
    with pytest.raises(DocumentError, match=r"^study_id: "):
        datasets([report()], study_id=study)


def test_reports_belong_together() -> None:
    """One day, one protocol, each subject once, at least one."""
    other = replace(ALSTEM, version="2")
    cases: tuple[tuple[list[Report], str], ...] = (
        ([], "reports: no report"),
        ([report("P1"), report("P2", as_of=ZERO)], "reports[1]: as of 2026-03-02, the first as of 2026-07-01"),
        ([report("P1"), report("P2", protocol=other)], "reports[1]: by another protocol"),
        ([report("P1"), report("P2"), report("P1")], "reports[2]: the subject 'P1' is given twice"),
    )
    for reports, message in cases:
        with pytest.raises(InvalidValueError) as found:
            datasets(reports)
        assert str(found.value).startswith(message)
    with pytest.raises(InvalidTypeError, match=r"reports\[0\]: a Report of `check` is meant"):
        datasets([schedule(ALSTEM, Subject("S", baseline=ZERO))])  # type: ignore[list-item]


def test_the_version_in_force_is_told() -> None:
    """And what of another version was attended, first of all notes."""
    anchor = Visit("D0", "on-site", numbering=Numbering(1))
    old = Visit("OLD", "on-site", "7 days after D0", numbering=Numbering(2))
    new = Visit("NEW", "on-site", "8 days after D0", numbering=Numbering(3))
    one = Protocol("p", "1", "D0", [anchor, old], meta=Meta(in_force=date(2026, 1, 1)))
    two = Protocol("p", "2", "D0", [anchor, new], meta=Meta(in_force=date(2026, 6, 1)))
    subject = Subject("S", baseline=ZERO, records=(VisitRecord("OLD", attended=date(2026, 3, 9)),))
    made = datasets([check([schedule(one, subject), schedule(two, subject)], DAY)])
    assert made.notes == (
        "TV and TD are by version 2, in force on 2026-07-01 (other versions: 1)",
        "TV has also what another version planned and was attended: OLD by version 1",
        "DV is left out: no deviation is found, and an empty dataset is not submitted",
    )
    assert [(row[3], row[4], row[5]) for row in made.sv.rows] == [(2, "OLD", "Y")]


def test_texts_that_no_transport_file_holds_are_told() -> None:
    """More than 200 bytes in UTF-8, which is not 200 characters."""

    def unscheduled(note: str) -> tuple[str, ...]:
        early = report("P1", VisitRecord("UNS1", attended=ZERO, note=note), as_of=date(2025, 7, 1))  # nothing lapsed
        return tuple(told for told in datasets([early]).notes if "left out" not in told)

    assert unscheduled("x" * 200) == unscheduled("ż" * 100) == ()
    expected = ("SV: 1 of SVUPDES longer than the 200 bytes of a SAS transport file",)
    assert unscheduled("x" * 201) == unscheduled("ż" * 101) == unscheduled("\U0001d11e" * 51) == expected


def test_a_dataset_without_rows_is_left_out_and_told() -> None:
    """SDTMIG: an empty dataset is not submitted. TV is always there."""
    nothing = datasets([report(as_of=date(2025, 7, 1))])
    assert [one.name for one in nothing] == ["TV"]
    assert nothing.notes == (
        "SV is left out: no visit is recorded, and an empty dataset is not submitted",
        "DV is left out: no deviation is found, and an empty dataset is not submitted",
    )
    held = datasets([report("P1", VisitRecord("DOSE1", attended=ZERO, mode="on-site"), as_of=date(2025, 7, 1))])
    assert [one.name for one in held] == ["TV", "SV"]
    assert held.notes == nothing.notes[1:]
    late = datasets([report("P1", VisitRecord("DOSE1", attended=date(2026, 3, 20)), as_of=date(2025, 7, 1))])
    assert [one.name for one in late] == ["TV", "SV", "DV"]
    assert late.notes == ()


def test_required_variables_that_are_empty_are_named() -> None:
    """TDMINPAI and TDMAXPAI are required (SDTMIG 3.4, 7.3.2); a cycle without a window of the protocol has none."""
    visits = [
        Visit("D0", "on-site"),
        Visit("A{n}", "on-site", "4 weeks after D0", repeat=Repeat("4 weeks", 2)),
        Visit("B{n}", "on-site", Timing("4 weeks after D0", window="-5/+7 weeks"), repeat=Repeat("4 weeks", 2)),
        Visit("C{n}", "on-site", Timing("4 weeks after D0", window="±1 week"), repeat=Repeat("4 weeks", 2)),
    ]
    found = report(protocol=Protocol("p", "1", "D0", visits), as_of=date(2025, 7, 1))
    told = [note for note in datasets([found], number_by_position=True).notes if "required" in note]
    assert told == [
        "TD: TDMINPAI is required and empty in 2 of 3 rows: it is yours to state",
        "TD: TDMAXPAI is required and empty in 1 of 3 rows: it is yours to state",
    ]


def test_missed_visits_without_a_date_are_named() -> None:
    """The day of a deviation is a fact that somebody has to know: DVSTDTC is empty, and the visits are named."""
    gone = VisitRecord("DOSE2", outcome="missed")
    kept = VisitRecord("DOSE3", booked=date(2026, 5, 4), outcome="missed")
    made = datasets([report("P1", gone, kept), report("P2", gone)])
    assert [(row["DVSPID"], row["DVSTDTC"]) for row in made.dv.records()] == [
        ("DOSE2 missed", None),
        ("DOSE3 missed", "2026-05-04"),
        ("DOSE2 missed", None),
    ]
    (note,) = (note for note in made.notes if note.startswith("DV: DVSTDTC"))
    assert note.endswith("the date is yours to state: DOSE2 of P1, DOSE2 of P2")


# Laws for any records whatsoever.


def named(dataset: Dataset) -> list[dict[str, Any]]:
    """Return rows by variable."""
    return list(dataset.records())


def checked(plan: Plan, day: date) -> Report:
    """Return the report of a plan."""
    return check(plan, day)


FEW = settings(max_examples=30)  # a history takes its time to be drawn
REPORTS = histories().flatmap(lambda plan: as_of_days(plan).map(lambda day: checked(plan, day)))


@FEW
@given(REPORTS)
def test_planned_rows_are_those_of_tv(found: Report) -> None:
    """SDTMIG 3.4, 4.4.5 and 5.5: VISITNUM, VISIT and VISITDY as in TV; others in no row of TV, nor their VISIT."""
    made = datasets([found], number_by_position=True)
    planned = {row["VISITNUM"]: row for row in named(made.tv)}
    names = {row["VISIT"] for row in named(made.tv)}
    for row in named(made.sv):
        if row["SVPRESP"] == "Y":
            assert row["SVOCCUR"] in ("Y", "N")
            assert {row[key] for key in ("SVUPDES",)} == {None}
            assert all(row[key] == planned[row["VISITNUM"]][key] for key in ("VISIT", "VISITDY"))
        else:
            assert (row["SVPRESP"], row["SVOCCUR"], row["SVREASOC"], row["VISITDY"]) == (None,) * 4
            assert row["VISITNUM"] not in planned
            assert row["VISIT"] not in names


@FEW
@given(REPORTS)
def test_a_subject_has_one_record_for_a_number(found: Report) -> None:
    """SDTMIG 3.4, 5.5, assumption 2; rows are in the order of the numbers."""
    numbers = [row["VISITNUM"] for row in named(datasets([found], number_by_position=True).sv)]
    assert numbers == sorted(set(numbers))


@FEW
@given(REPORTS)
def test_every_contact_has_a_row_and_nothing_else_has_dates(found: Report) -> None:
    """As many rows with dates as attended records, their dates as recorded; a missed visit has none."""
    made = named(datasets([found], number_by_position=True).sv)
    attended = Counter(str(record.attended) for record in found.subject.records if record.attended is not None)
    assert Counter(row["SVSTDTC"] for row in made if row["SVSTDTC"] is not None) == attended
    for row in made:
        assert (row["SVOCCUR"] == "N") == (row["SVSTDTC"] is None)
        assert (row["SVENDTC"], row["SVENDY"]) == (row["SVSTDTC"], row["SVSTDY"])
        assert row["SVSTDY"] != 0
        assert row["SVREASOC"] is None or row["SVOCCUR"] == "N"


@FEW
@given(REPORTS)
def test_deviations_are_those_of_check(found: Report) -> None:
    """One row for a finding of that level, numbered from 1, each with an identifier of its own."""
    rows = named(datasets([found], number_by_position=True).dv)
    wanted = [finding for finding in found.findings if finding.level == "deviation"]
    assert [(row["DVSEQ"], row["DVDECOD"]) for row in rows] == [
        (number, finding.kind.upper()) for number, finding in enumerate(wanted, start=1)
    ]
    assert len({row["DVSPID"] for row in rows}) == len(rows)


@FEW
@given(histories(), st.data())
def test_the_order_of_records_and_subjects_does_not_matter(plan: Plan, data: st.DataObject) -> None:
    """The same facts give the same rows, but of records that their order alone tells apart."""
    records = in_another_order(plan, data)
    shuffled = schedule(plan.protocol, replace(plan.subject, records=records))
    second = schedule(plan.protocol, replace(plan.subject, code="second"))
    day = plan.day_zero
    one = datasets([checked(plan, day), checked(second, day)], number_by_position=True)
    two = datasets([checked(second, day), checked(shuffled, day)], number_by_position=True)
    assert one == two


@FEW
@given(st.data())
def test_any_protocol_can_be_numbered_by_position(data: st.DataObject) -> None:
    """TV has each visit once for an arm, in protocol order, from 1."""
    protocol = data.draw(protocols())
    subject = data.draw(subjects(protocol=protocol))
    try:
        plan = schedule(protocol, subject)
    except DateOutOfRangeError:
        return
    rows = named(datasets([checked(plan, plan.day_zero)], number_by_position=True).tv)
    arms: list[str | None] = list(dict.fromkeys(row["ARMCD"] for row in rows))
    assert arms in ([None], list(protocol.arms))
    for arm in arms:
        visits = [row["VISIT"] for row in rows if row["ARMCD"] == arm]
        expected = protocol.rows(arm) if arm is not None else protocol.expanded
        assert visits == [visit.code for visit in expected]
    assert {row["VISIT"]: row["VISITNUM"] for row in rows} == {c: n for n, c in enumerate(protocol.codes, start=1)}
