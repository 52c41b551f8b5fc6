"""Rows of cells as CSV and as Markdown."""

import csv
import io
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched import strategies
from trialsched._text import guarded
from trialsched.formats.results.tables import csv_lines, markdown_lines
from trialsched.worklist import worklist


def test_cells_of_csv() -> None:
    """Nothing for None, `true` and `false`, numbers as they are, texts that a spreadsheet would run guarded."""
    assert csv_lines([["a", None, True, False, -3, "-3", "=1", "x,y"]]) == "a,,true,false,-3,'-3,'=1,\"x,y\"\n"
    assert not csv_lines([])


def test_csv_for_excel() -> None:
    """Semicolons and CRLF; what holds a semicolon is quoted."""
    assert csv_lines([["a;b", "c,d"], ["e", None]], excel=True) == '"a;b";c,d\r\ne;\r\n'


def test_another_program_reads_the_cells_back() -> None:
    """Quotes and separators inside a cell stay inside it."""
    cells = ['say "x"', "a;b,c"]
    for excel, delimiter in ((False, ","), (True, ";")):
        text = csv_lines([cells, cells], excel=excel)
        assert list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)) == [cells, cells]


def test_what_steers_a_program_is_named_in_a_cell() -> None:
    """A line break, a control character and a mark of direction stand as their code points, guarded where they run."""
    assert csv_lines([["a\nb", "\x1b[2J", "=\u202e"]]) == "a<U+000A>b,<U+001B>[2J,'=<U+202E>\n"


def test_a_sign_is_guarded_behind_what_separates_elsewhere() -> None:
    """Behind the file's own delimiter it stands in quotes; a program of another locale separates at the other one."""
    assert csv_lines([["a;=1+1", "a,=1+1"]]) == "'a;'=1+1,\"a,=1+1\"\n"
    assert csv_lines([["a;=1+1", "a,=1+1"]], excel=True) == "\"a;=1+1\";'a,'=1+1\r\n"


def test_a_sentence_about_a_lopsided_assumed_window_is_not_guarded() -> None:
    """A comma stands before its minus, and the cell in quotes: it is the sentence itself."""
    timing = ts.Timing("7 days after D1", window="-3/+5 days", assumed=True)
    visits = [ts.Visit("D1", "phone"), ts.Visit("D8", "phone", timing)]
    plan = ts.schedule(ts.Protocol("demo", "1", "D1", visits), ts.Subject("S", baseline=date(2026, 3, 2)))
    why = (
        "D8 is 7 days after D1 (baseline 2026-03-02): 2026-03-09; "
        "assumed window, not in the protocol, -3/+5 days: 2026-03-06 to 2026-03-14."
    )
    assert plan["D8"].why == why
    assert csv_lines([[plan["D8"].why]]) == f'"{why}"\n'


@given(st.data())
def test_no_sentence_of_ours_is_guarded(data: st.DataObject) -> None:
    """What trialsched says of a plan, a finding or a next step looks like a formula to no spreadsheet."""
    plan = data.draw(strategies.histories(min_value=date(1900, 1, 1), max_value=date(2100, 1, 1)))
    report = ts.check(plan, data.draw(strategies.as_of_days(plan)))
    until = report.as_of + timedelta(days=400)
    assert [guarded(row.why, ",") for row in plan] == [row.why for row in plan]
    said = [finding.detail for finding in report.findings]
    said += [item.next_step for item in worklist(report, report.as_of, until)] + list(plan.notes)
    assert [guarded(sentence) for sentence in said] == said


def test_a_table_of_markdown() -> None:
    """A head, a rule, a line for each row; a bar inside a cell is text."""
    assert markdown_lines(("a", "b c"), [("1|2", None), ("x", 3)]) == [
        "| a | b c |",
        "| --- | --- |",
        "| 1&#124;2 |  |",
        "| x | 3 |",
    ]
