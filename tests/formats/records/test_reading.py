"""Lists of subjects, and what was booked and happened."""

import io
import tracemalloc
from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched.formats.records import (
    RECORD_COLUMNS,
    BadRow,
    RecordRow,
    SubjectRow,
    iter_records,
    iter_subjects,
    loads,
    loads_subjects,
)

HEADER = "subject,baseline,baseline_status,arm,ended,end_reason,language\n"


def test_the_first_two_columns_suffice() -> None:
    """A code and a baseline make a subject; rows know their line."""
    found = loads_subjects("subject,baseline\nP1,2026-03-02\n\nP2,2026-03-03\n")
    assert found.problems == ()
    assert [(row.line, row.subject) for row in found.rows] == [
        (2, ts.Subject("P1", baseline=date(2026, 3, 2))),
        (4, ts.Subject("P2", baseline=date(2026, 3, 3))),
    ]


def test_every_column() -> None:
    """Columns in any order, with blanks around."""
    text = "arm, baseline ,subject,ended,end_reason,language,baseline_status\n"
    text += "A, 2026-03-02 ,P1,2026-04-01,withdrawn,pl,provisional\n"
    assert loads_subjects(text).rows[0].subject == ts.Subject(
        "P1",
        baseline=date(2026, 3, 2),
        arm="A",
        ended=date(2026, 4, 1),
        end_reason="withdrawn",
        language="pl",
        baseline_status="provisional",
    )


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfsubject,baseline\r\nP1,2026-03-02\r\n",
        b"subject;baseline\r\nP1;2026-03-02\r\n",
        b"subject,baseline,\rP1,2026-03-02,\r",
        "\ufeffsubject,baseline\nP1,2026-03-02",
        b'"subject","baseline"\n"P1","2026-03-02"\n,\n\n',
        b"Subject\tBASELINE\nP1\t2026-03-02\n",
        b"subject,baseline,,\nP1,2026-03-02,,\n",
        b'subject,baseline,arm\nP1,2026-03-02,"a;b;c;d"\n',
    ],
)
def test_files_as_spreadsheets_save_them(data: bytes | str) -> None:
    """Byte order mark, semicolons, any line ends, empty columns and rows at the end."""
    found = loads_subjects(data)
    assert found.problems == ()
    assert [row.subject.code for row in found.rows] == ["P1"]


def places(text: str) -> list[str]:
    """Return the places of the bad rows' problems."""
    return [problem.where for problem in loads_subjects(HEADER + text).problems]


def test_bad_rows_are_named_and_stop_nothing_else() -> None:
    """Every problem has its line and column; the good rows stay."""
    text = "P1,2026-02-30\nP2,2026-03-02\n,2026-03-02\nP4,\nP5,2026-03-02,maybe\nP6,2026-03-02,,,2026-13-01,bored\n"
    found = loads_subjects(HEADER + text)
    assert [problem.where for problem in found.problems] == [
        "line 2: baseline",
        "line 4: subject",
        "line 5: baseline",
        "line 6: baseline_status",
        "line 7: ended",
        "line 7: end_reason",
    ]
    assert [row.subject.code for row in found.rows] == ["P2"]
    assert places("P1,2026-03-02,,,,,,extra\n") == ["line 2"]
    assert places("P1,2026-03-02,,,,completed\n") == ["line 2: end_reason"]


def test_codes_equal_but_for_case_are_bad_rows_all_of_them() -> None:
    """Two files on one name would overwrite each other on some systems (design 10)."""
    found = loads_subjects(HEADER + "p1,2026-03-02\nP2,2026-03-02\nP1,2026-03-03\n")
    assert [problem.where for problem in found.problems] == ["line 2: subject", "line 4: subject"]
    assert [row.subject.code for row in found.rows] == ["P2"]


def test_rows_that_span_lines_are_named_by_their_first() -> None:
    """A quoted line break inside a cell does not shift the lines of later rows."""
    found = loads_subjects('subject,baseline,arm\nP1,2026-03-02,"a\nb"\nP2,soon,\n')
    assert [problem.where for problem in found.problems] == ["line 2: arm", "line 4: baseline"]
    found = loads_subjects('subject,baseline,"arm\n"\nP2,soon,\n')
    assert [problem.where for problem in found.problems] == ["line 3: baseline"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "no column 'subject' and no column 'baseline'"),
        ("code,baseline\n", "unknown column 'code'"),
        ("subject,base line\n", "expected 'baseline', the nearest one"),
        ("subject,baseline,subject\n", "stands twice"),
        ("subject\n", "no column 'baseline'"),
        (b"subject,baseline\nP\xb3,2026-03-02\n", "line 2: not UTF-8"),
        ('"subject"x,baseline\nP1,2026-03-02\n', "line 1: not CSV"),
    ],
)
def test_files_that_are_no_such_list_are_refused(data: str | bytes, message: str) -> None:
    """The header tells whether it is one."""
    with pytest.raises(ts.InvalidValueError, match=message):
        loads_subjects(data)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but the library's own error ever comes out, and text is never passed over in silence."""
    try:
        found = loads_subjects("subject,baseline\n" + text)
    except ts.InvalidValueError:
        return
    told = {row.line for row in found.rows} | {int(p.where.split()[1].rstrip(":")) for p in found.problems}
    if any(cell.strip() for line in text.splitlines() for cell in line.replace('"', "").split(",")):
        assert told


def test_a_row_that_is_no_csv_stops_nothing_else() -> None:
    """A misquoted cell and one that is far too long are bad rows."""
    text = f'subject,baseline\n"P1"x,2026-03-02\nP2,2026-03-02\n{"x" * 200_000},2026-03-02\nP4,2026-03-02\n'
    found = loads_subjects(text)
    assert [problem.where for problem in found.problems] == ["line 2", "line 4"]
    assert [row.subject.code for row in found.rows] == ["P2", "P4"]


def test_a_quote_that_is_never_closed_is_named_where_it_opens() -> None:
    """The rows before it stay; the message says how far it went."""
    found = loads_subjects('subject,baseline\nP1,2026-03-02\n"P2,2026-03-02\nP3,2026-03-02\n')
    assert [problem.where for problem in found.problems] == ["line 3"]
    assert "a quote is open to line 4" in found.problems[0].message
    assert "open" not in loads_subjects('subject,baseline\n"P1"x,2026-03-02\n').problems[0].message
    assert [row.subject.code for row in found.rows] == ["P1"]


def test_a_short_row_is_a_bad_row() -> None:
    """Whatever the order of the columns."""
    found = loads_subjects("baseline,subject\n2026-03-02,P1\n2026-03-02\n2026-03-02,P3\n")
    assert [problem.where for problem in found.problems] == ["line 3: subject"]
    assert [row.subject.code for row in found.rows] == ["P1", "P3"]


def test_every_fault_of_a_row_is_told_in_the_order_of_lines() -> None:
    """One bad cell hides no other, and line 10 comes after line 2."""
    text = "P1,2026-02-30,maybe,,soon,bored,\n" + "".join(f"Q{n},2026-03-02\n" for n in range(7)) + "R,x\n"
    assert places(text) == [
        "line 2: baseline",
        "line 2: ended",
        "line 2: baseline_status",
        "line 2: end_reason",
        "line 10: baseline",
    ]


@pytest.mark.parametrize("other", ["P1,2026-02-30", "p1,2026-03-02", "P1,2026-03-02,,,,,,x"])
def test_a_code_that_stands_twice_is_bad_though_one_row_is_bad_already(other: str) -> None:
    """Which of the two is meant is for a person to say."""
    found = loads_subjects(f"{HEADER}{other}\nP1,2026-03-02\n")
    assert found.rows == ()
    assert {"line 2: subject", "line 3: subject"} <= {problem.where for problem in found.problems}


def test_case_is_ignored_as_unicode_ignores_it() -> None:
    """Strasse and Stra\u00dfe fold to the same letters."""
    found = loads_subjects(f"{HEADER}STRASSE,2026-03-02\nstra\u00dfe,2026-03-02\n")
    assert found.rows == ()
    found = loads_subjects(f"{HEADER}P\u00f3,2026-03-02\nPo\u0301,2026-03-02\n")
    assert found.rows == ()
    assert found.codes == {"P\u00f3"}


def test_a_code_of_ten_thousand_rows_is_told_in_time_and_few_words() -> None:
    """Three other lines are named, the rest counted."""
    with pytest.raises(ts.DocumentError) as caught:
        loads_subjects("subject,baseline\n" + "P1,2026-03-02\n" * 10_000)
    assert len(caught.value.problems) == 1001
    assert caught.value.problems[0].message.endswith("stands on line 3, 4, 5 and 9996 more")


def test_the_separator_is_that_of_the_header_whatever_the_line_ends() -> None:
    """Commas in the data do not outvote the semicolons of the header."""
    found = loads_subjects("subject;baseline\rS,1;2026-03-02\rS,2,3;2026-03-02\r")
    assert [row.subject.code for row in found.rows] == ["S,1", "S,2,3"]
    found = loads_subjects('subject,baseline,arm\nP1,2026-03-02,"a;b;c;d"\n')
    assert [row.subject.arm for row in found.rows] == ["a;b;c;d"]


def test_a_line_break_in_a_cell_stays_what_it_was() -> None:
    """A carriage return inside quotes is data: a control character that no arm has."""
    found = loads_subjects('subject,baseline,arm\r\nP1,2026-03-02,"a\rb"\r\n')
    assert found.problems[0].read == "a<U+000D>b"


@pytest.mark.parametrize("data", [12, None, [b"x"]])
def test_what_is_no_text_is_the_librarys_own_error(data: Any) -> None:  # noqa: ANN401
    """No bare error of Python comes out."""
    with pytest.raises(ts.InvalidTypeError):
        loads_subjects(data)


def test_the_codes_of_bad_rows_are_known_too() -> None:
    """Whoever asks about a subject of a bad row can be told that it stands in the list."""
    found = loads_subjects("subject,baseline\nP1,2026-03-02\nP2,soon\n,2026-03-02\n")
    assert found.codes == {"P1", "P2"}


# Records: visits.csv.

RECORDS = ",".join(RECORD_COLUMNS) + "\n"


def only(text: str) -> ts.VisitRecord:
    """Return the record of a file with one good row."""
    found = loads(text)
    assert found.problems == ()
    (row,) = found.rows
    return row.record


def faults(text: str) -> list[tuple[str, str]]:
    """Return place and what was read of every problem of rows that have all columns."""
    found = loads(RECORDS + text)
    return [(problem.where, problem.read) for problem in found.problems]


def test_a_subject_and_a_visit_suffice() -> None:
    """Rows know their line and their subject."""
    found = loads("subject,visit\nP1,DOSE1\n\n P2 , UNS1 \n")
    assert found.problems == ()
    assert found.rows == ((2, "P1", ts.VisitRecord("DOSE1")), (4, "P2", ts.VisitRecord("UNS1")))


def test_every_column_of_a_record() -> None:
    """Columns in any order and case, with blanks around; a note is kept as it stands."""
    text = "Note,OUTCOME,mode,attended,booked_time,booked,visit,subject\n"
    text += '" said ""no"";\n, twice ",withheld, phone ,2026-03-31,09:15,2026-03-30,DOSE2,P1\n'
    assert only(text) == ts.VisitRecord(
        "DOSE2",
        booked=date(2026, 3, 30),
        booked_time=time(9, 15),
        attended=date(2026, 3, 31),
        mode="phone",
        outcome="withheld",
        note=' said "no";\n, twice ',
    )


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfsubject,visit,attended\r\nP1,DOSE1,2026-03-04\r\n",
        b"Subject;Visit;Attended\r\nP1;DOSE1;2026-03-04\r\n;;\r\n",
        b"subject\tvisit\tattended\rP1\tDOSE1\t2026-03-04\r",
        "\ufeffsubject,visit,attended,,\nP1,DOSE1,2026-03-04,,",
        b'"subject","visit","attended"\n\n"P1","DOSE1","2026-03-04"\n',
    ],
)
def test_records_as_spreadsheets_save_them(data: bytes | str) -> None:
    """Byte order mark, semicolons and tabs, any line ends, empty columns and rows."""
    found = loads(data)
    assert found.problems == ()
    assert [row[1:] for row in found.rows] == [("P1", ts.VisitRecord("DOSE1", attended=date(2026, 3, 4)))]


def test_a_time_may_stand_in_booked() -> None:
    """Or in a column of its own, or in both when they agree (design 10)."""
    record = ts.VisitRecord("M03", booked=date(2026, 3, 30), booked_time=time(9, 15))
    assert only(RECORDS + "P1,M03,2026-03-30T09:15,,,,,\n") == record
    assert only(RECORDS + "P1,M03,2026-03-30,09:15,,,,\n") == record
    assert only(RECORDS + "P1,M03,2026-03-30T09:15,09:15,,,,\n") == record
    assert only(RECORDS + "P1,M03,2026-03-30,00:00,,,,\n") == replace(record, booked_time=time(0, 0))
    assert faults("P1,M03,2026-03-30T09:15,09:16,,,,\n") == [("line 2: booked_time", "09:16")]
    assert faults("P1,M03,2026-03-30T00:00,09:16,,,,\n") == [("line 2: booked_time", "09:16")]


@pytest.mark.parametrize(
    ("text", "attended"),
    [("2026", ts.PartialDate(2026)), ("2026-03", ts.PartialDate(2026, 3)), ("2024-02-29", date(2024, 2, 29))],
)
def test_an_attended_date_is_kept_as_far_as_it_is_known(text: str, attended: date | ts.PartialDate) -> None:
    """A month or a year is no first of the month."""
    assert only(f"{RECORDS}P1,M03,,,{text},,,\n").attended == attended


def test_outcomes() -> None:
    """`attended` and nothing are the same beside a date; missed and withheld are kept."""
    day = date(2026, 3, 4)
    assert only(RECORDS + "P1,M03,,,2026-03-04,,attended,\n") == ts.VisitRecord("M03", attended=day)
    assert only(RECORDS + "P1,M03,2026-03-04,,,,missed,\n") == ts.VisitRecord("M03", booked=day, outcome="missed")
    assert only(RECORDS + "P1,M03,,,2026-03-04,,withheld,\n") == ts.VisitRecord("M03", attended=day, outcome="withheld")


@pytest.mark.parametrize("column", ["booked", "attended"])
@pytest.mark.parametrize("text", ["03/04/2026", "4.3.2026", "04. 03. 2026", "2026/03/04", "4.3.26"])
def test_dotted_and_slashed_dates_are_never_guessed(column: str, text: str) -> None:
    """3 April or 4 March: a person knows, and writes it as YYYY-MM-DD."""
    (problem,) = loads(f"subject,visit,{column}\nP1,M03,{text}\n").problems
    assert problem.where == f"line 2: {column}"
    assert "never guessed; write YYYY-MM-DD" in problem.message


@pytest.mark.parametrize(
    ("row", "place"),
    [
        (",M03,,,,,,", "subject"),
        ("P1,,,,,,,", "visit"),
        ("x" * 65 + ",M03,,,,,,", "subject"),
        ("P1," + "x" * 65 + ",,,,,,", "visit"),
        ("P1,M03,2026-02-30,,,,,", "booked"),
        ("P1,M03,20260302,,,,,", "booked"),
        ("P1,M03,2026-03,,,,,", "booked"),
        ("P1,M03,2026-03-02T,,,,,", "booked"),
        ("P1,M03,2026-03-02T9:15,,,,,", "booked"),
        ("P1,M03,2026-03-02 9:15,,,,,", "booked"),
        ("P1,M03,2026-03-02T09:15:30,,,,,", "booked"),
        ("P1,M03,2026-03-02T09:15Z,,,,,", "booked"),
        ("P1,M03,2026-03-02,24:00,,,,", "booked_time"),
        ("P1,M03,2026-03-02,9 am,,,,", "booked_time"),
        ("P1,M03,2026-03-02,9:15,,,,", "booked_time"),
        ("P1,M03,,09:15,,,,", "booked_time"),
        ("P1,M03,,,2026-13,,,", "attended"),
        ("P1,M03,,,0000,,,", "attended"),
        ("P1,M03,,,2026-3,,,", "attended"),
        ("P1,M03,,,2026-03-02T09:15,,,", "attended"),
        ("P1,M03,,,,,attended,", "attended"),
        ("P1,M03,,,,,withheld,", "attended"),
        ("P1,M03,,,2026-03-02,,missed,", "outcome"),
        ("P1,M03,,,2026-03-02,,done,", "outcome"),
        ("P1,M03,,,2026-03-02,,Missed,", "outcome"),
        ("P1,M03,,,2026-03-02,car,,", "mode"),
    ],
)
def test_a_bad_cell_is_one_problem_at_its_place(row: str, place: str) -> None:
    """Whatever cannot be read, and whatever a record refuses; the rows around it stay."""
    found = loads(f"{RECORDS}P1,DOSE1,,,,,,\n{row}\nP1,DOSE2,,,,,,\n")
    assert [problem.where for problem in found.problems] == [f"line 3: {place}"]
    assert [row.record.visit for row in found.rows] == ["DOSE1", "DOSE2"]


def test_every_bad_cell_of_every_row_is_told_at_once() -> None:
    """One hides no other; line 10 comes after line 2."""
    text = "P1,M03,soon,9:15,2.3.2026,car,done,x\n" + "P1,M03,,,,,,\n" * 7 + ",,,09:15,,,withheld,\n"
    assert faults(text) == [
        ("line 2: booked", "soon"),
        ("line 2: booked_time", "9:15"),
        ("line 2: attended", "2.3.2026"),
        ("line 2: outcome", "done"),
        ("line 2: mode", "car"),
        ("line 10: subject", ""),
        ("line 10: visit", ""),
        ("line 10: booked_time", "09:15"),
        ("line 10: attended", ""),
    ]


def test_what_was_read_is_told_once() -> None:
    """A problem is one sentence with what was read and what would be right."""
    found = loads(RECORDS + "P1,M03,,,2026-02-30,car,,\n")
    assert [str(problem) for problem in found.problems] == [
        "line 2: attended: read '2026-02-30', which is no day of the calendar (day is out of range for month)",
        "line 2: mode: one of on-site, phone, video, home is meant; read 'car'",
    ]


def test_the_subject_of_a_bad_row_is_known_where_it_can_be() -> None:
    """A row without subject, and one that is no CSV, may be anybody's."""
    text = 'P1,M03,soon,,,,,\n,M03,,,,,,\nP2,,,,,,,\nP3,M03,,,,,,,more\n"P4"x,M03\n' + "x" * 65 + ',M03\n"P5,M03\n'
    found = loads(RECORDS + text)
    assert found.rows == ()
    assert found.owners == {2: "P1", 4: "P2", 5: "P3", 7: "x" * 65}
    assert [int(problem.where.split()[1].rstrip(":")) for problem in found.problems] == [2, 3, 4, 5, 6, 7, 8]


def test_records_that_span_lines_are_named_by_their_first() -> None:
    """A quoted line break in a note does not shift the lines of later rows."""
    found = loads('subject,visit,note,attended\nP1,M03,"a\r\nb\rc\nd",\nP1,M04,,soon\n')
    assert found.rows[0].record.note == "a\r\nb\rc\nd"
    assert [problem.where for problem in found.problems] == ["line 6: attended"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "no column 'subject' and no column 'visit'"),
        ("subject,baseline\n", "unknown column 'baseline'"),
        ("subject,visit,atended\n", "expected 'attended', the nearest one"),
        ("subject,visit,visit\n", "stands twice"),
        (b"subject,visit\nP\xb3,M03\n", "line 2: not UTF-8"),
    ],
)
def test_files_that_are_no_records_are_refused(data: str | bytes, message: str) -> None:
    """The header tells whether they are."""
    with pytest.raises(ts.InvalidValueError, match=message):
        loads(data)


@given(st.text(max_size=60))
def test_any_text_of_records_is_read_or_refused(text: str) -> None:
    """Nothing but the library's own error comes out, and no row is passed over in silence."""
    try:
        found = loads(RECORDS + text)
    except ts.InvalidValueError:
        return
    if any(cell.strip() for line in text.splitlines() for cell in line.replace('"', "").split(",")):
        assert found.rows or found.problems


# Declared forms of dates.


def test_a_form_of_dates_is_declared_for_a_whole_file() -> None:
    """Every column with dates follows it, ISO 8601 stays ISO 8601; bad ones are told with line and column."""
    text = "subject;baseline;ended\nP1;02.03.2026;4.5.2026\nP2;2026-03-02;\nP3;03/02/2026;\nP4;2.3.26;31.04.2026\n"
    found = loads_subjects(text, dates="DD.MM.YYYY")
    assert [row.subject for row in found.rows] == [
        ts.Subject("P1", baseline=date(2026, 3, 2), ended=date(2026, 5, 4)),
        ts.Subject("P2", baseline=date(2026, 3, 2)),
    ]
    assert [problem.where for problem in found.problems] == ["line 4: baseline", "line 5: baseline", "line 5: ended"]
    text = "subject;visit;booked;booked_time;attended\nP1;M03;30.03.2026 9:15;09:15:00;03.2026\n"
    assert loads(text, dates="dd.mm.yyyy").rows[0].record == ts.VisitRecord(
        "M03", booked=date(2026, 3, 30), booked_time=time(9, 15), attended=ts.PartialDate(2026, 3)
    )
    for call in (loads, loads_subjects):
        with pytest.raises(ts.InvalidValueError, match="dates: read 'yyyy', expected"):
            call(text, dates="yyyy")


def test_midnight_of_a_spreadsheet_is_no_time() -> None:
    """A day that was written as midnight is a day; the time may stand in its own column."""
    row = "P1,M03,2026-03-30 00:00:00,{},2026-03-30 00:00:00,,,\n"
    day = date(2026, 3, 30)
    assert only(RECORDS + row.format("")) == ts.VisitRecord("M03", booked=day, attended=day)
    assert only(RECORDS + row.format("09:15")).booked_time == time(9, 15)
    assert faults("P1,M03,,,2026-03-30 09:15:00,,,\n") == [("line 2: attended", "2026-03-30 09:15:00")]
    found = loads_subjects("subject,baseline\nP1,2026-03-30 00:00:00\nP2,2026-03-30T00:01\n")
    assert [row.subject.baseline for row in found.rows] == [day]
    assert [problem.where for problem in found.problems] == ["line 3: baseline"]


# Row by row.

GENERATED = b"P%d,V%d,2026-03-%02d,09:15,2026-%02d-%02d,phone,,note %d\n"


class Endless(io.RawIOBase):
    """A file of records that is made while it is read, as far as it goes."""

    def __init__(self, rows: int) -> None:
        """Make so many rows under the header."""
        self.rows = rows
        self.made = 0
        self.rest = RECORDS.encode()

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - what a buffer is has no name
        """Give the next bytes."""
        while len(self.rest) < len(buffer) and self.made < self.rows:
            n = self.made
            self.rest += GENERATED % (n // 2, n % 17, n % 28 + 1, n % 12 + 1, n % 28 + 1, n)
            self.made += 1
        given_now, self.rest = self.rest[: len(buffer)], self.rest[len(buffer) :]
        buffer[: len(given_now)] = given_now
        return len(given_now)


def peak(rows: int) -> int:
    """Return the most bytes that were held while a file of so many rows was gone through."""
    tracemalloc.start()
    assert sum(isinstance(row, RecordRow) for row in iter_records(io.BufferedReader(Endless(rows)))) == rows
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return held


def test_a_file_is_not_held() -> None:
    """Four times the rows need no more memory."""
    few, many = peak(9_000), peak(36_000)
    assert many < few + 500_000
    assert many < 3_000_000


def test_rows_come_one_at_a_time() -> None:
    """The first is there before the second is made, and a bad one comes in its turn."""
    endless = Endless(10_000_000)
    rows = iter_records(io.BufferedReader(endless))
    assert next(rows)[:2] == (2, "P0")
    assert endless.made < 1000
    file = io.BytesIO(b'subject,visit,attended\nP1,M03,soon\nP2,M03,\n"P3"x,M03\n,M04,soon\nP5,M03,2026-03-04\n')
    assert [(type(row), row.line, row.subject) for row in iter_records(file)] == [
        (BadRow, 2, "P1"),
        (RecordRow, 3, "P2"),
        (BadRow, 4, ""),
        (BadRow, 5, ""),
        (RecordRow, 6, "P5"),
    ]
    file.seek(0)
    bad = [row for row in iter_records(file) if isinstance(row, BadRow)]
    assert [[problem.where for problem in row.problems] for row in bad] == [
        ["line 2: attended"],
        ["line 4"],
        ["line 5: subject", "line 5: attended"],
    ]


@given(st.lists(st.sampled_from(["P1,M03,2026-03-04", "P2,,soon", '"P3"x', ",,", "P4,M03,2026-03", "'=P5,M03,"])))
def test_the_whole_is_what_comes_row_by_row(lines: list[str]) -> None:
    """Reading whole gives the rows and the problems of reading row by row, from bytes and from text."""
    text = "\n".join(["subject,visit,attended", *lines])
    rows = list(iter_records(io.BytesIO(text.encode())))
    assert rows == list(iter_records(io.StringIO(text, newline="")))
    bad = [row for row in rows if isinstance(row, BadRow)]
    found = loads(text)
    assert found.rows == tuple(row for row in rows if isinstance(row, RecordRow))
    assert found.problems == tuple(problem for row in bad for problem in row.problems)
    assert found.owners == {row.line: row.subject for row in bad if row.subject}


def test_what_is_wrong_with_the_file_is_raised_where_it_is_met() -> None:
    """A form that there is not at once, a header with the first row, bytes that are not UTF-8 when they come."""
    with pytest.raises(ts.InvalidValueError, match="dates: read 'no'"):
        iter_records(io.BytesIO(), dates="no")
    with pytest.raises(ts.InvalidValueError, match="dates: read 'no'"):
        iter_subjects(io.BytesIO(), dates="no")
    with pytest.raises(ts.InvalidValueError, match="no column 'subject'"):
        next(iter_records(io.BytesIO()))
    rows = iter_records(io.BytesIO(RECORDS.encode() + b"P1,M03,,,,,,\n" * 5000 + b"P\xb3,M03,,,,,,\n"))
    assert next(rows)[1] == "P1"
    with pytest.raises(ts.InvalidValueError, match="line 5002: not UTF-8"):
        list(rows)


def test_codes_are_remembered_a_few_thousand_at_a_time() -> None:
    """More subjects than are remembered are read all the same, and composed as Unicode composes."""
    text = "subject,visit\n" + "".join(f"Po\u0301{n % 5000},M03\n" for n in range(10_001))
    found = loads(text)
    assert len(found.rows) == 10_001
    assert {row.subject for row in found.rows} == {f"P\u00f3{n}" for n in range(5000)}


def test_subjects_come_one_at_a_time_too() -> None:
    """Of codes that are equal but for case the first has been given when the next is seen."""
    text = "subject,baseline\np1,02.03.2026\nP2,soon\nP1,2026-03-03\nP3,2026-03-04\nP2,2026-03-04\n,2026-03-04\n"
    file = io.BytesIO(text.encode())
    rows = list(iter_subjects(file, dates="dd.mm.yyyy"))
    assert not file.closed
    assert [(type(row), row.line) for row in rows] == [
        (SubjectRow, 2),
        (BadRow, 3),
        (BadRow, 4),
        (SubjectRow, 5),
        (BadRow, 6),
        (BadRow, 7),
    ]
    told = [problem for row in rows if isinstance(row, BadRow) for problem in row.problems]
    assert [problem.where for problem in told] == [f"line {n}: " + c for n, c in (
        (3, "baseline"), (4, "subject"), (6, "subject"), (7, "subject"))]  # fmt: skip
    assert told[1].message == "the same code, case ignored, stands on line 2"
    assert [row.subject for row in rows if isinstance(row, BadRow)] == ["P2", "P1", "P2", ""]
    nameless = list(iter_subjects(io.BytesIO(b"subject,baseline\n,2026-03-02\n,2026-03-03\n")))
    assert [row.problems[0].message for row in nameless if isinstance(row, BadRow)] == ["no subject", "no subject"]
