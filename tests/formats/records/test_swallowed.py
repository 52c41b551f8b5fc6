"""Rows that a forgotten quote swallowed."""

import pytest

import trialsched as ts
from trialsched.formats.records import dumps, loads, loads_subjects

SWALLOWED = """subject,visit,booked,booked_time,attended,mode,outcome,note
P01-001,DOSE1,,,2026-02-02,,,"started late
P01-002,DOSE1,,,2026-01-13,,,
P01-003,DOSE1,,,2026-03-16,,,ended"
P01-004,DOSE1,,,2026-03-17,,,
"""


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_inside_the_quotes_of_a_note_are_bad_rows_of_their_subjects(end: str) -> None:
    """A forgotten quote swallows rows that nobody would miss: each is told, and its subject is left out."""
    found = loads(SWALLOWED.replace("\n", end))
    assert [(row.line, row.subject) for row in found.rows] == [(5, "P01-004")]
    assert found.owners == {2: "P01-001", 3: "P01-002", 4: "P01-003"}
    expected = "expected a quote at the end of each cell that begins with one"
    assert [str(problem) for problem in found.problems] == [
        f"line 2: its quotes are open to line 4, and what looks like rows stands in them; {expected}",
        f"line 3: it stands inside the quotes that line 2 opens; {expected}",
        f"line 4: it stands inside the quotes that line 2 opens; {expected}",
    ]


@pytest.mark.parametrize(
    ("header", "lines", "inside"),
    [
        # the quote is forgotten in another cell; the rows below have no facts, or not all their cells
        ("subject,visit,mode,note", 'P1,V1,"phone,\nP2,V1,home,\nP3,V1,phone,x"', [3, 4]),
        ("subject,visit,attended,note", 'P1,V1,,"a\nP2,V1,,\nP3,V1,2026"', [3]),
        ("subject,visit,attended,note", 'P1,V1,,"a\nP2,V1,2026-03\nP3,V1,13.01.2026,x"', [3, 4]),
        ("subject,visit,booked,booked_time,note", 'P1,V1,,,"a\nP2,V1,,9:15"', [3]),
        ("subject;visit;outcome;note", 'P1;V1;;"a\nP2;V1;missed"', [3]),
        ("note,visit,subject,outcome", '"a\nx,V1,P2,missed\nb",V1,P1,', [3]),
        ("subject,visit,outcome,note", "'-1,V1,,\"a\n'-2,V1,missed\"", [3]),
    ],
)
def test_what_looks_like_a_row_inside_a_cell(header: str, lines: str, inside: list[int]) -> None:
    """A code and a visit, and a day, a time or a word of the list, or all cells."""
    found = loads(f"{header}\n{lines}\n")
    assert found.rows == ()
    told = [problem.where for problem in found.problems if problem.message.startswith("it stands inside")]
    assert told == [f"line {line}" for line in inside]


@pytest.mark.parametrize(
    "note",
    [
        "called, no answer\ncalled again, she came",
        "weight\n82 kg, 81 kg\nall well, nothing to add, see letter of 12.03.2026",
        "one, two, three, four, five, six, seven, eight\nnine, ten, eleven, twelve, 13, 14, 15, 16",
        "\n\n,,,,,,,\n",
        "P01-002,DOSE1,,,2026-01-13,,,",  # one line
        "see list\nP01-002;DOSE1;;;2026-01-13;;;",  # of another separator
    ],
)
def test_a_note_of_several_lines_is_a_note(note: str) -> None:
    """Prose with commas, blanks and days stays what it is, and is written and read back."""
    text = dumps({"P1": [ts.VisitRecord("M03", note=note)]})
    assert loads(text).rows[0].record.note == note


def test_a_note_whose_lines_look_like_rows_is_not_written() -> None:
    """Reading would refuse it; what stands in its first line is looked at by nobody."""
    bad = ts.VisitRecord("M03", note="a\nb\nP2,V1,,,2026-03-04,,,")
    with pytest.raises(ts.InvalidValueError, match="its line 3 looks like a row of the list") as caught:
        dumps({"P1": [bad]})
    assert caught.value.where == "P1 records[0].note"
    assert loads(dumps({"P1": [bad]}, excel=True)).rows[0].record == bad


def test_a_subject_inside_quotes_is_told() -> None:
    """Also in the list of subjects."""
    found = loads_subjects('subject,baseline,language\nP1,2026-03-02,"pl\nP2,2026-03-09,en"\n')
    assert "line 3: it stands inside the quotes that line 2 opens" in str(found.problems[-1])
    assert "P2" in found.codes
