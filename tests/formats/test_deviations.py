"""The deviation log: findings as rows, and what people wrote into them."""

import contextlib
import csv
import io
import re
from dataclasses import FrozenInstanceError, replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched import strategies
from trialsched.compliance import KINDS, Report, check
from trialsched.formats import deviations
from trialsched.formats.deviations import COLUMNS, EXCEL, DeviationLog, Levels, LogRow, merge

# With day zero 2 March 2026, by hand: V1 27 February to 5 March, V2 12 March, 10 to 14, V3 (assumed) 24 March,
# 17 to 31.
PROTOCOL = ts.Protocol(
    "demo",
    "v1",
    "V1",
    [
        ts.Visit("V1", "on-site", ts.Timing(window="±3 days")),
        ts.Visit("V2", "on-site", ts.Timing("10 days after V1", window="±2 days")),
        ts.Visit("V3", "phone", ts.Timing("22 days after V1", window="±7 days", assumed=True)),
    ],
    spacings=[ts.Spacing("V2", "V3", "8 days")],
    unscheduled=["UNS*"],
)
SUBJECT = ts.Subject("P01-007", baseline=date(2026, 3, 2)).attended("V1", date(2026, 3, 2))
LATE = SUBJECT.attended("V2", date(2026, 3, 18))
HEADER = (
    "subject,visit,version,planned,window,actual,days_out,kind,level,other,date,detail,"
    "severity,reason,action,reported_on,state"
)


def report(subject: ts.Subject, as_of: date = date(2026, 3, 20)) -> Report:
    """Return the report of a subject."""
    return check(ts.schedule(PROTOCOL, subject), as_of)


def cells(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    """Return the rows of a log as Python's own reader has them."""
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter))


def filled(log: DeviationLog, **written: str) -> DeviationLog:
    """Return the log with people's columns written into its first row."""
    first, *others = log.rows
    return replace(log, rows=(LogRow(**{**first._asdict(), **written}), *others))


def test_a_row_has_what_was_planned_what_happened_and_by_how_many_days_it_is_out() -> None:
    """V2 on 18 March, four days after its window of 10 to 14 March; people's columns are empty."""
    text = deviations.dumps(merge(report(LATE)))
    assert text.splitlines()[0] == HEADER
    late = next(row for row in cells(text) if row["kind"] == "late")
    detail = late.pop("detail")
    assert "2026-03-10 to 2026-03-14" in detail
    assert late == {
        "subject": "P01-007",
        "visit": "V2",
        "version": "v1",
        "planned": "2026-03-12",
        "window": "2026-03-10..2026-03-14",
        "actual": "2026-03-18",
        "days_out": "4",
        "kind": "late",
        "level": "deviation",
        "other": "",
        "date": "2026-03-18",
        "severity": "",
        "reason": "",
        "action": "",
        "reported_on": "",
        "state": "found",
    }


def test_what_has_no_day_no_window_or_no_plan_is_empty() -> None:
    """Missed without a day, a booking that has not happened, a code that is not in the plan, an assumed window."""
    subject = SUBJECT.missed("V2").booked("V3", date(2026, 4, 2)).attended("X9", date(2026, 3, 9))
    subject = subject.attended("UNS1", date(2026, 4, 2))  # the day that V3 is booked for
    rows = {row["kind"]: row for row in cells(deviations.dumps(merge(report(subject, date(2026, 4, 3)))))}
    del rows["lapsed"]
    names = ("visit", "planned", "window", "actual", "days_out", "date")
    assert {kind: tuple(row[name] for name in names) for kind, row in rows.items()} == {
        "missed": ("V2", "2026-03-12", "2026-03-10..2026-03-14", "", "", ""),
        "booked-outside": ("V3", "2026-03-24", "2026-03-17..2026-03-31 (assumed)", "", "2", "2026-04-02"),
        "unknown-visit": ("X9", "", "", "2026-03-09", "", "2026-03-09"),
    }


def test_what_is_measured_against_another_visit_names_it() -> None:
    """V3 four days after V2 where eight are asked for; a partly known date is written as far as it is known."""
    close = LATE.attended("V3", date(2026, 3, 22))
    (row,) = [row for row in merge(report(close)).rows if row.kind == "too-close"]
    assert (row.visit, row.other, row.days_out, row.date) == ("V3", "V2", "-4", "2026-03-22")
    partly = SUBJECT.attended("V2", ts.PartialDate(2026, 5))
    (row,) = [row for row in merge(report(partly, date(2026, 6, 30))).rows if row.visit == "V2"]
    assert (row.kind, row.actual, row.date) == ("late", "2026-05", "2026-05")


def test_an_empty_window_shows_when_the_visit_was_held() -> None:
    """The finding has no day of its own, the visit has."""
    cut = ts.Timing("10 days after A", window="±2 days", not_after=ts.When.of("5 days after A"))
    design = ts.Protocol("cut", "1", "A", [ts.Visit("A", "on-site"), ts.Visit("B", "on-site", cut)])
    subject = ts.Subject("S", date(2026, 3, 2)).attended("A", date(2026, 3, 2)).attended("B", date(2026, 3, 6))
    (row,) = merge(check(ts.schedule(design, subject), date(2026, 3, 20))).rows
    assert (row.kind, row.window, row.actual, row.date) == ("empty-window", "", "2026-03-06", "")


def test_made_again_peoples_text_survives() -> None:
    """The row is known by its key; what the library writes is as it is now."""
    log = filled(merge(report(LATE)), severity="major", reason='patient ill;\n"flu"', action="", reported_on="19.03.")
    moved = replace(LATE, baseline=date(2026, 3, 3)).attended("V1", date(2026, 3, 3))
    again = merge(report(moved), log)
    assert len(again.rows) == len(log.rows)
    row = again.rows[0]
    assert (row.kind, row.days_out, row.window) == ("late", "3", "2026-03-11..2026-03-15")
    assert (row.severity, row.reason, row.reported_on) == ("major", 'patient ill;\n"flu"', "19.03.")
    assert row.state == "found"


def test_a_row_whose_finding_is_gone_stays_marked_and_is_unmarked_when_it_is_found_again() -> None:
    """Nothing in it changes but the mark; the corrected date is a new row at the end."""
    log = filled(merge(report(LATE)), reason="snow")
    corrected = merge(report(SUBJECT.attended("V2", date(2026, 3, 17))), log)
    assert corrected.rows[0] == log.rows[0]._replace(state="no longer found")
    assert [(row.visit, row.date, row.state) for row in corrected.rows if row.kind == "late"] == [
        ("V2", "2026-03-18", "no longer found"),
        ("V2", "2026-03-17", "found"),
    ]
    back = merge(report(LATE), corrected)
    assert back.rows[0] == log.rows[0]
    assert [row.state for row in back.rows if row.date == "2026-03-17"] == ["no longer found"] * 2


def test_a_visit_missed_after_the_end_of_participation_leaves_the_log_and_keeps_what_people_wrote() -> None:
    """V2 was recorded as missed; then somebody told of a death on 9 March, when its window was still to close."""
    missed = SUBJECT.missed("V2")
    log = filled(merge(report(missed)), reason="died")
    assert [(row.kind, row.state) for row in log.rows] == [("missed", "found")]
    assert merge(report(missed.end(date(2026, 3, 9), "death"))).rows == ()
    (row,) = merge(report(missed.end(date(2026, 3, 9), "death")), log).rows
    assert (row.state, row.reason) == ("no longer found", "died")


def test_each_part_of_the_key_makes_another_row() -> None:
    """Subject, visit, kind, other visit, date: rows that differ in one are different rows."""
    row = merge(report(LATE)).rows[0]
    others = {"subject": "P01-008", "visit": "V3", "kind": "early", "other": "V1", "date": "2026-03-19"}
    variants = [row, *(LogRow(**{**row._asdict(), name: text}) for name, text in others.items())]
    log = DeviationLog(tuple(variants))
    assert len({variant.key for variant in variants}) == 6
    again = merge([], log, complete=True)
    assert [variant.state for variant in again.rows] == ["no longer found"] * 6
    found = merge(report(LATE), log, complete=True)
    assert [variant.state for variant in found.rows[:6]] == ["found", *["no longer found"] * 5]


def test_subjects_that_were_not_asked_stay_as_they_are() -> None:
    """A report of one subject says nothing of another, unless the reports are complete."""
    log = merge([report(LATE), report(replace(LATE, code="P01-008"))])
    one = merge(report(SUBJECT.attended("V2", date(2026, 3, 12))), log)
    assert {row.state for row in one.rows if row.subject == "P01-008"} == {"found"}
    assert {row.state for row in one.rows if row.subject == "P01-007"} == {"no longer found"}
    assert {row.state for row in merge([], log, complete=True).rows} == {"no longer found"}
    assert merge([], log) == log


def test_the_level_limits_new_rows_only() -> None:
    """What stands in the log already stays, and is still found."""
    subject = LATE.booked("V3", date(2026, 4, 2))
    everything = merge(report(subject))
    assert {row.level for row in everything.rows} == {"deviation", "note"}
    assert {row.level for row in merge(report(subject), level="deviation").rows} == {"deviation"}
    assert merge(report(subject), everything, level="deviation") == everything
    with pytest.raises(ts.InvalidValueError) as caught:
        merge(report(subject), level="note")  # type: ignore[arg-type]
    assert caught.value.where == "level"


def test_a_row_of_peoples_own_is_kept_as_it_is() -> None:
    """What no date rule finds is written by hand, in a kind of its own; two alike are two."""
    own = "P01-007,V2,,,,,,consent,major,,12.3.,signed late,,old form,,,open\n"
    log = deviations.loads(f"{HEADER}\n{own}{own}")
    again = merge(report(LATE), log, complete=True)
    assert deviations.dumps(again).startswith(f"{HEADER}\n{own}{own}")
    assert len(again.rows) > 2
    assert deviations.dumps(again, dates="dd.mm.yyyy").startswith(f"{HEADER}\n{own}{own}")


def test_a_row_that_a_person_wrote_first_is_met_by_the_finding() -> None:
    """One key, one row."""
    log = deviations.loads(f"{HEADER}\nP01-007,V2,,,,,,missed,,,,,minor,on holiday,,,\n")
    (row,) = merge(report(SUBJECT.missed("V2")), log).rows
    assert (row.state, row.planned, row.severity, row.reason) == ("found", "2026-03-12", "minor", "on holiday")


def test_two_reports_of_one_subject_are_refused() -> None:
    """Which of them holds cannot be told."""
    with pytest.raises(ts.InvalidValueError, match="stands twice") as caught:
        merge([report(LATE), report(SUBJECT)])
    assert caught.value.where == "reports[1]"


def test_a_plan_is_no_report() -> None:
    """What `schedule` gives is to be checked first."""
    plan = ts.schedule(PROTOCOL, LATE)
    for several in (plan, [report(replace(LATE, code="S2")), plan]):
        with pytest.raises(ts.InvalidTypeError, match="a Report of `check` is meant; read ") as caught:
            merge(several)  # type: ignore[arg-type]
        assert caught.value.where == f"reports[{0 if several is plan else 1}]"


def test_a_log_that_cannot_be_is_refused() -> None:
    """Two rows of one key, cells that fit no column, a header without a column."""
    row = merge(report(LATE)).rows[0]
    for rows, header, where in (
        ((row, row), COLUMNS, "rows[1]"),
        ((row._replace(more=("x",)),), COLUMNS, "rows[0].more"),
        ((), COLUMNS[1:], "line 1"),
        ((), (*COLUMNS, "Reason "), "line 1"),
    ):
        with pytest.raises(ts.InvalidValueError) as caught:
            DeviationLog(rows, header)
        assert caught.value.where == where


# Files.


def excel(log: DeviationLog) -> str:
    """Return the log as a spreadsheet would save it after sorting, with two columns of people's own and their dates."""
    lines = [[*COLUMNS[:3], "CRA", *COLUMNS[3:], ""]]
    for row in reversed(log.rows):
        values = [getattr(row, name) for name in COLUMNS]
        values[3] = german(values[3])
        values[5] = german(values[5])
        values[10] = german(values[10])
        lines.append([*values[:3], "seen; \u0105", *values[3:], "x\r\ny"])
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerows(lines)
    return "\ufeff" + out.getvalue() + ";;;\r\n;\r\n"


def german(day: str) -> str:
    """Return an ISO date as 18.03.2026."""
    return ".".join(reversed(day.split("-"))) if day else ""


def test_a_file_that_came_back_from_a_spreadsheet_is_read_and_keeps_its_shape() -> None:
    """Sorted, with BOM, semicolons and CRLF, columns between ours, dates of a declared form, empty rows below."""
    log = filled(merge(report(LATE.missed("V3"))), reason="snow")
    data = excel(log).encode()
    read = deviations.loads(data, dates=" DD.MM.YYYY ")
    assert read.shape == EXCEL
    assert [row._replace(more=()) for row in read.rows] == list(reversed(log.rows))
    again = merge(report(LATE.missed("V3")), read)
    text = deviations.dumps(again, dates="dd.mm.yyyy")
    assert text.startswith("\ufeffsubject;visit;version;CRA;planned;")
    assert text.count("\r\n") == len(log.rows) + 1 + len(log.rows)  # one in a cell of each row
    rows = cells(text, ";")
    assert {row["CRA"] for row in rows} == {"seen; \u0105"}
    assert {row[""] for row in rows} == {"x\r\ny"}
    assert "18.03.2026" in {row["actual"] for row in rows} & {row["date"] for row in rows}
    assert {row["window"] for row in rows if row["visit"] == "V2"} == {"10.03.2026..14.03.2026"}
    assert deviations.loads(text, dates="dd.mm.yyyy") == again


def test_new_rows_leave_peoples_columns_empty() -> None:
    """They have as many cells as the others."""
    log = merge(report(LATE))
    wide = replace(log, header=(*COLUMNS, "CRA"), rows=tuple(row._replace(more=("ok",)) for row in log.rows))
    again = merge([report(LATE), report(replace(LATE, code="P2"))], wide)
    assert [row.more for row in again.rows] == [("ok",)] * len(log.rows) + [("",)] * len(log.rows)


@pytest.mark.parametrize(
    ("shape", "newline", "mark"), [(",", "\n", False), (";", "\r\n", True), ("\t", "\r", False), (";", "\n", False)]
)
def test_separator_line_ends_and_mark_are_kept(shape: str, newline: str, mark: bool) -> None:  # noqa: FBT001
    """Written again, an unchanged log is the same bytes."""
    text = deviations.dumps(merge(report(LATE)))
    rows = [row.values() for row in cells(text)]
    lines = [HEADER.replace(",", shape)]
    lines += [shape.join(f'"{cell}"' if shape in cell else cell for cell in row) for row in rows]
    given_text = ("\ufeff" if mark else "") + newline.join(lines) + newline
    log = deviations.loads(given_text.encode())
    assert deviations.dumps(merge(report(LATE), log)) == given_text
    assert deviations.dumps(log, excel=True).startswith("\ufeffsubject;visit;")


@pytest.mark.parametrize(
    ("form", "written", "iso"),
    [
        ("dd.mm.yyyy", "18.03.2026", "2026-03-18"),
        ("dd.mm.yyyy", "18. 3. 2026", "2026-03-18"),
        ("mm/dd/yyyy", "3/18/2026", "2026-03-18"),
        ("mm/dd/yyyy", "3/4/2026", "2026-03-04"),
        ("dd/mm/yyyy", "3/4/2026", "2026-04-03"),
        ("yyyy/mm/dd", "2026/03/18 0:00:00", "2026-03-18"),
        ("dd-mm-yyyy", "18-03-2026", "2026-03-18"),
        ("dd.mm.yyyy", "2026-03-18", "2026-03-18"),
        ("dd.mm.yyyy", "03.2026", "2026-03"),
        (None, "2026-03-18T00:00", "2026-03-18"),
        (None, " 2026-03 ", "2026-03"),
        (None, "2026", "2026"),
    ],
)
def test_dates_of_a_declared_form_are_read(form: str | None, written: str, iso: str) -> None:
    """As spreadsheets write them; ISO 8601 is always understood."""
    text = f"{HEADER}\nS,V2,,{written},,{written},,late,,,{written},,,,,,\n"
    (row,) = deviations.loads(text, dates=form).rows
    assert (row.planned, row.actual, row.date) == (iso, iso, iso)


@pytest.mark.parametrize(
    ("form", "written", "message"),
    [
        (None, "18.03.2026", "--dates dd.mm.yyyy"),
        (None, "mar.26", "expected a date as 'YYYY-MM-DD'"),
        ("dd.mm.yyyy", "18/03/2026", "expected a date as 'dd.mm.yyyy' or 'YYYY-MM-DD'"),
        ("dd.mm.yyyy", "31.02.2026", "which is no day of the calendar"),
        ("dd.mm.yyyy", "13.2026", "the month would be 13"),
        (None, "2026-02-30", "which is no day of the calendar"),
        (None, "2026-13", "2026-13"),
    ],
)
def test_a_date_that_is_not_understood_is_told(form: str | None, written: str, message: str) -> None:
    """The date is part of what a row is known by: nothing is guessed, and the advice is given."""
    with pytest.raises(ts.DocumentError) as caught:
        deviations.loads(f"{HEADER}\nS,V2,,,,,,late,,,{written},,,,,,\n", dates=form)
    (problem,) = caught.value.problems
    assert problem.where == "line 2: date"
    assert message in str(problem)


def test_other_dates_that_are_not_understood_stay() -> None:
    """What was planned is written anew where the finding is there, and is only shown where it is not."""
    text = f"{HEADER}\nS,V2,,soon,99.99.9999..,never,,late,,,2026-03-18,,,,,,\n"
    (row,) = deviations.loads(text, dates="dd.mm.yyyy").rows
    assert (row.planned, row.window, row.actual) == ("soon", "99.99.9999..", "never")


def test_letters_are_the_same_however_they_are_put_together() -> None:
    """A code is known by its normal form, whatever the program that saved the file made of it."""
    odd = replace(LATE, code="\u0141\u00f3d\u017a")
    text = deviations.dumps(merge(report(odd))).replace("\u00f3", "o\u0301").replace("\u017a", "z\u0301")
    assert merge(report(odd), deviations.loads(text)) == merge(report(odd))


def test_a_log_cannot_be_changed() -> None:
    """It is a value."""
    log = merge(report(LATE))
    with pytest.raises(FrozenInstanceError):
        log.rows = ()  # type: ignore[misc]
    assert hash(log) == hash(merge(report(LATE)))


@pytest.mark.parametrize("form", ["dd.mm", "dd.mm.yy", "dd.mm/yyyy", "dd.dd.yyyy", "", "mm dd yyyy"])
def test_a_form_that_is_none_is_refused(form: str) -> None:
    """It names day, month and year in full."""
    for use in (lambda: deviations.loads(HEADER, dates=form), lambda: deviations.dumps(DeviationLog(), dates=form)):
        with pytest.raises(ts.InvalidValueError) as caught:
            use()
        assert caught.value.where == "dates"


def test_two_rows_of_one_key_are_refused_with_both_lines() -> None:
    """A copied row: every line but the first is a problem, and all are told in the order of the file."""
    late = 'S,V2,,,,,,late,,,2026-03-18,"a\nb",,,,,\n'
    with pytest.raises(ts.DocumentError) as caught:
        deviations.loads(
            f"{HEADER}\n{late}{late}S,V3,,,,,,late,,,soon,,,,,,\n{late}".replace("late,,,2026", "late ,,,2026")
        )
    assert [problem.where for problem in caught.value.problems] == ["line 4", "line 6: date", "line 7"]
    first = str(caught.value.problems[0])
    assert "as on line 2" in first
    assert "S V2 late 2026-03-18" in first


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("", "line 1", "no deviation log"),
        ("my notes", "line 1", "no deviation log"),
        (HEADER.removesuffix(",state"), "line 1", "no column 'state'"),
        (f"{HEADER},Kind", "line 1", "the column 'kind' stands twice"),
        (f'{HEADER},"x', "line 1", "not CSV"),
        (b"\xff\xfes\x00u\x00", "line 1", '^line 1: UTF-16, which Excel calls "Unicode Text": save the file as "CSV'),
        (HEADER.encode("utf-16-le"), "line 1", '^line 1: UTF-16, which Excel calls "Unicode Text": save the file as'),
        (
            f"{HEADER}\rS,V2,,,,,,late,,,,,,\u0142,,,\r".encode("cp1250"),
            "line 2",
            r'not UTF-8, it looks like Windows-1250 \(.\u0142.\): save the file as "CSV UTF-8"',
        ),
    ],
)
def test_a_file_that_is_no_log_is_refused(text: str | bytes, where: str, message: str) -> None:
    """With what is missing; one that is not UTF-8 with what to do."""
    with pytest.raises(ts.InvalidValueError, match=message) as caught:
        deviations.loads(text)
    assert caught.value.where == where
    with pytest.raises(ts.InvalidTypeError):
        deviations.loads(7)  # type: ignore[arg-type]


def test_bad_rows_are_told_all_at_once() -> None:
    """A cell behind the last column would be lost; a quote that is not CSV."""
    row = "S,V2,,,,,,late,,,,,,,,,"
    with pytest.raises(ts.DocumentError) as caught:
        deviations.loads(f'{HEADER}\n{row},more\n{row}\n"a"b,c\n{row},\n')
    found = [(problem.where, problem.message) for problem in caught.value.problems]
    assert found == [
        ("line 2", "more cells than columns"),
        ("line 4", "not CSV: ',' expected after '\"'"),
        ("line 5", "the same subject, visit, kind, other visit and date as on line 3: S V2 late"),
    ]


def test_a_line_that_names_the_separator_is_kept() -> None:
    """Excel's own, above the header; lines are counted with it."""
    text = deviations.dumps(merge(report(LATE)), excel=True).removeprefix("\ufeff")
    hinted = f"\ufeffSEP=;\r\n{text}"
    assert deviations.is_ours(hinted.encode())
    log = deviations.loads(hinted)
    assert log.rows == merge(report(LATE)).rows
    assert deviations.dumps(log) == hinted
    with pytest.raises(ts.DocumentError) as caught:
        deviations.loads(hinted.replace(";2026-03-18;", ";18.3.2026;"))
    assert caught.value.problems[0].where == "line 3: date"


def test_a_log_is_known_by_its_header_line() -> None:
    """Whatever stands below it, in any encoding that has its letters; also with a column less: people wrote in it."""
    assert deviations.is_ours("subject;Visit;kind;other;date;detail;przyczyna\r\n".encode("utf-16"))
    assert deviations.is_ours("\ufeffdate , other,kind,visit,Subject".encode())
    assert not deviations.is_ours(b"other,kind,visit,subject")
    assert deviations.is_ours(f"{HEADER}\nrubbish \u0142".encode("cp1250"))
    assert deviations.is_ours(deviations.dumps(merge(report(LATE)), excel=True).encode())
    assert not deviations.is_ours(b"subject,visit\n")
    assert not deviations.is_ours(b"")
    assert not deviations.is_ours(b'"')


@pytest.mark.parametrize("name", COLUMNS)
def test_a_log_is_known_whichever_column_was_renamed(name: str) -> None:
    """A column of the key as any other: what people wrote stands below it."""
    assert deviations.is_ours(HEADER.replace(name, f"{name} (new)", 1).encode())
    assert deviations.is_ours(",".join(one for one in COLUMNS if one != name).encode())


def test_most_of_its_columns_make_a_log() -> None:
    """Nine of the 17 are more than half, eight are not; a column that a person added changes nothing."""
    nine = "version,planned,window,actual,days_out,level,detail,severity,reason"
    assert deviations.is_ours(nine.encode())
    assert not deviations.is_ours(nine.removesuffix(",reason").encode())
    assert deviations.is_ours(f"{HEADER},generator_version".encode())


def test_a_log_is_known_with_lines_above_its_header() -> None:
    """A title or a blank line that a person put there; also in UTF-16 without a byte order mark."""
    assert deviations.is_ours(f"\n{HEADER}\n".encode())
    assert deviations.is_ours(f"Log of site 1;;;\r\n\r\n{HEADER.replace(',', ';')}\r\n".encode())
    assert deviations.is_ours(HEADER.encode("utf-16-le"))
    assert deviations.is_ours(HEADER.encode("utf-16-be"))


def test_findings_are_no_log() -> None:
    """They have the columns of a key, and none that people fill in: `check` makes them anew at any time."""
    names = "subject,visit,kind,level,other,version,days_out,date,detail,as_of,protocol_id,protocol_version"
    assert not deviations.is_ours(f"{names},protocol_variant,protocol_sha256,generator_version\n".encode())


def test_what_a_spreadsheet_would_run_is_guarded() -> None:
    """A formula gets an apostrophe, which reading takes off; a number is none, and stays byte for byte."""
    log = filled(merge(report(LATE)), reason="=1+1", action="-3", severity="'-3", reported_on="@x")
    text = deviations.dumps(log)
    row = cells(text)[0]
    assert (row["reason"], row["action"], row["severity"], row["reported_on"]) == ("'=1+1", "-3", "'-3", "'@x")
    assert deviations.loads(text) == log
    assert deviations.dumps(deviations.loads(text)) == text
    odd = replace(LATE, code="=cmd")
    again = merge(report(odd), deviations.loads(deviations.dumps(merge(report(odd)))))
    assert {row.subject for row in again.rows} == {"=cmd"}
    assert len(again.rows) == len(log.rows)


def test_a_log_goes_through_files() -> None:
    """Bytes in UTF-8, and back."""
    log = filled(merge(report(LATE)), reason="\u0142\u00f3d\u017a")
    file = io.BytesIO()
    deviations.dump(log, file, dates="dd.mm.yyyy", excel=True)
    file.seek(0)
    assert file.getvalue() == deviations.dumps(log, dates="dd.mm.yyyy", excel=True).encode()
    assert deviations.load(file, dates="dd.mm.yyyy").rows == log.rows
    plain = io.BytesIO()
    deviations.dump(log, plain)
    assert plain.getvalue() == deviations.dumps(log).encode()
    assert deviations.load(io.StringIO(deviations.dumps(log), newline="")) == log


def test_what_the_library_says_in_a_row() -> None:
    """Without people's columns, with the state; nothing is None, the days are a number."""
    log = merge(report(LATE))
    assert merge(report(SUBJECT), log).rows[0].told()["state"] == "no longer found"
    row = log.rows[0]._replace(reason="snow", more=("x",))
    assert row.told() == {
        "subject": "P01-007",
        "visit": "V2",
        "version": "v1",
        "planned": "2026-03-12",
        "window": "2026-03-10..2026-03-14",
        "actual": "2026-03-18",
        "days_out": 4,
        "kind": "late",
        "level": "deviation",
        "other": None,
        "date": "2026-03-18",
        "detail": row.detail,
        "state": "found",
    }
    assert row._replace(days_out="").told()["days_out"] is None


def test_rows_that_people_filled_in_are_told() -> None:
    """Blanks are nothing; any of the four columns is something."""
    row = merge(report(LATE)).rows[0]
    assert not row._replace(reason=" ").is_filled_in
    for name in ("severity", "reason", "action", "reported_on"):
        assert LogRow(**{**row._asdict(), name: "x"}).is_filled_in


# What holds for any facts and any text.

TEXT = st.text(
    st.characters(codec="utf-8") | st.sampled_from(",;\t\"'\r\n=+-@ 12"),
    max_size=8,
)
CELLS = st.tuples(TEXT, TEXT, TEXT, TEXT, TEXT)


@st.composite
def told(draw: st.DrawFn) -> list[list[Report]]:
    """Draw, for each of two subjects, reports of different facts on different days."""
    made = []
    for index in range(2):
        subjects = draw(st.lists(strategies.subjects(protocol=PROTOCOL), min_size=1, max_size=2))
        days = st.integers(-60, 90)
        made.append(
            [
                report(replace(subject, code=f"S{index}"), (subject.baseline or date.min) + timedelta(draw(days)))
                for subject in subjects
            ]
        )
    return made


@st.composite
def written_into(draw: st.DrawFn, log: DeviationLog) -> DeviationLog:
    """Draw what people do to a log: text into their columns, a column of their own, another order of rows."""
    header = log.header if len(log.header) > len(COLUMNS) else (*COLUMNS, "own")
    rows = []
    for row in log.rows:
        severity, reason, action, reported_on, own = draw(CELLS)
        rows.append(row._replace(severity=severity, reason=reason, action=action, reported_on=reported_on, more=(own,)))
    return replace(log, rows=tuple(draw(st.permutations(rows))), header=header)


def people(log: DeviationLog) -> dict[object, tuple[object, ...]]:
    """Return what people wrote, by key."""
    return {row.key: (row.severity, row.reason, row.action, row.reported_on, row.more) for row in log.rows}


@given(st.data())
def test_peoples_text_is_never_lost_and_no_key_stands_twice(data: st.DataObject) -> None:
    """For any sequence of reports, through a file each time: written text stays with its row, rows stay in order."""
    log = DeviationLog()
    levels: tuple[Levels, ...] = ("all", "deviation")
    known = data.draw(told())
    for _ in range(4):
        reports = [one for one in (data.draw(st.sampled_from((None, *facts))) for facts in known) if one]
        level = data.draw(st.sampled_from(levels))
        complete = data.draw(st.booleans())
        again = merge(reports, log, level=level, complete=complete)
        keys = [row.key for row in again.rows]
        assert len(set(keys)) == len(keys)
        assert keys[: len(log.rows)] == [row.key for row in log.rows]
        assert people(again).items() >= people(log).items()
        found = {
            (r.subject.code, f.visit, f.kind, f.other or "", str(f.date or "")) for r in reports for f in r.findings
        }
        asked = {report.subject.code for report in reports}
        for row in again.rows:
            assert row.kind in KINDS
            if row.key in found:
                assert row.state == "found"
            elif complete or row.subject in asked:
                assert row.state == "no longer found"
        if level == "all":
            assert found <= set(keys)
        assert merge(reports, again, level=level, complete=complete) == again
        log = data.draw(written_into(again))
        form = data.draw(st.sampled_from((None, "dd.mm.yyyy", "mm/dd/yyyy")))
        text = deviations.dumps(log, dates=form, excel=data.draw(st.booleans()))
        back = deviations.loads(text.encode(), dates=form)
        assert back.rows == log.rows
        assert deviations.dumps(back, dates=form) == text
        log = back


@given(st.lists(CELLS, min_size=1, max_size=4))
def test_peoples_cells_stay_byte_for_byte_but_for_a_guard(texts: list[tuple[str, ...]]) -> None:
    """As Python's own reader has the file before and after: equal, or apostrophes where a formula would begin."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow([*COLUMNS, "own"])
    for index, (severity, reason, action, reported_on, own) in enumerate(texts):
        key = [f"S{index}", "V2", "", "", "", "", "", "late", "", "", "", ""]
        writer.writerow([*key, severity, reason, action, reported_on, "found", own])
    before = out.getvalue()
    after = deviations.dumps(merge([], deviations.loads(before), complete=True))
    for old, new in zip(cells(before), cells(after), strict=True):
        for name in ("severity", "reason", "action", "reported_on", "own"):
            if new[name] != old[name]:
                assert new[name].replace("'", "") == old[name].replace("'", "")
                assert new[name].startswith("'")
                assert re.search("(^|[,;|\\s'\"])[=+@\t\r\n-]", old[name])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_inside_the_quotes_of_a_cell_are_told(end: str) -> None:
    """A forgotten quote in a person's cell swallows rows, which would be told as new; prose of several lines stays."""
    text = (
        f'{HEADER}\nS,V2,,,,,,late,,,2026-03-18,,,,"asked, late\nS,V3,,,,,,missed,,,,,,,,,found\n'
        'T,V3,,,,,,missed,,,,,,,on holiday",,found\n'
    )
    with pytest.raises(ts.DocumentError) as caught:
        deviations.loads(text.replace("\n", end))
    assert [(problem.where, problem.message) for problem in caught.value.problems] == [
        (f"line {line}", "a row of the log stands inside the quotes that line 2 opens") for line in (3, 4)
    ]
    one = f'{HEADER}\nS,V2,,,,,,late,,,2026-03-18,,,,"asked\nS,V3,,,,,,missed,,,,,,,on holiday",,found\n'
    with pytest.raises(ts.DocumentError) as caught:
        deviations.loads(one.replace("\n", end))
    assert [problem.where for problem in caught.value.problems] == ["line 3"]
    prose = f'{HEADER}\nS,V2,,,,,,late,,,2026-03-18,,,"came late, was missed,\nlate, again, as ever",,,found\n'
    assert deviations.loads(prose).rows[0].reason == "came late, was missed,\nlate, again, as ever"


@given(TEXT)
def test_any_text_is_read_or_refused(text: str) -> None:
    """Never anything else."""
    for data in (text, text.encode(), f"{HEADER}\n{text}"):
        with contextlib.suppress(ts.InvalidValueError):
            deviations.loads(data)
