"""Rows of cells as CSV and as Markdown."""

import csv
import io

from trialsched.formats.results.tables import csv_lines, markdown_lines


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


def test_a_table_of_markdown() -> None:
    """A head, a rule, a line for each row; a bar inside a cell is text."""
    assert markdown_lines(("a", "b c"), [("1|2", None), ("x", 3)]) == [
        "| a | b c |",
        "| --- | --- |",
        "| 1&#124;2 |  |",
        "| x | 3 |",
    ]
