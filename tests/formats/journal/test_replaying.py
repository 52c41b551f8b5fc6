"""Replaying: what the lines give, and how two states differ."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialsched.errors import InvalidValueError
from trialsched.formats import journal
from trialsched.formats.journal import EMPTY, Change, Difference, Row, State
from trialsched.offsets import PartialDate
from trialsched.subject import Subject, VisitRecord

AT = datetime(2026, 4, 14, 8, 30, tzinfo=UTC)
P1 = Subject("P1", baseline=date(2026, 3, 2))
P2 = Subject("P2", baseline=date(2026, 3, 9), arm="A")
DOSE1 = VisitRecord("DOSE1", attended=date(2026, 3, 4))
DOSE2 = VisitRecord("DOSE2", booked=date(2026, 4, 7), booked_time=time(9, 15))
START = State((P1, P2), (Row("P1", DOSE1), Row("P2", DOSE1), Row("P1", DOSE2)))
FULL = VisitRecord("D", date(2026, 4, 7), time(9, 5), PartialDate(2026, 4), "home", "withheld", "nicht, „da“\n")

CODES = st.sampled_from(["P1", "P2", "P3", "p1", "Ł"])
DAYS = st.dates(date(2026, 1, 1), date(2026, 1, 3))
RECORDS = st.builds(
    VisitRecord,
    visit=st.sampled_from(["A", "B"]),
    booked=st.none() | DAYS,
    attended=st.none() | DAYS | st.just(PartialDate(2026)),
    mode=st.sampled_from([None, "phone"]),
    note=st.sampled_from([None, "", "z\u0307", "ż"]),
)


@st.composite
def states(draw: st.DrawFn) -> State:
    """Return a state of few subjects and records, which are often the same."""
    codes = draw(st.lists(CODES, unique=True))
    ends = st.none() | DAYS
    people = [Subject(code, baseline=draw(DAYS), ended=draw(ends)) for code in codes]
    rows = draw(st.lists(st.tuples(st.sampled_from(codes), RECORDS), max_size=8)) if codes else []
    return journal.state_of(people, rows)


def said(*changes: Change, after: State = START) -> State:
    """Return what a journal gives that begins with a state and says these changes."""
    entries = journal.append(None, [journal.begin(after), *changes], at=AT, by="AN")
    read = journal.loads(journal.dumps(entries))
    assert read.entries == entries
    return journal.replay(read.entries)


def test_beginning_gives_the_lists_as_they_are() -> None:
    """Every field of every row, and the order of the rows, comes back."""
    people = (replace(P1, ended=date(2026, 5, 4), end_reason="other", baseline_status="provisional", language="pl"), P2)
    whole = State(people, (*START.rows, Row("P2", FULL)))
    assert said(after=whole) == whole
    assert said(after=EMPTY) == EMPTY
    first = journal.begin(State((P1,), (Row("P1", DOSE2),)))
    assert first.is_ == {
        "subjects": [{"subject": "P1", "baseline": "2026-03-02", "baseline_status": "planned"}],
        "records": [{"subject": "P1", "visit": "DOSE2", "booked": "2026-04-07", "booked_time": "09:15"}],
    }


def test_records_are_changed_added_and_taken_out_in_their_places() -> None:
    """A changed record keeps its place, a new one stands at the end, and what is gone leaves the others in order."""
    late = VisitRecord("DOSE2", booked=date(2026, 4, 8))
    changed = journal.change(Difference("P1", "DOSE2", 1, DOSE2, late))
    assert changed == Change(
        "record", "P1", "DOSE2", {"record": 1, "booked": "2026-04-07", "booked_time": "09:15"},
        {"record": 1, "booked": "2026-04-08"},
    )  # fmt: skip
    assert said(changed).rows == (*START.rows[:2], Row("P1", late))
    assert said(journal.change(Difference("P1", "DOSE1", 2, None, late_one := DOSE1))).rows[-1] == ("P1", late_one)
    assert said(journal.change(Difference("P1", "DOSE1", 1, DOSE1, None))).rows == START.rows[1:]


def test_subjects_are_changed_added_and_taken_out() -> None:
    """A subject that is taken out has no records any more; one that is new stands at the end."""
    ended = replace(P1, ended=date(2026, 5, 4))
    new = Subject("P3", baseline=date(2026, 6, 1))
    found = said(
        journal.change(Difference("P1", None, 0, P1, ended)),
        journal.change(Difference("P3", None, 0, None, new)),
        journal.change(Difference("P2", "DOSE1", 1, DOSE1, None)),
        journal.change(Difference("P2", None, 0, P2, None)),
    )
    assert found == State((ended, new), (START.rows[0], START.rows[2]))


def test_discarding_changes_nothing() -> None:
    """The lists were written as the journal had them."""
    assert said(Change("discard", None, None, None, {"visits.csv": None})) == START


def test_replaying_goes_on_from_a_state() -> None:
    """The state before and the entries since give what all entries give."""
    change = journal.change(Difference("P1", "DOSE1", 1, DOSE1, None))
    entries = journal.append(None, [journal.begin(START), change], at=AT, by="AN")
    assert journal.replay(entries[1:], journal.replay(entries[:1])) == journal.replay(entries)


ONE = {"record": 1, "attended": "2026-03-04"}
BASE = {"baseline": "2026-03-02", "baseline_status": "planned"}


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (Change("init", None, None, None, {"subjects": [], "records": []}), "action"),
        (Change("record", None, None, None, ONE), "subject"),
        (Change("record", "P1", "DOSE1", None, None), "is"),
        (Change("record", "P1", "DOSE1", ONE, ONE), "is"),
        (Change("record", "P9", "DOSE1", None, ONE), "subject"),
        (Change("record", "P1", "DOSE1", None, ONE), "is.record"),  # there is one already: it would be the second
        (Change("record", "P1", "DOSE1", ONE, {"record": 2}), "is.record"),
        (Change("record", "P1", "DOSE1", ONE, {"attended": "2026-03-05"}), "is.record"),
        (Change("record", "P1", "DOSE1", ONE, {"record": True}), "is.record"),
        (Change("record", "P1", "DOSE1", {"record": 0}, None), "was.record"),
        (Change("record", "P1", "DOSE1", {"record": 2, "attended": "2026-03-04"}, None), "was"),
        (Change("record", "P1", "DOSE1", {"record": 1, "attended": "2026-03-05"}, None), "was"),
        (Change("record", "P1", "DOSE1", ONE | {"note": "x"}, None), "was"),
        (Change("record", "P1", "DOSE1", ONE, {"record": 1, "attended": "20260304"}), "is"),
        (Change("record", "P1", "DOSE1", ONE, {"record": 1, "attended": 7}), "is"),
        (Change("record", "P1", "DOSE1", ONE, {"record": 1, "attended": "2026-02-30"}), "is"),
        (Change("record", "P1", "DOSE1", ONE, {"record": 1, "booked": "2026-02-30"}), "is"),
        (Change("record", "P1", "DOSE1", ONE, {"record": 1, "booked": "2026-03-04", "booked_time": "9:00"}), "is"),
        (Change("record", "P1", "DOSE1", ONE, {"record": 1, "booked": "2026-03-04", "booked_time": "09:00:00"}), "is"),
        (Change("record", "P1", "DOSE1", ONE, {"record": 1, "note": ""}), "is"),
        (Change("record", "P1", "DOSE1", ONE, {"record": 1, "colour": "red"}), "is"),
        (Change("record", "P1", "DOSE1", ONE, {"record": 1, "mode": "fax"}), "mode"),
        (Change("record", "P1", "DOSE1", ONE, {"record": 1, "outcome": "withheld"}), "attended"),
        (Change("record", "P1", " DOSE1", None, ONE), "visit"),
        (Change("record", "P1", None, BASE, {}), "is"),
        (Change("record", "P1", None, BASE, BASE | {"end_reason": "death"}), "end_reason"),
        (Change("record", "P1", None, BASE, BASE | {"ended": "4 May"}), "is"),
        (Change("record", "P1", None, BASE, BASE | {"arm": 1}), "arm"),
        (Change("record", "P1", None, BASE, BASE | {"name": "x"}), "is"),
        (Change("record", "P1", None, BASE | {"arm": "A"}, BASE), "was"),
        (Change("record", "P1", None, None, BASE), "was"),
        (Change("record", "P3", None, BASE, None), "was"),
        (Change("record", "P1", None, BASE, None), "is"),  # its records are still there
        (Change("record", "P3 ", None, None, BASE), "code"),
    ],
)
def test_a_line_that_does_not_fit_is_named(change: Change, where: str) -> None:
    """What was is what the lines before give, what is can be, and the line and place are said."""
    with pytest.raises(InvalidValueError) as caught:
        said(change)
    assert caught.value.where == f"line 2: {where}"


@pytest.mark.parametrize(
    ("is_", "where"),
    [
        (None, "is"),
        ({}, "is"),
        ({"subjects": []}, "is"),
        ({"subjects": {}, "records": []}, "is"),
        ({"subjects": [], "records": [], "more": []}, "is"),
        ({"subjects": [7], "records": []}, "is.subjects[0]"),
        ({"subjects": [BASE], "records": []}, "is.subjects[0]"),
        ({"subjects": [BASE | {"subject": "P1"}] * 2, "records": []}, "subject"),
        ({"subjects": [], "records": [{"subject": "P1", "visit": "A"}]}, "subject"),
        ({"subjects": [BASE | {"subject": "P1"}], "records": [{"subject": "P1"}]}, "is.records[0]"),
    ],
)
def test_a_first_line_that_says_no_lists_is_named(is_: dict[str, Any] | None, where: str) -> None:
    """The first line holds both lists, each subject once, and no record of a stranger."""
    with pytest.raises(InvalidValueError) as caught:
        journal.replay(journal.append(None, [Change("init", None, None, None, is_)], at=AT, by="AN"))
    assert caught.value.where == f"line 1: {where}"


@pytest.mark.parametrize("action", ["init", "discard"])
@pytest.mark.parametrize(("where", "value"), [("subject", "P1"), ("visit", "DOSE1"), ("was", {})])
def test_a_line_of_the_whole_folder_is_of_nobody(action: journal.Action, where: str, value: Any) -> None:  # noqa: ANN401
    """What begins a journal, and what discards hand edits, has no subject, no visit, and nothing before it."""
    begun = journal.begin(START)
    one = begun if action == "init" else Change("discard", None, None, None, {})
    bad = one._replace(**{where: value})
    entries = journal.append(None, [bad] if action == "init" else [begun, bad], at=AT, by="AN")
    with pytest.raises(InvalidValueError) as caught:
        journal.replay(entries)
    assert caught.value.where == f"line {len(entries)}: {where}"


def test_a_journal_begins_with_init() -> None:
    """A first line that says anything else is named."""
    (entry,) = journal.append(None, [Change("record", "P1", None, None, BASE)], at=AT, by="AN")
    with pytest.raises(InvalidValueError, match="line 1: action: a journal begins with init, once"):
        journal.replay([entry])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["P1", "2026-01-01", "2026", "attended"]) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*BASE, *ONE, "subjects", "records"]), inner),
    max_leaves=6,
)


@given(JSON.filter(lambda value: isinstance(value, dict)), st.sampled_from([None, "DOSE1"]), st.booleans())
def test_replaying_says_what_is_wrong_with_anything(is_: dict[str, object], visit: str | None, first: bool) -> None:  # noqa: FBT001
    """Whatever a line holds, it gives a state or the place of what is wrong."""
    change = Change("init" if first else "record", None if first else "P1", visit, None, is_)
    after = [] if first else [journal.begin(State((Subject("P0", baseline=date(2026, 1, 1)),)))]
    entries = journal.append(None, [*after, change], at=AT, by="AN")
    where = ""
    try:
        journal.replay(entries)
    except InvalidValueError as error:
        where = error.where
    assert where == "" or where.startswith(f"line {len(entries)}")


@given(states(), states())
def test_differences_said_to_the_journal_give_the_new_state(old: State, new: State) -> None:
    """A journal that begins with one state and says the differences gives the other, in some order of rows."""
    found = journal.differences(old, new)
    entries = journal.append(None, [journal.begin(old), *(journal.change(d, "adopt") for d in found)], at=AT, by="AN")
    replayed = journal.replay(journal.loads(journal.dumps(entries)).entries)
    assert sorted(map(repr, replayed.subjects)) == sorted(map(repr, new.subjects))
    assert sorted(map(repr, replayed.rows)) == sorted(map(repr, new.rows))
    assert journal.differences(replayed, new) == ()
    assert (found == ()) == (sorted(map(repr, old.rows + old.subjects)) == sorted(map(repr, new.rows + new.subjects)))


@given(states(), st.randoms())
def test_the_order_of_rows_says_nothing(state: State, random: Random) -> None:
    """A list that was sorted another way does not differ."""
    subjects, rows = list(state.subjects), list(state.rows)
    random.shuffle(subjects)
    random.shuffle(rows)
    assert journal.differences(state, State(tuple(subjects), tuple(rows))) == ()


def test_differences_name_rows_and_cells() -> None:
    """A changed cell, a new record, a subject that is gone: each is one difference, in an order that can be said."""
    held = replace(DOSE2, attended=date(2026, 4, 8))
    new = State((replace(P1, baseline=date(2026, 3, 3)),), (START.rows[0], Row("P1", DOSE1), Row("P1", held)))
    found = journal.differences(START, new)
    assert [(d.subject, d.visit, d.record, d.cells) for d in found] == [
        ("P1", None, 0, (("baseline", "2026-03-02", "2026-03-03"),)),
        ("P1", "DOSE1", 2, (("attended", "", "2026-03-04"),)),
        ("P2", "DOSE1", 1, (("attended", "2026-03-04", ""),)),
        ("P1", "DOSE2", 1, (("attended", "", "2026-04-08"),)),
        ("P2", None, 0, (("baseline", "2026-03-09", ""), ("baseline_status", "planned", ""), ("arm", "A", ""))),
    ]
    assert [d.overwrites for d in found] == [True, False, True, False, True]


def test_a_record_among_several_is_known_by_what_it_says() -> None:
    """Of three records of a visit the second is changed and the last is gone: the first stays what it is."""
    one, two, three = (VisitRecord("UNS1", attended=date(2026, 5, day)) for day in (1, 2, 3))
    told = replace(two, note="x")
    old = State((P1,), tuple(Row("P1", record) for record in (one, two, three)))
    new = State((P1,), (Row("P1", told), Row("P1", one)))
    assert journal.differences(old, new) == (
        Difference("P1", "UNS1", 2, two, told),
        Difference("P1", "UNS1", 3, three, None),
    )
    none = State((P1,), ())
    assert [d.record for d in journal.differences(old, none)] == [3, 2, 1]
    assert [d.record for d in journal.differences(none, old)] == [1, 2, 3]


def test_a_state_of_lists_has_texts_as_the_journal_has_them() -> None:
    """Notes are in NFC, an empty note is none, subjects are without records."""
    rows = [("z\u0307", VisitRecord("A", note="z\u0307")), ("P1", VisitRecord("A", note="")), ("P1", FULL)]
    state = journal.state_of([P1.with_record(DOSE1)], rows)
    assert state.subjects == (P1,)
    assert state.rows == (("ż", VisitRecord("A", note="ż")), ("P1", VisitRecord("A")), ("P1", FULL))


def test_what_is_added_overwrites_nothing() -> None:
    """Only a value that was there and becomes another or goes is overwritten; a row that is gone always."""
    bare = VisitRecord("A")
    assert not Difference("P1", "A", 1, None, DOSE1).overwrites
    assert not Difference("P1", "A", 1, bare, replace(bare, note="x")).overwrites
    assert Difference("P1", "A", 1, replace(bare, note="x"), bare).overwrites
    assert Difference("P1", "A", 1, replace(bare, note="x"), replace(bare, note="y")).overwrites
    assert Difference("P1", "A", 1, bare, None).overwrites


def test_a_day_without_an_outcome_says_attended() -> None:
    """Who is said to have come and is then said to be withheld is overwritten; a booking that is missed is not."""
    withheld = replace(DOSE1, outcome="withheld")
    assert Difference("P1", "DOSE1", 1, DOSE1, withheld).overwrites
    assert Difference("P1", "DOSE1", 1, withheld, DOSE1).overwrites
    assert not Difference("P1", "DOSE1", 1, DOSE1, replace(DOSE1, mode="phone", note="x")).overwrites
    assert not Difference("P1", "DOSE2", 1, DOSE2, replace(DOSE2, outcome="missed")).overwrites
    assert not Difference("P1", "DOSE2", 1, DOSE2, replace(DOSE2, attended=date(2026, 4, 7))).overwrites
    assert not Difference("P1", None, 0, P1, replace(P1, arm="A")).overwrites
    assert Difference("P1", None, 0, P1, replace(P1, baseline=date(2026, 3, 3))).overwrites


GONE = journal.change(Difference("P1", "DOSE1", 1, DOSE1, None))
BOOKED = journal.change(Difference("P1", "DOSE2", 1, DOSE2, replace(DOSE2, booked=date(2026, 4, 8))))
HELD = journal.change(Difference("P1", "DOSE2", 1, DOSE2, replace(DOSE2, attended=date(2026, 4, 7))))
ENDED = journal.change(Difference("P1", None, 0, P1, replace(P1, ended=date(2026, 5, 4))))
MOVED = journal.change(Difference("P1", None, 0, P1, replace(P1, baseline=date(2026, 3, 3))))
NEW = journal.change(Difference("P3", None, 0, None, Subject("P3", baseline=date(2026, 6, 1))))
UNDONE = Change("discard", None, None, None, {"visits.csv": None})


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        (GONE, True),
        (BOOKED, True),
        (BOOKED._replace(action="adopt"), True),
        (MOVED, True),
        (HELD, False),
        (ENDED, False),
        (NEW, False),
        (UNDONE, False),
    ],
)
def test_a_change_of_a_recorded_value_without_a_reason_is_found(change: Change, *, asked: bool) -> None:
    """What only adds needs none; any reason is one."""
    first = journal.append(None, [journal.begin(START)], at=AT, by="AN")
    (without,) = journal.append(first[-1], [change], at=AT, by="AN")
    (explained,) = journal.append(first[-1], [change], at=AT, by="AN", reason="source")
    assert journal.unexplained([*first, without]) == ((without,) if asked else ())
    assert journal.unexplained([*first, explained]) == ()
