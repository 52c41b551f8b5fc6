"""The lines of a journal: their bytes, and how every kind of damage is named."""

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialsched.errors import InvalidTypeError, InvalidValueError
from trialsched.formats import journal
from trialsched.formats.journal import Change, Entry

AT = datetime(2026, 4, 14, 8, 30, tzinfo=UTC)
ZEROS = "0" * 64
# Written by hand from the issue: keys sorted, no blanks, UTF-8; the sha256 of the line by the program sha256sum.
FIRST = (
    b'{"action":"init","at":"2026-04-14T08:30:00Z","by":"\xc5\x81. Nowak","is":{"records":[],"subjects":[]},'
    b'"prev":"0000000000000000000000000000000000000000000000000000000000000000","reason":null,'
    b'"schema":"trialsched/journal/1","seq":1,"subject":null,"visit":null,"was":null}'
)
FIRST_HASH = "7e49c95d0a28622578032b478cb94c4692a7f3410413ccece66b4be443700bf8"
BEGIN = Change("init", None, None, None, {"subjects": [], "records": []})


def booked(day: int) -> Change:
    """Return the change that books a visit for a day of May."""
    return Change("record", "P1", f"V{day}", None, {"record": 1, "booked": f"2026-05-{day:02}"})


def five() -> bytes:
    """Return a journal of five lines."""
    return journal.dumps(journal.append(None, [BEGIN, *map(booked, range(1, 5))], at=AT, by="AN"))


def faults(data: bytes) -> list[str]:
    """Return the places that are named, with the messages."""
    return [f"{problem.where}: {problem.message}" for problem in journal.loads(data).problems]


def test_a_line_is_canonical_json() -> None:
    """The bytes are those of the issue: every key, sorted, no blanks, unescaped, 64 zeros before the first."""
    (entry,) = journal.append(None, [BEGIN], at=AT, by="Ł. Nowak")
    assert entry.line == FIRST
    assert entry.hash == FIRST_HASH
    assert journal.dumps([entry]) == FIRST + b"\n"
    assert journal.loads(FIRST + b"\n") == journal.Journal((entry,), (), (entry.hash,))


def test_each_line_has_the_hash_of_the_line_before() -> None:
    """`prev` is the sha256 of the line before it without its newline, `seq` counts from 1."""
    lines = five().splitlines()
    documents = [json.loads(line) for line in lines]
    assert [document["seq"] for document in documents] == [1, 2, 3, 4, 5]
    assert [document["prev"] for document in documents] == [
        ZEROS,
        *(hashlib.sha256(line).hexdigest() for line in lines[:-1]),
    ]
    assert {frozenset(document) for document in documents} == {
        frozenset(("schema", "seq", "at", "by", "action", "subject", "visit", "was", "is", "reason", "prev"))
    }


def test_lines_go_on_after_the_last_entry() -> None:
    """Entries appended one after the other are those appended at once; file functions do the same."""
    (first,) = journal.append(None, [BEGIN], at=AT, by="AN")
    more = journal.append(first, map(booked, range(1, 5)), at=AT, by="AN")
    fp = BytesIO()
    journal.dump([first, *more], fp)
    assert fp.getvalue() == five()
    assert journal.load(BytesIO(five())).entries == (first, *more)


def test_the_moment_is_utc_in_whole_seconds() -> None:
    """A time elsewhere is brought to UTC, parts of a second are left out, a time without zone is refused."""
    warsaw = timezone(timedelta(hours=2))
    (entry,) = journal.append(None, [BEGIN], at=datetime(2026, 4, 14, 10, 30, 0, 999_999, warsaw), by="AN")
    assert entry.at == AT
    assert b'"at":"2026-04-14T08:30:00Z"' in entry.line
    (early,) = journal.append(None, [BEGIN], at=datetime(33, 4, 3, tzinfo=UTC), by="AN")
    assert b'"at":"0033-04-03T00:00:00Z"' in early.line
    with pytest.raises(InvalidTypeError):
        journal.append(None, [BEGIN], at=AT.replace(tzinfo=None), by="AN")
    for at in (AT.replace(tzinfo=warsaw), AT.replace(microsecond=1), AT.replace(tzinfo=None)):
        with pytest.raises(InvalidValueError, match="at: "):
            Entry(1, at, "AN", "init", None, None, None, None, None, ZEROS)


def test_texts_are_in_nfc() -> None:
    """An accent that stands apart is joined, also in the fields; one behind an escape is not joined to the escape."""
    apart = Change("record", "P1", "V1", None, {"record": 1, "note": "\n\u0303 Zofia z\u0307"})
    (entry,) = journal.append(None, [apart], at=AT, by="Z\u0307aneta", reason="e\u0301")
    assert (entry.by, entry.reason) == ("Żaneta", "é")
    assert '"note":"\\n\u0303 Zofia ż"'.encode() in entry.line
    read = journal.loads(entry.line + b"\n")
    assert not read.problems
    decomposed = entry.line.replace("ż".encode(), "z\u0307".encode())
    assert faults(decomposed + b"\n") == [f"line 1: {NOT_CANONICAL}"]


NOT_CANONICAL = "not in canonical form: keys sorted, no blanks, nothing escaped that need not be, NFC"


@pytest.mark.parametrize(
    ("by", "reason", "where"),
    [
        ("", None, "by"),
        (" AN", None, "by"),
        ("A\nN", None, "by"),
        ("A" * 201, None, "by"),
        ("AN\ud800", None, "by"),
        ("AN", "", "reason"),
        ("AN", "one\ntwo", "reason"),
        ("AN", "r" * 2001, "reason"),
    ],
)
def test_who_and_why_are_words(by: str, reason: str | None, where: str) -> None:
    """Nobody, blanks at the ends, several lines, too much and what UTF-8 does not have are refused."""
    with pytest.raises(InvalidValueError) as caught:
        journal.append(None, [BEGIN], at=AT, by=by, reason=reason)
    assert caught.value.where == where
    assert journal.append(None, [BEGIN], at=AT, by="A" * 200, reason="r" * 2000)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seq", 0),
        ("seq", True),
        ("by", 7),
        ("action", "delete"),
        ("subject", 7),
        ("visit", ["V1"]),
        ("was", "nothing"),
        ("is", [1]),
        ("reason", 1),
        ("prev", "0" * 63),
        ("prev", "A" * 64),
        ("prev", None),
        ("at", "2026-04-14T08:30:00+00:00"),
        ("at", "2026-04-14T08:30:60Z"),
        ("at", "2026-02-29T08:30:00Z"),
        ("at", 7),
        ("schema", "trialsched/journal/2"),
    ],
)
def test_a_line_with_a_value_that_cannot_be_is_named(name: str, value: object) -> None:
    """Each key has its type; the line is named, and the key in the message."""
    document = json.loads(FIRST) | {name: value}
    line = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    (fault,) = faults(line.encode() + b"\n")
    assert fault.startswith("line 1: ")
    assert name in fault


@pytest.mark.parametrize("prev", ["", "0" * 63, "0" * 65, "A" * 64, "g" * 64, "0" * 63 + "\n", None, 0])
def test_an_entry_follows_a_sha256(prev: Any) -> None:  # noqa: ANN401 - what may not be
    """64 hexadecimal digits in small letters, and nothing else."""
    with pytest.raises(InvalidValueError) as caught:
        Entry(1, AT, "AN", *BEGIN, None, prev)
    assert caught.value.where == "prev"


@pytest.mark.parametrize("value", ["\udcff", float("inf"), float("nan"), {1, 2}, {(): 1}])
def test_a_change_that_no_line_can_say_is_refused(value: object) -> None:
    """A lone surrogate, a number beyond all numbers, what JSON does not have: told with the place of the change."""
    for change in (Change("record", "P1", "V", None, {"note": value}), Change("record", "\udcff", "V", None, {})):
        with pytest.raises(InvalidValueError) as caught:
            journal.append(None, [BEGIN, booked(1), change], at=AT, by="AN")
        assert caught.value.where == "changes[2]"


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda line: line.replace(b'"V2"', b'"V3"'), "changed after line 4 was written behind it"),
        (lambda line: line.replace(b'"AN"', b'"XX"'), "changed after line 4 was written behind it"),
        (lambda line: line[:-9], "no line of JSON"),
        (lambda _: b"", "no line of JSON"),
        (lambda _: b"[" * 100_000, "no line of JSON"),
        (lambda line: b"\xff" + line, "no line of JSON"),
        (lambda line: line + b"\r", NOT_CANONICAL),
        (lambda line: line.replace(b":", b": ", 1), NOT_CANONICAL),
        (lambda line: line.replace(b'"AN"', b'"\\u0041N"'), NOT_CANONICAL),
        (lambda line: line.replace(b'"AN"', b'"AN","by":"AN"'), NOT_CANONICAL),
        (lambda line: line.replace(b'"was":null', b'"was":{"a":NaN}'), "no line of JSON"),
        (lambda line: line.replace(b'"was":null', b'"was":{"a":1e999}'), "no line of JSON"),
        (
            lambda line: line.replace(b'"was":null', b'"was":{"a":%s"\xc5\xbc"%s}' % (b"[" * 900, b"]" * 900)),
            "no line of",
        ),
        (lambda line: line.replace(b'"by":"AN",', b""), "not the keys"),
        (lambda line: line.replace(b'"by"', b'"author"'), "not the keys"),
        (lambda _: b"[]", "not the keys"),
    ],
)
def test_an_edited_line_is_named(damage: object, says: str) -> None:
    """The third of five lines is edited: it alone is named, whatever the edit."""
    lines = five().splitlines(keepends=True)
    lines[2] = damage(lines[2][:-1]) + b"\n"  # type: ignore[operator]
    (fault,) = faults(b"".join(lines))
    assert fault.startswith(f"line 3: {says}")


@given(st.integers(0, len(five()) - 1), st.integers(0, 255))
def test_any_changed_byte_is_found(place: int, octet: int) -> None:
    """One octet of any line but the last is changed: the line is among those that are named."""
    data = bytearray(five())
    if data[place] == octet:
        return
    data[place] = octet
    number = five()[:place].count(b"\n") + 1
    found = journal.loads(bytes(data))
    last = five().rstrip(b"\n").rfind(b"\n") + 1
    assert found.problems or found.tail or place >= last
    if octet != 10 and five()[place] != 10 and place < last:
        assert f"line {number}" in [problem.where for problem in found.problems]


def test_a_missing_line_is_told() -> None:
    """Where a line or several are gone the next one is named, with the numbers of those that are missing."""
    lines = five().splitlines(keepends=True)
    assert faults(b"".join(lines[:2] + lines[3:])) == ["line 3: its number is 4 where 3 is due: line 3 is missing"]
    assert faults(b"".join(lines[:1] + lines[3:])) == [
        "line 2: its number is 4 where 2 is due: lines 2 to 3 are missing"
    ]
    assert faults(b"".join(lines[1:])) == ["line 1: its number is 2 where 1 is due: line 1 is missing"]


def test_a_line_out_of_its_place_is_told() -> None:
    """A line that stands twice, and two that changed places, are named."""
    lines = five().splitlines(keepends=True)
    twice = b"".join([*lines[:3], lines[2], *lines[3:]])
    assert faults(twice) == ["line 4: its number is 3 where 4 is due: it stands twice, or out of its place"]
    swapped = b"".join([lines[0], lines[2], lines[1], *lines[3:]])
    assert [fault.split(":")[0] for fault in faults(swapped)] == ["line 2", "line 3", "line 4"]


def test_a_first_line_that_follows_another_is_told() -> None:
    """A journal whose first lines were cut off and the others numbered again does not begin with 64 zeros."""
    entry = Entry(1, AT, "AN", "init", None, None, None, {}, None, "1" * 64)
    assert faults(entry.line + b"\n") == ["line 1: the first line follows no other: its prev is 64 zeros"]


def test_a_replaced_line_is_told_by_the_next_one() -> None:
    """A line that is written anew with its right hash of the line before is named by the line behind it."""
    entries = list(journal.loads(five()).entries)
    (other,) = journal.append(entries[1], [booked(9)], at=AT, by="AN")
    message = "line 3: changed after line 4 was written behind it, which has another hash of it"
    assert faults(journal.dumps([*entries[:2], other, *entries[3:]])) == [message]
    assert faults(journal.dumps([*entries[:4]])) == []


def test_when_neighbours_are_changed_both_are_named() -> None:
    """A changed line is no witness against the line before it, nor is the last one: then one of the two is meant."""
    lines = five().splitlines(keepends=True)
    both = [*lines[:1], *(line.replace(b"AN", b"XX") for line in lines[1:3]), *lines[3:]]
    assert faults(b"".join(both)) == [
        "line 2: changed, or line 3 was, which has another hash of it",
        "line 3: changed after line 4 was written behind it, which has another hash of it",
    ]
    fourth = [*lines[:3], lines[3].replace(b"AN", b"XX"), lines[4]]
    assert faults(b"".join(fourth)) == ["line 4: changed, or line 5 was, which has another hash of it"]


def test_a_torn_line_is_the_tail() -> None:
    """What stands behind the last newline is kept apart; an entry only when the newline alone is missing."""
    data = five()
    start = data[:-1].rfind(b"\n") + 1
    for end in range(start + 1, len(data)):
        read = journal.loads(data[:end])
        assert (read.problems, len(read.entries), read.tail) == ((), 4, data[start:end])
        whole = end == len(data) - 1
        assert (read.tail_entry == journal.loads(data).entries[4]) is whole
        assert (read.tail_entry is None) is not whole
    assert journal.loads(data[:start]).tail_entry is None


def test_a_tail_of_another_place_is_no_entry() -> None:
    """A whole line without newline that does not follow the line before it, or follows damage, is torn."""
    lines = five().splitlines()
    assert journal.loads(b"\n".join([*lines[:3], lines[4]])).tail_entry is None
    (other,) = journal.append(None, [BEGIN], at=AT, by="XX")
    assert journal.loads(other.line + b"\n" + lines[1]).tail_entry is None
    assert journal.loads(b"x\n" + lines[1]).tail_entry is None
    assert journal.loads(lines[0] + b"\n" + lines[1].replace(b'"seq":2', b'"seq":3')).tail_entry is None
    edited = lines[1].replace(b'"AN"', b'"XX"')
    assert journal.loads(b"\n".join([lines[0], edited, *lines[2:]])).tail_entry is None


def test_the_last_hash_is_that_of_the_last_whole_line() -> None:
    """It is 64 zeros for nothing, and counts damaged lines, whose bytes are what is there."""
    assert journal.loads(b"").last == ZEROS
    assert journal.loads(b"x\ny").last == hashlib.sha256(b"x").hexdigest()


@given(st.binary(max_size=200))
def test_reading_never_fails(data: bytes) -> None:
    """Whatever the bytes, there is an answer: each whole line is an entry or a problem."""
    read = journal.loads(data)
    assert len(read.hashes) == data.count(b"\n")
    assert len(read.entries) + len(read.problems) >= len(read.hashes)
    assert read.tail == data.rpartition(b"\n")[2]


def test_only_bytes_are_read() -> None:
    """A text has no sha256, and is refused."""
    with pytest.raises(InvalidTypeError):
        journal.loads("")  # type: ignore[arg-type]
