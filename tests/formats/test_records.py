"""Lists of subjects."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched.formats.records import loads_subjects

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


def test_a_code_of_ten_thousand_rows_is_told_in_time_and_few_words() -> None:
    """Three other lines are named, the rest counted."""
    found = loads_subjects("subject,baseline\n" + "P1,2026-03-02\n" * 10_000)
    assert len(found.problems) == 10_000
    assert found.problems[0].message.endswith("stands on line 3, 4, 5 and 9996 more")


def test_the_separator_is_that_of_the_header_whatever_the_line_ends() -> None:
    """Commas in the data do not outvote the semicolons of the header."""
    found = loads_subjects("subject;baseline\rS,1;2026-03-02\rS,2,3;2026-03-02\r")
    assert [row.subject.code for row in found.rows] == ["S,1", "S,2,3"]
    found = loads_subjects('subject,baseline,arm\nP1,2026-03-02,"a;b;c;d"\n')
    assert [row.subject.arm for row in found.rows] == ["a;b;c;d"]


def test_a_line_break_in_a_cell_stays_what_it_was() -> None:
    """A carriage return inside quotes is data: a control character that no arm has."""
    found = loads_subjects('subject,baseline,arm\r\nP1,2026-03-02,"a\rb"\r\n')
    assert found.problems[0].read == "a\rb"


@pytest.mark.parametrize("data", [12, None, [b"x"]])
def test_what_is_no_text_is_the_librarys_own_error(data: Any) -> None:  # noqa: ANN401
    """No bare error of Python comes out."""
    with pytest.raises(ts.InvalidTypeError):
        loads_subjects(data)
