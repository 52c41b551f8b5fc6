"""Plans brought to a real CalDAV server (Radicale): updated there, never duplicated, nobody's change overwritten."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from caldav.davclient import DAVClient

import trialsched as ts
from tests.outside.radicale_server import HOST, Entry, Server, running
from tests.support.calendars import vevents
from tests.support.shell import Result, trialsched
from trialsched.clinic import Clinic
from trialsched.formats import ical
from trialsched.push import Conflict, PushError, PushReport, collection, collections, connect, create, push

ALSTEM = ts.load_protocol("alstem")
SUBJECT = ts.Subject("P01-007", baseline=date(2026, 3, 2))
PLAN = ts.schedule(ALSTEM, SUBJECT)
STAMP = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = STAMP + timedelta(days=1)
WARSAW = Clinic(zone="Europe/Warsaw", language="en")
FOREIGN = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//someone//else//EN\r\nBEGIN:VEVENT\r\nUID:dentist@example.org\r\n"
    b"DTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:20260305\r\nSUMMARY:Dentist\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
_NUMBERS = count(1)


def uid(visit: str, subject: str = "P01-007") -> str:
    """Return the UID of a visit."""
    return ical.uid("alstem", subject, visit)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run one server for all tests; each has collections of its own."""
    with running(tmp_path_factory.mktemp("radicale")) as found:
        yield found


@pytest.fixture
def name(server: Server) -> str:
    """Return the name of a new collection, which is made."""
    found = f"Study {next(_NUMBERS)} \u0142"
    with connect(server.url, server.user, server.password) as client:
        create(client, found)
    server.relay.forget()
    server.relay.before = server.relay.after = lambda _: None
    return found


class Pushing:
    """Pushes to one collection of the server."""

    def __init__(self, server: Server, name: str) -> None:
        """Keep the server and the collection's name."""
        self.server = server
        self.name = name

    def __call__(self, plans: ts.Plan | list[ts.Plan], stamp: datetime = STAMP, **options: bool) -> PushReport:
        """Push over a new connection, as a command does."""
        return self.in_clinic(plans, stamp, None, **options)

    def in_clinic(
        self, plans: ts.Plan | list[ts.Plan], stamp: datetime, clinic: Clinic | None, **options: bool
    ) -> PushReport:
        """Push with a clinic."""
        self.server.relay.forget()
        with connect(self.server.url, self.server.user, self.server.password) as client:
            place = collection(client, self.name, collections(client))
            return push(
                place,
                plans,
                stamp=stamp,
                clinic=clinic,
                overwrite=options.get("overwrite", False),
                dry_run=options.get("dry_run", False),
            )

    @property
    def entries(self) -> dict[str, Entry]:
        """What the collection holds, by address."""
        return self.server.entries(self.name)

    def entry(self, visit: str) -> tuple[str, Entry]:
        """Return address and state of one visit's entry."""
        return next((h, e) for h, e in self.entries.items() if uid(visit).encode() in e.data)

    def edit(self, visit: str, *changes: tuple[str, str]) -> None:
        """Change an event as a person's calendar program does."""
        href, entry = self.entry(visit)
        text = entry.data.decode()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        self.server.put(href, text.encode())

    def events(self) -> dict[str, Any]:
        """Return the events of the collection by UID, of which there is one each."""
        found = [event for entry in self.entries.values() for event in vevents(entry.data)]
        by_uid = {str(event["UID"]): event for event in found}
        assert len(by_uid) == len(found)
        return by_uid

    def starts(self) -> dict[str, date]:
        """Return when each event begins, by UID."""
        return {key: event["DTSTART"].dt for key, event in self.events().items()}


@pytest.fixture
def pushing(server: Server, name: str) -> Pushing:
    """Return what pushes to a new collection."""
    return Pushing(server, name)


def test_what_is_new_is_created_one_entry_for_each_event(pushing: Pushing) -> None:
    """The first push makes <uid>.ics for each visit, only where nothing stands, and says so."""
    report = pushing(PLAN)
    assert [(c.subject, c.visit, c.new) for c in report.created] == [("P01-007", r.code, r.target) for r in PLAN]
    assert report == PushReport(report.created)
    home = pushing.server.calendars()[pushing.name]
    assert set(pushing.entries) == {f"{home}{uid(row.code)}.ics" for row in PLAN}
    assert pushing.starts() == {uid(row.code): row.target for row in PLAN}
    puts = pushing.server.relay.of("PUT")
    assert len(puts) == 17
    assert {put.headers["if-none-match"] for put in puts} == {"*"}
    assert not any("if-match" in put.headers for put in puts)
    assert {put.headers["content-type"] for put in puts} == {"text/calendar; charset=utf-8"}


def test_nothing_changed_writes_nothing(pushing: Pushing) -> None:
    """A second push, with another stamp, sends no PUT and leaves every ETag."""
    pushing(PLAN)
    before = pushing.entries
    assert pushing(PLAN, LATER) == PushReport(unchanged=17)
    assert pushing.server.relay.of("PUT") == []
    assert pushing.entries == before


def test_a_changed_date_is_updated_over_the_state_that_was_read(pushing: Pushing) -> None:
    """Only the booked visit is written: SEQUENCE 1, the new date, If-Match with the ETag of the first edition."""
    pushing(PLAN)
    before = pushing.entries
    href, entry = pushing.entry("M06")
    booked = ts.schedule(ALSTEM, SUBJECT.booked("M06", date(2026, 9, 4)))
    report = pushing(booked, LATER)
    assert [str(change) for change in report.updated] == ["M06 2026-09-02 \u2192 2026-09-04 confirmed"]
    assert report == PushReport(updated=report.updated, unchanged=16)
    (put,) = pushing.server.relay.of("PUT")
    assert (put.path, put.headers["if-match"]) == (href, entry.etag)
    assert "if-none-match" not in put.headers
    event = pushing.events()[uid("M06")]
    assert (event["SEQUENCE"], event["DTSTART"].dt, event["STATUS"]) == (1, date(2026, 9, 4), "CONFIRMED")
    assert {key: value for key, value in pushing.entries.items() if key != href} == {
        key: value for key, value in before.items() if key != href
    }


def test_the_end_of_participation_cancels_and_a_return_restores(pushing: Pushing) -> None:
    """Open visits become cancelled events, none is deleted; they come back under their UIDs with a higher SEQUENCE."""
    pushing(PLAN)
    ended = ts.schedule(ALSTEM, SUBJECT.attended("DOSE1", date(2026, 3, 2)).end(date(2027, 1, 31), "withdrawn"))
    report = pushing(ended, LATER)
    # ALSTEM: M10 is due on 2027-01-02, M11 on 2027-02-02 with a window of 7 days around it
    assert [c.visit for c in report.cancelled] == ["M11", "M12", "M18"]
    events = pushing.events()
    assert len(events) == 17
    assert [events[uid(visit)]["STATUS"] for visit in ("M10", "M11")] == ["TENTATIVE", "CANCELLED"]
    back = pushing(ts.schedule(ALSTEM, SUBJECT.attended("DOSE1", date(2026, 3, 2))), LATER + timedelta(days=1))
    assert [(c.visit, c.kind) for c in back.updated] == [(v, "restored") for v in ("M11", "M12", "M18")]
    event = pushing.events()[uid("M11")]
    assert (event["STATUS"], event["SEQUENCE"]) == ("TENTATIVE", 2)


def test_a_visit_that_left_the_plan_is_cancelled_and_not_deleted(pushing: Pushing) -> None:
    """A protocol without the visit leaves it on the server as a cancelled event."""
    pushing(PLAN)
    rows = [visit for visit in ALSTEM.visits if visit.code != "M18"]
    shorter = ts.Protocol("alstem", "2", "DOSE1", rows, spacings=ALSTEM.spacings)
    report = pushing(ts.schedule(shorter, SUBJECT), LATER)
    assert [change.visit for change in report.cancelled] == ["M18"]
    assert pushing.events()[uid("M18")]["STATUS"] == "CANCELLED"


MOVED = (
    ("DTSTART;VALUE=DATE:20260902", "DTSTART;VALUE=DATE:20260907"),
    ("DTEND;VALUE=DATE:20260903", "DTEND;VALUE=DATE:20260908"),
)


def test_what_a_person_moved_is_left_and_reported_unless_asked_for(pushing: Pushing) -> None:
    """An event moved on the server is no longer ours to write: a conflict; --overwrite puts it back, saying so."""
    pushing(PLAN)
    pushing.edit("M06", *MOVED)
    before = pushing.entries
    report = pushing(ts.schedule(ALSTEM, SUBJECT.booked("M03", date(2026, 6, 3))), LATER)
    said = "was moved on the server to 2026-09-07, the plan says 2026-09-02; it is left there"
    assert report.conflicts == (Conflict(uid("M06"), "P01-007", "M06", "moved", said),)
    assert [change.visit for change in report.updated] == ["M03"]
    href, entry = pushing.entry("M06")
    assert entry == before[href]
    report = pushing(PLAN, LATER, overwrite=True)
    assert [note.kind for note in report.overwritten] == ["moved"]
    assert pushing.starts()[uid("M06")] == date(2026, 9, 2)
    assert pushing(PLAN, LATER) == PushReport(unchanged=17)


def test_booking_what_a_person_moved_settles_it(pushing: Pushing) -> None:
    """The date read back from the server and booked is what stands there: no conflict any more."""
    pushing(PLAN)
    pushing.edit("M06", *MOVED)
    data = [entry.data for entry in pushing.entries.values()]
    (record,) = ical.loads(data, PLAN)["P01-007"]
    assert (record.visit, record.booked) == ("M06", date(2026, 9, 7))
    report = pushing(ts.schedule(ALSTEM, SUBJECT.with_record(record)), LATER)
    assert [c.visit for c in report.updated] == ["M06"]
    assert report.conflicts == ()
    assert pushing.starts()[uid("M06")] == date(2026, 9, 7)


def test_what_a_person_wrote_is_left_or_kept(pushing: Pushing) -> None:
    """A changed title is a conflict; an alarm and a note below our text are kept when the event is written."""
    pushing(PLAN)
    pushing.edit("M06", ("SUMMARY:P01-007 M06", "SUMMARY:ring first"))
    alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:go\r\nTRIGGER:-PT30M\r\nEND:VALARM\r\nEND:VEVENT"
    pushing.edit("M03", ("END:VEVENT", alarm.replace("\r\n", "\n")))
    both = SUBJECT.booked("M03", date(2026, 6, 3)).booked("M06", date(2026, 9, 4))
    report = pushing(ts.schedule(ALSTEM, both), LATER)
    assert [(c.visit, c.kind) for c in report.conflicts] == [("M06", "edited")]
    assert "SUMMARY was 'ring first'" in report.conflicts[0].message
    assert pushing.starts()[uid("M06")] == date(2026, 9, 2)
    data = pushing.entry("M03")[1].data
    assert b"TRIGGER:-PT30M" in data
    assert b"20260603" in data


@pytest.mark.parametrize(
    ("status", "subject"),
    [
        ("CONFIRMED", SUBJECT.booked("M06", date(2026, 9, 2))),
        ("CANCELLED", SUBJECT.with_record(ts.VisitRecord("M06", outcome="missed"))),
    ],
)
def test_what_a_person_confirmed_or_called_off_and_then_is_so(
    pushing: Pushing, status: str, subject: ts.Subject
) -> None:
    """The day that they confirmed is booked, the visit that they called off is missed: no conflict, now or later."""
    pushing(PLAN)
    pushing.edit("M06", ("STATUS:TENTATIVE", f"STATUS:{status}"))
    plan = ts.schedule(ALSTEM, subject)
    assert pushing(plan, LATER).conflicts == ()
    assert pushing.events()[uid("M06")]["STATUS"] == status
    assert pushing(plan, LATER) == PushReport(unchanged=17)


@pytest.mark.parametrize(
    ("subject", "status"),
    [
        (SUBJECT.booked("M06", date(2026, 9, 4)), "CONFIRMED"),
        (SUBJECT.attended("M06", date(2026, 9, 4)), "CONFIRMED"),
        (SUBJECT.with_record(ts.VisitRecord("M06", outcome="missed")), "CANCELLED"),
    ],
)
def test_an_hour_that_a_person_chose_stays_where_the_records_agree(
    pushing: Pushing, subject: ts.Subject, status: str
) -> None:
    """Moved to ten o'clock, then that day is booked or attended, or the visit missed: no conflict, written once."""
    pushing.in_clinic(PLAN, STAMP, WARSAW)
    pushing.edit(
        "M06",
        ("DTSTART;VALUE=DATE:20260902", "DTSTART:20260904T080000Z"),
        ("DTEND;VALUE=DATE:20260903", "DTEND:20260904T090000Z"),
    )
    plan = ts.schedule(ALSTEM, subject)
    report = pushing.in_clinic(plan, LATER, WARSAW)
    assert [change.visit for change in (*report.updated, *report.cancelled)] == ["M06"]
    assert (report.conflicts, report.overwritten) == ((), ())
    event = pushing.events()[uid("M06")]
    assert (event["STATUS"], event["DTSTART"].dt) == (status, datetime(2026, 9, 4, 8, 0, tzinfo=UTC))
    assert pushing.in_clinic(plan, LATER, WARSAW) == PushReport(unchanged=17)


def test_a_booked_visit_that_a_person_prolonged_is_theirs(pushing: Pushing) -> None:
    """Until half past twelve on the server, an hour by the clinic: left, told, and put back only when asked for."""
    plan = ts.schedule(ALSTEM, SUBJECT.booked("M06", date(2026, 9, 2), time(9, 30)))
    pushing.in_clinic(plan, STAMP, WARSAW)
    pushing.edit("M06", ("DTEND;TZID=Europe/Warsaw:20260902T103000", "DTEND;TZID=Europe/Warsaw:20260902T123000"))
    before = pushing.entries
    report = pushing.in_clinic(plan, LATER, WARSAW)
    assert [(c.visit, c.kind) for c in report.conflicts] == [("M06", "edited")]
    assert "lasted until 2026-09-02 12:30" in report.conflicts[0].message
    assert pushing.entries == before
    pushing.in_clinic(plan, LATER, WARSAW, overwrite=True)
    assert pushing.events()[uid("M06")]["DTEND"].dt.astimezone(UTC) == datetime(2026, 9, 2, 8, 30, tzinfo=UTC)
    assert pushing.in_clinic(plan, LATER, WARSAW) == PushReport(unchanged=17)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("DTSTART;VALUE=DATE:20260902", "DTSTART;TZID=Mars/Olympus:20260902T093000"),
        ("SEQUENCE:0", "SEQUENCE:2147483648"),
        ("X-TRIALSCHED-DATE:20260902", "X-TRIALSCHED-DATE:20260902\r\nX-TRIALSCHED-DATE:20260903"),
    ],
)
def test_an_entry_that_cannot_be_read_is_one_conflict(pushing: Pushing, old: str, new: str) -> None:
    """What another program wrote there is left; the visits of this subject and of others are written."""
    pushing(PLAN)
    changes = [(old, new)]
    if "TZID" in new:
        changes.append(("DTEND;VALUE=DATE:20260903", "DTEND;TZID=Mars/Olympus:20260902T103000"))
    pushing.edit("M06", *changes)
    href, entry = pushing.entry("M06")
    other = ts.schedule(ALSTEM, ts.Subject("P01-008", baseline=date(2026, 3, 2)))
    report = pushing([ts.schedule(ALSTEM, SUBJECT.attended("DOSE1", date(2026, 3, 4))), other], LATER)
    assert [(c.subject, c.visit, c.kind) for c in report.conflicts] == [("P01-007", "M06", "unreadable")]
    assert (len(report.created), len(report.updated)) == (17, 16)
    assert pushing.entries[href] == entry


def test_a_change_between_reading_and_writing_is_not_overwritten(pushing: Pushing) -> None:
    """The server refuses (412), the event is reported and left, all the others are written, also with --overwrite."""
    pushing(PLAN)
    later = ts.schedule(ALSTEM, SUBJECT.attended("DOSE1", date(2026, 3, 4)))
    href, entry = pushing.entry("M06")
    theirs = entry.data.replace(b"20260902", b"20260907").replace(b"20260903", b"20260908")
    pushing.server.relay.before = lambda number: pushing.server.put(href, theirs) if number == 1 else None
    report = pushing(later, LATER, overwrite=True)
    assert [(c.visit, c.kind) for c in report.conflicts] == [("M06", "changed")]
    assert len(report.updated) == 16
    assert [(r.path, r.status) for r in pushing.server.relay.of("PUT") if r.status == 412] == [(href, 412)]
    assert pushing.starts()[uid("M06")] == date(2026, 9, 7)
    assert pushing.starts()[uid("M03")] == date(2026, 6, 4)


def test_two_pushes_at_once_make_no_duplicates(pushing: Pushing) -> None:
    """What another push created since we read is refused (412) and reported; pushed again, all stands once."""
    home = pushing.server.calendars()[pushing.name]
    whole = ical.split(ical.dumps(PLAN, stamp=STAMP))

    def other(number: int) -> None:
        if number == 3:
            for key, data in whole.items():
                pushing.server.ask("PUT", f"{home}{key}.ics", data, Content_Type="text/calendar", If_None_Match="*")

    pushing.server.relay.before = other
    report = pushing(PLAN)
    assert (len(report.created), {c.kind for c in report.conflicts}, len(report.conflicts)) == (2, {"changed"}, 15)
    pushing.server.relay.before = lambda _: None
    assert pushing(PLAN) == PushReport(unchanged=17)
    assert len(pushing.events()) == 17


class Crash(BaseException):
    """The power goes."""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_push_that_broke_off_anywhere_is_completed_by_the_next(pushing: Pushing, when: str) -> None:
    """Broken off before or after any PUT, the next push leaves 17 events, each once and as it should be."""
    for stop in (1, 8, 17):
        subject = ts.Subject(f"P{when}-{stop}", baseline=date(2026, 3, 2))
        plan = ts.schedule(ALSTEM, subject)
        for edition in (plan, ts.schedule(ALSTEM, subject.attended("DOSE1", date(2026, 3, 4)))):
            with pytest.MonkeyPatch.context() as patch:
                _break_off(patch, stop, when)
                with pytest.raises(Crash):
                    pushing(edition)
            done = stop if when == "after" else stop - 1
            assert sum(r.status in (201, 204) for r in pushing.server.relay.of("PUT")) == done
            report = pushing(edition)
            assert report.conflicts == ()
            assert len(report.created) + len(report.updated) == 17 - done
            starts = pushing.starts()
            placed = {row.code: row.attended or row.target for row in edition}
            assert {row.code: starts[uid(row.code, subject.code)] for row in edition} == placed
    assert len(pushing.events()) == 3 * 17


def _break_off(patch: pytest.MonkeyPatch, stop: int, when: str) -> None:
    put, numbers = DAVClient.put, count(1)

    def broken(client: DAVClient, url: str, body: str, headers: dict[str, str]) -> object:
        last = next(numbers) == stop
        if last and when == "before":
            raise Crash
        response = put(client, url, body, headers)
        if last:
            raise Crash
        return response

    patch.setattr(DAVClient, "put", broken)


OPTIONS = ("--protocol", "alstem", "--baseline", "2026-03-02", "--subject", "P01-007", "--stamp", "2026-03-01T12:00Z")


def environment(server: Server, **more: str) -> dict[str, str]:
    """Return where the command finds user and password."""
    return {
        "TRIALSCHED_CALDAV_USER": server.user,
        "TRIALSCHED_CALDAV_PASSWORD": server.password,
        "NETRC": os.devnull,
        **more,
    }


def command(server: Server, folder: Path, *arguments: str, **more: str) -> Result:
    """Run `trialsched push` in a process of its own; the password is never in what it says."""
    result = trialsched("push", "--url", server.url, *arguments, cwd=folder, env=environment(server, **more))
    for secret in (server.password, server.password[:12]):
        assert secret not in result.out + result.err
    assert "Traceback" not in result.err
    return result


@pytest.mark.parametrize("stop", [1, 9, 17])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_push_that_was_killed_is_completed_by_the_next(
    pushing: Pushing, tmp_path: Path, stop: int, when: str
) -> None:
    """The process is killed (SIGKILL) around its n-th PUT; the next command leaves each event once."""
    server, waiting = pushing.server, threading.Event()
    pids: list[int] = []

    def kill(number: int) -> None:
        if number == stop:
            assert waiting.wait(60)
            os.kill(pids[0], signal.SIGKILL)

    setattr(server.relay, when, kill)
    arguments = [sys.executable, "-m", "trialsched", "push", "--url", server.url, *OPTIONS, "--calendar", pushing.name]
    with subprocess.Popen(
        arguments,
        env={**os.environ, **environment(server)},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        pids.append(process.pid)
        waiting.set()
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    server.relay.before = server.relay.after = lambda _: None
    assert command(server, tmp_path, *OPTIONS, "--calendar", pushing.name).code == 0
    assert pushing.starts() == {uid(row.code): row.target for row in PLAN}


def test_a_file_that_a_person_imported_before_is_updated_where_it_stands(pushing: Pushing) -> None:
    """Entries under other addresses are found by UID and updated there: nothing stands twice."""
    home = pushing.server.calendars()[pushing.name]
    for number, data in enumerate(ical.split(ical.dumps(PLAN, stamp=STAMP)).values()):
        pushing.server.put(f"{home}imported%20{number}%25.ics", data)
    hrefs = set(pushing.entries)
    report = pushing(ts.schedule(ALSTEM, SUBJECT.attended("DOSE1", date(2026, 3, 4))), LATER)
    assert (len(report.updated), report.created) == (17, ())
    assert set(pushing.entries) == hrefs
    assert pushing.starts()[uid("M06")] == date(2026, 9, 4)


def test_events_of_others_are_never_touched(pushing: Pushing) -> None:
    """A stranger's event and another subject's stand after create, update, cancel and overwrite as they stood."""
    home = pushing.server.calendars()[pushing.name]
    pushing.server.put(f"{home}dentist.ics", FOREIGN)
    other = ts.schedule(ALSTEM, ts.Subject("P01-008", baseline=date(2026, 4, 1)))
    pushing(other)
    before = pushing.entries
    pushing(PLAN)
    ended = ts.schedule(ALSTEM, SUBJECT.attended("DOSE1", date(2026, 3, 4)).end(date(2026, 5, 31), "other"))
    pushing(ended, LATER, overwrite=True)
    assert {href: pushing.entries[href] for href in before} == before
    assert len(pushing.entries) == 1 + 17 + 17
    assert {r.method for r in pushing.server.relay.requests} == {"PROPFIND", "REPORT", "PUT"}


def test_a_study_in_one_collection(pushing: Pushing) -> None:
    """Several subjects in one collection carry their subject as a category; one who is left out stays as he is."""
    codes = ["P01-007", "Pacjent \u0141\u00f3d\u017a", "\u60a3\u8005-3", "P/4 %41 \U0001f489"]
    plans = [ts.schedule(ALSTEM, ts.Subject(code, baseline=date(2026, 3, 2))) for code in codes]
    assert len(pushing(plans).created) == 4 * 17
    categories = {str(event["CATEGORIES"].cats[0]) for event in pushing.events().values()}
    assert categories == set(codes)
    assert pushing(plans, LATER) == PushReport(unchanged=4 * 17)
    moved = ts.schedule(ALSTEM, ts.Subject(codes[1], baseline=date(2026, 3, 3)))
    report = pushing([moved], LATER)
    assert ({c.subject for c in report.updated}, len(report.updated)) == ({codes[1]}, 17)
    assert len(pushing.events()) == 4 * 17


def test_times_arrive_with_their_zone(pushing: Pushing) -> None:
    """A booked time is an instant on the server: 9:30 in Warsaw in summer is 7:30 UTC; unchanged it is left alone."""
    plan = ts.schedule(ALSTEM, SUBJECT.booked("M06", date(2026, 9, 2), time(9, 30)))
    pushing.in_clinic(plan, STAMP, WARSAW)
    data = pushing.entry("M06")[1].data
    assert data.count(b"BEGIN:VTIMEZONE") == 1
    assert b"TZID=Europe/Warsaw:20260902T093000" in data
    (event,) = vevents(data)
    assert event["DTSTART"].dt.astimezone(UTC) == datetime(2026, 9, 2, 7, 30, tzinfo=UTC)
    assert pushing.in_clinic(plan, LATER, WARSAW) == PushReport(unchanged=17)
    found = ical.loads([entry.data for entry in pushing.entries.values()], plan, clinic=WARSAW)
    assert [(r.visit, r.booked, r.booked_time) for r in found["P01-007"]] == [("M06", date(2026, 9, 2), time(9, 30))]


def test_what_the_server_gives_reads_back_as_the_bookings(pushing: Pushing) -> None:
    """Round trip: the bookings of the plan, and no others, come back from the server's own texts."""
    booked = {"M03": date(2026, 6, 3), "M06": date(2026, 9, 4), "M12": date(2027, 3, 1)}
    subject = SUBJECT
    for visit, day in booked.items():
        subject = subject.booked(visit, day)
    plan = ts.schedule(ALSTEM, subject)
    pushing(plan)
    found = ical.loads([entry.data for entry in pushing.entries.values()], plan)
    assert {record.visit: record.booked for record in found["P01-007"]} == booked


def test_a_dry_run_says_the_same_and_writes_nothing(pushing: Pushing) -> None:
    """The report of a dry run is that of the push; nothing is sent but questions."""
    dry = pushing(PLAN, dry_run=True)
    assert pushing.server.relay.of("PUT") == []
    assert pushing.entries == {}
    assert pushing(PLAN) == dry


# The command.


def test_the_command_creates_updates_and_says_what_moved(pushing: Pushing, tmp_path: Path) -> None:
    """Create, then nothing, then a move: one line each, and what moved as `M06 2026-09-02 -> 2026-09-04`."""
    server, words = pushing.server, "by alstem 2022-05-03, for site staff, not for the participant"
    target = ("--calendar", f"{pushing.name} by hand")
    assert command(server, tmp_path, *OPTIONS, *target).code == 2
    dry = command(server, tmp_path, *OPTIONS, *target, "--create", "--dry-run")
    assert (dry.code, dry.out) == (0, f"{pushing.name} by hand (new): would be 17 created {words}\n")
    assert f"{pushing.name} by hand" not in server.calendars()
    first = command(server, tmp_path, *OPTIONS, *target, "--create")
    assert (first.code, first.out) == (0, f"{pushing.name} by hand (new): 17 created {words}\n")
    again = command(server, tmp_path, *OPTIONS, *target, "--create")
    assert (again.code, again.out) == (0, f"{pushing.name} by hand: 17 unchanged {words}\n")
    moved = command(server, tmp_path, *OPTIONS, *target, "--booked", "M06=2026-09-04")
    assert moved.out.splitlines()[1:] == ["  M06 2026-09-02 \u2192 2026-09-04 confirmed"]
    place = f"{server.url.rstrip('/')}{server.calendars()[target[1]]}"
    by_address = command(server, tmp_path, *OPTIONS, "--calendar", place, "--booked", "M06=2026-09-04")
    assert (by_address.code, by_address.out) == (0, f"{place}: 17 unchanged {words}\n")


def test_the_command_names_the_collections_that_exist(pushing: Pushing, tmp_path: Path) -> None:
    """A name that the server does not have is bad input, and those that it has are told."""
    result = command(pushing.server, tmp_path, *OPTIONS, "--calendar", "Nope")
    assert result.code == 2
    assert "error: --calendar: no calendar 'Nope' on the server, which has: " in result.err
    assert repr(pushing.name) in result.err


def test_the_command_ends_with_2_on_what_a_person_changed(pushing: Pushing, tmp_path: Path) -> None:
    """A conflict is told with advice and is bad input; with --overwrite it is written over, and told."""
    pushing(PLAN)
    pushing.edit("M06", *MOVED)
    result = command(pushing.server, tmp_path, *OPTIONS, "--calendar", pushing.name)
    assert result.code == 2
    assert "conflict: P01-007 M06: was moved on the server to 2026-09-07, the plan says 2026-09-02" in result.err
    assert "--booked CODE=DATE" in result.err
    result = command(pushing.server, tmp_path, *OPTIONS, "--calendar", pushing.name, "--overwrite")
    assert result.code == 0
    assert "note: P01-007 M06: was moved by hand to 2026-09-07" in result.err


def test_the_command_ends_with_3_on_what_changed_meanwhile(pushing: Pushing, tmp_path: Path) -> None:
    """A change between reading and writing passes by itself: 3, as for a lock."""
    pushing(PLAN)
    href, entry = pushing.entry("M06")
    theirs = entry.data.replace(b"20260902", b"20260907").replace(b"20260903", b"20260908")
    pushing.server.relay.forget()
    pushing.server.relay.before = lambda number: pushing.server.put(href, theirs) if number == 1 else None
    result = command(pushing.server, tmp_path, *OPTIONS, "--calendar", pushing.name, "--attended", "DOSE1=2026-03-04")
    assert result.code == 3
    assert "conflict: P01-007 M06: was changed on the server since it was read: push again" in result.err


def test_a_collection_for_each_subject(server: Server, tmp_path: Path) -> None:
    """--per-subject: each subject's events in a collection of the subject's code; a bad row stops nothing."""
    (tmp_path / "s.csv").write_text("subject,baseline\nX-1,2026-03-02\n\u017b-2,2026-04-01\nX-3,nonsense\n", "utf-8")
    arguments = ("--protocol", "alstem", "--subjects", "s.csv", "--per-subject", "--create")
    result = command(server, tmp_path, *arguments)
    assert result.code == 2
    assert "s.csv line 4" in result.err
    assert [line.partition(" by")[0] for line in result.out.splitlines()] == [
        "X-1 (new): 17 created",
        "\u017b-2 (new): 17 created",
    ]
    for code, day in (("X-1", date(2026, 3, 2)), ("\u017b-2", date(2026, 4, 1))):
        events = {str(e["UID"]): e for entry in server.entries(code).values() for e in vevents(entry.data)}
        assert events[uid("DOSE1", code)]["DTSTART"].dt == day
        assert len(events) == 17
    again = command(server, tmp_path, *arguments)
    assert [line.partition(" by")[0] for line in again.out.splitlines()] == [
        "X-1: 17 unchanged",
        "\u017b-2: 17 unchanged",
    ]


def test_a_wrong_password_is_refused_and_never_shown(pushing: Pushing, tmp_path: Path) -> None:
    """401 ends with 2 and one line; neither the password nor what it becomes on the wire is in any output."""
    wrong = "Wr0ng-Passw0rd-\u0142"
    more = {"TRIALSCHED_CALDAV_PASSWORD": wrong, "PYTHON_CALDAV_DEBUGMODE": "DEBUG", "PYTHON_CALDAV_COMMDUMP": "1"}
    result = command(pushing.server, tmp_path, *OPTIONS, "--calendar", pushing.name, TMPDIR=str(tmp_path), **more)
    assert result.code == 2
    assert result.err == (
        f"error: {pushing.server.url}: the server does not know the user, or the password is wrong (401)\n"
    )
    assert result.out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_netrc_file_logs_in_and_its_faults_are_told_without_its_words(pushing: Pushing, tmp_path: Path) -> None:
    """The entry of this very host is used, the default entry for none, and a bad file is named by its line."""
    server, netrc = pushing.server, tmp_path / "netrc"
    arguments = (*OPTIONS, "--calendar", pushing.name)
    more = {"TRIALSCHED_CALDAV_USER": "", "TRIALSCHED_CALDAV_PASSWORD": "", "NETRC": str(netrc)}
    entry = f"login {server.user} password {server.password}\n"
    netrc.write_text(f"machine {HOST} {entry}", encoding="utf-8")
    assert command(server, tmp_path, *arguments, **more).code == 0
    netrc.write_text(f"default {entry}", encoding="utf-8")
    assert "(401)" in command(server, tmp_path, *arguments, **more).err
    netrc.write_text(f"machine {HOST} login {server.user} {server.password}\n", encoding="utf-8")
    result = command(server, tmp_path, *arguments, **more)
    assert (result.code, result.err) == (2, f"error: the netrc file {netrc} is not understood near line 2\n")


def test_netrc_is_not_asked_when_the_environment_has_a_user(pushing: Pushing, tmp_path: Path) -> None:
    """The user of the environment is the one who logs in, also where netrc knows another who may."""
    server, netrc = pushing.server, tmp_path / "netrc"
    netrc.write_text(f"machine {HOST} login {server.user} password {server.password}\n", encoding="utf-8")
    more = {"TRIALSCHED_CALDAV_USER": "nobody", "TRIALSCHED_CALDAV_PASSWORD": "wrong-one", "NETRC": str(netrc)}
    assert "(401)" in command(server, tmp_path, *OPTIONS, "--calendar", pushing.name, **more).err


TWIN = (
    '<D:mkcol xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop><D:displayname>{}</D:displayname>'
    "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype></D:prop></D:set></D:mkcol>"
)


def test_the_collections_of_a_server_are_found_by_name(server: Server, name: str) -> None:
    """Display names as the server tells them; two of the same name are told apart by their addresses only."""
    with connect(server.url, server.user, server.password) as client:
        known = collections(client)
        assert {title for title, _ in known} == set(server.calendars())
        twin = TWIN.format(name)
        assert server.ask("MKCOL", f"/{server.user}/twin/", twin)[0] == 201
        with pytest.raises(ts.InvalidValueError, match="2 calendars are called"):
            collection(client, name, collections(client))
        server.ask("DELETE", f"/{server.user}/twin/")
        assert collection(client, "Nope", known) is None


def test_an_address_that_is_no_calendar_is_refused(server: Server, tmp_path: Path) -> None:
    """In a home every entry would become a calendar of its own: nothing is written there."""
    before = server.calendars()
    home = f"{server.url}{server.user}/"
    result = command(server, tmp_path, *OPTIONS, "--calendar", home)
    assert (result.code, "expected the address of a calendar" in result.err) == (2, True), result.err
    assert server.calendars() == before


def test_making_a_collection_twice_makes_one(server: Server) -> None:
    """The address follows from the name: a second MKCALENDAR finds it there and is refused."""
    with connect(server.url, server.user, server.password) as client:
        made = create(client, "Once")
        assert re.fullmatch(rf".*/{server.user}/[0-9a-f-]{{36}}/", str(made.url))
        with pytest.raises(PushError):
            create(client, "Once")
    assert list(server.calendars()).count("Once") == 1
