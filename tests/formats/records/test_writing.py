"""Writing lists so that reading gives the same back."""

import csv
import io
import unicodedata
from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched import strategies
from trialsched._text import unguarded
from trialsched.formats.records import (
    DATE_FORMS,
    RECORD_COLUMNS,
    dump,
    dump_subjects,
    dumps,
    dumps_subjects,
    load,
    load_subjects,
    loads,
    loads_subjects,
)

RECORDS = ",".join(RECORD_COLUMNS) + "\n"
FORMS = st.none() | st.sampled_from(DATE_FORMS)
RUNS = ("=", "+", "-", "@", "\t", "\r")


def only(text: str) -> ts.VisitRecord:
    """Return the record of a file with one good row."""
    found = loads(text)
    assert found.problems == ()
    (row,) = found.rows
    return row.record


def test_what_is_written() -> None:
    """All columns, ISO 8601, nothing for None, line feeds, quotes as RFC 4180 has them."""
    records = {
        "P,1": [
            ts.VisitRecord("M03", booked=date(2026, 3, 30), booked_time=time(9, 5), mode="phone"),
            ts.VisitRecord("M04", attended=ts.PartialDate(2026, 3), note='=1+1 "x"'),
        ],
        "P2": iter([ts.VisitRecord("UNS1", attended=date(987, 3, 4), outcome="withheld", note="a\rb")]),
        "P3": [],
    }
    assert dumps(records) == (
        "subject,visit,booked,booked_time,attended,mode,outcome,note\n"
        '"P,1",M03,2026-03-30,09:05,,phone,,\n'
        '"P,1",M04,,,2026-03,,,"\'=1+1 ""x"""\n'
        'P2,UNS1,,,0987-03-04,,withheld,"a\rb"\n'
    )


NOTES = (
    st.none()
    | st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
    | st.text("'=+-@\";,\t\r\n \x00", min_size=1)
)
WORDS = (
    (st.text(min_size=1, max_size=64) | st.text("'=+-@;,\"aZ\u0105 ", min_size=1, max_size=64))
    .map(lambda word: unicodedata.normalize("NFC", word)[:64].strip())
    .filter(lambda word: word != "" and word.isprintable() and unicodedata.is_normalized("NFC", word))
)
PEOPLE = st.dictionaries(
    WORDS,
    strategies.subjects().flatmap(
        lambda s: st.tuples(*(st.builds(replace, st.just(r), visit=WORDS, note=NOTES) for r in s.records))
    ),
    max_size=4,
)


@given(people=PEOPLE, dates=FORMS, excel=st.booleans())
def test_reading_gives_back_what_was_written(
    *,
    people: dict[str, tuple[ts.VisitRecord, ...]],
    dates: str | None,
    excel: bool,
) -> None:
    """Every record of every subject, in its order and with any text, in every form, from text and from bytes."""
    text = dumps(people, dates=dates, excel=excel)
    found = loads(text, dates=dates)
    assert found.problems == ()
    assert [(code, record) for _, code, record in found.rows] == [
        (c, r) for c, records in people.items() for r in records
    ]
    assert loads(text.encode(), dates=dates) == found


SUBJECTS = st.lists(
    strategies.subjects().flatmap(
        lambda s: st.builds(
            replace, st.just(replace(s, records=())), code=WORDS, arm=st.none() | WORDS, language=st.none() | WORDS
        )
    ),
    max_size=4,
    unique_by=lambda subject: subject.code.casefold(),
)


@given(subjects=SUBJECTS, dates=FORMS, excel=st.booleans())
def test_subjects_come_back_as_they_were_written(*, subjects: list[ts.Subject], dates: str | None, excel: bool) -> None:
    """Every column of every subject, in every form, from text and from bytes."""
    text = dumps_subjects(subjects, dates=dates, excel=excel)
    found = loads_subjects(text, dates=dates)
    assert found.problems == ()
    assert [row.subject for row in found.rows] == subjects
    assert loads_subjects(text.encode(), dates=dates) == found


@given(people=PEOPLE, excel=st.booleans())
def test_pythons_own_reader_reads_cells_that_no_spreadsheet_runs(
    *,
    people: dict[str, tuple[ts.VisitRecord, ...]],
    excel: bool,
) -> None:
    """The module csv finds the codes and notes, those that would run with apostrophes in them."""
    text = dumps(people, excel=excel).removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if excel else ",", strict=True))
    told = [(row["subject"], row["visit"], row["note"]) for row in rows]
    assert not any(cell.startswith(RUNS) for cells in told for cell in cells)
    expected = [(c, r.visit, r.note or "") for c, records in people.items() for r in records]
    assert [tuple(map(unguarded, cells)) for cells in told] == expected
    for cells, others in zip(told, expected, strict=True):
        assert [cell.replace("'", "") for cell in cells] == [cell.replace("'", "") for cell in others]


def test_what_excel_opens() -> None:
    """A byte order mark, semicolons, CRLF; a declared form for whole and for partly known days."""
    records = {
        "P1": [
            ts.VisitRecord("M03", booked=date(2026, 3, 30), booked_time=time(9, 5), note="a;b, c"),
            ts.VisitRecord("M04", attended=ts.PartialDate(2026, 3), note="+48 22\n7"),
            ts.VisitRecord("M05", attended=ts.PartialDate(2026)),
        ]
    }
    assert dumps(records, dates="DD.MM.YYYY", excel=True) == (
        "\ufeffsubject;visit;booked;booked_time;attended;mode;outcome;note\r\n"
        'P1;M03;30.03.2026;09:05;;;;"a;b, c"\r\n'
        'P1;M04;;;03.2026;;;"\'+48 22\n7"\r\n'
        "P1;M05;;;2026;;;\r\n"
    )
    file = io.BytesIO()
    dump(records, file, excel=True)
    assert file.getvalue().startswith(b"\xef\xbb\xbfsubject;visit;")
    assert b"2026-03-30;" in file.getvalue()


def test_how_subjects_are_written() -> None:
    """All columns, in the order given; the records of a subject are another file's."""
    subjects = [
        ts.Subject("P,1", baseline=date(2026, 3, 2), arm="-A", language="pl", baseline_status="provisional"),
        ts.Subject("P2", baseline=date(2026, 3, 9), ended=date(2026, 5, 4), end_reason="withdrawn").missed("M03"),
    ]
    header = "subject,baseline,baseline_status,arm,ended,end_reason,language\n"
    assert dumps_subjects(iter(subjects)) == (
        header + '"P,1",2026-03-02,provisional,\'-A,,,pl\nP2,2026-03-09,planned,,2026-05-04,withdrawn,\n'
    )
    file = io.BytesIO()
    dump_subjects(subjects, file, dates="mm/dd/yyyy", excel=True)
    assert (
        file.getvalue()
        == (
            "\ufeff" + header.strip().replace(",", ";") + "\r\nP,1;03/02/2026;provisional;'-A;;;pl\r\n"
            "P2;03/09/2026;planned;;05/04/2026;withdrawn;\r\n"
        ).encode()
    )
    file.seek(0)
    assert load_subjects(file, dates="mm/dd/yyyy").rows[0].subject == subjects[0]


@pytest.mark.parametrize(
    ("subjects", "error", "where"),
    [
        ([ts.Subject("P1")], ts.InvalidValueError, "subjects[0].baseline"),
        (["P1"], ts.InvalidTypeError, "subjects[0]"),
        (
            [ts.Subject("stra\u00dfe", baseline=date(2026, 3, 2)), ts.Subject("STRASSE", baseline=date(2026, 3, 2))],
            ts.InvalidValueError,
            "subjects[1].code",
        ),
    ],
)
def test_subjects_that_could_not_be_read_back_are_not_written(
    subjects: list[Any], error: type[ts.TrialschedError], where: str
) -> None:
    """One without baseline, what is no subject, a code that stands twice but for case."""
    with pytest.raises(error) as caught:
        dumps_subjects(subjects)
    assert caught.value.where == where


def test_a_form_that_there_is_not_is_refused() -> None:
    """Writing and reading name the argument."""
    for call in (dumps, dumps_subjects):
        with pytest.raises(ts.InvalidValueError, match=r"dates: read 'd\.m\.y'"):
            call({}, dates="d.m.y")


def test_files_are_written_and_read_as_bytes() -> None:
    """UTF-8, the same on every system."""
    file = io.BytesIO()
    dump({"P1": [ts.VisitRecord("M03", note="\u0141\u00f3d\u017a")]}, file)
    assert file.getvalue().decode() == RECORDS + "P1,M03,,,,,,\u0141\u00f3d\u017a\n"
    file.seek(0)
    assert load(file) == loads(file.getvalue())
    assert load(io.StringIO("subject,visit\nP1,M03\n", newline="")).rows[0].subject == "P1"


@pytest.mark.parametrize(
    ("records", "error", "where"),
    [
        ({" P1": []}, ts.InvalidValueError, "code"),
        ({"P1": ["M03"]}, ts.InvalidTypeError, "records[0]"),
        (
            {"P1": [ts.VisitRecord("M03"), ts.VisitRecord("M04", note="\ud800")]},
            ts.InvalidValueError,
            "P1 records[1].note",
        ),
        ({"P1": [ts.VisitRecord("M03", note="x" * 131_073)]}, ts.InvalidValueError, "P1 records[0].note"),
        ({"P1": [ts.VisitRecord("M03", note="=" + "x" * 131_071)]}, ts.InvalidValueError, "P1 records[0].note"),
    ],
)
def test_what_could_not_be_read_back_is_not_written(
    records: dict[str, Any], error: type[ts.TrialschedError], where: str
) -> None:
    """A code that is none, what is no record, a note that no file can hold."""
    with pytest.raises(error) as caught:
        dumps(records)
    assert caught.value.where == where


def test_the_longest_note_is_read_back() -> None:
    """131,072 characters, Python's own limit of a cell."""
    record = ts.VisitRecord("M03", note="x" * 131_072)
    assert only(dumps({"P1": [record]})) == record


def test_an_empty_note_is_no_note() -> None:
    """A cell cannot tell the two apart."""
    assert only(dumps({"P1": [ts.VisitRecord("M03", note="")]})) == ts.VisitRecord("M03")
