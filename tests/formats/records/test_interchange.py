"""Subjects with their records as JSON."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched import strategies
from trialsched.formats.records import SUBJECTS_SCHEMA, dumps_json, loads_json

SUBJECT = ts.Subject(
    "P1",
    baseline=date(2026, 3, 2),
    arm="A",
    language="pl",
    ended=date(2026, 5, 4),
    end_reason="withdrawn",
    baseline_status="provisional",
    records=(
        ts.VisitRecord("M03", booked=date(2026, 3, 30), booked_time=time(0, 0), mode="phone", note="=1 \u0142\n"),
        ts.VisitRecord("M03", attended=ts.PartialDate(2026, 3), outcome="withheld"),
    ),
)
# Written by hand from the issue.
TEXT = """{
  "schema": "trialsched/subjects/1",
  "generator": {
    "name": "trialsched",
    "version": "VERSION"
  },
  "subjects": [
    {
      "subject": "P1",
      "baseline": "2026-03-02",
      "baseline_status": "provisional",
      "arm": "A",
      "ended": "2026-05-04",
      "end_reason": "withdrawn",
      "language": "pl",
      "records": [
        {
          "visit": "M03",
          "booked": "2026-03-30",
          "booked_time": "00:00",
          "attended": null,
          "mode": "phone",
          "outcome": null,
          "note": "=1 \u0142\\n"
        },
        {
          "visit": "M03",
          "booked": null,
          "booked_time": null,
          "attended": "2026-03",
          "mode": null,
          "outcome": "withheld",
          "note": null
        }
      ]
    },
    {
      "subject": "P2",
      "baseline": null,
      "baseline_status": "planned",
      "arm": null,
      "ended": null,
      "end_reason": null,
      "language": null,
      "records": []
    }
  ]
}
"""


def test_what_is_written() -> None:
    """Keys in their order, null where there is none, text unescaped, a line feed at the end."""
    text = TEXT.replace("VERSION", ts.__version__)
    assert dumps_json(iter([SUBJECT, ts.Subject("P2")])) == text
    found = loads_json(text)
    assert found.problems == ()
    assert [(row.line, row.subject) for row in found.rows] == [(0, SUBJECT), (1, ts.Subject("P2"))]
    assert found.codes == {"P1", "P2"}
    assert loads_json(b"\xef\xbb\xbf" + text.encode()) == loads_json(f"\ufeff{text}") == found


NOTES = st.none() | st.text(st.characters(exclude_categories=["Cs"]))
PEOPLE = st.lists(
    strategies.subjects().flatmap(
        lambda s: st.tuples(*(st.builds(replace, st.just(r), note=NOTES) for r in s.records)).map(
            lambda records: replace(s, records=records)
        )
    ),
    max_size=4,
    unique_by=lambda subject: subject.code.casefold(),
)


@given(PEOPLE)
def test_subjects_come_back_from_json_as_they_were_written(people: list[ts.Subject]) -> None:
    """With their records in order and any note, an empty one too; written again it is the same text."""
    text = dumps_json(people)
    found = loads_json(text)
    assert found.problems == ()
    assert [row.subject for row in found.rows] == people
    assert loads_json(text.encode()) == found
    assert dumps_json(row.subject for row in found.rows) == text


def document(*subjects: object, **keys: object) -> str:
    """Return a document of subjects."""
    return json.dumps({"schema": SUBJECTS_SCHEMA, "subjects": subjects, **keys})


def test_a_key_that_is_missing_says_null() -> None:
    """The code is the only key of a subject, the visit of a record, that another program has to write."""
    found = loads_json(document({"subject": "P1", "records": [{"visit": "M03"}]}, generator={"name": "other"}))
    assert [row.subject for row in found.rows] == [ts.Subject("P1", records=(ts.VisitRecord("M03"),))]
    found = loads_json(document({"subject": "P1", "records": None, "baseline": None}))
    assert [row.subject for row in found.rows] == [ts.Subject("P1")]
    day = date(2026, 3, 4)
    found = loads_json(
        document({"subject": "P1", "records": [{"visit": "M03", "attended": "2026-03-04", "outcome": "attended"}]})
    )
    assert found.rows[0].subject.records == (ts.VisitRecord("M03", attended=day),)


def test_every_fault_is_told_at_its_place() -> None:
    """All at once, in the order of the document; the good subjects stay, one with a bad record does not."""
    text = document(
        {"subject": "P1", "baseline": "02.03.2026", "arm": 7, "armm": "A", "records": [{"visit": "M03"}, {}, "M04"]},
        {"subject": "P2", "records": [{"visit": "M03", "attended": "2026-13-01", "mode": "car", "subject": "P2"}]},
        {"baseline": "2026-03-02", "baseline_status": "maybe", "records": {"visit": "M03"}},
        ["P3"],
        {"subject": "P4"},
        {"subject": 5, "ended": "", "end_reason": "completed", "records": [{"visit": None, "booked_time": "9:15"}]},
    )
    found = loads_json(text)
    assert [(row.line, row.subject) for row in found.rows] == [(4, ts.Subject("P4"))]
    assert [problem.where for problem in found.problems] == [
        "subjects[0].arm",
        "subjects[0].armm",
        "subjects[0].baseline",
        "subjects[0].records[1].visit",
        "subjects[0].records[2]",
        "subjects[1].records[0].subject",
        "subjects[1].records[0].attended",
        "subjects[1].records[0].mode",
        "subjects[2].records",
        "subjects[2].subject",
        "subjects[2].baseline_status",
        "subjects[3]",
        "subjects[5].subject",
        "subjects[5].ended",
        "subjects[5].records[0].visit",
        "subjects[5].records[0].booked_time",
    ]
    told = [str(problem) for problem in found.problems]
    assert told[:2] == [
        "subjects[0].arm: no text; read '7'; expected a text or null",
        "subjects[0].armm: unknown key; expected 'arm', the nearest one",
    ]
    assert told[6] == (
        "subjects[1].records[0].attended: read '2026-13-01', which is no day of the calendar (month must be in 1..12)"
    )
    assert found.codes == {"P1", "P2", "P4"}


def test_no_form_of_dates_is_advised_that_json_does_not_take() -> None:
    """Its dates are ISO 8601 only: `--dates` beside it is refused; times have two digits for the hour."""
    record = {"visit": "M03", "booked": "4.3.2026", "booked_time": "9:15", "attended": "03/2026"}
    found = loads_json(document({"subject": "P1", "baseline": "03/04/2026", "records": [record]}))
    never = "which is the day and which the month is never guessed; write YYYY-MM-DD"
    assert [problem.message for problem in found.problems] == [
        f"read '03/04/2026': {never}",
        f"read '4.3.2026': {never}",
        "read '9:15', expected a time as 'HH:MM', 00:00 to 23:59",
        f"read '03/2026': {never}",
    ]


def test_codes_equal_but_for_case_are_refused_all_of_them() -> None:
    """As in the table of subjects, also when one of the two is bad already."""
    found = loads_json(document({"subject": "p1", "baseline": "soon"}, {"subject": "P2"}, {"subject": "P1"}))
    assert [row.subject.code for row in found.rows] == ["P2"]
    assert [(problem.where, problem.message) for problem in found.problems if "case" in problem.message] == [
        ("subjects[0].subject", "the same code, case ignored, is that of subjects[2]"),
        ("subjects[2].subject", "the same code, case ignored, is that of subjects[0]"),
    ]


def test_a_key_that_stands_twice_is_refused_wherever_it_is() -> None:
    """The first and the last value may differ, and which is meant is for a person to say."""
    text = '{"schema": "trialsched/subjects/1", "subjects": [{"subject": "P1", "arm": "A", "arm": "B", "records": '
    text += '[{"visit": "M03", "visit": "M03"}]}]}'
    found = loads_json(text)
    assert found.rows == ()
    assert [str(problem) for problem in found.problems] == [
        "subjects[0].arm: the key stands twice",
        "subjects[0].records[0].visit: the key stands twice",
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xff\xfe{", "^line 1: not UTF-8$"),
        (b'{\n"schema": "\xb9"}', "^line 2: not UTF-8$"),
        ("", "^not JSON: "),
        ("{", "^not JSON: "),
        ("[" * 100_000, "^not JSON that can be read: too deeply nested$"),
        ('{"schema":' * 100_000, "^not JSON that can be read: too deeply nested$"),
        ('{"schema": NaN}', "^not JSON: NaN is no number of JSON$"),
        ('{"schema": -Infinity}', "^not JSON: -Infinity is no number of JSON$"),
        ('{"schema": 1e400}', "^schema: read 'inf', expected 'trialsched/subjects/1'$"),
        ('{"schema": ' + "9" * 5000 + "}", "^not JSON: a whole number of more than 4,300 digits$"),
        ("[]", "^read no object, expected one with 'schema' and 'subjects'$"),
        ("7", "^read no object"),
        ("{}", "^schema: read 'None', expected"),
        ('{"schema": "trialsched/plan/1"}', "^schema: read 'trialsched/plan/1', expected 'trialsched/subjects/1'$"),
        (document(sujects=[]), "^unknown key 'sujects'; expected 'subjects', the nearest one$"),
        ('{"schema": "trialsched/subjects/1"}', "^subjects: read None, expected a list$"),
        ('{"schema": "trialsched/subjects/1", "subjects": {}}', "^subjects: read {}, expected a list$"),
        (
            '{"schema": "trialsched/subjects/1", "subjects": [], "subjects": []}',
            "^subjects: the key stands twice$",
        ),
    ],
)
def test_what_is_no_such_document_is_one_clear_message(data: str | bytes, message: str) -> None:
    """Other encodings, what is no JSON, deep nesting, numbers that none can hold, another schema, other keys."""
    with pytest.raises(ts.InvalidValueError, match=message):
        loads_json(data)


def test_what_no_file_could_hold_is_told_on_one_line() -> None:
    """A lone surrogate, in a text or in a key, and a key that breaks lines."""
    text = '{"schema": "trialsched/subjects/1", "subjects": [{"subject": "P1", "x\\ud800": 1, "a\\nb": 1, "records": '
    text += '[{"visit": "M03", "note": "x\\ud800"}, {"visit": "M03", "note": "\\ud83d\\ude00"}]}]}'
    found = loads_json(text)
    assert found.rows == ()
    assert [problem.where for problem in found.problems] == [
        "subjects[0].x<U+D800>",
        "subjects[0].a<U+000A>b",
        "subjects[0].records[0].note",
    ]
    assert found.problems[2].message == "a lone surrogate, which UTF-8 does not have"
    for problem in found.problems:
        assert str(problem).isprintable()


def test_numbers_that_none_can_hold_are_faults_of_their_place() -> None:
    """No key has a number."""
    found = loads_json('{"schema": "trialsched/subjects/1", "subjects": [{"subject": "P1", "baseline": 1e400}]}')
    assert [str(problem) for problem in found.problems] == [
        "subjects[0].baseline: no text; read 'inf'; expected a text or null"
    ]


def test_a_million_keys_take_no_time() -> None:
    """An object whose keys all stand twice is told as fast as it is read."""
    twice = ",".join(f'"k{n}": 1' for n in range(20_000))
    text = f'{{"schema": "trialsched/subjects/1", "subjects": [{{"subject": "P1", {twice}, {twice}}}]}}'
    with pytest.raises(ts.DocumentError) as caught:
        loads_json(text)
    assert len(caught.value.problems) == 1001


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["P1", "2026-03", "2026-03-04", "09:15", "missed", "withheld", "attended"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["visit", "booked", "attended", "outcome", "note", "x"]), inner, max_size=4)
    ),
    max_leaves=6,
)
KEYS = ("subject", "baseline", "ended", "end_reason", "records", "arm", "x")


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4) | VALUES, max_size=3))
def test_any_document_is_read_or_refused(subjects: list[Any]) -> None:
    """Each subject is a row or has a problem, and nothing but the library's own error comes out."""
    with suppress(ts.InvalidValueError):
        found = loads_json(document(*subjects))
        good = {row.line for row in found.rows}
        bad = {int(problem.where.partition("[")[2].partition("]")[0]) for problem in found.problems}
        assert good | bad == set(range(len(subjects)))
        assert not good & bad


@pytest.mark.parametrize(
    ("subjects", "error", "where"),
    [
        (["P1"], ts.InvalidTypeError, "subjects[0]"),
        ([ts.Subject("p1"), ts.Subject("P1")], ts.InvalidValueError, "subjects[1].code"),
        (
            [ts.Subject("P1", records=(ts.VisitRecord("M03", note="\ud800"),))],
            ts.InvalidValueError,
            "P1 records[0].note",
        ),
    ],
)
def test_what_could_not_be_read_back_is_not_written(
    subjects: list[Any], error: type[ts.TrialschedError], where: str
) -> None:
    """What is no subject, a code that stands twice, a note that UTF-8 cannot hold."""
    with pytest.raises(error) as caught:
        dumps_json(subjects)
    assert caught.value.where == where


def test_a_note_may_be_longer_than_a_cell() -> None:
    """JSON has no such limit."""
    subject = ts.Subject("P1", records=(ts.VisitRecord("M03", note="x" * 131_073),))
    assert loads_json(dumps_json([subject])).rows[0].subject == subject


@pytest.mark.parametrize("data", [12, None, {}])
def test_what_is_no_text_is_the_librarys_own_error(data: Any) -> None:  # noqa: ANN401
    """No bare error of Python comes out."""
    with pytest.raises(ts.InvalidTypeError, match="the bytes or text of a JSON document are meant"):
        loads_json(data)
