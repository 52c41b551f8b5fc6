"""The datasets against CDISC's open rules (CORE), each worked out once more from what its rule says.

The rules are those published for SDTMIG 3.4, named by their ids. They look at what a validator of others looks at: the
values alone. RFSTDTC is taken from the records, as a sponsor's DM would have it.
"""

import re
from collections import defaultdict
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trialsched.compliance import Report, check
from trialsched.formats.sdtm import Dataset, Datasets, datasets
from trialsched.plan import schedule
from trialsched.strategies import as_of_days, histories

FEW = settings(max_examples=15)  # a history takes its time to be drawn
REPORTS = histories().flatmap(lambda plan: as_of_days(plan).map(lambda day: check(plan, day)))
REQUIRED = {  # SDTMIG 3.4: Core is Req; those of TD that a protocol without windows cannot fill are noted
    "TV": ("STUDYID", "DOMAIN", "VISITNUM", "TVSTRL"),
    "SV": ("STUDYID", "DOMAIN", "USUBJID", "VISITNUM"),
    "DV": ("STUDYID", "DOMAIN", "USUBJID", "DVSEQ", "DVTERM"),
    "TD": ("STUDYID", "DOMAIN", "TDORDER", "TDANCVAR", "TDSTOFF", "TDTGTPAI", "TDNUMRPT"),
}
ISO_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
ISO_DURATION = re.compile(r"P(?=[0-9])([0-9]+W|([0-9]+Y)?([0-9]+M)?([0-9]+D)?)")
SMALL_WORDS = {"a", "an", "the", "as", "and", "per", "to", "but", "or", "for", "in", "is", "of", "on", "with", "from"}


def made_of(report: Report) -> Datasets:
    """Return the datasets of a subject, numbered by position."""
    return datasets([report], number_by_position=True)


def rows(dataset: Dataset) -> list[dict[str, Any]]:
    """Return the rows by the names of the variables."""
    return list(dataset.records())


def reference_start(report: Report) -> date | None:
    """Return RFSTDTC: the first whole day on which the treatment of the visit counted from was given."""
    counted = report.plan.protocol.study_days_from or report.plan.protocol.anchor
    given_on = [record.attended for record in report.subject.records if record.visit == counted and not record.outcome]
    return min((day for day in given_on if isinstance(day, date)), default=None)


def expected_day(text: str | None, start: date | None) -> int | None:
    """Return the study day of a date, by the algorithm of SDTMIG 3.4, 4.4.4."""
    if text is None or len(text) != len("2026-01-01") or start is None:
        return None
    day = date.fromisoformat(text)
    return (day - start).days + 1 if day >= start else (day - start).days


@FEW
@given(REPORTS)
def test_study_days_are_those_of_the_algorithm(report: Report) -> None:
    """CORE-000138, 139, 552, 553: empty when a date or RFSTDTC is not complete, else counted from it without a 0."""
    made, start = made_of(report), reference_start(report)
    for row in rows(made.sv):
        assert row["SVSTDY"] == expected_day(row["SVSTDTC"], start)
        assert row["SVENDY"] == expected_day(row["SVENDTC"], start)
    for row in rows(made.dv):
        assert row["DVSTDY"] == expected_day(row["DVSTDTC"], start)


@FEW
@given(REPORTS)
def test_dates_and_durations_are_iso_8601(report: Report) -> None:
    """Dates to the day, month or year, an end not before its start (CORE-000718); TDSTOFF not negative (779)."""
    made = made_of(report)
    for row in rows(made.sv):
        for name in ("SVSTDTC", "SVENDTC"):
            assert row[name] is None or ISO_DATE.fullmatch(row[name])
        assert (row["SVENDTC"] or "") >= (row["SVSTDTC"] or "")
    for row in rows(made.dv):
        assert row["DVSTDTC"] is None or ISO_DATE.fullmatch(row["DVSTDTC"])
    for row in rows(made.td) if made.td else []:
        for name in ("TDSTOFF", "TDTGTPAI", "TDMINPAI", "TDMAXPAI"):
            assert row[name] is None or ISO_DURATION.fullmatch(row[name]), row


@FEW
@given(REPORTS)
def test_planned_and_unplanned_visits_are_told_apart(report: Report) -> None:
    """CORE-000035 to 40, 140, 204, 249, 361: against TV, and once for a subject."""
    made = made_of(report)
    planned = {row["VISITNUM"]: row["VISIT"] for row in rows(made.tv)}
    seen = set()
    for row in rows(made.sv):
        assert row["SVPRESP"] in ("Y", None)
        assert (row["SVPRESP"] == "Y") == (row["VISITNUM"] in planned)
        assert (row["SVOCCUR"] is not None) == (row["SVPRESP"] == "Y")
        if row["SVPRESP"] == "Y":
            assert row["VISIT"] == planned[row["VISITNUM"]]
        else:
            assert row["VISITDY"] is None
        assert row["VISITNUM"] not in seen
        seen.add(row["VISITNUM"])


@FEW
@given(REPORTS)
def test_pairs_are_one_to_one(report: Report) -> None:
    """CORE-000361 and 318: VISIT and VISITNUM, ARM and ARMCD in TV."""
    for one, other in (("VISITNUM", "VISIT"), ("ARMCD", "ARM")):
        there, back = defaultdict(set), defaultdict(set)
        for row in rows(made_of(report).tv):
            there[row[one]].add(row[other])
            back[row[other]].add(row[one])
        assert all(len(found) == 1 for found in (*there.values(), *back.values()))


@FEW
@given(REPORTS)
def test_what_is_there_has_rows_and_what_is_required(report: Report) -> None:
    """CORE-000579 and 356: no empty dataset; a required variable has a value in every row, or a note names it."""
    made = made_of(report)
    for dataset in made:
        assert dataset.rows
        for row in rows(dataset):
            assert all(row[name] is not None for name in REQUIRED[dataset.name])
    for name in ("TDMINPAI", "TDMAXPAI"):
        empty = sum(row[name] is None for row in rows(made.td)) if made.td else 0
        told = any(note.startswith(f"TD: {name} is required and empty in {empty} of ") for note in made.notes)
        assert told == bool(empty)


@FEW
@given(REPORTS)
def test_deviations_are_numbered_and_of_a_category_of_their_own(report: Report) -> None:
    """CORE-000544, 196, 219, 272: DVSEQ is unique; DVCAT is neither the coded term, the label nor the domain."""
    dv = made_of(report).dv
    numbers = [row["DVSEQ"] for row in rows(dv)]
    assert len(set(numbers)) == len(numbers)
    for row in rows(dv):
        assert row["DVCAT"] not in (row["DVDECOD"], dv.label.upper(), dv.label, "DV")


@FEW
@given(REPORTS, st.sampled_from([".", " . ", "  moved\n abroad ", ""]))
def test_texts_have_no_blank_before_them_and_are_no_lone_period(report: Report, note: str) -> None:
    """CORE-000867 and 890, whatever stands in the notes of records."""
    noted = tuple(replace(record, note=note) for record in report.subject.records)
    plan = schedule(report.plan.protocol, replace(report.subject, records=noted))
    for dataset in made_of(check(plan, report.as_of)):
        for row in dataset.rows:
            texts = [value for value in row if isinstance(value, str)]
            assert all(text and text == text.strip() and text != "." for text in texts)


@pytest.mark.parametrize("name", ["TV", "SV", "DV", "TD"])
def test_labels_are_in_title_case(name: str) -> None:
    """CORE-000594 and 19, 182: each word but the small ones begins with a capital; 40 characters, names 8."""
    from trialsched.formats.sdtm.variables import TABLES

    (table,) = (table for table in TABLES if table.name == name)
    for variable, label, _ in table.variables:
        assert len(variable) <= 8
        assert len(label) <= 40
        assert all(word[0].isupper() or word in SMALL_WORDS for word in label.split())
