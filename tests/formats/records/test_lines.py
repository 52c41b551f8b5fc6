"""Files of rows as spreadsheets save them."""

import io
from collections.abc import Callable

import pytest

import trialsched as ts
from trialsched.formats.records import iter_records, loads, loads_subjects

ONE = [("P1", ts.VisitRecord("M03", note="x"))]


def read(data: str | bytes) -> list[tuple[str, ts.VisitRecord]]:
    """Return subjects and records of a file without a fault."""
    found = loads(data)
    assert found.problems == ()
    return [(row.subject, row.record) for row in found.rows]


@pytest.mark.parametrize(
    "data",
    [
        b"sep=;\r\nsubject;visit;note\r\nP1;M03;x\r\n",
        b"\xef\xbb\xbfsep=;\nSUBJECT;Visit;nOTE\nP1;M03;x\n",
        "\ufeffSEP=\t\rsubject\tvisit\tnote\rP1\tM03\tx",
        "sep=,\nsubject,visit,note,,\nP1,M03,x,,\n,,,,\n\n",
    ],
)
def test_the_line_that_tells_a_spreadsheet_the_separator_is_passed_over(data: str | bytes) -> None:
    """Excel's hint before the header; lines are counted with it."""
    assert read(data) == ONE
    assert loads(data).rows[0].line == 3
    text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
    with pytest.raises(ts.InvalidValueError, match="line 2: unknown column 'who'"):
        loads(text.casefold().replace("subject", "who"))


def test_the_separator_is_the_one_that_is_told() -> None:
    """A hint that does not fit the header is an error, not a guess; another separator is none of ours."""
    with pytest.raises(ts.InvalidValueError, match="unknown column 'subject,visit'"):
        loads("sep=;\nsubject,visit\nP1,M03\n")
    with pytest.raises(ts.InvalidValueError, match=r"line 1: unknown column 'sep=\|'"):
        loads("sep=|\nsubject|visit\nP1|M03\n")


@pytest.mark.parametrize(
    ("header", "row", "words"),
    [
        ("subject;visit;booked", "P1,M03,2026-03-04,,,,,", "separated by commas, the header by semicolons"),
        ("subject,visit,booked", "P1;M03;04.03.2026;;", "separated by semicolons, the header by commas"),
        ("subject\tvisit", " P1 ;M03", "separated by semicolons, the header by tabs"),
        ("subject,visit,booked", "P1\tM03,,", "separated by tabs, the header by commas"),
    ],
)
def test_a_row_of_another_separator_than_the_headers_says_so(header: str, row: str, words: str) -> None:
    """All of it stands in its first cell; one fault, and the subject is known, so that the others are not left out."""
    delimiter = max(",;\t", key=header.count)
    found = loads(f"{header}\nP2{delimiter}M03\n{row}\nP3{delimiter}M03\n")
    assert [(good.line, good.subject) for good in found.rows] == [(2, "P2"), (4, "P3")]
    assert found.owners == {3: "P1"}
    (problem,) = found.problems
    assert (problem.where, problem.message) == ("line 3", words)
    assert problem.read == row.strip().rstrip(delimiter).replace("\t", "<U+0009>")


def test_a_subject_of_another_separator_stands_in_the_list() -> None:
    """So that its visits are not said to be of nobody."""
    found = loads_subjects("subject;baseline;arm\nP1,2026-03-02,\nP2;2026-03-02;\n")
    assert [str(problem) for problem in found.problems] == [
        "line 2: separated by commas, the header by semicolons; read 'P1,2026-03-02,'"
    ]
    assert found.codes == {"P1", "P2"}


@pytest.mark.parametrize("code", ["'=1", "=1", "Z\u0142e\u0301"])
def test_the_subject_of_a_row_of_another_separator_is_as_in_other_rows(code: str) -> None:
    """Without the guard of a spreadsheet, in normal form C."""
    found = loads(f"subject;visit\n{code},M03\n{code};\n")
    assert found.owners[2] == found.owners[3]


@pytest.mark.parametrize("row", ["P1,;M03", '"P1,M03"', "'P1'", "P1", ",P1;M03"])
def test_a_row_with_other_cells_or_one_word_is_of_the_headers_separator(row: str) -> None:
    """Another separator inside a cell is no separator where other cells are filled, and none is no other one."""
    for problem in loads(f"subject,visit\n{row}\n").problems:
        assert "separated" not in problem.message


def test_everything_that_is_wrong_with_a_header_is_said_at_once() -> None:
    """Columns of people beside a misspelt, a doubled and a missing one; ten are named, the others counted."""
    with pytest.raises(ts.InvalidValueError) as caught:
        loads("Subject;Vist;initials;who;NOTE;Booked Time;note;note\nP1;M03;;;;;;\n")
    columns = "subject, visit, booked, booked_time, attended, mode, outcome, note"
    assert str(caught.value) == (
        "line 1: unknown column 'vist'; expected 'visit', the nearest one; "
        "unknown column 'booked time'; expected 'booked_time', the nearest one; "
        f"unknown columns 'initials' and 'who'; expected {columns}; "
        "the column 'note' stands twice; no column 'visit' in the header"
    )
    with pytest.raises(ts.InvalidValueError, match=rf"'x8', 'x9' and 29990 more; expected {columns}$"):
        loads(",".join(["subject", "visit", *(f"x{number}" for number in range(30_000))]))
    with pytest.raises(ts.InvalidValueError, match=r"the nearest one; unknown column 1 more; expected"):
        loads(",".join(["subject", "visit", *(f"visit{number}" for number in range(11))]))


def test_guards_are_taken_off_texts_and_only_there() -> None:
    """One apostrophe before what a spreadsheet would run; a cell of another kind is read as it stands."""
    found = loads("subject,visit,note\n'=P1,'+V,'-5 kg\n=P1,+V,-5 kg\n'=P1,'@V,''tis\n")
    assert [(row.subject, row.record.visit, row.record.note) for row in found.rows] == [
        ("=P1", "+V", "-5 kg"),
        ("=P1", "+V", "-5 kg"),
        ("=P1", "@V", "''tis"),
    ]
    assert loads("subject,visit,attended\nP1,M03,'-2026\n").problems[0].read == "'-2026"
    subject = loads_subjects("subject,baseline,arm,language\n'-1,2026-03-02,'@A,'=x\n").rows[0].subject
    assert (subject.code, subject.arm, subject.language) == ("-1", "@A", "=x")


def line_ends(end: bytes, bad: bytes, before: int) -> bytes:
    """Return a file with so many good lines under its header, and then a line that is not UTF-8."""
    return end.join([b"subject,visit,note", *[b"P1,M03,good"] * before, b"P2,M03," + bad, b"P3,M03,"])


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("before", [0, 1, 997, 6000])
def test_windows_1250_is_told_with_its_line(end: bytes, before: int) -> None:
    """The line, and the word with Polish letters that it would be, whatever the line ends and however far down."""
    data = line_ends(end, "po \u0142\u00f3\u017cku".encode("cp1250"), before)
    with pytest.raises(ts.InvalidValueError) as caught:
        loads(data)
    assert caught.value.where == f"line {before + 2}"
    assert caught.value.message == (
        "not UTF-8, it looks like Windows-1250 ('\u0142\u00f3\u017cku'): save the file as \"CSV UTF-8\""
    )


@pytest.mark.parametrize("bad", [b"M\xfcller", b"\xff", b"\x81\xb9", b"\x9d", "\u0142".encode()[:1]])
def test_other_encodings_are_not_named(bad: bytes) -> None:
    """Where nothing speaks for Windows-1250 the message does not either."""
    with pytest.raises(ts.InvalidValueError, match=r'^line 4: not UTF-8: save the file as "CSV UTF-8"$'):
        loads(line_ends(b"\n", bad, 2))


@pytest.mark.parametrize("where", [b"\xb9,visit\n", b"sep=;\nsubject;\xb9\n"])
def test_a_header_that_is_not_utf8_is_told(where: bytes) -> None:
    """The header's own line, below a separator's hint as well."""
    with pytest.raises(ts.InvalidValueError, match=f"line {where.count(bytes([10]))}: not UTF-8"):
        loads(where)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_text_of_excel_is_told(encoding: str) -> None:
    """UTF-16, with or without its mark."""
    with pytest.raises(ts.InvalidValueError, match='line 1: UTF-16, which Excel calls "Unicode Text": save'):
        loads("subject\tvisit\r\nP1\tM03\r\n".encode(encoding))


def test_an_open_quote_in_the_header_and_a_cell_that_is_too_long() -> None:
    """A header that is no CSV is an error of its line, below a hint too."""
    with pytest.raises(ts.InvalidValueError, match="line 2: not CSV"):
        loads('sep=;\nsubject;"visit\nP1;M03\n')
    assert loads(f"subject,visit,note\nP1,M03,{'x' * 131_073}\nP1,M04,\n").problems[0].where == "line 2"


@pytest.mark.parametrize("make", [io.BytesIO, lambda data: io.StringIO(data.decode(), newline="")])
def test_a_file_stays_open(make: Callable[[bytes], io.BytesIO | io.StringIO]) -> None:
    """Whoever opened it closes it, also when only a part was read."""
    file = make(b"subject,visit\nP1,M03\nP2,M03\n")
    rows = iter_records(file)
    assert next(rows)[1] == "P1"
    rows.close()  # type: ignore[attr-defined]
    assert not file.closed
    file.seek(0)
    assert len(list(iter_records(file))) == 2
    assert not file.closed


def test_a_file_that_was_closed_meanwhile_is_no_trouble() -> None:
    """Rows that nobody asks for any more are let go in silence."""
    file = io.BytesIO(b"subject,visit\nP1,M03\nP2,M03\n")
    rows = iter_records(file)
    next(rows)
    file.close()
    rows.close()  # type: ignore[attr-defined]
