"""A calendar written over what was exported before: SEQUENCE, stamps, cancelled visits, and what people added."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from tests.support.calendars import vevents
from trialsched import strategies
from trialsched.formats import ical

ALSTEM, CYCLES = ts.load_protocol("alstem"), ts.load_protocol("cycles")
SUBJECT = ts.Subject("P01-007", baseline=date(2026, 3, 2))
FIRST = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
THEN = datetime(2026, 3, 20, 8, 30, tzinfo=UTC)
LATER = datetime(2026, 4, 1, 8, 30, tzinfo=UTC)
CLINIC = ts.Clinic("Europe/Warsaw", contact=ts.Contact("Clinic 3", "Long Street 1", (52.2, 21.0), "+48 22 123 45 67"))
PLAN = ts.schedule(ALSTEM, SUBJECT)
EXPORT = ical.dumps(PLAN, stamp=FIRST)
# Only one visit, away from all others: what happens to it happens to nothing else.
BOOKED = ts.schedule(ALSTEM, SUBJECT.booked("M18", date(2027, 9, 6)))


def events(data: bytes) -> dict[str, dict[str, str]]:
    """Return the properties of each event as they stand, unfolded, by the last word of its title."""
    found = {}
    for block in data.decode().replace("\r\n ", "").split("BEGIN:VEVENT\r\n")[1:]:
        own = block.partition("BEGIN:VALARM")[0].partition("END:VEVENT")[0]
        lines = [re.split(r"[;:]", line, maxsplit=1) for line in own.split("\r\n") if line]
        event = dict(lines)
        found[event["SUMMARY"].split()[-1]] = event
    return found


def raw(data: bytes, code: str) -> bytes:
    """Return the bytes of one event."""
    return next(
        b"BEGIN:VEVENT" + block.partition(b"END:VEVENT")[0] + b"END:VEVENT\r\n"
        for block in data.split(b"BEGIN:VEVENT")[1:]
        if f" {code}\r\n".encode() in block
    )


def event_uid(code: str) -> str:
    """Return the UID of a visit of the subject."""
    return ical.uid("alstem", "P01-007", code)


def said(event: dict[str, str]) -> tuple[str, str, str]:
    """Return what tells editions apart."""
    return event["SEQUENCE"], event["DTSTAMP"], event["LAST-MODIFIED"]


UNCHANGED = ("0", "20260301T120000Z", "20260301T120000Z")
NEW_EDITION = ("1", "20260320T083000Z", "20260320T083000Z")
NEW_WORDS = ("0", "20260320T083000Z", "20260320T083000Z")
PLANS = strategies.plans(protocol=ALSTEM) | strategies.plans()
WARSAW = ts.Clinic("Europe/Warsaw")


def at_half_past_nine(plan: ts.Plan) -> ts.Plan:
    """Return the plan with booked times that every day has."""
    records = tuple(replace(r, booked_time=r.booked_time and time(9, 30)) for r in plan.subject.records)
    return ts.schedule(plan.protocol, replace(plan.subject, records=records))


@given(PLANS.map(at_half_past_nine), st.sampled_from(["staff", "participant", "blind"]), st.booleans())
def test_nothing_changed_gives_the_identical_file(plan: ts.Plan, audience: ical.Audience, rich: bool) -> None:  # noqa: FBT001
    """Written again with another stamp, an unchanged plan is the same bytes, in every style."""
    style = ical.Style(audience, alarms=("1d", "2h"), windows=True, feed=True) if rich else ical.Style(audience)
    clinic = CLINIC if rich else WARSAW
    first = ical.dumps(plan, stamp=FIRST, clinic=clinic, style=style)
    again = ical.update(plan, stamp=THEN, clinic=clinic, style=style, previous=first)
    assert again == ical.Update(first, (), ())


@given(PLANS.map(at_half_past_nine), PLANS.map(at_half_past_nine))
def test_an_update_says_what_a_new_export_says(old: ts.Plan, new: ts.Plan) -> None:
    """After an update the events of the new plan say what they would in a new file; SEQUENCE never falls."""
    new = ts.schedule(new.protocol, replace(new.subject, code=old.subject.code))
    first = ical.dumps(old, stamp=FIRST, clinic=WARSAW, study_key="k")
    over = ical.update(new, stamp=THEN, clinic=WARSAW, study_key="k", previous=first)
    assert over.notes == ()
    wanted = {e["UID"]: e for e in vevents(ical.dumps(new, stamp=THEN, clinic=WARSAW, study_key="k"))}
    before = {e["UID"]: e for e in vevents(first)}
    found = {e["UID"]: e for e in vevents(over.data)}
    assert set(found) == set(wanted) | set(before)
    names = {"DTSTART", "DTEND", "STATUS", "SUMMARY", "DESCRIPTION", "TRANSP", "X-TRIALSCHED-DATE", "X-TRIALSCHED-HASH"}
    for uid, event in found.items():
        was = before.get(uid)
        low = int(was["SEQUENCE"]) if was else 0
        if uid in wanted:
            assert {n: event[n].to_ical() for n in names} == {n: wanted[uid][n].to_ical() for n in names}
        else:
            assert event["STATUS"] == "CANCELLED"
            assert str(event["SUMMARY"]).startswith("CANCELLED ")
        moved = was and any(was[n].to_ical() != event[n].to_ical() for n in ("DTSTART", "DTEND", "STATUS"))
        assert int(event["SEQUENCE"]) == (low + 1 if moved else low)
    assert ical.dumps(new, stamp=LATER, clinic=WARSAW, study_key="k", previous=over.data) == over.data


@pytest.mark.parametrize(
    ("make", "edition", "kind"),
    [
        (lambda s: s.booked("M18", date(2027, 9, 6)), NEW_EDITION, "M18 2027-09-02 \u2192 2027-09-06 confirmed"),
        (lambda s: s.booked("M18", date(2027, 9, 2)), NEW_EDITION, "M18 2027-09-02 confirmed"),
        (lambda s: s.missed("M18"), NEW_EDITION, "M18 2027-09-02 cancelled"),
        (lambda s: s.end(date(2027, 9, 1)), NEW_EDITION, "M18 2027-09-02 cancelled"),
        (lambda s: s.attended("M18", date(2027, 9, 2)), NEW_EDITION, "M18 2027-09-02 confirmed"),
        (lambda s: s.with_record(ts.VisitRecord("M18", mode="phone")), UNCHANGED, None),
    ],
)
def test_a_changed_date_or_status_is_a_new_edition(
    make: Callable[[ts.Subject], ts.Subject], edition: tuple[str, str, str], kind: str | None
) -> None:
    """Date or status: SEQUENCE+1 and the new stamp; the other events stay byte for byte."""
    over = ical.update(ts.schedule(ALSTEM, make(SUBJECT)), stamp=THEN, previous=EXPORT)
    assert said(events(over.data)["M18"]) == edition
    assert [str(change) for change in over.changes] == ([kind] if kind else [])
    if kind is None or "cancelled" not in kind or "M18" not in kind:
        for code in ("SCR1", "DOSE2", "M12"):
            assert raw(over.data, code) == raw(EXPORT, code)


def test_what_moved_is_told_with_both_dates() -> None:
    """The line that the command prints."""
    subject = SUBJECT.attended("DOSE1", date(2026, 3, 4))
    over = ical.update(ts.schedule(ALSTEM, subject), stamp=THEN, previous=EXPORT)
    change = next(c for c in over.changes if c.visit == "M06")
    assert change[:7] == ("P01-007", "M06", "moved", date(2026, 9, 2), date(2026, 9, 4), "TENTATIVE", event_uid("M06"))
    assert str(change) == "M06 2026-09-02 \u2192 2026-09-04"


def test_a_change_of_words_alone_takes_a_new_stamp_only() -> None:
    """A window that is assumed no more changes no date: SEQUENCE stays."""
    protocol = replace(ALSTEM, visits=[replace_window(v) for v in ALSTEM.visits])  # type: ignore[arg-type]
    over = ical.update(ts.schedule(protocol, SUBJECT), stamp=THEN, previous=EXPORT)
    assert said(events(over.data)["M18"]) == NEW_WORDS
    assert [str(change) for change in over.changes] == ["M18 2027-09-02 text"]
    assert raw(over.data, "M12") == raw(EXPORT, "M12")


def replace_window(visit: ts.Visit) -> ts.Visit:
    """Return M18 with a window that the protocol states."""
    return replace(visit, timing=ts.Timing("18 months after DOSE1", window="±7 days")) if visit.code == "M18" else visit


def test_a_time_or_place_alone_is_a_new_edition() -> None:
    """A time on the same day, another time, a place: each is a reason to read the event again."""
    timed = ts.schedule(ALSTEM, SUBJECT.booked("M18", date(2027, 9, 6), time(9, 30)))
    whole = ical.dumps(BOOKED, stamp=FIRST)
    one = ical.update(timed, stamp=THEN, previous=whole, clinic=WARSAW)
    assert [str(change) for change in one.changes] == ["M18 2027-09-06 \u2192 2027-09-06 09:30"]
    assert said(events(one.data)["M18"]) == NEW_EDITION
    assert events(one.data)["M18"]["DTSTART"] == "TZID=Europe/Warsaw:20270906T093000"
    longer = ical.update(
        timed, stamp=LATER, previous=one.data, clinic=ts.Clinic("Europe/Warsaw", durations={"M18": "2 hours"})
    )
    assert events(longer.data)["M18"]["SEQUENCE"] == "2"
    assert [change.kind for change in longer.changes] == ["moved"]
    placed = ical.update(timed, stamp=LATER, previous=one.data, clinic=CLINIC)
    assert {change.kind for change in placed.changes} == {"place"}
    assert events(placed.data)["M18"]["SEQUENCE"] == "2"
    assert events(placed.data)["M18"]["LOCATION"] == "+48 22 123 45 67"
    gone = ical.update(timed, stamp=LATER, previous=placed.data, clinic=WARSAW)
    assert "LOCATION" not in events(gone.data)["M18"]
    assert "CONFERENCE" not in events(gone.data)["M18"]
    assert "GEO" not in events(gone.data)["M12"]
    assert events(gone.data)["M18"]["SEQUENCE"] == "3"
    assert gone.notes == ()


ONLY_M18 = [visit for visit in ALSTEM.visits if visit.code != "M18"]
WITHOUT_M18 = replace(ALSTEM, visits=ONLY_M18, version="2")  # type: ignore[arg-type]


def test_a_visit_that_left_the_plan_stays_as_a_cancelled_event_and_may_return() -> None:
    """Same UID, SEQUENCE+1, no alarm, CANCELLED first in the title; back again under the same UID, SEQUENCE+1."""
    style = ical.Style(alarms="1d")
    first = ical.dumps(PLAN, stamp=FIRST, style=style)
    gone = ical.update(ts.schedule(WITHOUT_M18, SUBJECT), stamp=THEN, previous=first, style=style)
    event = events(gone.data)["M18"]
    assert said(event) == NEW_EDITION
    assert event["SUMMARY"] == "CANCELLED P01-007 M18"
    assert (event["STATUS"], event["TRANSP"], event["X-MICROSOFT-CDO-BUSYSTATUS"]) == (
        "CANCELLED",
        "TRANSPARENT",
        "FREE",
    )
    assert event["DESCRIPTION"] == "No longer in the plan"
    assert event["UID"] == events(first)["M18"]["UID"]
    assert b"VALARM" not in raw(gone.data, "M18")
    assert b"VALARM" in raw(gone.data, "M12")
    assert [str(change) for change in gone.changes] == ["M18 2027-09-02 cancelled"]
    same = ical.update(ts.schedule(WITHOUT_M18, SUBJECT), stamp=LATER, previous=gone.data, style=style)
    assert same == ical.Update(gone.data, (), ())
    back = ical.update(PLAN, stamp=LATER, previous=gone.data, style=style)
    event = events(back.data)["M18"]
    assert said(event) == ("2", "20260401T083000Z", "20260401T083000Z")
    assert (event["SUMMARY"], event["STATUS"]) == ("P01-007 M18", "TENTATIVE")
    assert [str(change) for change in back.changes] == ["M18 2027-09-02 restored"]
    assert b"VALARM" in raw(back.data, "M18")


def test_a_visit_that_left_is_known_by_its_mark_or_its_title() -> None:
    """Programs drop X- properties: then the code in the title proves it, if it gives this very UID."""
    dropped = re.sub(rb"X-TRIALSCHED-[A-Z]+:[^\r]*\r\n( [^\r]*\r\n)*", b"", EXPORT)
    plan = ts.schedule(WITHOUT_M18, SUBJECT)
    assert events(ical.dumps(plan, stamp=THEN, previous=dropped))["M18"]["STATUS"] == "CANCELLED"
    renamed = dropped.replace(b"SUMMARY:P01-007 M18", b"SUMMARY:P01-007 M99")
    over = ical.update(plan, stamp=THEN, previous=renamed)
    assert "M99" not in events(over.data)
    assert [(note.kind, "'P01-007 M99' is left out" in str(note)) for note in over.notes] == [("left-out", True)]
    participant = ical.Style("participant")
    first = ical.dumps(PLAN, stamp=FIRST, style=participant)
    gone = ical.update(plan, stamp=THEN, previous=first, style=participant)
    cancelled = [e for e in vevents(gone.data) if e["STATUS"] == "CANCELLED"]
    assert [str(e["SUMMARY"]) for e in cancelled] == ["CANCELLED Visit 17 of 17"]
    assert [str(e["DESCRIPTION"]) for e in cancelled] == ["This visit is called off"]


def test_windows_no_longer_asked_for_are_called_off() -> None:
    """An event that was given out is never only left away."""
    first = ical.dumps(PLAN, stamp=FIRST, style=ical.Style(windows=True))
    over = ical.update(PLAN, stamp=THEN, previous=first)
    found = vevents(over.data)
    assert len(found) == 34
    assert sum(e["STATUS"] == "CANCELLED" for e in found) == 17
    assert {change.kind for change in over.changes} == {"cancelled"}
    assert "M18 window 2027-08-26 cancelled" in {str(change) for change in over.changes}
    assert {str(e["DESCRIPTION"]) for e in found if e["STATUS"] == "CANCELLED"} == {"This window is no longer shown"}


def test_the_end_of_participation_calls_off_what_was_open_and_its_taking_back_restores_it() -> None:
    """M18's window ends on 9 September 2027 and is open on the 8th."""
    ended = ical.update(ts.schedule(ALSTEM, SUBJECT.end(date(2027, 9, 8))), stamp=THEN, previous=EXPORT)
    assert [str(change) for change in ended.changes] == ["M18 2027-09-02 cancelled"]
    assert events(ended.data)["M18"]["SUMMARY"] == "CANCELLED P01-007 M18"
    back = ical.update(PLAN, stamp=LATER, previous=ended.data)
    assert [str(change) for change in back.changes] == ["M18 2027-09-02 restored"]
    assert events(back.data)["M18"]["SEQUENCE"] == "2"


def test_a_stamp_never_goes_back() -> None:
    """A clock that is wrong does not make an edition look older than the last one."""
    late = ical.dumps(PLAN, stamp=LATER)
    over = ical.dumps(BOOKED, stamp=FIRST, previous=late)
    assert said(events(over)["M18"]) == ("1", "20260401T083000Z", "20260401T083000Z")


def with_lines(code: str, old: bytes, new: bytes) -> bytes:
    """Return the export with lines of one event replaced."""
    event = raw(EXPORT, code)
    assert old in event
    return EXPORT.replace(event, event.replace(old, new))


ALARM = b"BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT30M\r\nEND:VALARM\r\n"
TODO = b"BEGIN:VTODO\r\nUID:1\r\nDTSTAMP:20260301T120000Z\r\nSUMMARY:buy milk\r\nEND:VTODO\r\n"
FOREIGN = (
    b"BEGIN:VEVENT\r\nUID:somebody@example.org\r\nDTSTAMP:20260301T120000Z\r\nDTSTART:20260401T090000Z\r\n"
    b"SUMMARY:team\r\nEND:VEVENT\r\n"
)


@pytest.mark.parametrize(
    "added",
    [
        b"COMMENT:bring the old ECG\r\n",
        b'X-MY-COLOUR;X-P="a:b;c":red\r\n',
        b"CATEGORIES:Important,ward 3\r\n",
        b"LOCATION:Room 12\r\n",
        b"CONFERENCE;VALUE=URI:https://meet.example.org/x\r\n",
        b"RELATED-TO:another@example.org\r\n",
        b"GEO:1;2\r\n",
        b"ATTACH:https://example.org/" + b"a" * 40 + b"\r\n " + b"b" * 60 + b"\r\n",
    ],
)
def test_what_a_person_added_survives_a_change(added: bytes) -> None:
    """Properties that are not ours stay byte for byte in an event that changes, and cause no note."""
    edited = with_lines("M18", b"TRANSP:", added + b"TRANSP:")
    unchanged = ical.update(PLAN, stamp=THEN, previous=edited)
    assert unchanged == ical.Update(edited, (), ())
    over = ical.update(BOOKED, stamp=THEN, previous=edited)
    assert added in raw(over.data, "M18")
    assert said(events(over.data)["M18"]) == NEW_EDITION
    assert over.notes == ()
    assert ical.update(BOOKED, stamp=LATER, previous=over.data) == ical.Update(over.data, (), ())


def test_alarms_of_a_person_survive_and_ours_are_not_doubled() -> None:
    """An alarm without our mark is the person's; one that rings when ours does is taken for ours."""
    style = ical.Style(alarms="1d")
    edited = with_lines("M18", b"END:VEVENT", ALARM + b"END:VEVENT")
    over = ical.update(BOOKED, stamp=THEN, previous=edited, style=style)
    assert ALARM in raw(over.data, "M18")
    assert raw(over.data, "M18").count(b"BEGIN:VALARM") == 2
    dropped = over.data.replace(b"X-TRIALSCHED-ALARM:1\r\n", b"")
    again = ical.update(BOOKED, stamp=LATER, previous=dropped, style=style)
    assert raw(again.data, "M18").count(b"BEGIN:VALARM") == 2
    without = ical.update(BOOKED, stamp=LATER, previous=over.data)
    assert raw(without.data, "M18").count(b"BEGIN:VALARM") == 1
    assert said(events(without.data)["M18"])[0] == "1"


def test_other_components_and_other_peoples_events_stay() -> None:
    """A task, another event and lines of the calendar itself survive where they were."""
    edited = EXPORT.replace(b"BEGIN:VEVENT", TODO + FOREIGN + b"BEGIN:VEVENT", 1)
    edited = edited.replace(
        b"CALSCALE:GREGORIAN\r\n", b"CALSCALE:GREGORIAN\r\nX-WR-TIMEZONE:Europe/Warsaw\r\nMETHOD:PUBLISH\r\n"
    )
    over = ical.update(BOOKED, stamp=THEN, previous=edited)
    for kept in (TODO, FOREIGN, b"X-WR-TIMEZONE:Europe/Warsaw\r\n"):
        assert over.data.count(kept) == 1
    assert b"METHOD" not in over.data
    assert over.notes == ()
    assert [str(change) for change in over.changes] == ["M18 2027-09-02 \u2192 2027-09-06 confirmed"]


def test_a_note_written_below_our_words_stays_below_the_new_ones() -> None:
    """What a person wrote under the description is kept when the description changes."""
    edited = with_lines("M18", b".\r\nLAST-MODIFIED", b".\\ncall the daughter first\r\nLAST-MODIFIED")
    assert ical.update(PLAN, stamp=THEN, previous=edited) == ical.Update(edited, (), ())
    over = ical.update(BOOKED, stamp=THEN, previous=edited)
    words = events(over.data)["M18"]["DESCRIPTION"]
    assert words.startswith(r"Booked for Monday 2027-09-06\nTarget")
    assert words.endswith(r"\ncall the daughter first")
    assert over.notes == ()
    again = ical.update(PLAN, stamp=LATER, previous=over.data)
    assert events(again.data)["M18"]["DESCRIPTION"].endswith(r"\ncall the daughter first")
    assert again.notes == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"SUMMARY:P01-007 M18", b"SUMMARY:last call", "SUMMARY was 'last call', is now 'P01-007 M18'"),
        (b"DESCRIPTION:Projected", b"DESCRIPTION:Ring twice. Projected", "DESCRIPTION was 'Ring twice. Projected, not"),
        (b"STATUS:TENTATIVE", b"STATUS:CANCELLED", "STATUS was 'CANCELLED', is now 'TENTATIVE'"),
    ],
)
def test_words_that_a_person_changed_are_told_when_they_are_written_over(old: bytes, new: bytes, said: str) -> None:
    """Nothing of theirs is lost in silence: `update` has a note, `dumps` warns."""
    edited = with_lines("M18", old, new)
    over = ical.update(PLAN, stamp=THEN, previous=edited)
    (note,) = over.notes
    assert (note.subject, note.visit, note.kind) == ("P01-007", "M18", "edited")
    assert note.uid == events(EXPORT)["M18"]["UID"]
    assert str(note).startswith(f"P01-007 M18: {said}")
    with pytest.warns(ical.CalendarWarning, match="P01-007 M18: "):
        ical.dumps(PLAN, stamp=THEN, previous=edited)


def test_the_lines_of_a_description_are_told_alike_as_they_were_and_as_they_are() -> None:
    """Both have line breaks as a backslash and an n; of ours, which stands in the file, the beginning is enough."""
    edited = with_lines("M18", b"DESCRIPTION:Projected", b"DESCRIPTION:Ring twice. Projected")
    (note,) = ical.update(PLAN, stamp=THEN, previous=edited).notes
    was, now = note.message.split(", is now ")
    target = r"Projected, not booked\nTarget: Thursday 2027-09-02\nWindow: from"
    assert was.startswith(f"DESCRIPTION was 'Ring twice. {target}")
    assert now.startswith(f"'{target}")
    assert len(now) < len(was)


def test_an_event_that_a_person_moved_is_put_back_and_told() -> None:
    """The records decide the date; a move that they know nothing of is told, one that they know is not."""
    moved = with_lines(
        "M18", b"DATE:20270902\r\nDTEND;VALUE=DATE:20270903", b"DATE:20270906\r\nDTEND;VALUE=DATE:20270907"
    )
    over = ical.update(PLAN, stamp=THEN, previous=moved)
    (note,) = over.notes
    assert (note.kind, str(note)) == (
        "moved",
        "P01-007 M18: was moved by hand to 2027-09-06, and is put back to 2027-09-02",
    )
    assert said(events(over.data)["M18"]) == NEW_EDITION
    known = ical.update(BOOKED, stamp=THEN, previous=moved)
    assert known.notes == ()
    assert events(known.data)["M18"]["DTSTART"] == "VALUE=DATE:20270906"


def test_the_same_event_twice_is_written_once() -> None:
    """An equal second one is dropped; one on another day is told."""
    event = raw(EXPORT, "M18")
    assert ical.update(PLAN, stamp=THEN, previous=EXPORT.replace(event, event * 2)) == ical.Update(EXPORT, (), ())
    other = event.replace(b"20270902", b"20270909").replace(b"20270903", b"20270910")
    over = ical.update(PLAN, stamp=THEN, previous=EXPORT.replace(event, event + other))
    assert over.data == EXPORT
    assert [str(note) for note in over.notes] == [
        "P01-007 M18: a second event of this visit, on 2027-09-09, is left out"
    ]


def test_a_file_rewritten_by_another_program_stays_as_it_is_when_it_says_the_same() -> None:
    """Other folding, order of lines, line ends and case of UIDs are no change."""
    events_ = EXPORT.decode().replace("\r\n ", "").split("\r\n")
    uids = [line for line in events_ if line.startswith("UID:")]
    text = "\n".join(events_)
    for uid in uids:
        text = text.replace(uid, f"UID:{uid[4:].upper()}")
    text = re.sub(r"(DTSTART[^\n]*\n)(DTEND[^\n]*\n)", r"\2\1", text)
    over = ical.update(PLAN, stamp=THEN, previous=text.encode())
    assert (over.changes, over.notes) == ((), ())
    assert (
        over.data.replace(b"\r\n", b"\n").partition(b"BEGIN:VEVENT")[2] == text.encode().partition(b"BEGIN:VEVENT")[2]
    )


@pytest.mark.parametrize(
    ("previous", "message"),
    [
        (b"", "not a calendar"),
        (EXPORT[:-16], "not the whole of one"),
        (EXPORT.replace(b"SEQUENCE:0", b"SEQUENCE:two"), "SEQUENCE: read 'two'"),
        (EXPORT.replace(b"DTSTART;VALUE=DATE:20270902", b"DTSTART;VALUE=DATE:20270931"), "DTSTART: read '20270931'"),
        (EXPORT.replace(b"DTSTART;VALUE=DATE:20270902\r\n", b""), "no start"),
        (EXPORT.replace(b"SEQUENCE:0", b"SEQUENCE:0\r\nSEQUENCE:1"), "two SEQUENCE"),
        (
            EXPORT.replace(b"X-TRIALSCHED-DATE:20270902", b"X-TRIALSCHED-DATE:soon\r\nX-A:1"),
            "X-TRIALSCHED-DATE: read 'soon'",
        ),
    ],
)
def test_a_damaged_file_is_refused(previous: bytes, message: str) -> None:
    """What cannot be read is not written over."""
    with pytest.raises(ts.InvalidValueError, match=re.escape(message)) as caught:
        ical.update(PLAN, stamp=THEN, previous=previous)
    assert caught.value.where.startswith("previous")


def test_a_file_of_another_subject_or_study_key_is_refused() -> None:
    """Subjects are recognised by UID, never by file name."""
    other = ical.dumps(ts.schedule(ALSTEM, replace(SUBJECT, code="P01-008")), stamp=FIRST)
    keyed = ical.dumps(PLAN, stamp=FIRST, study_key="k")
    for previous in (other, keyed):
        with pytest.raises(ts.InvalidValueError, match="none of its events belongs to this subject and study key"):
            ical.update(PLAN, stamp=THEN, previous=previous)
    foreign = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//X//EN\r\n" + FOREIGN + b"END:VCALENDAR\r\n"
    with pytest.raises(ts.InvalidValueError, match="no event in it was written by trialsched"):
        ical.update(PLAN, stamp=THEN, previous=foreign)


def test_a_calendar_for_another_reader_is_refused() -> None:
    """A staff calendar never becomes a participant's: what it says of visits that are gone would stay in it."""
    staff = EXPORT
    for audience in ("participant", "blind"):
        style = ical.Style(audience)
        with pytest.raises(ts.InvalidValueError, match="for another reader"):
            ical.update(PLAN, stamp=THEN, previous=staff, style=style)
        theirs = ical.dumps(PLAN, stamp=FIRST, style=style)
        with pytest.raises(ts.InvalidValueError, match="for another reader"):
            ical.update(PLAN, stamp=THEN, previous=theirs)
        headless = re.sub(rb"\r\nPRODID:[^\r]*", b"\r\nPRODID:-//Other//EN", staff)
        with pytest.raises(ts.InvalidValueError, match="for another reader"):
            ical.update(PLAN, stamp=THEN, previous=headless, style=style)


PLANS_OF_TWO = [ts.schedule(ALSTEM, replace(SUBJECT, code=code)) for code in ("P1", "P2")]


def test_one_calendar_for_the_site_is_updated_by_the_same_rules() -> None:
    """Categories by subject and mode; who is not among the plans stays; what belongs to nobody left is called off."""
    both = ical.dumps(PLANS_OF_TWO, stamp=FIRST)
    assert {tuple(map(str, e["CATEGORIES"].cats)) for e in vevents(both)} == {
        (subject, mode) for subject in ("P1", "P2") for mode in ("on site", "by phone")
    }
    assert b"NAME:Visits\r\n" in both
    assert ical.dumps(PLANS_OF_TWO, stamp=THEN, previous=both) == both
    moved = ts.schedule(ALSTEM, PLANS_OF_TWO[0].subject.booked("M18", date(2027, 9, 6)))
    over = ical.update([moved], stamp=THEN, previous=both)
    assert [(c.subject, str(c)) for c in over.changes] == [("P1", "M18 2027-09-02 \u2192 2027-09-06 confirmed")]
    assert len(vevents(over.data)) == 34
    assert over.data.replace(raw(over.data, "M18"), b"") == both.replace(raw(both, "M18"), b"")
    gone = ical.update([ts.schedule(WITHOUT_M18, PLANS_OF_TWO[0].subject), PLANS_OF_TWO[1]], stamp=THEN, previous=both)
    assert [(c.subject, str(c)) for c in gone.changes] == [("P1", "M18 2027-09-02 cancelled")]
    third = ts.schedule(ALSTEM, replace(SUBJECT, code="P3"))
    wider = ical.update([*PLANS_OF_TWO, third], stamp=THEN, previous=both)
    assert {c.kind for c in wider.changes} == {"added"}
    assert len(vevents(wider.data)) == 51


def test_categories_of_a_person_stay_in_a_calendar_of_the_site() -> None:
    """Ours are the subject and the modes, in whichever language; all others are kept."""
    both = ical.dumps(PLANS_OF_TWO, stamp=FIRST)
    event = raw(both, "M18")
    edited = both.replace(
        event, event.replace(b"CATEGORIES:P1,by phone", b"CATEGORIES:P1,by phone,ward\\, 3\r\nCATEGORIES:red")
    )
    moved = ts.schedule(ALSTEM, PLANS_OF_TWO[0].subject.booked("M18", date(2027, 9, 6)))
    over = ical.update([moved, PLANS_OF_TWO[1]], stamp=THEN, previous=edited)
    found = raw(over.data, "M18")
    assert b"\r\nCATEGORIES:P1,by phone\r\n" in found
    assert b"\r\nCATEGORIES:ward\\, 3,red\r\n" in found
    assert over.notes == ()
    again = ical.update([moved, PLANS_OF_TWO[1]], stamp=LATER, previous=over.data, style=ical.Style(language="pl"))
    assert b"\r\nCATEGORIES:P1,rozmowa telefoniczna\r\n" in raw(again.data, "M18")


def test_the_calendar_of_one_subject_never_takes_over_the_events_of_others() -> None:
    """A calendar of the site as `previous` for one subject: the others' events are left out, and that is said."""
    both = ical.dumps(PLANS_OF_TWO, stamp=FIRST)
    over = ical.update(PLANS_OF_TWO[0], stamp=THEN, previous=both)
    assert len(vevents(over.data)) == 17
    assert b"P2" not in over.data
    assert {(note.kind, str(note)) for note in over.notes} == {
        ("left-out", "an event of another subject is left out of this calendar"),
    }


@pytest.mark.parametrize(
    ("plans", "style", "where"),
    [
        ([], ical.Style(), "plans"),
        ([PLAN, PLAN], ical.Style(), "plans"),
        ([PLAN], ical.Style("participant"), "style.audience"),
    ],
)
def test_a_calendar_of_the_site_needs_different_subjects_and_is_for_staff(
    plans: list[ts.Plan], style: ical.Style, where: str
) -> None:
    """One plan for each, at least one, and none for a participant."""
    with pytest.raises(ts.InvalidValueError) as caught:
        ical.dumps(plans, stamp=FIRST, style=style)
    assert caught.value.where == where


def test_time_zones_of_the_file_are_kept_while_something_names_them() -> None:
    """Our own is written anew; a stranger's stays with its event."""
    zone = (
        b"BEGIN:VTIMEZONE\r\nTZID:Mars\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nTZOFFSETFROM:+0300\r\n"
        b"TZOFFSETTO:+0300\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )
    event = FOREIGN.replace(b"DTSTART:20260401T090000Z", b"DTSTART;TZID=Mars:20260401T090000")
    edited = EXPORT.replace(b"BEGIN:VEVENT", zone + event + b"BEGIN:VEVENT", 1)
    timed = ts.schedule(ALSTEM, SUBJECT.booked("M18", date(2027, 9, 6), time(9, 30)))
    over = ical.update(timed, stamp=THEN, previous=edited, clinic=WARSAW)
    assert over.data.count(zone) == 1
    assert over.data.count(b"BEGIN:VTIMEZONE") == 2
    assert over.data.index(b"TZID:Europe/Warsaw") < over.data.index(b"BEGIN:VEVENT")
    whole = ical.update(PLAN, stamp=LATER, previous=over.data)
    assert b"Europe/Warsaw" not in whole.data
    assert whole.data.count(zone) == 1


def moments(data: bytes) -> dict[str, datetime]:
    """Return when the strangers' events begin, in UTC, by the one offset that the zone of each has in the file."""
    text = data.decode().replace("\r\n ", "")
    zones = re.findall(
        r"TZID:([^\r]*)\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n[^\r]*\r\nTZOFFSETTO:(\S*)", text
    )
    offsets = {name: timedelta(hours=int(off[:3]), minutes=int(off[0] + off[3:])) for name, off in zones}
    found = re.findall(r"UID:(stranger.)\r\nDTSTAMP:\S*\r\nDTSTART;TZID=([^:]*):20260407T120000", text)
    return {uid: datetime(2026, 4, 7, 12, tzinfo=UTC) - offsets[name] for uid, name in found}


@pytest.mark.parametrize("offsets", [("+0000",), ("-0330", "+0545"), ("+0200", "+0000")])
def test_other_peoples_events_keep_their_moments(offsets: tuple[str, ...]) -> None:
    """Each by its calendar's own Europe/Warsaw, beside ours of that name; written over again, the same bytes."""
    calendars = []
    for number, offset in enumerate(offsets):
        zone = (
            f"BEGIN:VTIMEZONE\r\nTZID:Europe/Warsaw\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
            f"TZOFFSETFROM:{offset}\r\nTZOFFSETTO:{offset}\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
        )
        event = (
            f"BEGIN:VEVENT\r\nUID:stranger{number}\r\nDTSTAMP:20260301T120000Z\r\n"
            "DTSTART;TZID=Europe/Warsaw:20260407T120000\r\nEND:VEVENT\r\n"
        )
        calendars.append(f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{zone}{event}END:VCALENDAR\r\n".encode())
    expected = {}
    for number, offset in enumerate(offsets):
        ahead = timedelta(hours=int(offset[:3]), minutes=int(offset[0] + offset[3:]))
        expected[f"stranger{number}"] = datetime(2026, 4, 7, 12, tzinfo=UTC) - ahead
    timed = ts.schedule(ALSTEM, SUBJECT.booked("DOSE2", date(2026, 4, 7), time(9, 30)))
    for order in (calendars, calendars[::-1]):
        for previous in (b"".join([EXPORT, *order]), b"".join([*order, EXPORT])):
            once = ical.update(timed, stamp=THEN, previous=previous, clinic=WARSAW).data
            assert moments(once) == expected
            assert ical.loads(once, timed, clinic=WARSAW)["P01-007"][0].booked_time == time(9, 30)
            again = ical.update(timed, stamp=LATER, previous=once, clinic=WARSAW)
            assert again.data == once
            assert (again.changes, again.notes) == ((), ())


def test_a_calendar_that_a_program_wrote_again_with_new_ids() -> None:
    """Beside ours a note names the visits that stand twice; without any of ours the refusal says what happened."""
    numbers = iter(range(100))
    copies = re.sub(rb"UID:[^\r]*", lambda _: f"UID:{next(numbers)}@example.org".encode(), without_marks(EXPORT))
    one = raw(EXPORT, "M18")
    beside = copies.replace(b"END:VCALENDAR", one + b"END:VCALENDAR")
    (note,) = ical.update(PLAN, stamp=THEN, previous=beside).notes
    assert (note.subject, note.kind) == ("P01-007", "twice")
    assert str(note).startswith(
        f"P01-007: {', '.join(row.code for row in PLAN)}: events with the titles of these visits"
    )
    with pytest.raises(ts.InvalidValueError, match="titled 'P01-007 SCR1' and alike: another study key, or a program"):
        ical.update(PLAN, stamp=THEN, previous=copies)


def test_a_zone_whose_law_was_changed_is_no_change_of_a_persons() -> None:
    """The file defines Warsaw as it was thought of when it was made; our unchanged events stay the same bytes."""
    timed = ts.schedule(ALSTEM, SUBJECT.booked("DOSE2", date(2026, 4, 7), time(9, 30)))
    export = ical.dumps(timed, stamp=FIRST, clinic=WARSAW)
    old = re.sub(rb"TZOFFSETTO:\+0200", b"TZOFFSETTO:+0100", export)
    assert old != export
    over = ical.update(timed, stamp=THEN, previous=old, clinic=WARSAW)
    assert (over.data, over.changes, over.notes) == (export, (), ())
    assert ical.loads(old, timed, clinic=WARSAW)["P01-007"][0].booked_time == time(9, 30)


def test_a_calendar_that_a_person_named_is_told() -> None:
    """Its name is ours to write; one that was ours in another language or style is nobody's loss."""
    renamed = EXPORT.replace(b"NAME:P01-007", b"NAME:ward 3")
    over = ical.update(PLAN, stamp=THEN, previous=renamed)
    assert over.data == EXPORT
    assert [str(note) for note in over.notes] == ["the calendar was named 'ward 3', is now 'P01-007'"]


def without_marks(data: bytes) -> bytes:
    """Return a calendar from a program that drops X- properties and writes its own PRODID."""
    bare = re.sub(rb"X-TRIALSCHED-[A-Z]+:[^\r]*\r\n( [^\r]*\r\n)*", b"", data)
    return re.sub(rb"PRODID:[^\r]*", b"PRODID:-//Google Inc//Google Calendar 70.9054//EN", bare)


@pytest.mark.parametrize("audience", ["participant", "blind"])
def test_events_that_lost_their_marks_never_become_a_participants(audience: ical.Audience) -> None:
    """Nobody knows for whom their words were; a site's calendar would bring other subjects with it."""
    both = without_marks(ical.dumps(PLANS_OF_TWO, stamp=FIRST))
    for previous in (
        both,
        without_marks(EXPORT),
        without_marks(ical.dumps(PLAN, stamp=FIRST, style=ical.Style(windows=True))),
    ):
        plan = PLANS_OF_TWO[0] if previous is both else PLAN
        with pytest.raises(ts.InvalidValueError, match="for another reader"):
            ical.update(plan, stamp=THEN, previous=previous, style=ical.Style(audience))


def test_events_of_others_that_lost_their_marks_are_left_out_and_told() -> None:
    """An id as we give them, not of this subject: whose it is cannot be said, so its title is."""
    both = without_marks(ical.dumps(PLANS_OF_TWO, stamp=FIRST))
    over = ical.update(PLANS_OF_TWO[0], stamp=THEN, previous=both)
    assert b"P2" not in over.data
    assert sum(note.kind == "left-out" and "'P2 " in note.message for note in over.notes) == 17
    repeated = ical.dumps(PLANS_OF_TWO, stamp=FIRST).replace(
        b"SUMMARY:P2 M18", b"RECURRENCE-ID:20270902\r\nSUMMARY:P2 M18"
    )
    assert b"P2" not in ical.update(PLANS_OF_TWO[0], stamp=THEN, previous=repeated).data


def test_a_persons_words_outlive_a_visit_that_left_and_returned() -> None:
    """Through the cancelled event: the title is told, the note below stays."""
    edited = with_lines("M18", b"SUMMARY:P01-007 M18", b"SUMMARY:P01-007 M18 with Anna")
    edited = edited.replace(b"2027-09-09.\r\nLAST", b"2027-09-09.\\ncall first\r\nLAST")
    gone = ical.update(ts.schedule(WITHOUT_M18, SUBJECT), stamp=THEN, previous=edited)
    assert events(gone.data)["Anna"]["DESCRIPTION"] == r"No longer in the plan\ncall first"
    assert events(gone.data)["Anna"]["SUMMARY"] == "CANCELLED P01-007 M18 with Anna"
    back = ical.update(PLAN, stamp=LATER, previous=gone.data)
    assert [str(note) for note in back.notes] == [
        "P01-007 M18: SUMMARY was 'CANCELLED P01-007 M18 with Anna', is now 'P01-007 M18'"
    ]
    assert events(back.data)["M18"]["DESCRIPTION"].endswith(r"\ncall first")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"SUMMARY:P01-007 M18", b"SUMMARY:mine M18"),
        (b"STATUS:TENTATIVE", b"STATUS:CONFIRMED"),
        (b"TRANSP:", b"LOCATION:Room 5\r\nTRANSP:"),
    ],
)
def test_a_note_is_kept_whatever_else_was_edited(old: bytes, new: bytes) -> None:
    """Each text has a hash of its own: one edit does not hide the other."""
    edited = with_lines("M18", old, new)
    note = b"\\n".join([b"line %d" % number for number in range(60)])
    edited = edited.replace(b"2027-09-09.\r\nLAST", b"2027-09-09.\\n" + note + b"\r\nLAST")
    over = ical.update(BOOKED, stamp=THEN, previous=edited, clinic=CLINIC)
    assert events(over.data)["M18"]["DESCRIPTION"].encode().endswith(b"\\n" + note)
    assert not [n for n in over.notes if "DESCRIPTION" in n.message]


def test_words_that_cannot_be_kept_are_told_in_full() -> None:
    """Without our hashes a note cannot be told from our words: then all of it is said."""
    edited = without_marks(with_lines("M18", b"2027-09-09.\r\nLAST", b"2027-09-09.\\nthe very last words\r\nLAST"))
    over = ical.update(BOOKED, stamp=THEN, previous=edited)
    (said_,) = [n.message for n in over.notes if n.visit == "M18" and "DESCRIPTION" in n.message]
    assert "the very last words" in said_


def test_of_two_editions_the_one_with_the_higher_sequence_counts() -> None:
    """Merged files hold the older export too: SEQUENCE never falls, whichever comes first."""
    newest = ical.dumps(BOOKED, stamp=THEN, previous=EXPORT)
    for parts in ((EXPORT, newest), (newest, EXPORT)):
        over = ical.update(PLAN, stamp=LATER, previous=ical.merge(parts))
        assert events(over.data)["M18"]["SEQUENCE"] == "2"
        assert len(vevents(over.data)) == 17


@pytest.mark.parametrize("behind", [b"-1", b"x@example.org", b" on site"])
def test_an_id_that_only_begins_as_ours_is_no_edition_of_it(behind: bytes) -> None:
    """Another event, before or behind ours, takes no part in which edition counts: nothing is made anew each time."""
    event = raw(EXPORT, "M18")
    other = re.sub(rb"UID:[^\r]*", lambda found: found[0] + behind, without_marks(event))
    for both in (other + event, event + other):
        over = ical.update(PLAN, stamp=THEN, previous=EXPORT.replace(event, both))
        assert over.changes == ()
        assert event in over.data
        assert ical.update(PLAN, stamp=LATER, previous=over.data).data == over.data


def test_what_a_second_copy_of_an_event_holds_is_told() -> None:
    """Programs duplicate what they import, and people add to either."""
    event = raw(EXPORT, "M18")
    copy = event.replace(b"END:VEVENT", b"X-MY:1\r\n" + ALARM + b"END:VEVENT")
    over = ical.update(PLAN, stamp=THEN, previous=EXPORT.replace(event, event + copy))
    assert [str(note) for note in over.notes] == [
        "P01-007 M18: a second event of this visit, on 2027-09-02, is left out with its X-MY, VALARM"
    ]


def test_a_date_that_a_person_chose_is_new_to_others_when_it_is_booked() -> None:
    """Dragged, read back, booked: the last export had another date, so SEQUENCE rises and the move is told."""
    moved = with_lines(
        "M18", b"DATE:20270902\r\nDTEND;VALUE=DATE:20270903", b"DATE:20270906\r\nDTEND;VALUE=DATE:20270907"
    )
    moved = moved.replace(b"STATUS:TENTATIVE", b"STATUS:CONFIRMED")
    over = ical.update(BOOKED, stamp=THEN, previous=moved)
    change = next(change for change in over.changes if change.visit == "M18")
    assert str(change) == "M18 2027-09-02 \u2192 2027-09-06"
    assert events(over.data)["M18"]["SEQUENCE"] == "1"
    confirmed = with_lines("M18", b"STATUS:TENTATIVE", b"STATUS:CONFIRMED")
    same = ical.update(ts.schedule(ALSTEM, SUBJECT.booked("M18", date(2027, 9, 2))), stamp=THEN, previous=confirmed)
    assert [str(change) for change in same.changes if change.visit == "M18"] == ["M18 2027-09-02 confirmed"]
    assert events(same.data)["M18"]["SEQUENCE"] == "1"


def test_a_copy_of_our_event_under_another_id_is_the_persons() -> None:
    """Copied and pasted with our marks in it: its id is none of ours."""
    event = raw(EXPORT, "M18")
    copy = re.sub(rb"UID:[^\r]*", b"UID:11111111-2222-4333-8444-555555555555", event).replace(
        b"P01-007 M18", b"Order reagents"
    )
    previous = EXPORT.replace(event, event + copy)
    assert ical.update(PLAN, stamp=THEN, previous=previous) == ical.Update(previous, (), ())


def test_a_zone_whose_name_holds_a_colon_is_kept() -> None:
    """Old Outlook: the name stands in quotes where it is used."""
    name = b"(UTC+01:00) Sarajevo, Skopje, Warsaw, Zagreb"
    zone = (
        b"BEGIN:VTIMEZONE\r\nTZID:" + name.replace(b",", b"\\,") + b"\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\n"
        b"TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )
    event = FOREIGN.replace(b"DTSTART:20260401T090000Z", b'DTSTART;TZID="' + name + b'":20260401T090000')
    edited = EXPORT.replace(b"BEGIN:VEVENT", zone + event + b"BEGIN:VEVENT", 1)
    assert ical.update(PLAN, stamp=THEN, previous=edited) == ical.Update(edited, (), ())


def test_an_alarm_of_ours_that_a_person_changed_is_theirs() -> None:
    """Another trigger, or a mail: it stays as it is, beside the one that is asked for."""
    style = ical.Style(alarms="1d")
    first = ical.dumps(PLAN, stamp=FIRST, style=style)
    event = raw(first, "M18")
    edited = first.replace(event, event.replace(b"TRIGGER:-PT15H", b"TRIGGER:-P3D"))
    over = ical.update(BOOKED, stamp=THEN, previous=edited, style=style)
    assert raw(over.data, "M18").count(b"TRIGGER:-P3D") == raw(over.data, "M18").count(b"TRIGGER:-PT15H") == 1


def test_a_visit_that_a_person_made_longer_is_put_back_and_told() -> None:
    """Only the end was dragged."""
    longer = with_lines("M18", b"DTEND;VALUE=DATE:20270903", b"DTEND;VALUE=DATE:20270905")
    over = ical.update(PLAN, stamp=THEN, previous=longer)
    assert [str(note) for note in over.notes] == ["P01-007 M18: lasted until 2027-09-04, and is put back to one day"]
    assert [str(change) for change in over.changes] == ["M18 2027-09-02 until 2027-09-05 \u2192 2027-09-03"]
    first_day = with_lines("M18", b"DTEND;VALUE=DATE:20270903", b"DTEND;VALUE=DATE:00010101")
    over = ical.update(PLAN, stamp=THEN, previous=first_day)
    assert [str(note) for note in over.notes] == ["P01-007 M18: lasted until 0001-01-01, and is put back to one day"]


TIMED = ts.schedule(ALSTEM, SUBJECT.booked("M18", date(2027, 9, 2), time(9, 30)))
TIMED_EXPORT = ical.dumps(TIMED, stamp=FIRST, clinic=WARSAW)  # an hour, where the clinic says nothing
END_LINE = b"DTEND;TZID=Europe/Warsaw:20270902T103000"
END_MARK = b"X-TRIALSCHED-END:20270902T103000 Europe/Warsaw\r\n"


def prolonged(data: bytes) -> bytes:
    """Return a calendar in which a person has dragged the end of the booked visit to half past twelve."""
    assert data.count(END_LINE) == 1
    return data.replace(END_LINE, END_LINE.replace(b"T1030", b"T1230"))


def notes(over: ical.Update) -> list[str]:
    """Return the notes of an update in words."""
    return [str(note) for note in over.notes]


def test_a_booked_visit_that_a_person_prolonged_is_put_back_and_told() -> None:
    """The end that we wrote stands in X-TRIALSCHED-END: another one is a person's, whatever else has changed."""
    over = ical.update(TIMED, stamp=THEN, previous=prolonged(TIMED_EXPORT), clinic=WARSAW)
    said_ = "P01-007 M18: lasted until 2027-09-02 12:30, and is put back to 2027-09-02 10:30"
    assert notes(over) == [said_]
    later = ts.schedule(ALSTEM, SUBJECT.booked("M18", date(2027, 9, 3), time(9, 30)))
    over = ical.update(later, stamp=THEN, previous=prolonged(TIMED_EXPORT), clinic=WARSAW)
    assert notes(over) == ["P01-007 M18: lasted until 2027-09-02 12:30, and is put back to 2027-09-03 10:30"]


def test_a_new_duration_of_the_clinic_is_no_change_of_a_persons() -> None:
    """We wrote an hour and would write two now: the end is ours, and moves without a note."""
    two_hours = ts.Clinic("Europe/Warsaw", durations={"M18": "2 hours"})
    over = ical.update(TIMED, stamp=THEN, previous=TIMED_EXPORT, clinic=two_hours)
    assert over.notes == ()
    (change,) = over.changes
    assert str(change) == "M18 2027-09-02 09:30 until 2027-09-02 10:30 \u2192 2027-09-02 11:30"
    # and an end that a person chose before the clinic did is nobody's loss; the mark follows
    chosen = TIMED_EXPORT.replace(END_LINE, END_LINE.replace(b"T1030", b"T1130"))
    over = ical.update(TIMED, stamp=THEN, previous=chosen, clinic=two_hours)
    assert (over.notes, events(over.data)["M18"]["SEQUENCE"]) == ((), "1")
    assert END_MARK.replace(b"T1030", b"T1130") in over.data


def test_a_visit_moved_as_a_whole_is_not_told_as_longer() -> None:
    """Its start is told; booked where it was moved to, its length is what we wrote and nobody loses anything."""
    moved = TIMED_EXPORT.replace(b"Warsaw:20270902T093000", b"Warsaw:20270902T120000").replace(
        END_LINE, END_LINE.replace(b"T1030", b"T1300")
    )
    over = ical.update(TIMED, stamp=THEN, previous=moved, clinic=WARSAW)
    assert [note.kind for note in over.notes] == ["moved"]
    longer = moved.replace(END_LINE.replace(b"T1030", b"T1300"), END_LINE.replace(b"T1030", b"T1500"))
    over = ical.update(TIMED, stamp=THEN, previous=longer, clinic=WARSAW)
    assert [note.kind for note in over.notes] == ["moved"]
    there = ts.schedule(ALSTEM, SUBJECT.booked("M18", date(2027, 9, 2), time(12, 0)))
    two_hours = ts.Clinic("Europe/Warsaw", durations={"M18": "2 hours"})
    assert ical.update(there, stamp=THEN, previous=moved, clinic=two_hours).notes == ()


def test_a_file_without_the_mark_of_the_end_stays_as_it_is() -> None:
    """An earlier version wrote none: nothing changes for its want, and another end is told as nobody's to say."""
    assert TIMED_EXPORT.count(END_MARK) == 1
    older = TIMED_EXPORT.replace(END_MARK, b"")
    assert ical.update(TIMED, stamp=THEN, previous=older, clinic=WARSAW) == ical.Update(older, (), ())
    over = ical.update(TIMED, stamp=THEN, previous=prolonged(older), clinic=WARSAW)
    (note,) = notes(over)
    unknown = "lasted until 2027-09-02 12:30, and no mark tells whether a person chose that"
    assert note == f"P01-007 M18: {unknown}; now until 2027-09-02 10:30"
    assert END_MARK in over.data
    later = ts.schedule(ALSTEM, SUBJECT.booked("M18", date(2027, 9, 3), time(9, 30)))
    over = ical.update(later, stamp=THEN, previous=older, clinic=WARSAW)
    assert over.notes == ()
    assert END_MARK.replace(b"20270902", b"20270903") in over.data
    two_hours = ts.Clinic("Europe/Warsaw", durations={"M18": "2 hours"})
    assert ical.update(later, stamp=THEN, previous=older, clinic=two_hours).notes == ()


def test_a_window_that_a_person_made_shorter_is_put_back_and_told() -> None:
    """ALSTEM: M18 on 2027-09-02 within 7 days, so that its window ends on the 9th."""
    style = ical.Style(windows=True)
    first = ical.dumps(PLAN, stamp=FIRST, style=style)
    assert first.count(b"X-TRIALSCHED-END:20270910\r\n") == 1
    shorter = first.replace(b"DTEND;VALUE=DATE:20270910", b"DTEND;VALUE=DATE:20270907")
    over = ical.update(PLAN, stamp=THEN, previous=shorter, style=style)
    assert notes(over) == ["P01-007 M18 window: lasted until 2027-09-06, and is put back to 2027-09-09"]
    older = re.sub(rb"X-TRIALSCHED-END:[^\r]*\r\n", b"", first)
    assert ical.update(PLAN, stamp=THEN, previous=older, style=style) == ical.Update(older, (), ())


def test_all_day_events_as_exchange_writes_them_are_no_change() -> None:
    """Midnight to midnight in a zone is a day; GEO in more digits is the same place."""
    exchange = re.sub(rb"DT(START|END);VALUE=DATE:(\d{8})", rb"DT\1;TZID=Europe/Warsaw:\2T000000", EXPORT)
    over = ical.update(PLAN, stamp=THEN, previous=exchange, clinic=WARSAW)
    assert (over.changes, over.notes) == ((), ())
    placed = ical.dumps(PLAN, stamp=FIRST, clinic=CLINIC)
    digits = placed.replace(b"GEO:52.2;21.0", b"GEO:52.200000;21.000000")
    assert ical.update(PLAN, stamp=THEN, previous=digits, clinic=CLINIC) == ical.Update(digits, (), ())
    finer = ts.Clinic("Europe/Warsaw", contact=ts.Contact(geo=(52.20000049, 21.0)))
    coarse = ical.dumps(PLAN, stamp=FIRST, clinic=finer)
    unrounded = coarse.replace(b"GEO:52.2;21.0", b"GEO:52.20000049;21.0")
    assert unrounded != coarse
    assert {c.kind for c in ical.update(PLAN, stamp=THEN, previous=unrounded, clinic=finer).changes} <= {"text"}


def test_sequence_stays_a_number_of_the_standard() -> None:
    """RFC 5545, section 3.3.8: up to 2147483647, where it stays."""
    last = with_lines("M18", b"SEQUENCE:0", b"SEQUENCE:2147483647")
    over = ical.update(BOOKED, stamp=THEN, previous=last)
    assert events(over.data)["M18"]["SEQUENCE"] == "2147483647"
    assert ical.update(BOOKED, stamp=LATER, previous=over.data) == ical.Update(over.data, (), ())


# Cancelled visits.


@given(PLANS.map(at_half_past_nine), PLANS.map(at_half_past_nine), st.sampled_from(["staff", "participant", "blind"]))
def test_an_update_cancels_only_what_was_there(old: ts.Plan, new: ts.Plan, audience: ical.Audience) -> None:
    """No cancelled event is new, whatever the plans; and the update of an update is the same bytes."""
    new = ts.schedule(new.protocol, replace(new.subject, code=old.subject.code))
    options: dict[str, Any] = {"clinic": WARSAW, "study_key": "k"}
    options["style"] = ical.Style(audience, windows=True, alarms="1d", language="en")
    first = ical.dumps(old, stamp=FIRST, **options)
    over = ical.update(new, stamp=THEN, previous=first, **options)
    there = {str(event["UID"]) for event in vevents(first)}
    cancelled = {str(event["UID"]) for event in vevents(over.data) if event["STATUS"] == "CANCELLED"}
    assert cancelled <= there
    assert not [change for change in over.changes if change.kind == "added" and change.status == "CANCELLED"]
    assert ical.update(new, stamp=LATER, previous=over.data, **options) == ical.Update(over.data, (), ())


@pytest.mark.parametrize("several", [False, True])
def test_what_was_never_given_out_is_not_called_off_later(several: bool) -> None:  # noqa: FBT001
    """A file that lacks the event gets none; the same visit in a file that has it is called off there."""
    missed = ts.schedule(ALSTEM, SUBJECT.missed("M18"))
    without = EXPORT.replace(raw(EXPORT, "M18"), b"")
    over = ical.update([missed] if several else missed, stamp=THEN, previous=without)
    assert (len(vevents(over.data)), over.visits) == (16, 16)
    there = ical.update(missed, stamp=THEN, previous=EXPORT)
    assert (len(vevents(there.data)), there.visits) == (17, 17)
    assert events(there.data)["M18"]["STATUS"] == "CANCELLED"


# Starting over.

APPLE = (
    b"BEGIN:VEVENT\r\nUID:abc\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260401T100000Z\r\nSUMMARY:Dentist\r\n"
    b"X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-APPLE-MAPKIT-HANDLE=QUJD/5A==;X-TITLE=Example St 1-5\\; 10\r\n"
    b" 00 Town;X-APPLE-RADIUS=70.5:geo:50.0,14.2\r\nEND:VEVENT\r\n"
)


def test_other_peoples_events_stay_when_a_calendar_is_updated_or_started_over() -> None:
    """Byte for byte, also with a line that nobody can read; their tasks, and lines of the calendar, too."""
    edited = EXPORT.replace(b"BEGIN:VEVENT", TODO + FOREIGN + APPLE + b"BEGIN:VEVENT", 1)
    edited = edited.replace(b"CALSCALE:GREGORIAN\r\n", b"CALSCALE:GREGORIAN\r\nX-WR-TIMEZONE:Europe/Warsaw\r\n")
    moved = ical.dumps(BOOKED, stamp=THEN, previous=edited)
    fresh = ical.update(BOOKED, stamp=LATER, previous=moved, fresh=True)
    for data in (moved, fresh.data):
        assert [data.count(one) for one in (TODO, FOREIGN, APPLE, b"X-WR-TIMEZONE:Europe/Warsaw\r\n")] == [1, 1, 1, 1]
    ours = re.sub(rb"BEGIN:VTODO.*?END:VTODO\r\n|X-WR-TIMEZONE[^\r]*\r\n", b"", fresh.data, flags=re.DOTALL)
    assert ours.replace(FOREIGN, b"").replace(APPLE, b"") == ical.dumps(BOOKED, stamp=LATER)
    assert (fresh.changes, fresh.notes, fresh.visits) == ((), (), 17)


def test_starting_over_forgets_whatever_we_wrote() -> None:
    """Another subject's, another study key's, another reader's, exceptions, and events that lost their marks."""
    other = ical.dumps(ts.schedule(ALSTEM, replace(SUBJECT, code="P01-008")), stamp=FIRST, study_key="k")
    participants = ical.dumps(PLAN, stamp=FIRST, style=ical.Style("participant"))
    event = raw(EXPORT, "M18")
    repeated = EXPORT.replace(event, event + event.replace(b"SEQUENCE", b"RECURRENCE-ID:20270903\r\nSEQUENCE"))
    for previous in (other, participants, repeated, without_marks(EXPORT)):
        mixed = previous.replace(b"BEGIN:VEVENT", FOREIGN + b"BEGIN:VEVENT", 1)
        for style in (ical.Style(), ical.Style("participant")):
            found = ical.update(PLAN, stamp=THEN, previous=mixed, style=style, fresh=True)
            assert found.data.replace(FOREIGN, b"") == ical.dumps(PLAN, stamp=THEN, style=style)
            assert found.data.count(FOREIGN) == 1


def test_of_a_calendar_that_cannot_be_read_nothing_can_be_kept() -> None:
    """Starting over it is refused as well: other people's events would be lost."""
    with pytest.raises(ts.InvalidValueError, match="not the whole of one") as caught:
        ical.update(PLAN, stamp=THEN, previous=EXPORT[:-16], fresh=True)
    assert caught.value.where == "previous"


def test_two_names_of_a_calendar_are_the_calendars_fault() -> None:
    """Equal repeats are one; of two that differ nobody knows which is a person's, and no event is to blame."""
    twice = EXPORT.replace(b"X-WR-CALNAME:P01-007\r\n", b"X-WR-CALNAME:P01-007\r\n" * 2)
    assert ical.update(PLAN, stamp=THEN, previous=twice).data == EXPORT
    other = EXPORT.replace(b"X-WR-CALNAME:P01-007\r\n", b"X-WR-CALNAME:P01-007\r\nX-WR-CALNAME:ward 3\r\n")
    message = "the calendar itself has two X-WR-CALNAME that differ: 'P01-007' and 'ward 3'"
    with pytest.raises(ts.InvalidValueError, match=message) as caught:
        ical.update(PLAN, stamp=THEN, previous=other)
    assert caught.value.where == "previous"
    assert ical.update(PLAN, stamp=THEN, previous=other, fresh=True).data == ical.dumps(PLAN, stamp=THEN)
