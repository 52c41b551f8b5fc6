"""Every reader takes time in proportion to its input, stops at a stated size, and tells at most 1,000 problems."""

import io
import json
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

import pytest

import trialsched as ts
from tests.support.growth import growth
from trialsched.formats import deviations, documents, journal, records, results, sdtm
from trialsched.formats.records import lines
from trialsched.protocol.checks import check
from trialsched.protocol.found import Found
from trialsched.trial import listed
from trialsched.worklist import worklist

DAY = date(2026, 3, 2)
ALSTEM = ts.load_protocol("alstem")
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MORE = "and more: only the first 1,000 problems are told"
LOG_HEADER = ",".join(deviations.COLUMNS)


class Case(NamedTuple):
    """An input of any size, and what is done with it; the number makes one that takes about 10 ms."""

    make: Callable[[int], Any]
    run: Callable[[Any], object]
    number: int


def subjects(number: int) -> list[ts.Subject]:
    """Return subjects with two records each."""
    one = ts.Subject("P", baseline=DAY).attended("DOSE1", DAY).booked("DOSE2", DAY + timedelta(30))
    return [ts.Subject(f"P{n}", baseline=DAY, records=one.records) for n in range(number)]


def subjects_csv(number: int) -> str:
    """Return a list of good subjects."""
    return records.dumps_subjects(subjects(number))


def visits_csv(number: int) -> str:
    """Return a list of good records, two of each subject."""
    return records.dumps({subject.code: subject.records for subject in subjects(number)})


def joined(texts: tuple[str, str]) -> None:
    """Read both lists as commands do."""
    read = records.loads_subjects(texts[0])
    listed(read, records.iter_records(io.BytesIO(texts[1].encode())))


def entries(number: int) -> tuple[journal.Entry, ...]:
    """Return a journal that begins with one subject and takes in the others."""
    begun = journal.append(None, [journal.begin(journal.state_of(subjects(1), ()))], at=AT, by="x")
    new = journal.state_of(subjects(number), ())
    changes = [journal.change(difference) for difference in journal.differences(journal.replay(begun), new)]
    return begun + journal.append(begun[-1], changes, at=AT, by="x")


def reports(number: int) -> list[ts.Report]:
    """Return reports with a few findings each."""
    return [ts.check(ts.schedule(ALSTEM, subject), DAY + timedelta(60)) for subject in subjects(number)]


def protocol(number: int, **more: object) -> str:
    """Return the JSON of a protocol in which every visit counts from the one before."""
    visits = [{"code": "A", "mode": "home"}]
    for n in range(number):
        visits.append({"code": f"V{n}", "mode": "phone", "when": f"1 day after {visits[-1]['code']}"})
    head = {"schema": "trialsched/protocol/1", "id": "x", "version": "1", "anchor": "A"}
    return json.dumps({**head, "visits": visits, **more})


def spacings(number: int) -> str:
    """Return the JSON of a protocol with many spacings."""
    return protocol(1, spacing=[{"from": "A", "to": "V0", "at_least": f"{n + 1} days"} for n in range(number)])


def cycles(number: int) -> list[ts.Visit]:
    """Return cycles that travel with none, and that count from the last of them."""
    visit = ts.Visit("A{n}", "home", ts.Timing("1 day after Z{n}"), repeat="B{n}")
    return [*[visit] * number, ts.Visit("Z{n}", "home", ts.Timing("1 day after A"), repeat="B{n}")]


def versions(number: int) -> str:
    """Return a `trial.toml` with many dates in force."""
    days = "".join(f"v{n} = 2026-03-02\n" for n in range(number))
    return f'schema = "trialsched/trial/1"\n[in_force]\n{days}'


def read_json(text: str) -> None:
    """Read a protocol from JSON."""
    documents.loads(text, format="json")


def read_toml(text: str) -> None:
    """Read what is no protocol from TOML."""
    with suppress(ts.ProtocolError):
        documents.loads(text)


PLAIN = {
    "subjects.csv": Case(subjects_csv, records.loads_subjects, 400),
    "visits.csv": Case(visits_csv, records.loads, 400),
    "both lists": Case(lambda n: (subjects_csv(n), visits_csv(n)), joined, 200),
    "strangers": Case(lambda n: (subjects_csv(20), visits_csv(n)), joined, 200),
    "a cell with quotes": Case(lambda n: 'subject,visit,note\nP1,M03,"' + '""' * n + '"\n', records.loads, 20_000),
    "empty rows": Case(lambda n: "subject,visit\n" + ",,\n" * n, records.loads, 10_000),
    "a long header": Case(lambda n: "subject,baseline" + "," * n + "\n", records.loads_subjects, 100_000),
    "subjects.json": Case(lambda n: records.dumps_json(subjects(n)), records.loads_json, 200),
    "a protocol": Case(protocol, read_json, 150),
    "spacings": Case(spacings, read_json, 600),
    "trial.toml": Case(versions, documents.loads_trial, 1_500),
    "a plan": Case(
        lambda n: results.dumps(ts.schedule(documents.loads(protocol(n), format="json"), ts.Subject("P", DAY))),
        results.loads,
        200,
    ),
    "a log": Case(lambda n: deviations.dumps(deviations.merge(reports(n))), deviations.loads, 100),
    "a log of people's own": Case(lambda n: LOG_HEADER + "\n" + "x\n" * n, deviations.loads, 1_000),
    "a journal": Case(lambda n: journal.dumps(entries(n)), journal.loads, 400),
    "a journal to its end": Case(entries, journal.replay, 600),
    "a journal changed": Case(lambda n: journal.dumps(entries(n)).replace(b'"x"', b'"y"'), journal.loads, 240),
    "a journal torn": Case(lambda n: b"{" * n, lambda data: journal.loads(data).tail_entry, 1_000_000),
}
# Text that a reader of TOML may look at over and over again.
TOML = {
    "escaped quotes": ('\\"', 60_000),
    "quotes": ('"', 100_000),
    "apostrophes": ("'", 100_000),
    "long quotes": ('"""\n', 60_000),
    "long apostrophes": ("'''\n", 60_000),
    "a quote and a backslash": ('"\\', 60_000),
    "long quotes that stay open": ('"""\\', 40_000),
    "comments": ("#'\n", 20_000),
    "dots": ("a . ", 60_000),
    "tables": ("[[a]]\n", 3_000),
    "dotted keys": ("[[a]]\nb.c.d = 1\n", 800),
    "values": ("x = [", 60_000),
}
GROWING = {
    **PLAIN,
    **{name: Case(piece.__mul__, read_toml, number) for name, (piece, number) in TOML.items()},
    "many keys": Case(lambda n: "".join(f"k{m}=1\n" for m in range(n)), read_toml, 800),
    "cycles that are none": Case(cycles, lambda visits: check(Found(), anchor="A", visits=visits), 1_000),
    "a string of escapes": Case(lambda n: 'x = "' + "\\n" * n + '"', read_toml, 30_000),
    "a long list": Case(lambda n: "x = [" + "1," * n + "]", read_toml, 5_000),
    # What commands make of many subjects.
    "reports": Case(lambda n: n, reports, 40),
    "the worklist": Case(reports, lambda given: worklist(given, DAY + timedelta(55), DAY + timedelta(90)), 100),
    "adherence": Case(reports, results.dumps_adherence, 150),
    "a report's JSON": Case(reports, results.dumps_check, 40),
    "the log again": Case(
        lambda n: (given := reports(n), deviations.merge(given)), lambda x: deviations.merge(*x), 150
    ),
    "datasets": Case(reports, sdtm.datasets, 150),
    "visits.csv written": Case(
        lambda n: {subject.code: subject.records for subject in subjects(n)}, records.dumps, 500
    ),
    "differences": Case(
        lambda n: (journal.state_of(subjects(n), ()), journal.state_of(subjects(n // 2), ())),
        lambda states: journal.differences(*states),
        2_000,
    ),
}


@pytest.mark.parametrize("name", GROWING)
def test_four_times_the_input_takes_four_times_the_time(name: str) -> None:
    """It would be sixteen times, were the time quadratic."""
    case = GROWING[name]
    assert growth(case.run, case.make(case.number), case.make(4 * case.number)) < 8


def test_a_code_of_many_numbers_takes_no_longer_than_another() -> None:
    """A code that is far too long is no code, whatever stands in it; each document is read once."""
    numbers = count()

    def read(code: str) -> None:
        visit = f'[[visits]]\ncode = "A{next(numbers)}{code}"\nmode = "home"\nrepeat = "B{{n}}"\n'
        read_toml(f'schema = "trialsched/protocol/1"\nid = "x"\nversion = "1"\nanchor = "A"\n{visit}')

    assert growth(read, "nnn" * 10_000, "{n}" * 10_000) < 8


def test_a_row_as_long_as_may_be_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is the number of characters of a row that is still read, its line break too."""
    text = "subject,visit\nP1,DOSE1-and-more\n"
    monkeypatch.setattr(lines, "LONGEST_ROW", 18)
    assert len(records.loads(text).rows) == 1
    with pytest.raises(ts.InvalidValueError, match=r"^line 2: a row of more than 18 characters"):
        records.loads(text.replace("more", "more."))


def endless(piece: bytes, head: bytes = b"") -> io.BufferedReader:
    """Return a file that never ends."""

    class Endless(io.RawIOBase):
        """The head, then a piece again and again."""

        def __init__(self) -> None:
            self.rest = head

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - a writable buffer
            self.rest += piece * (1 + len(buffer) // len(piece))
            size = len(buffer)
            buffer[:], self.rest = self.rest[:size], self.rest[size:]
            return size

    return io.BufferedReader(Endless())


HEADS = {"subjects": b"subject,baseline\n", "visits": b"subject,visit\n"}
LISTS = {"subjects": records.load_subjects, "visits": records.load}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("piece", [b"x\n", b'"x\n', b'x,y"\n"', b"P1;2026-03-02\n", b",\xc5\x82\n"])
def test_a_list_is_not_read_past_a_thousand_problems(name: str, piece: bytes) -> None:
    """Of a file without an end the first 1,000 problems are told, and that there are more."""
    with pytest.raises(ts.DocumentError) as caught:
        LISTS[name](endless(piece, HEADS[name]))
    problems = caught.value.problems
    assert len(problems) == 1001
    assert str(problems[-1]) == MORE
    assert len(str(caught.value)) < 300_000


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("piece", [b"x", b"x,", b",", b'"x\n",', b" "])
@pytest.mark.parametrize("below", [True, False])
def test_a_row_has_an_end(name: str, piece: bytes, *, below: bool) -> None:
    """A file without an end, in one line or within quotes, in the header or below it, is refused in few words."""
    with pytest.raises(ts.InvalidValueError, match=r"^line \d+: a row of more than 1,000,000 characters") as caught:
        LISTS[name](endless(piece, HEADS[name] if below else b""))
    assert len(str(caught.value)) < 100


@pytest.mark.parametrize("name", ["iter_subjects", "iter_records"])
def test_row_by_row_a_bad_row_of_nobody_stands_for_the_rest(name: str) -> None:
    """Its subject is nobody's: what is not read may be anybody's."""
    rows = list(
        getattr(records, name)(endless(b"P1,\n", b"subject,baseline\n" if "sub" in name else b"subject,visit\n"))
    )
    assert rows[-1].subject == ""
    assert [problem.message for problem in rows[-1].problems] == [MORE]
    assert sum(len(row.problems) for row in rows[:-1]) >= 1001


def test_nobody_is_planned_when_records_are_not_read_to_their_end() -> None:
    """The rest may be anybody's; the first faults are told, then why there is nobody."""
    read = records.loads_subjects("subject,baseline\nP1,2026-03-02\nP2,2026-03-02\n")
    found = listed(read, records.iter_records(endless(b"P1,\n", b"subject,visit\n")))
    assert (found.rows, found.stopped) == ((), True)
    told = [str(problem) for _, problem in found.faults]
    assert len(told) == 1002
    assert told[0] == "visits.csv line 2: visit: no visit; expected the visit's code"
    assert told[1000] == MORE
    assert "nothing is planned" in told[1001]


def test_strangers_beyond_number_leave_the_others_planned() -> None:
    """Whose a row is can be told: 1,000 are named, and the subjects of the list are there."""
    read = records.loads_subjects("subject,baseline\nP1,2026-03-02\n")
    rows = "subject,visit\n" + "".join(f"Q{n},M03\n" for n in range(3000)) + "P1,M03\n"
    found = listed(read, records.iter_records(io.StringIO(rows)))
    assert [row.subject.records for row in found.rows] == [(ts.VisitRecord("M03"),)]
    assert len(found.faults) == 1001
    assert str(found.faults[-1][1]) == MORE


def test_a_subject_with_a_bad_row_beyond_the_first_thousand_is_left_out_too() -> None:
    """What is not told still counts: a year that is a typing error, in the row of P1 behind 3,000 strangers."""
    read = records.loads_subjects("subject,baseline\nP1,2026-03-02\nP2,2026-03-02\n")
    rows = "subject,visit,attended\n" + "".join(f"Q{n},M03,\n" for n in range(3000)) + "P1,M03,1826-06-02\n"
    found = listed(read, records.iter_records(io.StringIO(rows)), years=range(1900, 2200))
    assert [row.subject.code for row in found.rows] == ["P2"]


SUBJECTS_HEAD = '{"schema": "trialsched/subjects/1", "subjects": ['


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SUBJECTS_HEAD + "[]," * 300_000 + "[]]}", MORE),
        (SUBJECTS_HEAD + "0," * 300_000 + "0]}", MORE),
        (SUBJECTS_HEAD + "{}," * 300_000 + "{}]}", MORE),
        (SUBJECTS_HEAD + '{"subject": "P1", "records": [' + "0," * 300_000 + "0]}]}", MORE),
        (SUBJECTS_HEAD + '{"subject": "P1"},' * 20_000 + "0]}", MORE),
        (SUBJECTS_HEAD + "{}," * 1_000_000 + "{}]}", "more than 1,000,000 objects and lists"),
        (" " * 50_000_001, "larger than 50,000,000 bytes; a list of that size is CSV"),
    ],
    ids=range(7),
)
def test_a_json_list_stops_at_its_limits(text: str, message: str) -> None:
    """At 1,000 problems, at a million objects, at 50 MB."""
    with pytest.raises(ts.InvalidValueError) as caught:
        records.loads_json(text)
    assert str(caught.value).endswith(message)
    assert len(str(caught.value)) < 300_000


@pytest.mark.parametrize(
    "tables",
    [
        {"visits": [{}] * 60_000},
        {"visits": [0] * 60_000},
        {"visits": [{"code": "A", "mode": "home"}], "spacing": [{}] * 60_000},
        {"visits": [{"code": "A", "mode": "home"}], "eligibility": [[]] * 60_000},
    ],
    ids=range(4),
)
def test_a_document_stops_at_a_thousand_problems(tables: dict[str, Any]) -> None:
    """A megabyte of empty tables: what is told is said of tables that were read."""
    head = {"schema": "trialsched/protocol/1", "id": "x", "version": "1", "anchor": "A"}
    with pytest.raises(ts.ProtocolError) as caught:
        documents.loads(json.dumps({**head, **tables}, separators=(",", ":")), format="json")
    assert len(caught.value.problems) == 1001
    assert str(caught.value.problems[-1]) == MORE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LOG_HEADER + "\n" + "x,y,,,,,,late\n" * 20_000, MORE),
        (LOG_HEADER + "\n" + '"x\n"y\n' * 20_000, MORE),
        (LOG_HEADER + "\n" + "," * 30 + "x\n" + (("," * 30 + "x\n") * 5_000), MORE),
        (LOG_HEADER + "," * 184 + "\n", "no log that is read: more than 200 columns"),
        (LOG_HEADER + "\n" + "\n" * 200_001, "no log that is read: more than 200,000 lines"),
        (LOG_HEADER + "\n" + "x" * 20_000_000, "no log that is read: more than 20,000,000 bytes"),
    ],
    ids=range(6),
)
def test_a_log_stops_at_its_limits(text: str, message: str) -> None:
    """At 1,000 problems, 200 columns, 200,000 lines, 20 MB."""
    with pytest.raises(ts.InvalidValueError) as caught:
        deviations.loads(text)
    assert str(caught.value).endswith(message)
    assert len(str(caught.value)) < 300_000


def test_a_log_just_within_its_limits_is_read() -> None:
    """200 columns; 200,000 lines, the header among them."""
    assert len(deviations.loads(LOG_HEADER + "," * 183 + "\n").header) == 200
    assert deviations.loads(LOG_HEADER + "\n" * 200_000).rows == ()


def test_a_journal_stops_at_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """At 1,000 lines that are none; at 200 MB."""
    found = journal.loads(b"\n" * 5_000_000)
    assert len(found.problems) == 1001
    assert str(found.problems[-1]) == MORE
    assert journal.lines.MAX_BYTES == 200_000_000
    monkeypatch.setattr(journal.lines, "MAX_BYTES", 10)
    assert journal.loads(b"x" * 10).tail == b"x" * 10
    with pytest.raises(ts.InvalidValueError, match=r"^no journal that is read: more than 10 bytes$"):
        journal.loads(b"x" * 11)


def test_a_line_number_beyond_any_is_refused() -> None:
    """Python does not print the number after one of 4,300 digits."""
    line = journal.dumps(entries(1)).replace(b'"seq":1,', b'"seq":' + b"9" * 4300 + b",")
    assert [problem.where for problem in journal.loads(line * 2).problems] == ["line 1", "line 2"]


def test_a_plan_is_at_most_ten_megabytes() -> None:
    """The limit is told; what is just within it is looked at."""
    with pytest.raises(ts.InvalidValueError, match=r"^not a plan: larger than 10,000,000 bytes$"):
        results.loads(b" " * 10_000_001)
    with pytest.raises(ts.InvalidValueError, match=r"^not JSON: "):
        results.loads(b" " * 10_000_000)


@pytest.mark.parametrize(
    ("read", "text", "most"),
    [
        (records.loads_subjects, "subject,baseline\n" + "x\n" * 300_000, 10),
        (records.loads, "subject,visit\n" + "x\n" * 300_000, 10),
        (records.loads_json, SUBJECTS_HEAD + "[]," * 100_000 + "[]]}", 20),
        (deviations.loads, LOG_HEADER + "\n" + '"x\n"y\n' * 100_000, 10),
        (journal.loads, b"\n" * 1_000_000, 10),
    ],
    ids=range(5),
)
def test_what_is_wrong_takes_little_memory(read: Callable[[Any], object], text: str | bytes, most: int) -> None:
    """Megabytes at the most, whatever the number of rows that are wrong."""
    tracemalloc.start()
    with suppress(ts.InvalidValueError):
        read(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < most * 1_000_000


def test_good_lists_have_a_size_and_a_number_of_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """100 million characters and 2 million lines; the line where it ends is named."""
    assert (lines.MAX_CHARACTERS, lines.MAX_LINES) == (100_000_000, 2_000_000)
    text = "subject,visit\nP1,M03\nP2,M03\n"
    monkeypatch.setattr(lines, "MAX_CHARACTERS", len(text))
    monkeypatch.setattr(lines, "MAX_LINES", 3)
    assert len(records.loads(text).rows) == 2
    with pytest.raises(ts.InvalidValueError, match=r"^line 4: more than 28 characters: no list that is read$"):
        records.loads(text + ",\n")
    with pytest.raises(ts.InvalidValueError, match=r"^line 4: more than 3 lines: no list that is read$"):
        records.loads(text.replace("M03", "M") + ",\n")
